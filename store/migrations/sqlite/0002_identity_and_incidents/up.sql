-- People, tokens and sessions.
CREATE TABLE projects (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at_ns BIGINT NOT NULL
);

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    password_changed_at_ns BIGINT NOT NULL,
    disabled_at_ns BIGINT
);

-- `hash` is the SHA-256 of a random secret of at least 128 bits: guessing is hopeless, so no slow hash is needed.
CREATE TABLE ingest_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    project_id BLOB NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    last_used_at_ns BIGINT,
    revoked_at_ns BIGINT
);
CREATE INDEX ingest_tokens_project ON ingest_tokens (project_id, created_at_ns);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    created_at_ns BIGINT NOT NULL,
    expires_at_ns BIGINT NOT NULL,
    revoked_at_ns BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at_ns);

-- `subject` is a login name or an address, whether or not it exists.
CREATE TABLE login_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    first_at_ns BIGINT NOT NULL,
    last_at_ns BIGINT NOT NULL,
    locked_until_ns BIGINT
);
CREATE INDEX login_failures_last ON login_failures (last_at_ns);

-- Anomalies. `natural_key` is a digest of what makes two detections the same one; `sequence` is the order of
-- commit within a project, which the next stage reads by.
CREATE TABLE anomalies (
    project_id BLOB NOT NULL,
    id BLOB NOT NULL,
    natural_key BLOB NOT NULL,
    sequence BIGINT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT,
    template_id BIGINT,
    metric TEXT,
    score DOUBLE NOT NULL,
    started_at_ns BIGINT NOT NULL,
    detected_at_ns BIGINT NOT NULL,
    incident_id BLOB,
    document TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX anomalies_natural_key ON anomalies (project_id, natural_key);
CREATE UNIQUE INDEX anomalies_sequence ON anomalies (project_id, sequence);
CREATE INDEX anomalies_time ON anomalies (project_id, detected_at_ns, id);
CREATE INDEX anomalies_incident ON anomalies (project_id, incident_id);

-- Incidents: key columns beside the document.
CREATE TABLE incidents (
    project_id BLOB NOT NULL,
    id BLOB NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL,
    severity TEXT NOT NULL,
    dedup_key TEXT NOT NULL,
    opened_at_ns BIGINT NOT NULL,
    updated_at_ns BIGINT NOT NULL,
    resolved_at_ns BIGINT,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE UNIQUE INDEX incidents_number ON incidents (project_id, number);
-- One incident that is not over per key.
CREATE UNIQUE INDEX incidents_open_key ON incidents (project_id, dedup_key) WHERE state <> 'resolved';
CREATE INDEX incidents_opened ON incidents (project_id, opened_at_ns, id);
CREATE INDEX incidents_state ON incidents (project_id, state, opened_at_ns, id);

CREATE TABLE incident_timeline (
    project_id BLOB NOT NULL,
    incident_id BLOB NOT NULL,
    position BIGINT NOT NULL,
    at_ns BIGINT NOT NULL,
    kind TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (project_id, incident_id, position)
);

-- What the alerting machine remembers.
CREATE TABLE alert_states (
    project_id BLOB NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    document TEXT NOT NULL,
    updated_at_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, name)
);

-- Jobs: ready -> leased -> done | ready again | dead.
CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    project_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    dedup_key TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at_ns BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    leased_until_ns BIGINT,
    leased_by TEXT,
    last_error TEXT,
    created_at_ns BIGINT NOT NULL,
    updated_at_ns BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs_live_key ON jobs (project_id, kind, dedup_key) WHERE state IN ('ready', 'leased');
CREATE INDEX jobs_run ON jobs (state, run_at_ns, id);
CREATE INDEX jobs_lease ON jobs (state, leased_until_ns);
CREATE INDEX jobs_updated ON jobs (state, updated_at_ns);

CREATE TABLE policies (
    project_id BLOB NOT NULL,
    name TEXT NOT NULL,
    yaml TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    updated_at_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, name)
);

CREATE TABLE silences (
    project_id BLOB NOT NULL,
    id BLOB NOT NULL,
    matchers TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    starts_at_ns BIGINT NOT NULL,
    ends_at_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX silences_end ON silences (project_id, ends_at_ns);

-- One value for the whole installation.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at_ns BIGINT NOT NULL
);

-- How far a stage has read.
CREATE TABLE cursors (
    project_id BLOB NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (project_id, name)
);

-- The last number given out (incident numbers, anomaly sequences). The row's lock orders the transactions.
CREATE TABLE counters (
    project_id BLOB NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (project_id, name)
);

-- Who leads. `token` grows with every change of owner and never falls.
CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    token BIGINT NOT NULL,
    expires_at_ns BIGINT NOT NULL
);
