-- Log records in the order of arrival: a commit appends to the table whatever times its records bear, and only the
-- two small indexes are in another order. (Measured with records scattered over half an hour: a table in the order of
-- time costs 2.5 times as much, because every row then changes a page of its own.) The index on time serves ranges
-- and paging; ties of one instant are sorted by id while reading. The one on id serves single records and forbids doubles.
-- There is none on traces: random keys would cost as much as all the rest of a commit (measured 4.5 us a record).
CREATE TABLE log_tail (
    project_id BLOB NOT NULL,
    timestamp_ns BIGINT NOT NULL,
    id BLOB NOT NULL,
    observed_at_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    template_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    trace_id TEXT,
    span_id TEXT,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX log_tail_id ON log_tail (id);
CREATE INDEX log_tail_time ON log_tail (project_id, timestamp_ns);

-- Counts per minute. The order of the key lets counts by severity be read without sorting.
CREATE TABLE rollups (
    project_id BLOB NOT NULL,
    minute_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    service TEXT NOT NULL,
    template_id BIGINT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (project_id, minute_ns, severity, service, template_id)
) WITHOUT ROWID;

-- The same per hour, so that a month is read in thousands of cells instead of millions.
CREATE TABLE rollup_hours (
    project_id BLOB NOT NULL,
    hour_ns BIGINT NOT NULL,
    severity SMALLINT NOT NULL,
    service TEXT NOT NULL,
    template_id BIGINT NOT NULL,
    count BIGINT NOT NULL,
    first_minute_ns BIGINT NOT NULL,
    last_minute_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, hour_ns, severity, service, template_id)
) WITHOUT ROWID;

CREATE TABLE templates (
    project_id BLOB NOT NULL,
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
);
CREATE UNIQUE INDEX templates_sequence ON templates (project_id, sequence);

CREATE TABLE metric_series (
    project_id BLOB NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    labels TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX metric_series_name ON metric_series (project_id, name);

CREATE TABLE metric_samples (
    project_id BLOB NOT NULL,
    series_id BIGINT NOT NULL,
    timestamp_ns BIGINT NOT NULL,
    value DOUBLE NOT NULL,
    PRIMARY KEY (project_id, series_id, timestamp_ns)
) WITHOUT ROWID;

CREATE TABLE change_events (
    project_id BLOB NOT NULL,
    id BLOB NOT NULL,
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
    project_id BLOB NOT NULL,
    key BLOB NOT NULL,
    accepted BIGINT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, key)
);
CREATE INDEX ingest_receipts_created ON ingest_receipts (created_at_ns);
