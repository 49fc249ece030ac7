//! Whether patterns tell that something went wrong, where a question asks for what did.

use domain::{Severity, TemplateId};

use super::words::{Stems, is_negated, split, stem};
use crate::dictionaries::Dictionary;

/// Words by which patterns tell that something went wrong.
const WRONG: [&str; 40] = [
    "fail",
    "error",
    "exception",
    "refused",
    "rejected",
    "denied",
    "declined",
    "abort",
    "crash",
    "timeout",
    "timed",
    "invalid",
    "unable",
    "lost",
    "broken",
    "wrong",
    "dropped",
    "expired",
    "unreachable",
    "unavailable",
    "fatal",
    "panic",
    "killed",
    "exceeded",
    "missing",
    "corrupt",
    "corrupted",
    "retry",
    "incorrect",
    "bad",
    "bounced",
    "interrupted",
    "cancelled",
    "canceled",
    "unknown",
    "died",
    "reset",
    "unexpected",
    "disconnected",
    "stale",
];

/// Whether a topic asks for what failed: "failed snapshots". That snapshots were made answers it not.
pub(super) fn is_of_failure(topic: &str) -> bool {
    let failed = stem("failed");
    !is_negated(topic) && split(topic).any(|word| stem(&word) == failed)
}

/// Whether one of these patterns tells that something went wrong, by its words or its severity.
pub(super) fn is_wrong(dictionary: &Dictionary, ids: &[TemplateId]) -> bool {
    ids.iter()
        .filter_map(|id| dictionary.get(*id))
        .any(|template| {
            template.severity >= Severity::Warn || says_wrong(&Stems::of(&template.text))
        })
}

fn says_wrong(stems: &Stems) -> bool {
    WRONG.iter().any(|word| stems.hold(word, &stem(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_for_failures_is_told_from_others() {
        for topic in ["snapshots failed", "failing jobs", "Failures of disks"] {
            assert!(is_of_failure(topic), "{topic}");
        }
        for topic in ["snapshots", "jobs that did not fail", "failover"] {
            assert!(!is_of_failure(topic), "{topic}");
        }
    }

    #[test]
    fn patterns_tell_what_went_wrong_in_many_words() {
        for text in [
            "job <*> failed",
            "could not connect to <host>",
            "card declined",
            "connection timed out",
        ] {
            assert!(says_wrong(&Stems::of(text)), "{text}");
        }
        for text in ["Snapshotting: <hex> to <path>", "job <*> done"] {
            assert!(!says_wrong(&Stems::of(text)), "{text}");
        }
    }
}
