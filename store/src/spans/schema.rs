//! The table of spans of `migrations/*/0004_spans`.

diesel::table! {
    /// Spans. The key is project, trace and span.
    spans (project_id, trace_id, span_id) {
        project_id -> Binary,
        trace_id -> Binary,
        span_id -> BigInt,
        parent_span_id -> Nullable<BigInt>,
        start_ns -> BigInt,
        duration_ns -> BigInt,
        kind -> SmallInt,
        status -> SmallInt,
        latency_class -> SmallInt,
        service -> Text,
        name -> Text,
        status_message -> Text,
        attributes -> Text,
        events -> Text,
        links -> Text,
    }
}
