DROP TABLE ingest_receipts;
DROP TABLE change_events;
DROP TABLE metric_samples;
DROP TABLE metric_series;
DROP TABLE templates;
DROP TABLE rollup_hours;
DROP TABLE rollups;
DROP TABLE log_tail;
