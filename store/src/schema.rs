//! The tables of `migrations/*/0001_records`. Ids are 16 bytes; instants are i64 unix nanoseconds.

diesel::table! {
    /// Log records, the row form. Key order: what `LogReader` pages by.
    log_tail (project_id, timestamp_ns, id) {
        project_id -> Binary,
        timestamp_ns -> BigInt,
        id -> Binary,
        observed_at_ns -> BigInt,
        severity -> SmallInt,
        template_id -> BigInt,
        service -> Text,
        trace_id -> Nullable<Text>,
        span_id -> Nullable<Text>,
        body -> Text,
        attributes -> Text,
    }
}

diesel::table! {
    /// Counts per minute.
    rollups (project_id, minute_ns, severity, service, template_id) {
        project_id -> Binary,
        minute_ns -> BigInt,
        severity -> SmallInt,
        service -> Text,
        template_id -> BigInt,
        count -> BigInt,
    }
}

diesel::table! {
    /// Counts per hour, with the first and last minute that has one.
    rollup_hours (project_id, hour_ns, severity, service, template_id) {
        project_id -> Binary,
        hour_ns -> BigInt,
        severity -> SmallInt,
        service -> Text,
        template_id -> BigInt,
        count -> BigInt,
        first_minute_ns -> BigInt,
        last_minute_ns -> BigInt,
    }
}

diesel::table! {
    /// The pattern dictionary. `services` is a sorted JSON array.
    templates (project_id, id) {
        project_id -> Binary,
        id -> BigInt,
        sequence -> BigInt,
        text -> Text,
        example -> Text,
        first_seen_ns -> BigInt,
        last_seen_ns -> BigInt,
        count -> BigInt,
        services -> Text,
        severity -> SmallInt,
        merged_into -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Metric series. `labels` is a JSON object in key order.
    metric_series (project_id, id) {
        project_id -> Binary,
        id -> BigInt,
        name -> Text,
        kind -> Text,
        labels -> Text,
        sealed_until_ns -> BigInt,
    }
}

diesel::table! {
    /// Metric samples.
    metric_samples (project_id, series_id, timestamp_ns) {
        project_id -> Binary,
        series_id -> BigInt,
        timestamp_ns -> BigInt,
        value -> Double,
    }
}

diesel::table! {
    /// Deploys and other changes.
    change_events (project_id, id) {
        project_id -> Binary,
        id -> Binary,
        timestamp_ns -> BigInt,
        kind -> Text,
        service -> Nullable<Text>,
        title -> Text,
        attributes -> Text,
    }
}
