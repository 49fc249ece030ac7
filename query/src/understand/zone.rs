//! Zones that a question names ("14:00 UTC", "9am PST", "Berlin time"), and times that have not come.

use jiff::tz::{Offset, TimeZone};

use super::{Claim, Reading};
use crate::context::QuestionContext;
use crate::words::Word;

/// Abbreviations that people write, with a place that has that zone. Those of summer and winter time mean the zone.
const ABBREVIATIONS: [(&str, &str); 24] = [
    ("utc", "Etc/UTC"),
    ("gmt", "Etc/UTC"),
    ("zulu", "Etc/UTC"),
    ("cet", "Europe/Berlin"),
    ("cest", "Europe/Berlin"),
    ("eet", "Europe/Athens"),
    ("eest", "Europe/Athens"),
    ("msk", "Europe/Moscow"),
    ("bst", "Europe/London"),
    ("est", "America/New_York"),
    ("edt", "America/New_York"),
    ("et", "America/New_York"),
    ("cst", "America/Chicago"),
    ("cdt", "America/Chicago"),
    ("mst", "America/Denver"),
    ("mdt", "America/Denver"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("pt", "America/Los_Angeles"),
    ("ist", "Asia/Kolkata"),
    ("jst", "Asia/Tokyo"),
    ("sgt", "Asia/Singapore"),
    ("aest", "Australia/Sydney"),
    ("aedt", "Australia/Sydney"),
];
/// Continents of the names of zones.
const AREAS: [&str; 7] = [
    "Europe",
    "America",
    "Asia",
    "Africa",
    "Australia",
    "Pacific",
    "Atlantic",
];

/// Takes a zone that stands behind a time out of the words; the context in that zone.
pub(super) fn taken(words: &mut Vec<Word>, context: &QuestionContext) -> Option<QuestionContext> {
    for at in 0..words.len() {
        if words[at].quoted {
            continue;
        }
        let follows_time = at > 0 && ends_time(&words[at - 1]);
        let (zone, from, length) = if let Some((zone, length)) = named(words, at) {
            (zone, at, length)
        } else if follows_time && let Some(zone) = abbreviated(&words[at].lower) {
            let says_time = words.get(at + 1).is_some_and(|word| word.lower == "time");
            (zone, at, 1 + usize::from(says_time))
        } else {
            continue;
        };
        let ends_phrase = words[from + length - 1].ends_phrase;
        words.drain(from..from + length);
        if let Some(before) = from.checked_sub(1) {
            words[before].ends_phrase |= ends_phrase;
        }
        return Some(QuestionContext {
            time_zone: zone,
            ..context.clone()
        });
    }
    None
}

fn ends_time(word: &Word) -> bool {
    let lower = word.lower.as_str();
    !word.quoted
        && (lower.starts_with(|c: char| c.is_ascii_digit()) && lower.len() <= 19
            || matches!(lower, "am" | "pm" | "a.m" | "p.m" | "noon" | "midnight"))
}

fn abbreviated(word: &str) -> Option<TimeZone> {
    if let Some((_, name)) = ABBREVIATIONS.iter().find(|(short, _)| *short == word) {
        return TimeZone::get(name).ok();
    }
    let rest = word
        .strip_prefix("utc")
        .or_else(|| word.strip_prefix("gmt"))
        .unwrap_or(word);
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60))
        .ok()
        .map(TimeZone::fixed)
}

/// `Europe/Berlin`, `Berlin time`, `New York time`.
fn named(words: &[Word], at: usize) -> Option<(TimeZone, usize)> {
    let text = &words[at].text;
    if text.contains('/') && AREAS.iter().any(|area| text.starts_with(area)) {
        return TimeZone::get(text).ok().map(|zone| (zone, 1));
    }
    let is_capital = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase());
    for length in [2, 1] {
        let said = words.get(at..at + length)?;
        let is_time = words
            .get(at + length)
            .is_some_and(|word| word.lower == "time");
        if !is_time || !said.iter().all(|word| is_capital(&word.text)) {
            continue;
        }
        let place: Vec<&str> = said.iter().map(|word| word.text.as_str()).collect();
        let place = place.join("_");
        let zone = AREAS
            .iter()
            .find_map(|area| TimeZone::get(&format!("{area}/{place}")).ok());
        if let Some(zone) = zone {
            return Some((zone, length + 1));
        }
    }
    None
}

/// The words that ask about what has not come, which are claimed; `None` when nothing does.
pub(super) fn future(reading: &mut Reading<'_>) -> Option<Vec<String>> {
    for at in 0..reading.words.len() {
        let length = match (reading.free(at), reading.free(at + 1)) {
            ("tomorrow", _) => 1,
            (
                "next" | "coming" | "upcoming",
                "hour" | "hours" | "day" | "days" | "week" | "weeks" | "month" | "year" | "minutes",
            ) => 2,
            ("next", number) if crate::time::number(number).is_some() => 2,
            _ => continue,
        };
        reading.claim(at..at + length, Claim::NotUnderstood);
        let said = reading.words[at..at + length]
            .iter()
            .map(|word| word.text.clone());
        return Some(said.collect());
    }
    // "will it crash", "will there be"
    let is_forecast =
        reading.free(0) == "will" || reading.position(&["will", "there", "be"]).is_some();
    is_forecast.then(Vec::new)
}
