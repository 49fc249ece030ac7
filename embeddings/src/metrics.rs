//! What this room counts about itself.

use std::time::Duration;

/// Texts turned into vectors.
const TEXTS: &str = "vigil_embeddings_texts_total";
/// Duration of `encode` calls, seconds.
const ENCODE: &str = "vigil_embeddings_encode_seconds";
/// Points written to the index, by backend.
const UPSERTED: &str = "vigil_embeddings_points_upserted_total";
/// Duration of searches, seconds, by backend.
const SEARCH: &str = "vigil_embeddings_search_seconds";
/// Times the index was found lost or damaged and began empty, by backend.
const RECREATED: &str = "vigil_embeddings_index_recreated_total";

pub(crate) fn encoded(texts: usize, elapsed: Duration) {
    ::metrics::counter!(TEXTS).increment(texts as u64);
    ::metrics::histogram!(ENCODE).record(elapsed.as_secs_f64());
}

pub(crate) fn upserted(backend: &'static str, points: usize) {
    ::metrics::counter!(UPSERTED, "backend" => backend).increment(points as u64);
}

pub(crate) fn searched(backend: &'static str, elapsed: Duration) {
    ::metrics::histogram!(SEARCH, "backend" => backend).record(elapsed.as_secs_f64());
}

pub(crate) fn recreated(backend: &'static str) {
    ::metrics::counter!(RECREATED, "backend" => backend).increment(1);
}
