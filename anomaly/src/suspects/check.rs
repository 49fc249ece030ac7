//! How a person confirms or refutes a suspect.

use super::signals::{NearChange, Signs};
use crate::vitals::Trouble;

/// What to do about a change.
pub(super) fn of_change(change: &NearChange) -> String {
    let what = change.event.kind.as_str().replace('_', " ");
    let first = if change.minutes_before >= 0.0 {
        "the first symptom is older than it, or instances without it suffer as well"
    } else {
        "the first symptom is older than it, as it seems, and no clock is wrong"
    };
    format!(
        "undo the {what} or give it to a part of the instances only: confirmed if the symptoms end where it is undone, \
         refuted if {first}"
    )
}

/// What to look at about a service.
pub(super) fn of_service(name: &str, signs: &Signs) -> String {
    let origin = signs.origin.as_ref();
    let trouble = origin.and_then(|o| o.measured.first()).map(|m| m.trouble);
    let callee = origin
        .and_then(|o| o.passed.as_ref())
        .map_or("something that it calls", |(to, _)| to.as_str());
    match trouble {
        Some(Trouble::Latency) => format!(
            "look at slow traces of {name}: confirmed if the time goes by in {name} itself, refuted if {callee} takes it"
        ),
        Some(Trouble::Failures) => format!(
            "look at failed requests of {name}: confirmed if they fail in {name} itself, refuted if each follows an error \
             of {callee}"
        ),
        Some(Trouble::Silence) => silent(name),
        None if signs.is_silent => silent(name),
        None if !signs.blamed.1.is_empty() && signs.strength <= 0.0 => format!(
            "ask {name} from the host of {}: confirmed if it does not answer or answers late, refuted if only that \
             caller has trouble with it",
            signs
                .blamed
                .1
                .iter()
                .next()
                .map_or("a caller", String::as_str)
        ),
        None => format!(
            "read the first unusual records of {name}: confirmed if they name a fault of its own and come before those of \
             its callers, refuted if they only report what others answered"
        ),
    }
}

fn silent(name: &str) -> String {
    format!(
        "ask {name} directly: confirmed if it does not answer or its process is gone, refuted if it answers and its callers \
         never ask"
    )
}
