//! What a summary tells, chosen out of the facts: the plan between facts and sentences.

use domain::{Confidence, Evidence, EvidenceKind, Suspect};

use crate::cause::{CauseFinding, classify_suspected, suspected_change};
use crate::facts::SummaryFacts;

/// Sentences of "what happened".
pub(super) const MAX_SENTENCES: usize = 5;
/// Patterns told besides the leading one.
const MORE_PATTERNS: usize = 2;
/// Measurements told when no pattern speaks.
const MEASURED_ALONE: usize = 2;

/// The parts of "what happened", each at most once unless it is a list.
pub(super) struct Outline<'a> {
    /// What was seen first, when that is not the leading pattern.
    pub(super) first: Option<&'a Evidence>,
    /// The strongest pattern.
    pub(super) lead: Option<&'a Evidence>,
    /// Further patterns.
    pub(super) further: Vec<&'a Evidence>,
    /// What detectors say in their own words.
    pub(super) measured: Vec<&'a Evidence>,
    /// The kind of fault that the patterns speak for.
    pub(super) cause: Option<CauseFinding>,
    /// The change that leads the suspects.
    pub(super) change: Option<&'a Suspect>,
    /// The leading suspect, when it is no such change.
    pub(super) suspect: Option<&'a Suspect>,
}

impl<'a> Outline<'a> {
    /// Chooses. What was seen first, what leads and what is concluded always have a place; the rest fills up.
    pub(super) fn of(facts: &'a SummaryFacts) -> Self {
        let patterns: Vec<&Evidence> = facts.evidence.iter().filter(|e| is_pattern(e)).collect();
        let detected: Vec<&Evidence> = facts.evidence.iter().filter(|e| is_detected(e)).collect();
        let lead = patterns.first().copied();
        let first = lead.and_then(|lead| {
            let seen = patterns.iter().chain(&detected).copied();
            seen.filter(|item| item.first_at_ns < lead.first_at_ns)
                .min_by_key(|item| (item.first_at_ns, item.number))
        });
        let change = suspected_change(&facts.suspects, &facts.evidence);
        let suspect = facts.suspects.first().filter(|_| change.is_none());
        let mut outline = Self {
            first,
            lead,
            further: Vec::new(),
            measured: Vec::new(),
            cause: classify_suspected(&facts.evidence, &facts.suspects),
            change,
            suspect,
        };
        let mut places = MAX_SENTENCES
            - usize::from(first.is_some())
            - usize::from(lead.is_some())
            - usize::from(facts.policy.is_some())
            - outline.conclusions();
        let is_untold = |item: &&Evidence| Some(item.number) != first.map(|first| first.number);
        if lead.is_none() {
            outline.measured = detected
                .iter()
                .copied()
                .take(MEASURED_ALONE.min(places))
                .collect();
            return outline;
        }
        let more = patterns.iter().copied().skip(1).filter(is_untold);
        outline.further = more.take(MORE_PATTERNS.min(places)).collect();
        places -= outline.further.len();
        let measured = detected.iter().copied().filter(is_untold);
        outline.measured = measured.take(places.min(1)).collect();
        outline
    }

    /// How many sentences say what is concluded: one or two.
    fn conclusions(&self) -> usize {
        let named = usize::from(self.cause.is_some());
        let blamed = usize::from(self.change.is_some() || self.sure_suspect().is_some());
        match named + blamed {
            // That the cause is not known, and who is suspected all the same.
            0 => 1 + usize::from(self.suspect.is_some()),
            said => said,
        }
    }

    /// The leading suspect, when it is at least medium sure.
    pub(super) fn sure_suspect(&self) -> Option<&'a Suspect> {
        self.suspect
            .filter(|suspect| suspect.confidence >= Confidence::Medium)
    }
}

fn is_pattern(item: &Evidence) -> bool {
    matches!(item.kind, EvidenceKind::Template | EvidenceKind::Record)
}

fn is_detected(item: &Evidence) -> bool {
    matches!(item.kind, EvidenceKind::Metric | EvidenceKind::Anomaly)
}
