//! Questions that compare: "more errors than yesterday", "before and after the deploy".

use super::Intent;
use super::detection::claim_all;
use super::signs::SIGNS;
use crate::understand::{Claim, Reading};

/// "more errors than yesterday", "before and after the deploy".
pub(super) fn comparative(reading: &mut Reading<'_>) -> Option<Intent> {
    let is_time =
        |reading: &Reading<'_>, at: usize| reading.claims.get(at) == Some(&Some(Claim::Time));
    let both_sides = (0..reading.words.len().saturating_sub(2)).any(|at| {
        is_time(reading, at)
            && (
                reading.lower(at),
                reading.lower(at + 1),
                reading.lower(at + 2),
            ) == ("before", "and", "after")
    });
    let than =
        (0..reading.words.len()).find(|at| reading.free(*at) == "than" && is_time(reading, at + 1));
    let compared = than.and_then(|than| (0..than).find(|at| is_comparative(reading.free(*at))));
    // "were there more errors on Monday or on Tuesday?"
    let either = (1..reading.words.len()).find(|at| {
        reading.free(*at) == "or" && is_time(reading, at - 1) && is_time(reading, at + 1)
    });
    if let Some(either) = either
        && let Some(at) = (0..either).find(|at| is_comparative(reading.free(*at)))
    {
        reading.claim(at..at + 1, Claim::Intent);
        reading.claim(either..either + 1, Claim::Intent);
        return Some(Intent::Compare);
    }
    // "which has more errors, checkout or payments?"
    let which = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "more" | "fewer" | "less")
            && (0..*at).any(|before| matches!(reading.free(before), "which" | "who" | "what"))
    });
    if let Some(at) = which
        && reading
            .claims
            .iter()
            .filter(|claim| **claim == Some(Claim::Service))
            .count()
            > 1
    {
        reading.claim(at..at + 1, Claim::Intent);
        return Some(Intent::Compare);
    }
    if let (Some(than), Some(compared)) = (than, compared) {
        reading.claim(compared..compared + 1, Claim::Intent);
        reading.claim(than..than + 1, Claim::Intent);
        return Some(Intent::Compare);
    }
    if both_sides {
        claim_all(reading, SIGNS[0].1);
    }
    both_sides.then_some(Intent::Compare)
}

/// Whether a word sets one beside another.
fn is_comparative(word: &str) -> bool {
    matches!(
        word,
        "more" | "fewer" | "less" | "higher" | "lower" | "worse" | "better"
    )
}
