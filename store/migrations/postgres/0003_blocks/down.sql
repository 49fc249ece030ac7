DROP TABLE retention_rules;
DROP TABLE log_deletions;
DROP TABLE log_block_garbage;
DROP TABLE log_block_index;
DROP TABLE log_block_data;
DROP TABLE log_blocks;
