-- Log records. The key forbids doubles and serves single records; the index on time serves ranges and paging
-- (ties of one instant are sorted by id while reading, which costs nothing and keeps the index small).
CREATE TABLE log_tail (
    project_id BYTEA NOT NULL,
    timestamp_ns BIGINT NOT NULL,
    id BYTEA NOT NULL,
    observed_at_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    template_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    trace_id TEXT,
    span_id TEXT,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX log_tail_time ON log_tail (project_id, timestamp_ns);

-- Counts per minute. The order of the key lets counts by severity be read without sorting. Fill factor: the counts of the running minute are updated in place (HOT).
CREATE TABLE rollups (
    project_id BYTEA NOT NULL,
    minute_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    service TEXT NOT NULL,
    template_id BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (project_id, minute_ns, severity, service, template_id)
) WITH (fillfactor = 70);

-- The same per hour, so that a month is read in thousands of cells instead of millions.
CREATE TABLE rollup_hours (
    project_id BYTEA NOT NULL,
    hour_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    service TEXT NOT NULL,
    template_id BIGINT NOT NULL,
    count BIGINT NOT NULL,
    first_minute_ns BIGINT NOT NULL,
    last_minute_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, hour_ns, severity, service, template_id)
) WITH (fillfactor = 70);

CREATE TABLE templates (
    project_id BYTEA NOT NULL,
    id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    text TEXT NOT NULL,
    example TEXT NOT NULL,
    first_seen_ns BIGINT NOT NULL,
    last_seen_ns BIGINT NOT NULL,
    count BIGINT NOT NULL,
    services TEXT NOT NULL,
    severity SMALLINT NOT NULL,
    merged_into BIGINT,
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX templates_sequence ON templates (project_id, sequence);

CREATE TABLE metric_series (
    project_id BYTEA NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
) WITH (fillfactor = 50);
CREATE INDEX metric_series_name ON metric_series (project_id, name);

CREATE TABLE metric_samples (
    project_id BYTEA NOT NULL,
    series_id BIGINT NOT NULL,
    timestamp_ns BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (project_id, series_id, timestamp_ns)
);

CREATE TABLE change_events (
    project_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    timestamp_ns BIGINT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT,
    title TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX change_events_time ON change_events (project_id, timestamp_ns);

-- Requests that were acknowledged under a key of their sender's (Idempotency-Key): a repeated one is answered from here
-- and not stored again. `key` is a digest, so that long keys cost nothing.
CREATE TABLE ingest_receipts (
    project_id BYTEA NOT NULL,
    key BYTEA NOT NULL,
    accepted BIGINT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, key)
);
CREATE INDEX ingest_receipts_created ON ingest_receipts (created_at_ns);
