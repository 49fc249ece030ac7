//! How many are asked for: "top 5", "last 20 errors".

use crate::time::number;
use crate::understand::{Claim, Reading};

/// Claims "top 5", "first 10", "last 20 errors", "5 most".
pub(in super::super) fn read_limit(reading: &mut Reading<'_>) -> Option<usize> {
    for at in 0..reading.words.len() {
        let is_leading = matches!(
            reading.free(at),
            "top"
                | "first"
                | "last"
                | "latest"
                | "newest"
                | "worst"
                | "show"
                | "list"
                | "only"
                | "noisiest"
        );
        let count_at = if is_leading { at + 1 } else { at };
        let counted = is_leading
            || matches!(
                reading.free(at + 1),
                "most" | "latest" | "newest" | "noisiest" | "worst" | "top"
            );
        let Some(count) =
            number(reading.free(count_at)).filter(|count| counted && count.fract() == 0.0)
        else {
            continue;
        };
        let count = (count as usize).clamp(1, 1_000);
        reading.claim(count_at..count_at + 1, Claim::Limit);
        // "last 20 errors" wants twenty records, not the last time.
        if matches!(reading.free(at), "last" | "latest" | "newest" | "first") && count > 1 {
            reading.claim(at..at + 1, Claim::Limit);
        }
        return Some(count);
    }
    None
}
