//! The tables of `migrations/*/0002_identity_and_incidents` and what 0006 added to them. Ids are 16 bytes; instants are i64 unix nanoseconds;
//! documents are JSON text.

diesel::table! {
    /// Tenants.
    projects (id) {
        id -> Binary,
        name -> Text,
        created_at_ns -> BigInt,
    }
}

diesel::table! {
    /// People who can log in.
    users (id) {
        id -> Binary,
        name -> Text,
        password_hash -> Text,
        role -> Text,
        created_at_ns -> BigInt,
        password_changed_at_ns -> BigInt,
        disabled_at_ns -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Credentials of programs: `scope` says whether one writes or reads.
    ingest_tokens (id) {
        id -> Binary,
        project_id -> Binary,
        name -> Text,
        hash -> Binary,
        prefix -> Text,
        created_at_ns -> BigInt,
        last_used_at_ns -> Nullable<BigInt>,
        revoked_at_ns -> Nullable<BigInt>,
        scope -> Text,
    }
}

diesel::table! {
    /// Logins, by the `jti` of their token.
    sessions (id) {
        id -> Text,
        user_id -> Binary,
        created_at_ns -> BigInt,
        expires_at_ns -> BigInt,
        revoked_at_ns -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// Failed logins per name or address.
    login_failures (subject) {
        subject -> Text,
        failures -> BigInt,
        first_at_ns -> BigInt,
        last_at_ns -> BigInt,
        locked_until_ns -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// What the detectors found; `document` is a `domain::Anomaly`.
    anomalies (project_id, id) {
        project_id -> Binary,
        id -> Binary,
        natural_key -> Binary,
        sequence -> BigInt,
        kind -> Text,
        service -> Nullable<Text>,
        template_id -> Nullable<BigInt>,
        metric -> Nullable<Text>,
        score -> Double,
        started_at_ns -> BigInt,
        detected_at_ns -> BigInt,
        incident_id -> Nullable<Binary>,
        document -> Text,
    }
}

diesel::table! {
    /// `document` is a `domain::Incident`.
    incidents (project_id, id) {
        project_id -> Binary,
        id -> Binary,
        number -> BigInt,
        state -> Text,
        severity -> Text,
        dedup_key -> Text,
        opened_at_ns -> BigInt,
        updated_at_ns -> BigInt,
        resolved_at_ns -> Nullable<BigInt>,
        version -> BigInt,
        document -> Text,
    }
}

diesel::table! {
    /// Append-only; `document` is a `domain::TimelineEntry`.
    incident_timeline (project_id, incident_id, position) {
        project_id -> Binary,
        incident_id -> Binary,
        position -> BigInt,
        at_ns -> BigInt,
        kind -> Text,
        document -> Text,
    }
}

diesel::table! {
    /// What the alerting machine remembers.
    alert_states (project_id, name) {
        project_id -> Binary,
        name -> Text,
        version -> BigInt,
        document -> Text,
        updated_at_ns -> BigInt,
    }
}

diesel::table! {
    /// Work to do once, at least.
    jobs (id) {
        id -> Binary,
        project_id -> Binary,
        kind -> Text,
        dedup_key -> Nullable<Text>,
        payload -> Text,
        state -> Text,
        run_at_ns -> BigInt,
        attempts -> BigInt,
        max_attempts -> BigInt,
        leased_until_ns -> Nullable<BigInt>,
        leased_by -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at_ns -> BigInt,
        updated_at_ns -> BigInt,
    }
}

diesel::table! {
    /// Alerting policies as text.
    policies (project_id, name) {
        project_id -> Binary,
        name -> Text,
        yaml -> Text,
        enabled -> Bool,
        source -> Text,
        updated_at_ns -> BigInt,
    }
}

diesel::table! {
    /// `matchers` is a JSON document of the alerting room.
    silences (project_id, id) {
        project_id -> Binary,
        id -> Binary,
        matchers -> Text,
        comment -> Text,
        created_by -> Text,
        created_at_ns -> BigInt,
        starts_at_ns -> BigInt,
        ends_at_ns -> BigInt,
    }
}

diesel::table! {
    /// One value for the installation.
    settings (key) {
        key -> Text,
        value -> Text,
        updated_at_ns -> BigInt,
    }
}

diesel::table! {
    /// How far a stage has read.
    cursors (project_id, name) {
        project_id -> Binary,
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    /// The last number given out.
    counters (project_id, name) {
        project_id -> Binary,
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    /// Who leads.
    leases (name) {
        name -> Text,
        owner -> Text,
        token -> BigInt,
        expires_at_ns -> BigInt,
    }
}

diesel::table! {
    /// What models outside of the house cost; `migrations/*/0007_model_spending`.
    model_spending (day, provider, project_id) {
        day -> BigInt,
        provider -> Text,
        project_id -> Binary,
        calls -> BigInt,
        tokens -> BigInt,
        pico_dollars -> BigInt,
    }
}
