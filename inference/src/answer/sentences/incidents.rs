//! Which incidents are open.

use domain::Sentence;

use super::days::Days;
use super::plain;
use crate::facts::{AnswerFacts, IncidentNote};
use crate::words;

/// Characters of one title.
const TITLE: usize = 110;

/// What is known of incidents, where the question asks about the trouble at hand.
pub(super) fn incidents(facts: &AnswerFacts, days: &mut Days) -> Option<Sentence> {
    let notes = facts.more.incidents.as_ref()?;
    let of = match notes.of.as_slice() {
        [] => String::new(),
        services => format!(" of {}", words::plain(&words::list(services, 3), 80)),
    };
    let others = match notes.other_count {
        0 => String::new(),
        others => format!(" ({} elsewhere)", words::count(others as u64)),
    };
    let none = format!("No incident{of} is open{others}");
    let text = match (notes.open.as_slice(), &notes.last) {
        ([], None) => format!("{none}."),
        ([], Some(last)) => format!(
            "{none}; the last one, #{}, began at {}{}.",
            last.number,
            days.at(last.started_at_ns),
            match last.resolved_at_ns {
                Some(at_ns) => format!(" and was resolved at {}", days.at(at_ns)),
                None => String::new(),
            },
        ),
        ([one], _) if notes.open_count == 1 => format!("Incident {}.", told(one, days)),
        (open, _) => {
            let mut each: Vec<String> = open.iter().map(|it| told(it, days)).collect();
            let more = notes.open_count.saturating_sub(open.len());
            if more > 0 {
                each.push(format!("and {} more", words::count(more as u64)));
            }
            format!(
                "{} are open: {}.",
                words::counted(notes.open_count as u64, "incident"),
                each.join("; ")
            )
        }
    };
    Some(plain(text))
}

/// `#3 (critical), open since 14:05 UTC and taken: checkout does not answer`
fn told(note: &IncidentNote, days: &mut Days) -> String {
    let title = words::without_slots(&words::plain(&note.title, TITLE));
    format!(
        "#{} ({}), open since {}{}: {}",
        note.number,
        note.severity,
        days.at(note.started_at_ns),
        if note.is_taken { " and taken" } else { "" },
        title.trim_end_matches('.'),
    )
}
