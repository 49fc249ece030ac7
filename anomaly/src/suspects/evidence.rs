//! Why, in words and numbers of evidence.

use std::collections::BTreeSet;

use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND, format_duration, format_timestamp_short};

use super::flow::Origin;
use super::signals::{NearChange, Signs};
use crate::log::words::{number, percent};
use crate::vitals::{Measured, Trouble};

/// Reasons that a sentence holds at most, besides what speaks against.
const MOST_REASONS: usize = 3;
/// Share of the measured trouble that must begin at a service before that counts as a reason.
const LEAST_OWN: f64 = 0.1;
/// Share from which it is a signal of its own, beside the symptom: more than one of three equal suspects has.
const LEADING_OWN: f64 = 0.34;

/// What speaks for a suspect.
#[derive(Debug, Clone, Default)]
pub(super) struct Reasons {
    texts: Vec<String>,
    against: Option<String>,
    evidence: BTreeSet<u32>,
    /// Kinds of signals that speak for it.
    pub signals: u32,
}

impl Reasons {
    pub(super) fn add(&mut self, text: String, evidence: impl IntoIterator<Item = u32>) {
        self.texts.push(text);
        self.evidence.extend(evidence);
        self.signals += 1;
    }

    pub(super) fn of_change(&mut self, change: &NearChange) {
        let minutes = change.minutes_before.abs() * NANOS_PER_MINUTE as f64;
        let apart = format_duration(minutes as i64);
        let when = if change.minutes_before >= 0.0 {
            format!("{apart} before the first symptom")
        } else {
            format!("within {apart} of the first symptom")
        };
        let what = change.event.kind.as_str().replace('_', " ");
        self.add(format!("the {what} came {when}"), change.evidence);
        if change.minutes_before <= 10.0 {
            self.signals += 1;
        }
    }

    pub(super) fn of_service(&mut self, name: &str, signs: &Signs) {
        if let Some(origin) = signs.origin.as_ref().filter(|o| o.own >= LEAST_OWN) {
            self.of_origin(origin, signs);
        }
        if let (Some(symptom), true) = (&signs.symptom, signs.strength > 0.0) {
            self.add(symptom.clone(), signs.evidence.iter().copied());
        }
        if signs.is_silent || signs.has_new_error {
            self.signals += 1;
        }
        if signs.delay_minutes.is_some_and(|d| d < 1.0) {
            self.add(format!("{name} was among the first"), []);
        }
        if !signs.blamed.1.is_empty() {
            let who: Vec<&str> = signs.blamed.1.iter().map(String::as_str).take(3).collect();
            let text = format!("errors of {} name it", who.join(", "));
            self.add(text, signs.blame_evidence.iter().copied());
        }
        if signs.callers.0 > 0 {
            let text = match signs.callers {
                (_, 1) => "the one service that calls it suffers".to_owned(),
                (sick, all) => format!("{sick} of the {all} services that call it suffer"),
            };
            self.add(text, []);
        }
        self.against = signs
            .explained
            .1
            .as_ref()
            .filter(|_| signs.explained.0 >= 0.3)
            .map(|other| format!("it depends on {other}, which has symptoms too"));
        let handed = signs.origin.as_ref().and_then(|o| o.passed.as_ref());
        if let Some((to, share)) = handed.filter(|(_, share)| *share >= 0.3) {
            self.against = Some(format!("{} of it comes from {to}", percent(*share)));
        }
    }

    fn of_origin(&mut self, origin: &Origin, signs: &Signs) {
        let evidence = || signs.evidence.iter().copied();
        if let Some(measured) = origin.measured.first() {
            self.add(figure(measured), evidence());
        }
        let share = percent(origin.own.min(1.0));
        let text = match origin.path.as_slice() {
            [.., last] if origin.path.len() > 1 => format!(
                "{share} of the trouble of {} begins here ({}{last})",
                origin.path[0],
                way(&origin.path[..origin.path.len() - 1]),
            ),
            _ => format!("nothing that it calls explains {share} of its trouble"),
        };
        self.add(text, []);
        if origin.own < LEADING_OWN {
            self.signals -= 1;
        }
    }

    /// One sentence, with what speaks against at the end.
    pub(super) fn sentence(&self, name: &str) -> String {
        let mut text = if self.texts.is_empty() {
            format!("little speaks for {name}")
        } else {
            self.texts[..self.texts.len().min(MOST_REASONS)].join("; ")
        };
        if let Some(against) = &self.against {
            text += "; but ";
            text += against;
        }
        text
    }

    pub(super) fn evidence(&self) -> Vec<u32> {
        self.evidence.iter().copied().collect()
    }
}

/// `a > b > `: what comes before the last one.
fn way(path: &[String]) -> String {
    path.iter().map(|name| format!("{name} > ")).collect()
}

/// What was measured, with what is usual and since when.
pub(super) fn figure(measured: &Measured) -> String {
    let since = measured
        .since_ns
        .map(|at| format!(" since {}", format_timestamp_short(at)))
        .unwrap_or_default();
    let time = |seconds: f64| {
        let nanos = seconds * NANOS_PER_SECOND as f64;
        if seconds < 0.01 {
            format!("{} ms", number(seconds * 1_000.0))
        } else {
            format_duration(nanos as i64)
        }
    };
    let (usual, now) = (measured.usual, measured.now);
    match measured.trouble {
        Trouble::Failures => format!(
            "{} of its requests fail instead of {}{since}",
            percent(now),
            percent(usual)
        ),
        Trouble::Latency => format!(
            "a request takes {} instead of {}{since}",
            time(now),
            time(usual)
        ),
        Trouble::Silence => format!(
            "{} requests reach it instead of {}{since}",
            number(now),
            number(usual)
        ),
    }
}
