//! How a repeated request is known: by its sender's key, or by what it says.

use std::collections::HashMap;

use domain::LogRecord;
use store::IngestReceipt;

use super::KEY_LIFETIME_NS;

/// Receipts by their keys.
pub(super) type Receipts = HashMap<[u8; 32], IngestReceipt>;

/// What a request is known by when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKey {
    /// SHA-256 of a key of the sender's: what bears it again within [`KEY_LIFETIME_NS`] is a repetition.
    Given([u8; 32]),
    /// SHA-256 of the content: the same content within `window_ns` is a repetition, if [`tells_itself_apart`].
    Content {
        /// Of everything that the records are made of.
        digest: [u8; 32],
        /// At least 1 ns, at most [`KEY_LIFETIME_NS`].
        window_ns: i64,
    },
}

impl RequestKey {
    /// The key of the receipt that a request leaves at this instant. Content is remembered anew in each period of the
    /// length of its window, because a receipt is never replaced.
    pub(super) fn current(self, now_ns: i64) -> [u8; 32] {
        match self {
            Self::Given(key) => key,
            Self::Content { digest, window_ns } => {
                in_period(digest, now_ns.div_euclid(window_ns.max(1)))
            }
        }
    }

    /// The keys under which its receipt may be.
    pub(super) fn possible(self, now_ns: i64) -> impl Iterator<Item = [u8; 32]> {
        let before = match self {
            Self::Given(_) => None,
            Self::Content { window_ns, .. } => Some(self.current(now_ns.saturating_sub(window_ns))),
        };
        std::iter::once(self.current(now_ns)).chain(before)
    }

    /// The receipt that a request leaves. The housekeeping forgets receipts when they are [`KEY_LIFETIME_NS`] old, so
    /// that of a content counts as so much older that it goes when its window is over.
    pub(super) fn receipt(self, accepted: usize, now_ns: i64) -> IngestReceipt {
        IngestReceipt {
            key: self.current(now_ns),
            accepted: accepted as u64,
            created_at_ns: now_ns.saturating_sub(self.age_ns()),
        }
    }

    /// How many records were accepted when the request came before; `None` when it did not.
    pub(super) fn accepted_before(self, receipts: &Receipts, now_ns: i64) -> Option<u64> {
        self.possible(now_ns).find_map(|key| {
            let receipt = receipts.get(&key)?;
            let created_at_ns = receipt.created_at_ns.saturating_add(self.age_ns());
            let is_over = match self {
                Self::Given(_) => false,
                Self::Content { window_ns, .. } => now_ns.saturating_sub(created_at_ns) > window_ns,
            };
            (!is_over).then_some(receipt.accepted)
        })
    }

    fn age_ns(self) -> i64 {
        match self {
            Self::Given(_) => 0,
            Self::Content { window_ns, .. } => KEY_LIFETIME_NS.saturating_sub(window_ns),
        }
    }
}

/// The digest in a period: 24 bytes stay, which no accident makes equal.
fn in_period(mut digest: [u8; 32], period: i64) -> [u8; 32] {
    for (byte, part) in digest[24..].iter_mut().zip(period.to_be_bytes()) {
        *byte ^= part;
    }
    digest
}

/// Whether the same records again can only be the same request again: all of them bear an instant of their sender's, and
/// one is finer than a millisecond, or two differ of which one is finer than a second. A heartbeat without a time, a line
/// with seconds and a lone line with milliseconds may honestly come twice.
pub(super) fn tells_itself_apart(records: &[LogRecord]) -> bool {
    const MILLISECOND_NS: i64 = 1_000_000;
    let Some(first) = records.first() else {
        return false;
    };
    let (mut is_fine, mut has_part, mut differ) = (false, false, false);
    for record in records {
        let at_ns = record.timestamp_ns;
        // The decoders give the instant of arrival to what has none.
        if at_ns == record.observed_at_ns {
            return false;
        }
        is_fine |= at_ns % MILLISECOND_NS != 0;
        has_part |= at_ns % domain::NANOS_PER_SECOND != 0;
        differ |= at_ns != first.timestamp_ns;
    }
    is_fine || (has_part && differ)
}
