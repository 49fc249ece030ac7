//! What people said of anomalies, and how it moves the bar for what is alike.
//!
//! Each subject (a kind of anomaly of a pattern, metric or service) keeps how often it was called useful and noise. An
//! anomaly of it then counts for more or less: its score is shifted, within bounds, so nothing is ever silenced for good
//! by a click and nothing becomes an alarm by one.

use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyId, AnomalyKind};
use serde::{Deserialize, Serialize};

/// How much one `noise` takes off a score, and all of them together.
const NOISE: (f64, f64) = (0.1, 0.4);
/// How much one `useful` adds, and all of them together.
const USEFUL: (f64, f64) = (0.05, 0.15);
/// Subjects that are remembered; beyond it those that were spoken of longest ago are forgotten.
const MOST_SUBJECTS: usize = 2_000;
/// Anomalies whose verdict is remembered, so that it can be changed; the oldest are forgotten first.
const MOST_VERDICTS: usize = 5_000;

/// What somebody thinks of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was worth knowing.
    Useful,
    /// It was not.
    Noise,
}

impl Verdict {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Useful => "useful",
            Self::Noise => "noise",
        }
    }

    /// Reads the lowercase word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "useful" => Some(Self::Useful),
            "noise" => Some(Self::Noise),
            _ => None,
        }
    }
}

/// What was said of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Opinion {
    /// How often it was called useful.
    pub useful: u32,
    /// How often it was called noise.
    pub noise: u32,
    /// When it was last spoken of, unix nanoseconds UTC.
    pub said_at_ns: i64,
}

impl Opinion {
    /// What is added to a score, -0.4 to 0.15.
    #[must_use]
    pub fn shift(&self) -> f64 {
        let taken = (f64::from(self.noise) * NOISE.0).min(NOISE.1);
        let given = (f64::from(self.useful) * USEFUL.0).min(USEFUL.1);
        given - taken
    }

    fn count(&mut self, verdict: Verdict) -> &mut u32 {
        match verdict {
            Verdict::Useful => &mut self.useful,
            Verdict::Noise => &mut self.noise,
        }
    }
}

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    subject: String,
    verdict: Verdict,
    by: String,
    at_ns: i64,
}

/// All that was said in one project; a document to store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Feedback {
    subjects: BTreeMap<String, Opinion>,
    verdicts: BTreeMap<AnomalyId, Said>,
}

impl Feedback {
    /// Takes a verdict in; a later one of the same anomaly replaces it. Gives what is now thought of its subject.
    pub fn say(&mut self, anomaly: &Anomaly, verdict: Verdict, by: &str, at_ns: i64) -> Opinion {
        let subject = subject_of(anomaly);
        if let Some(before) = self.verdicts.remove(&anomaly.id)
            && let Some(opinion) = self.subjects.get_mut(&before.subject)
        {
            let count = opinion.count(before.verdict);
            *count = count.saturating_sub(1);
        }
        let opinion = self.subjects.entry(subject.clone()).or_default();
        let count = opinion.count(verdict);
        *count = count.saturating_add(1);
        opinion.said_at_ns = at_ns;
        let opinion = *opinion;
        let by = by.chars().take(200).collect();
        let said = Said {
            subject,
            verdict,
            by,
            at_ns,
        };
        self.verdicts.insert(anomaly.id, said);
        forget_oldest(&mut self.subjects, MOST_SUBJECTS, |opinion| {
            opinion.said_at_ns
        });
        forget_oldest(&mut self.verdicts, MOST_VERDICTS, |said| said.at_ns);
        opinion
    }

    /// What was said of an anomaly, if anything.
    #[must_use]
    pub fn verdict(&self, id: AnomalyId) -> Option<Verdict> {
        self.verdicts.get(&id).map(|said| said.verdict)
    }

    /// What is thought of an anomaly's subject.
    #[must_use]
    pub fn opinion(&self, anomaly: &Anomaly) -> Opinion {
        let found = self.subjects.get(&subject_of(anomaly));
        found.copied().unwrap_or_default()
    }

    /// Shifts an anomaly's score by what people said of its like, and says so in its reason.
    pub fn apply(&self, anomaly: &mut Anomaly) {
        let opinion = self.opinion(anomaly);
        let shift = opinion.shift();
        if shift == 0.0 {
            return;
        }
        let before = anomaly.score;
        anomaly.score = (before + shift).clamp(0.0, 1.0);
        let times = |count: u32| match count {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            n => format!("{n} times"),
        };
        let word = if shift < 0.0 {
            format!("noise {}", times(opinion.noise))
        } else {
            format!("useful {}", times(opinion.useful))
        };
        anomaly.reason += &format!(
            " (its like was called {word}: score {:.2} in place of {before:.2})",
            anomaly.score
        );
    }
}

/// What is alike: kind, service, and the pattern or metric. A changed severity of a pattern is another subject.
fn subject_of(anomaly: &Anomaly) -> String {
    let service = anomaly.service.as_deref().unwrap_or("*");
    let of_service = matches!(
        anomaly.kind,
        AnomalyKind::UnusualMix | AnomalyKind::UnusualSession
    );
    let what = match (&anomaly.metric, anomaly.template_id) {
        (Some(metric), _) => metric.clone(),
        (None, Some(id)) if !of_service => {
            let slot = anomaly.labels.get("slot").map_or("", String::as_str);
            format!("{:016x}/{slot}/{}", id.0, anomaly.severity.as_str())
        }
        _ => String::new(),
    };
    let whole = format!("{}|{service}|{what}", anomaly.kind.as_str());
    whole.chars().take(600).collect()
}

fn forget_oldest<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, most: usize, at: impl Fn(&V) -> i64) {
    while map.len() > most {
        let oldest = map.iter().min_by_key(|(_, value)| at(value));
        let Some(key) = oldest.map(|(key, _)| key.clone()) else {
            return;
        };
        map.remove(&key);
    }
}

#[cfg(test)]
mod tests;
