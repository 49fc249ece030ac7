//! Classes of causes and the steps that help: `runbook.toml`, read once.

use std::sync::LazyLock;

use regex::RegexSet;
use serde::Deserialize;

/// One class of causes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cause {
    pub(crate) id: String,
    /// A noun phrase: `connections refused or unreachable`.
    pub(crate) name: String,
    /// A clause: `a dependency cannot be reached at all`.
    pub(crate) means: String,
    /// How much a hit tells, 0 to 2.
    pub(crate) weight: f64,
    patterns: Vec<String>,
    steps: Vec<String>,
}

/// All classes, and one automaton over all their patterns.
pub(crate) struct Runbook {
    causes: Vec<Cause>,
    set: RegexSet,
    /// The cause of each pattern of `set`.
    cause_of: Vec<usize>,
}

#[derive(Deserialize)]
struct File {
    cause: Vec<Cause>,
}

static RUNBOOK: LazyLock<Runbook> = LazyLock::new(|| {
    Runbook::parse(include_str!("runbook.toml")).expect("runbook.toml is checked by a test")
});

/// The built-in catalogue.
pub(crate) fn runbook() -> &'static Runbook {
    &RUNBOOK
}

impl Runbook {
    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut patterns = Vec::new();
        let mut cause_of = Vec::new();
        for (index, cause) in file.cause.iter().enumerate() {
            for pattern in &cause.patterns {
                patterns.push(pattern.clone());
                cause_of.push(index);
            }
        }
        Ok(Self {
            set: RegexSet::new(&patterns).map_err(|error| error.to_string())?,
            causes: file.cause,
            cause_of,
        })
    }

    /// The class of this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Cause> {
        self.causes.iter().find(|cause| cause.id == id)
    }

    /// Classes that the text hits, by index, each once.
    pub(crate) fn hits(&self, text: &str) -> Vec<usize> {
        let lower = text.to_lowercase();
        let mut causes: Vec<usize> = self
            .set
            .matches(&lower)
            .into_iter()
            .map(|pattern| self.cause_of[pattern])
            .collect();
        causes.dedup();
        causes
    }

    /// The class at an index of [`Runbook::hits`].
    pub(crate) fn at(&self, index: usize) -> &Cause {
        &self.causes[index]
    }

    /// The steps of a class for a service; none for an id that is not in the catalogue.
    pub(crate) fn steps(&self, id: &str, service: Option<&str>) -> Vec<String> {
        let name = service
            .filter(|name| is_plain_name(name))
            .unwrap_or("the service");
        self.get(id)
            .map(|cause| {
                let fill = |step: &String| step.replace("{service}", name);
                cause.steps.iter().map(fill).collect()
            })
            .unwrap_or_default()
    }
}

/// Every step that the catalogue has for a service: what next steps can be, besides the one that names an older incident.
#[must_use]
pub fn catalogue_steps(service: &str) -> Vec<String> {
    let causes = runbook().causes.iter();
    causes
        .flat_map(|cause| runbook().steps(&cause.id, Some(service)))
        .collect()
}

/// Whether a service's name can stand in an instruction: it comes from whoever sends logs.
pub(crate) fn is_plain_name(name: &str) -> bool {
    (1..=48).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && name
            .bytes()
            .filter(|b| matches!(b, b'-' | b'_' | b'.'))
            .count()
            <= 4
}

#[cfg(test)]
mod tests;
