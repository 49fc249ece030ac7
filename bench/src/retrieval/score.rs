//! How good a ranking is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::DEPTH;
use super::corpus::Mined;
use super::questions::{Event, Question};

/// How good the answer to one question is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Events found among the first ten, of those that could be there.
    pub recall: f64,
    /// One through the place of the first template that answers; 0 when none of the ten does.
    pub reciprocal: f64,
    /// Whether one of the first five answers.
    pub is_in_five: bool,
}

impl Outcome {
    /// `found` are the events of the templates, best first.
    fn of(relevant: &BTreeSet<Event>, found: &[&BTreeSet<Event>]) -> Self {
        let mut seen: BTreeSet<&Event> = BTreeSet::new();
        let mut first = None;
        for (place, events) in found.iter().take(DEPTH).enumerate() {
            let before = first;
            for event in events.intersection(relevant) {
                seen.insert(event);
                first = before.or(Some(place));
            }
        }
        let possible = relevant.len().clamp(1, DEPTH);
        Self {
            recall: seen.len().min(possible) as f64 / possible as f64,
            reciprocal: first.map_or(0.0, |place| 1.0 / (place + 1) as f64),
            is_in_five: first.is_some_and(|place| place < 5),
        }
    }
}

/// Sums of outcomes.
#[derive(Debug, Default)]
struct Sum {
    count: usize,
    recall: f64,
    reciprocal: f64,
    in_five: usize,
}

/// Outcomes by half and style.
#[derive(Debug, Default)]
pub struct Scores {
    sums: BTreeMap<(&'static str, String), Sum>,
}

impl Scores {
    /// Adds the answer to a question, best first.
    pub fn add(&mut self, question: &Question, found: &[&Mined]) -> Outcome {
        let events: Vec<&BTreeSet<Event>> = found.iter().map(|it| &it.events).collect();
        let outcome = Outcome::of(&question.relevant, &events);
        let half = if question.is_tuning() {
            "tuning"
        } else {
            "test"
        };
        for style in [question.style.as_str(), "all"] {
            let sum = self.sums.entry((half, style.to_owned())).or_default();
            sum.count += 1;
            sum.recall += outcome.recall;
            sum.reciprocal += outcome.reciprocal;
            sum.in_five += usize::from(outcome.is_in_five);
        }
        outcome
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {:<8}{:<11}{:>10}{:>11}{:>7}{:>13}",
            "half", "style", "questions", "recall@10", "MRR", "hit in five"
        )?;
        for ((half, style), sum) in &self.sums {
            let count = sum.count.max(1) as f64;
            writeln!(
                f,
                "  {half:<8}{style:<11}{:>10}{:>11.3}{:>7.3}{:>13.3}",
                sum.count,
                sum.recall / count,
                sum.reciprocal / count,
                sum.in_five as f64 / count
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(ids: &[&str]) -> BTreeSet<Event> {
        ids.iter()
            .map(|id| ("System".to_owned(), (*id).to_owned()))
            .collect()
    }

    #[test]
    fn an_event_found_twice_counts_once_and_the_first_place_decides() {
        let relevant = events(&["E1", "E2"]);
        let (miss, one) = (events(&["E9"]), events(&["E1"]));
        let outcome = Outcome::of(&relevant, &[&miss, &one, &one]);
        assert!((outcome.recall - 0.5).abs() < 1e-9);
        assert!((outcome.reciprocal - 0.5).abs() < 1e-9);
        assert!(outcome.is_in_five);
    }

    #[test]
    fn nobody_can_find_more_than_ten_and_what_comes_later_does_not_count() {
        let names: Vec<String> = (0..20).map(|number| format!("E{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let single: Vec<BTreeSet<Event>> = names.iter().map(|name| events(&[name])).collect();
        let found: Vec<&BTreeSet<Event>> = single.iter().collect();
        assert!((Outcome::of(&events(&names), &found).recall - 1.0).abs() < 1e-9);
        let late = Outcome::of(&events(&["E15"]), &found);
        assert_eq!(
            (late.recall, late.reciprocal, late.is_in_five),
            (0.0, 0.0, false)
        );
    }
}
