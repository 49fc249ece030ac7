//! How sure a suspect is, in three words.

use domain::Confidence;

/// Score and agreeing kinds of signals from which a suspect is highly likely.
const HIGH: (f64, u32) = (0.7, 3);
/// Lead over the runner-up that a high confidence needs.
const HIGH_LEAD: f64 = 0.15;
/// Score and kinds of signals from which it is likely.
const MEDIUM: (f64, u32) = (0.4, 2);

/// Only the first can be high, and only with a lead: two equal suspects are two medium ones.
pub(super) fn confidence(score: f64, signals: u32, rank: usize, lead: f64) -> Confidence {
    if rank == 0 && score >= HIGH.0 && signals >= HIGH.1 && lead >= HIGH_LEAD {
        Confidence::High
    } else if score >= MEDIUM.0 && signals >= MEDIUM.1 {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}
