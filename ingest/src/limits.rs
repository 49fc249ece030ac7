//! Every limit of the decoders, in one place.

use domain::NANOS_PER_SECOND;

/// What the decoders refuse, cut or replace. Each field says what happens at the limit.
///
/// The defaults are the written limits of the service; a larger value costs memory in proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, before and after decompression; above it the request is refused.
    /// 20 MiB is what the OTLP specification recommends for receivers.
    pub body_bytes: usize,
    /// Largest record as it came; above it the record is rejected, its neighbours are not.
    pub record_bytes: usize,
    /// Most attributes of a record (top-level keys that are not a field of the record); above it the record is rejected.
    pub attributes: usize,
    /// Deepest nesting, the record's own object being level 1; above it the record is rejected.
    /// At most 63, because the scanner keeps its nesting in the bits of one integer.
    pub depth: usize,
    /// Most records in a request; above it the request is refused. Without it 20 MiB of `{}` lines would become gigabytes.
    pub records: usize,
    /// Rejections that are listed with their reason; the others are only counted.
    pub listed_rejections: usize,
    /// Longest service name; longer ones are cut. Keeps the name indexable in every database.
    pub service_bytes: usize,
    /// Longest trace or span id; a longer one stays an attribute.
    pub trace_id_bytes: usize,
    /// Most labels of a metric sample; above it the sample is rejected.
    pub metric_labels: usize,
    /// Longest metric name; above it the sample is rejected.
    pub metric_name_chars: usize,
    /// Longest label name or value; above it the sample is rejected.
    pub metric_label_bytes: usize,
    /// Longest title of a change event; longer ones are cut.
    pub event_title_bytes: usize,
    /// Timestamps before this instant (unix nanoseconds) are absurd: arrival time takes their place.
    /// 1990 keeps every real archive and catches the zero epochs of 1601, 1970 and 1980.
    pub earliest_timestamp_ns: i64,
    /// Timestamps further than this ahead of arrival are absurd: arrival time takes their place.
    pub future_tolerance_ns: i64,
    /// Lines that are joined to one record of a text (stack traces); further ones begin a new record.
    pub joined_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 20 * 1024 * 1024,
            record_bytes: 1024 * 1024,
            attributes: 1_000,
            depth: 32,
            records: 100_000,
            listed_rejections: 1_000,
            service_bytes: 256,
            trace_id_bytes: 128,
            metric_labels: 64,
            metric_name_chars: 256,
            metric_label_bytes: 1_024,
            event_title_bytes: 1_024,
            earliest_timestamp_ns: 631_152_000 * NANOS_PER_SECOND,
            future_tolerance_ns: 24 * 3_600 * NANOS_PER_SECOND,
            joined_lines: 500,
        }
    }
}

impl Limits {
    /// Whether an instant is believed, given when it arrived (both unix nanoseconds).
    #[must_use]
    pub fn is_plausible(&self, timestamp_ns: i64, received_at_ns: i64) -> bool {
        timestamp_ns >= self.earliest_timestamp_ns
            && timestamp_ns <= received_at_ns.saturating_add(self.future_tolerance_ns)
    }
}
