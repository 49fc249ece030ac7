-- What a token may do: `ingest` (write records) or `read` (search and ask). Older tokens may write, as before.
ALTER TABLE ingest_tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'ingest';
