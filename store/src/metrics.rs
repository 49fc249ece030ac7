//! What the store tells about itself.

use std::time::Duration;

use crate::Error;

/// Log records that became durable, by backend.
const RECORDS: &str = "vigil_store_records_total";
/// Log records of repeated commits that were there already, by backend.
const DUPLICATES: &str = "vigil_store_duplicates_total";
/// Time from the start of a commit until it was durable, seconds, by backend.
const COMMIT_SECONDS: &str = "vigil_store_commit_seconds";
/// Commits that failed, by backend and kind of error.
const COMMIT_ERRORS: &str = "vigil_store_commit_errors_total";
/// Commits that were repeated because of a concurrent transaction or stored ids, by backend.
const COMMIT_RETRIES: &str = "vigil_store_commit_retries_total";

/// Blocks that their indexes ruled out of reads.
const BLOCKS_PRUNED: &str = "vigil_store_blocks_pruned_total";
/// Records of blocks that were found damaged.
const DAMAGED_RECORDS: &str = "vigil_store_damaged_records_total";
/// Blocks that commits and the sealer wrote, by who.
const BLOCKS_WRITTEN: &str = "vigil_store_blocks_written_total";
/// Bytes of these blocks, by who.
const BLOCK_BYTES: &str = "vigil_store_block_bytes_total";

pub(crate) fn blocks_pruned(blocks: usize) {
    metrics::counter!(BLOCKS_PRUNED).increment(blocks as u64);
}

pub(crate) fn block_damaged(records: usize) {
    metrics::counter!(DAMAGED_RECORDS).increment(records as u64);
}

pub(crate) fn blocks_written(by: &'static str, blocks: usize, bytes: usize) {
    metrics::counter!(BLOCKS_WRITTEN, "by" => by).increment(blocks as u64);
    metrics::counter!(BLOCK_BYTES, "by" => by).increment(bytes as u64);
}

pub(crate) fn committed(backend: &'static str, records: usize, duplicates: usize, took: Duration) {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    metrics::counter!(RECORDS, "backend" => backend).increment(count(records));
    metrics::histogram!(COMMIT_SECONDS, "backend" => backend).record(took.as_secs_f64());
    if duplicates > 0 {
        metrics::counter!(DUPLICATES, "backend" => backend).increment(count(duplicates));
    }
}

pub(crate) fn commit_failed(backend: &'static str, error: &Error) {
    let kind = format!("{:?}", error.kind()).to_lowercase();
    metrics::counter!(COMMIT_ERRORS, "backend" => backend, "kind" => kind).increment(1);
}

pub(crate) fn commit_repeated(backend: &'static str) {
    metrics::counter!(COMMIT_RETRIES, "backend" => backend).increment(1);
}
