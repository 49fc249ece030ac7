//! Made-up incidents with their ground truth: what a small estate of services writes, measures and is asked before and
//! after something breaks. The same scenario and seed give the same story; another seed gives another estate, traffic,
//! noise and wording habit, so nothing can be learned by heart.
//!
//! How trouble spreads is reckoned, not written down: a caller waits for its callees up to a timeout, fails with those it
//! cannot do without, retries, and then complains, by name or not.

#[path = "scenario/catalogue.rs"]
mod catalogue;
#[path = "scenario/estate.rs"]
mod estate;
#[path = "scenario/world.rs"]
mod world;

use catalogue::Fault;
pub use catalogue::scenarios;

/// A kind of incident, or of calm that looks like one.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name, in snake_case.
    pub name: &'static str,
    /// The class of its cause, as the runbook calls it; `none` for a control.
    pub class: &'static str,
    fault: Fault,
}

/// One incident, minute by minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The scenario's name.
    pub name: &'static str,
    /// The class of its cause.
    pub class: &'static str,
    /// Who is at fault; `None` for a control.
    pub root: Option<String>,
    /// The minute in which it begins to be felt; [`CALM_MINUTES`] for controls too.
    pub onset_minute: usize,
    /// All services.
    pub services: Vec<String>,
    /// The minutes, oldest first.
    pub minutes: Vec<Minute>,
}

/// What happens in one minute.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Minute {
    /// Log lines, by pattern.
    pub lines: Vec<Lines>,
    /// Requests between services, as traces show them.
    pub calls: Vec<Calls>,
    /// Values of gauges.
    pub gauges: Vec<Gauge>,
    /// What was changed.
    pub changes: Vec<Change>,
}

/// The lines of one pattern in one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// Who writes them.
    pub service: String,
    /// `info`, `warn`, `error`, ...
    pub severity: &'static str,
    /// The text with `<*>` where something varies.
    pub template: String,
    /// The text of one of them.
    pub example: String,
    /// How many.
    pub count: u64,
}

/// What one service asked of another one in one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Calls {
    /// Who asks; `None` for requests from outside.
    pub caller: Option<String>,
    /// Who works.
    pub callee: String,
    /// It goes by a queue.
    pub is_message: bool,
    /// How often.
    pub count: u64,
    /// How often it fails.
    pub errors: u64,
    /// Mean time of one.
    pub mean_seconds: f64,
}

/// A value that goes up and down.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// Whose.
    pub service: String,
    /// For example `memory_used_share`.
    pub name: &'static str,
    /// In the unit that the name says.
    pub value: f64,
}

/// A change event.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// `deploy`, `config_change` or `feature_flag`.
    pub kind: &'static str,
    /// Of what.
    pub service: String,
    /// In words.
    pub title: String,
}

/// Minutes of calm before anything happens.
pub const CALM_MINUTES: usize = 240;
/// Minutes that the trouble is shown for.
pub const TROUBLE_MINUTES: usize = 20;

impl Scenario {
    /// The story of a seed.
    #[must_use]
    pub fn play(&self, seed: u64) -> Story {
        world::play(self, seed)
    }

    /// Whether nothing is wrong in it.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.class == "none"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_one_story_and_another_seed_another() {
        for scenario in scenarios() {
            let story = scenario.play(1);
            assert_eq!(story, scenario.play(1), "{}", scenario.name);
            assert_ne!(story.minutes, scenario.play(2).minutes, "{}", scenario.name);
            assert_eq!(story.minutes.len(), CALM_MINUTES + TROUBLE_MINUTES);
        }
    }

    #[test]
    fn names_differ_and_there_are_enough() {
        let names: std::collections::BTreeSet<&str> = scenarios().iter().map(|s| s.name).collect();
        assert_eq!(names.len(), scenarios().len());
        let controls = scenarios().iter().filter(|s| s.is_control()).count();
        assert!(controls >= 3 && names.len() - controls >= 24);
    }

    #[test]
    fn whoever_is_at_fault_is_a_service_and_something_differs_after_the_onset() {
        let sum = |minutes: &[Minute]| -> (u64, f64) {
            let lines = minutes.iter().flat_map(|m| &m.lines);
            let bad = lines.filter(|l| matches!(l.severity, "warn" | "error" | "fatal"));
            let time = minutes
                .iter()
                .flat_map(|m| &m.calls)
                .map(|c| c.mean_seconds)
                .sum();
            (bad.map(|l| l.count).sum(), time)
        };
        for scenario in scenarios().iter().filter(|s| !s.is_control()) {
            let story = scenario.play(7);
            let root = story.root.as_ref().unwrap();
            assert!(story.services.contains(root), "{}", scenario.name);
            let onset = story.onset_minute;
            let before = sum(&story.minutes[onset - TROUBLE_MINUTES..onset]);
            let after = sum(&story.minutes[onset..]);
            let is_quiet = scenario.name == "log_silence";
            assert!(
                is_quiet || after.0 as f64 > 1.5 * before.0 as f64 || after.1 > 1.2 * before.1,
                "{}: {before:?} {after:?}",
                scenario.name
            );
        }
    }
}
