-- The catalogue of immutable blocks of spans (kind 1) and of samples (kind 2); log records have `log_blocks`. `sequence` grows
-- with every block that is sealed: of two samples of one instant the one in the later block counts. `names` are the services
-- of spans and the metrics of samples, a sorted JSON array. Spans have no series: theirs is 0.
CREATE TABLE blocks (
    id BIGINT PRIMARY KEY NOT NULL,
    project_id BYTEA NOT NULL,
    kind SMALLINT NOT NULL,
    sequence BIGINT NOT NULL,
    min_ns BIGINT NOT NULL,
    max_ns BIGINT NOT NULL,
    min_series BIGINT NOT NULL,
    max_series BIGINT NOT NULL,
    records BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    format SMALLINT NOT NULL,
    sha256 BYTEA NOT NULL,
    names TEXT NOT NULL,
    location TEXT NOT NULL,
    created_at_ns BIGINT NOT NULL,
    damage TEXT
);
CREATE UNIQUE INDEX blocks_sequence ON blocks (project_id, kind, sequence);
CREATE INDEX blocks_time ON blocks (project_id, kind, max_ns);

-- One row a block: the Parquet file, while it lies in the database.
CREATE TABLE block_data (
    block_id BIGINT PRIMARY KEY NOT NULL,
    data BYTEA NOT NULL
);

-- One row a block of spans: the bloom filter of its traces, which stays here wherever the block lies.
CREATE TABLE block_index (
    block_id BIGINT PRIMARY KEY NOT NULL,
    data BYTEA NOT NULL
);

-- The newest instant of a series that ever lay in a block: a series without rows is still there until retention passes it, and
-- its newest sample is looked for where it can be. Without any it is the least number.
ALTER TABLE metric_series ADD COLUMN sealed_until_ns BIGINT NOT NULL DEFAULT '-9223372036854775808';

-- As the blocks of log records: compressed already.
ALTER TABLE block_data ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE block_index ALTER COLUMN data SET STORAGE EXTERNAL;
