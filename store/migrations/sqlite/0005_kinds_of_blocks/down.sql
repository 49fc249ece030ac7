ALTER TABLE metric_series DROP COLUMN sealed_until_ns;
DROP TABLE block_index;
DROP TABLE block_data;
DROP TABLE blocks;
