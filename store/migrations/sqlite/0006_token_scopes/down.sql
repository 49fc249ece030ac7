DELETE FROM ingest_tokens WHERE scope <> 'ingest';
ALTER TABLE ingest_tokens DROP COLUMN scope;
