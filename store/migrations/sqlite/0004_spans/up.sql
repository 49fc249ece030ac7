-- Spans in the order of arrival. The key finds a trace and forbids doubles; the index on time serves searches, the counting
-- of calls and retention. `latency_class` is that of the duration (domain::Latencies), so that calls are counted without
-- reading them one by one.
CREATE TABLE spans (
    project_id BLOB NOT NULL,
    trace_id BLOB NOT NULL,
    span_id BIGINT NOT NULL,
    parent_span_id BIGINT,
    start_ns BIGINT NOT NULL,
    duration_ns BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    status SMALLINT NOT NULL,
    latency_class SMALLINT NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    status_message TEXT NOT NULL,
    attributes TEXT NOT NULL,
    events TEXT NOT NULL,
    links TEXT NOT NULL
);
CREATE UNIQUE INDEX spans_id ON spans (project_id, trace_id, span_id);
CREATE INDEX spans_time ON spans (project_id, start_ns);

-- Calls between services per minute, counted from the spans and counted anew when more come. The caller is empty for work
-- that nobody known asked for.
CREATE TABLE service_calls (
    project_id BLOB NOT NULL,
    minute_ns BIGINT NOT NULL,
    caller TEXT NOT NULL,
    callee TEXT NOT NULL,
    is_message SMALLINT NOT NULL,
    count BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    latencies TEXT NOT NULL,
    PRIMARY KEY (project_id, minute_ns, caller, callee, is_message)
) WITHOUT ROWID;
