-- What models outside of the house cost: a row for each day (UTC, counted from 1970-01-01), provider and project. Every process
-- adds to the same row. What is done for no project has the project of 16 zero bytes. `pico_dollars` are millionths of a
-- millionth of a dollar.
CREATE TABLE model_spending (
    day BIGINT NOT NULL,
    provider TEXT NOT NULL,
    project_id BLOB NOT NULL,
    calls BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    pico_dollars BIGINT NOT NULL,
    PRIMARY KEY (day, provider, project_id)
);
