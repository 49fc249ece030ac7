-- The catalogue of immutable blocks of log records (see store/src/blocks.rs). Their bytes lie in `log_block_data`, or in
-- object storage under `location`. `min_id` tells whether a repeated commit is stored already; ids grow with time, so
-- a new commit looks at the newest `max_id` only.
CREATE TABLE log_blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    project_id BLOB NOT NULL,
    min_ns BIGINT NOT NULL,
    max_ns BIGINT NOT NULL,
    min_id BLOB NOT NULL,
    max_id BLOB NOT NULL,
    records BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    format SMALLINT NOT NULL,
    sha256 BLOB NOT NULL,
    services TEXT NOT NULL,
    severities TEXT NOT NULL,
    templates BLOB NOT NULL,
    location TEXT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    damage TEXT
);
CREATE UNIQUE INDEX log_blocks_min_id ON log_blocks (project_id, min_id);
CREATE INDEX log_blocks_max_id ON log_blocks (project_id, max_id);
CREATE INDEX log_blocks_time ON log_blocks (project_id, max_ns);

-- One row a block: the Parquet file, while it lies in the database.
CREATE TABLE log_block_data (
    block_id BIGINT PRIMARY KEY NOT NULL,
    data BLOB NOT NULL
);

-- One row a block: its bloom filter and vocabulary, which stay here wherever the block lies.
CREATE TABLE log_block_index (
    block_id BIGINT PRIMARY KEY NOT NULL,
    data BLOB NOT NULL
);

-- Objects that nothing names any more, kept for readers that began before; deleted after `due_at_ns`.
CREATE TABLE log_block_garbage (
    location TEXT PRIMARY KEY NOT NULL,
    due_at_ns BIGINT NOT NULL
);

-- What was deleted on request, and by whom.
CREATE TABLE log_deletions (
    id BLOB PRIMARY KEY NOT NULL,
    project_id BLOB NOT NULL,
    requested_by TEXT NOT NULL,
    filter TEXT NOT NULL,
    records BIGINT NOT NULL,
    created_at_ns BIGINT NOT NULL
);

-- How long the records of a service are kept, in nanoseconds; without a row the project's own retention counts.
-- The service '' is the project.
CREATE TABLE retention_rules (
    project_id BLOB NOT NULL,
    service TEXT NOT NULL,
    keep_ns BIGINT NOT NULL,
    PRIMARY KEY (project_id, service)
);
