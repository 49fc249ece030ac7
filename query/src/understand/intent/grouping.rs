//! What the most frequent are counted by: a field, a stretch of time, the services, the patterns.

use super::{Asked, Intent};
use crate::understand::field::{self, Field};
use crate::understand::{Claim, GroupBy, Measure, Reading, TimeUnit, severity, vocabulary};

/// Chooses what is counted apart, where nothing says so yet.
pub(super) fn read(reading: &mut Reading<'_>, asked: &mut Asked, is_distinct: bool) {
    by_field(reading, asked, is_distinct);
    if asked.group_by.is_none()
        && matches!(asked.intent, Intent::Find | Intent::Top | Intent::Last)
        && let Some(unit) = busiest(reading)
    {
        (asked.intent, asked.group_by) = (Intent::Top, Some(GroupBy::Time(unit)));
    }
    by_service(reading, asked);
    extreme_service(reading, asked);
    most_frequent(reading, asked);
}

/// "which users", "how many different addresses".
fn by_field(reading: &mut Reading<'_>, asked: &mut Asked, is_distinct: bool) {
    if asked.group_by.is_none()
        && matches!(
            asked.intent,
            Intent::Find
                | Intent::Count
                | Intent::Top
                | Intent::Summary
                | Intent::Last
                | Intent::Measure
        )
        && let Some((field, is_how_many)) = field::asked(reading)
    {
        asked.group_by = Some(GroupBy::Field(field));
        if asked.intent == Intent::Count && is_how_many || is_distinct {
            asked.intent = Intent::Count;
            asked.measure = Some(Measure::Distinct);
        } else if !matches!(asked.intent, Intent::Count | Intent::Measure) {
            asked.intent = Intent::Top;
        }
    } else if is_distinct
        && asked.group_by.is_none()
        && let Some(field) = field_anywhere(reading)
    {
        asked.group_by = Some(GroupBy::Field(field));
        asked.intent = Intent::Count;
        asked.measure = Some(Measure::Distinct);
    }
}

/// "which services": a list of them when nothing else is said.
fn by_service(reading: &mut Reading<'_>, asked: &mut Asked) {
    let Some(at) = one_of_services(reading).or_else(|| services_asked(reading)) else {
        return;
    };
    reading.claim(at..at + 2, Claim::Intent);
    let bare = reading.claims.iter().enumerate().all(|(at, claim)| {
        claim.is_some() && !matches!(claim, Some(Claim::Entity | Claim::Number | Claim::Severity))
            || vocabulary::is_filler(&reading.words[at].lower)
    });
    let has_severity = (0..reading.words.len()).any(|at| severity::here(reading, at).is_some());
    if asked.intent == Intent::Find {
        asked.intent = if bare && !has_severity {
            Intent::ListServices
        } else {
            Intent::Top
        };
    }
    if asked.group_by.is_none() && asked.intent != Intent::ListServices {
        asked.group_by = Some(GroupBy::Service);
    }
}

/// "the slowest service"
fn extreme_service(reading: &mut Reading<'_>, asked: &mut Asked) {
    let found = (1..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "service" | "services" | "component")
            && matches!(reading.lower(at - 1), "slowest" | "fastest" | "quickest")
    });
    if let Some(at) = found.filter(|_| asked.intent == Intent::Measure && asked.group_by.is_none())
    {
        reading.claim(at..at + 1, Claim::Group);
        asked.group_by = Some(GroupBy::Service);
    }
}

/// What the most frequent are of, when only that they are asked for is said.
fn most_frequent(reading: &mut Reading<'_>, asked: &mut Asked) {
    if asked.intent != Intent::Top || asked.group_by.is_some() {
        return;
    }
    // "top rate limited client"
    let field = (0..reading.words.len()).find_map(|at| {
        let (field, length) = field::here(reading, at)?;
        if !field::ends(reading, at + length) {
            return None;
        }
        reading.claim(at..at + length, Claim::Group);
        Some(GroupBy::Field(field))
    });
    asked.group_by = field.or_else(|| {
        let counts_services =
            (0..reading.words.len()).any(|at| matches!(reading.free(at), "services" | "service"));
        Some(if counts_services {
            GroupBy::Service
        } else {
            GroupBy::Template
        })
    });
}

/// Claims "different", "distinct", "unique".
pub(super) fn distinct(reading: &mut Reading<'_>) -> bool {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(*at), "different" | "distinct" | "unique")
            && reading.lower(at + 1) != "from"
    });
    if let Some(at) = at {
        reading.claim(at..at + 1, Claim::Group);
    }
    at.is_some()
}

/// Claims the first word that names a field.
fn field_anywhere(reading: &mut Reading<'_>) -> Option<Field> {
    (0..reading.words.len()).find_map(|at| {
        let (field, length) = field::here(reading, at)?;
        reading.claim(at..at + length, Claim::Group);
        Some(field)
    })
}

/// "which hour", "what day", "which minute".
fn busiest(reading: &mut Reading<'_>) -> Option<TimeUnit> {
    for at in 0..reading.words.len() {
        if !matches!(reading.lower(at), "which" | "what" | "busiest" | "worst") {
            continue;
        }
        let unit = match reading.free(at + 1) {
            "minute" => TimeUnit::Minute,
            "hour" => TimeUnit::Hour,
            "day" => TimeUnit::Day,
            _ => continue,
        };
        reading.claim(at..at + 2, Claim::Group);
        return Some(unit);
    }
    None
}

/// "which one of the services": where its last two words are.
fn one_of_services(reading: &Reading<'_>) -> Option<usize> {
    let at = (0..reading.words.len()).find(|at| {
        matches!(reading.free(at + 1), "services" | "service")
            && matches!(reading.free(*at), "of" | "the" | "our" | "my")
    })?;
    let begins = |at: usize| {
        matches!(reading.free(at), "which" | "what")
            && matches!(reading.free(at + 1), "one" | "ones" | "of")
    };
    (at.saturating_sub(3)..at).any(begins).then_some(at)
}

/// "which services", "what services", "list services", "show all services".
fn services_asked(reading: &Reading<'_>) -> Option<usize> {
    (0..reading.words.len().saturating_sub(1)).find(|at| {
        matches!(reading.free(at + 1), "services" | "service")
            && matches!(
                reading.free(*at),
                "which" | "what" | "list" | "all" | "show" | "the" | "my" | "our" | "available"
            )
            && (matches!(reading.free(*at), "which" | "what" | "list")
                || reading.words.len() <= 4
                || matches!(reading.lower(0), "what" | "which" | "list") && *at <= 3)
    })
}
