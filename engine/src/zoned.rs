//! Summaries with the times of the reader's zone. They are stored with times in UTC, for whoever reads them is not known
//! when they are written.

use domain::Summary;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::{Engine, Error, Inner};

/// The zone of an IANA name; UTC without one.
///
/// # Errors
/// An unknown name is [`Error::BadRequest`].
pub fn zone_of(name: Option<&str>) -> Result<TimeZone, Error> {
    match name {
        None | Some("") => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| {
            let name: String = name.chars().take(64).collect();
            Error::BadRequest(format!("time_zone '{name}' is not an IANA time zone"))
        }),
    }
}

/// An instant on the clock of a zone: `2026-11-23 14:05:09 UTC`, `2026-11-23 15:05:09 CET`.
pub(crate) fn instant(at_ns: i64, zone: &TimeZone) -> String {
    formatted(at_ns, zone, "%Y-%m-%d %H:%M:%S %Z")
}

/// The same as `strftime` of jiff has it; empty for an instant beyond what it knows.
pub(crate) fn formatted(at_ns: i64, zone: &TimeZone, format: &str) -> String {
    Timestamp::from_nanosecond(i128::from(at_ns))
        .map(|at| at.to_zoned(zone.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

impl Inner {
    /// The zone that a reader names, that of the house otherwise.
    pub(crate) fn reader_zone(&self, time_zone: Option<&str>) -> Result<TimeZone, Error> {
        match time_zone {
            None | Some("") => Ok(self.config.time_zone.clone()),
            named => zone_of(named),
        }
    }
}

impl Engine {
    /// A summary with the times of a reader's zone (an IANA name), of the house's zone when the reader says none.
    ///
    /// # Errors
    /// An unknown name is [`Error::BadRequest`].
    pub fn for_reader(
        &self,
        mut summary: Summary,
        time_zone: Option<&str>,
    ) -> Result<Summary, Error> {
        in_zone(&mut summary, &self.inner_ref().reader_zone(time_zone)?);
        Ok(summary)
    }
}

/// Turns the times in headline and sentences (`14:00 UTC`, `between 14:00 and 14:05 UTC`, with a date or without) into those
/// of a zone. What stands in quotation marks is log text and stays as it is.
pub(crate) fn in_zone(summary: &mut Summary, zone: &TimeZone) {
    if *zone == TimeZone::UTC {
        return;
    }
    let written_at_ns = summary.written_at_ns;
    summary.headline = text_in(&summary.headline, written_at_ns, zone);
    for sentence in summary.what_happened.iter_mut().chain(&mut summary.impact) {
        sentence.text = text_in(&sentence.text, written_at_ns, zone);
    }
    for suspect in &mut summary.suspects {
        suspect.reason = text_in(&suspect.reason, written_at_ns, zone);
    }
}

/// One time in a text: the words that it takes, and when it is.
struct Told {
    from: usize,
    to: usize,
    at: Timestamp,
    has_seconds: bool,
}

fn text_in(text: &str, written_at_ns: i64, zone: &TimeZone) -> String {
    let Ok(written_at) = Timestamp::from_nanosecond(i128::from(written_at_ns)) else {
        return text.to_owned();
    };
    let words: Vec<&str> = text.split(' ').collect();
    let mut is_quoted = false;
    let mut times: Vec<(Told, String)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let was_quoted = is_quoted;
        for c in word.chars().filter(|c| matches!(c, '“' | '”')) {
            is_quoted = c == '“';
        }
        let Some(rest) = word.strip_prefix("UTC").filter(|rest| is_end(rest)) else {
            continue;
        };
        if was_quoted || at == 0 {
            continue;
        }
        let Some(mut told) = time_before(&words, at, written_at) else {
            continue;
        };
        told.to = at + 1;
        if told.from >= 2 && words[told.from - 1] == "and" {
            // The first of two times has no zone of its own.
            let earlier = time_before(&words, told.from - 1, written_at);
            times.extend(earlier.map(|earlier| (earlier, String::new())));
        }
        let shown = told.at.to_zoned(zone.clone());
        let name = shown.strftime("%Z").to_string();
        times.push((told, format!(" {name}{rest}")));
    }
    replaced(&words, &times, written_at, zone)
}

fn is_end(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_alphanumeric())
}

/// The time whose last word stands before `end`: `14:00`, `14:00:05`, with a date before it or without.
fn time_before(words: &[&str], end: usize, written_at: Timestamp) -> Option<Told> {
    let last = end.checked_sub(1)?;
    let time = words[last];
    let has_seconds = time.len() == 8;
    if !has_seconds && time.len() != 5 {
        return None;
    }
    let clock: Time = time.parse().ok()?;
    let date = last
        .checked_sub(1)
        .and_then(|before| words[before].parse::<Date>().ok());
    let today = written_at.to_zoned(TimeZone::UTC).date();
    let instant = DateTime::from_parts(date.unwrap_or(today), clock);
    Some(Told {
        from: last - usize::from(date.is_some()),
        to: end,
        at: instant.to_zoned(TimeZone::UTC).ok()?.timestamp(),
        has_seconds,
    })
}

fn replaced(
    words: &[&str],
    times: &[(Told, String)],
    written_at: Timestamp,
    zone: &TimeZone,
) -> String {
    let today = written_at.to_zoned(zone.clone()).date();
    let mut shown: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    for (told, end) in times {
        shown.extend(words[at..told.from].iter().map(|&word| word.to_owned()));
        let local = told.at.to_zoned(zone.clone());
        let format = match (local.date() == today, told.has_seconds) {
            (true, false) => "%H:%M",
            (true, true) => "%H:%M:%S",
            (false, false) => "%Y-%m-%d %H:%M",
            (false, true) => "%Y-%m-%d %H:%M:%S",
        };
        shown.push(format!("{}{end}", local.strftime(format)));
        at = told.to;
    }
    shown.extend(words[at..].iter().map(|&word| word.to_owned()));
    shown.join(" ")
}

#[cfg(test)]
mod tests;
