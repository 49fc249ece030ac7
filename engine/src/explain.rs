//! A log line or a pattern in plain words: what it is, what it means, how often it comes, and what to do. By rules.

use std::collections::BTreeSet;

use domain::{
    IncidentState, LogFilter, LogReader as _, NANOS_PER_MINUTE, PageRequest, ProjectId, RecordId,
    Template, TemplateId, TimeRange,
};
use inference::Meaning;
use jiff::tz::TimeZone;
use patterns::{Miner, MinerConfig, Slots};
use store::{IncidentFilter, IncidentStore as _, LogStore as _};

use crate::dictionaries::Dictionary;
use crate::markdown::{count, counted, times};
use crate::tasks::blocking;
use crate::zoned::instant;
use crate::{Engine, Error, Inner};

/// Longest line that is explained, in bytes.
pub const LINE_BYTES: usize = 16 * 1024;
/// What "often" refers to.
const DAY_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// Incidents that are looked at.
const INCIDENTS: usize = 200;
/// So many words must a line share with a pattern to be called near, and so much of all of both (Dice's coefficient).
const SHARED_WORDS: usize = 4;
const NEAR: f64 = 0.7;
/// Values longer than this are cut.
const VALUE_CHARS: usize = 120;

/// What is to be explained.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A line as it was read somewhere.
    Line(String),
    /// A stored record.
    Record(RecordId),
    /// A pattern.
    Pattern(TemplateId),
}

/// A changing part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPart {
    /// The word before it, or `""`.
    pub key: String,
    /// What it holds, in words: `a number`, `an IP address`.
    pub kind: &'static str,
    /// Its value in the line.
    pub value: Option<String>,
}

/// A line in plain words.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// Its pattern, when this project has it.
    pub pattern: Option<Template>,
    /// The line that was explained; the example of a pattern.
    pub line: String,
    /// In sentences.
    pub sentences: Vec<String>,
    /// Its changing parts.
    pub parts: Vec<ExplainedPart>,
    /// The class of causes that it speaks for.
    pub meaning: Option<Meaning>,
    /// Numbers of the newest incidents that it is part of, at most three.
    pub incidents: Vec<i64>,
}

impl Engine {
    /// Explains a line, a record or a pattern, with the times of a reader's zone (an IANA name), of the house's zone when
    /// the reader says none.
    ///
    /// # Errors
    /// Fails on an empty or overlong line and when the store cannot be read; an unknown id is [`Error::NotFound`], an
    /// unknown zone [`Error::BadRequest`].
    pub async fn explain(
        &self,
        project_id: ProjectId,
        subject: Subject,
        time_zone: Option<&str>,
    ) -> Result<Explanation, Error> {
        let inner = self.inner();
        let zone = inner.reader_zone(time_zone)?;
        blocking(move || inner.explain_in(project_id, subject, &zone)).await
    }
}

impl Inner {
    /// As [`Engine::explain`], with times in UTC. Blocks.
    pub(crate) fn explain(
        &self,
        project_id: ProjectId,
        subject: Subject,
    ) -> Result<Explanation, Error> {
        self.explain_in(project_id, subject, &TimeZone::UTC)
    }

    fn explain_in(
        &self,
        project_id: ProjectId,
        subject: Subject,
        zone: &TimeZone,
    ) -> Result<Explanation, Error> {
        // Of a line that nobody has written the shape that it would have, and the pattern that is most like it.
        let mut shape = None;
        let mut nearest = None;
        let (line, pattern) = match subject {
            Subject::Line(line) => {
                if line.trim().is_empty() || line.len() > LINE_BYTES {
                    return Err(Error::BadRequest(format!(
                        "the line has {} bytes, it must have 1 to {LINE_BYTES}",
                        line.len()
                    )));
                }
                let dictionary = self.dictionaries.get(&self.store, project_id)?;
                let (id, text) = mined(&dictionary, &line);
                // A line may have made a more general pattern of two known ones: that is none of this project yet.
                let pattern = match id {
                    Some(id) => self.store.template(project_id, id)?,
                    None => None,
                };
                if pattern.is_none() {
                    nearest = nearest_of(&dictionary, &line).cloned();
                    shape = text;
                }
                (line, pattern)
            }
            Subject::Record(id) => {
                let record = self
                    .store
                    .record(project_id, id)?
                    .ok_or_else(|| Error::NotFound(format!("record {id}")))?;
                let pattern = self.store.template(project_id, record.template_id)?;
                (record.body, pattern)
            }
            Subject::Pattern(id) => {
                let pattern = self
                    .store
                    .template(project_id, id)?
                    .ok_or_else(|| Error::NotFound(format!("pattern {id}")))?;
                (pattern.example.clone(), Some(pattern))
            }
        };
        let parts = pattern
            .as_ref()
            .map(|pattern| &pattern.text)
            .or(shape.as_ref())
            .map(|text| parts(text, &line))
            .unwrap_or_default();
        let service = pattern
            .as_ref()
            .or(nearest.as_ref())
            .and_then(|pattern| pattern.services.first())
            .map(String::as_str);
        let meaning = inference::meaning(&line, service);
        let mut sentences = vec![what_it_is(pattern.as_ref())];
        sentences.extend(nearest.as_ref().map(is_near));
        if let Some(meaning) = &meaning {
            sentences.push(format!("It speaks of {}: {}.", meaning.name, meaning.means));
        }
        sentences.extend(words(&line, &parts));
        let mut incidents = Vec::new();
        if let Some(pattern) = &pattern {
            sentences.extend(self.how_often(project_id, pattern, zone)?);
            incidents = self.incidents_with(project_id, pattern.id)?;
            sentences.extend(part_of(&incidents));
        }
        Ok(Explanation {
            pattern,
            line,
            sentences,
            parts,
            meaning,
            incidents: incidents.into_iter().map(|(number, _)| number).collect(),
        })
    }

    fn how_often(
        &self,
        project_id: ProjectId,
        pattern: &Template,
        zone: &TimeZone,
    ) -> Result<Vec<String>, Error> {
        let now_ns = self.clock.now_ns();
        let day = TimeRange::last(now_ns.saturating_add(NANOS_PER_MINUTE), DAY_NS);
        let before = TimeRange::last(day.start_ns, DAY_NS);
        let of = |range: TimeRange| -> Result<u64, Error> {
            let filter = LogFilter {
                template_ids: vec![pattern.id],
                ..LogFilter::in_range(range)
            };
            Ok(self.store.count(project_id, &filter)?)
        };
        let (now, then) = (of(day)?, of(before)?);
        let mut sentences = vec![format!(
            "It came {} in the last 24 hours and {} in the 24 hours before; it was first seen {}.",
            often(now),
            often(then),
            instant(pattern.first_seen_ns, zone)
        )];
        if now == 0 {
            let newest = self.newest(project_id, pattern.id)?;
            sentences
                .extend(newest.map(|at_ns| format!("The last one was {}.", instant(at_ns, zone))));
        } else if then == 0 && pattern.first_seen_ns >= day.start_ns {
            sentences.push("It is new today.".to_owned());
        } else if now >= 10 && now >= then.saturating_mul(3) {
            sentences.push("That is far more than the day before.".to_owned());
        }
        Ok(sentences)
    }

    fn newest(&self, project_id: ProjectId, id: TemplateId) -> Result<Option<i64>, Error> {
        let filter = LogFilter {
            template_ids: vec![id],
            ..LogFilter::in_range(TimeRange::ALL)
        };
        let page = self
            .store
            .search(project_id, &filter, &PageRequest::first(1))?;
        Ok(page.items.first().map(|record| record.timestamp_ns))
    }

    /// Numbers and states of the newest incidents with a pattern.
    fn incidents_with(
        &self,
        project_id: ProjectId,
        id: TemplateId,
    ) -> Result<Vec<(i64, IncidentState)>, Error> {
        let page = PageRequest::first(INCIDENTS);
        let page = self
            .store
            .incidents(project_id, &IncidentFilter::default(), &page)?;
        Ok(page
            .items
            .into_iter()
            .map(|stored| stored.incident)
            .filter(|incident| incident.template_ids.contains(&id))
            .take(3)
            .map(|incident| (incident.number, incident.state))
            .collect())
    }
}

/// The pattern of a line among known ones and its text, without learning anything from it; the text alone of a new one.
fn mined(dictionary: &Dictionary, line: &str) -> (Option<TemplateId>, Option<String>) {
    let known = dictionary
        .iter()
        .map(|template| (template.id, template.text.as_str(), template.merged_into));
    let mut miner = Miner::restore(MinerConfig::default(), known);
    let mined = miner.mine(line);
    let id = (!mined.is_new).then_some(mined.template_id);
    (id, miner.text(mined.template_id).map(str::to_owned))
}

/// The pattern whose words are most like those of a line, when most of them are.
fn nearest_of<'a>(dictionary: &'a Dictionary, line: &str) -> Option<&'a Template> {
    let wanted = words_of(line);
    let mut best: Option<(f64, &Template)> = None;
    for template in dictionary.iter().filter(|one| one.merged_into.is_none()) {
        let words = words_of(&inference::without_slots(&template.text));
        let shared = wanted.intersection(&words).count();
        let likeness = 2.0 * shared as f64 / (wanted.len() + words.len()).max(1) as f64;
        let is_better = best.is_none_or(|(most, other)| {
            likeness > most || likeness >= most && template.id < other.id
        });
        if shared >= SHARED_WORDS && likeness >= NEAR && is_better {
            best = Some((likeness, template));
        }
    }
    best.map(|(_, template)| template)
}

/// The words of a text without numbers, in lower case.
fn words_of(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphabetic())
        .filter(|word| word.chars().count() >= 2)
        .map(str::to_lowercase)
        .collect()
}

fn is_near(nearest: &Template) -> String {
    let text: String = inference::without_slots(&nearest.text)
        .chars()
        .take(VALUE_CHARS)
        .collect();
    let by = match nearest.services.first() {
        Some(service) => format!(" of {service}"),
        None => String::new(),
    };
    format!("The nearest pattern is one{by}: \u{201c}{text}\u{201d}.")
}

/// `never`, `once`, `12 times`.
fn often(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        count => times(count),
    }
}

fn what_it_is(pattern: Option<&Template>) -> String {
    let Some(pattern) = pattern else {
        return "No service of this project has written a line like this.".to_owned();
    };
    let severity = match pattern.severity.as_str() {
        "unspecified" => "A line".to_owned(),
        "error" | "info" => format!("An {} line", pattern.severity.as_str()),
        other => format!("A {other} line"),
    };
    let mut services: Vec<&str> = pattern.services.iter().map(String::as_str).collect();
    let more = services.len().saturating_sub(3);
    services.truncate(3);
    let by = match (services.as_slice(), more) {
        ([], _) => "a service".to_owned(),
        ([one], _) => (*one).to_owned(),
        (all, 0) => all.join(" and "),
        (all, more) => format!("{} and {} more", all.join(", "), count(more as u64)),
    };
    format!("{severity} of {by}.")
}

/// What terms and statuses in the line mean.
fn words(line: &str, parts: &[ExplainedPart]) -> Vec<String> {
    let mut sentences: Vec<String> = inference::terms(line)
        .into_iter()
        .map(|(term, means)| format!("\u{201c}{term}\u{201d} means: {means}."))
        .collect();
    let status = parts
        .iter()
        .filter(|part| {
            matches!(
                part.key.as_str(),
                "status" | "code" | "status_code" | "http"
            )
        })
        .filter_map(|part| part.value.as_deref()?.parse::<u16>().ok())
        .find_map(|code| Some((code, inference::http_status(code)?)));
    if let Some((code, means)) = status {
        sentences.push(format!("Status {code} means: {means}."));
    }
    sentences
}

fn part_of(incidents: &[(i64, IncidentState)]) -> Option<String> {
    let (number, state) = incidents.first()?;
    let more = match incidents.len() - 1 {
        0 => String::new(),
        more => format!(" and of {}", counted(more as u64, "older one")),
    };
    Some(format!(
        "It is part of incident {number}, which is {}{more}.",
        state.as_str()
    ))
}

/// The slots of a pattern with their values in the line.
fn parts(text: &str, line: &str) -> Vec<ExplainedPart> {
    let slots = Slots::new(text);
    let values = slots.values(line);
    slots
        .places()
        .iter()
        .enumerate()
        .map(|(at, place)| ExplainedPart {
            key: place.key.clone(),
            kind: kind_in_words(place.kind),
            value: values
                .as_ref()
                .and_then(|values| values.get(at))
                .map(|value| value.chars().take(VALUE_CHARS).collect()),
        })
        .collect()
}

fn kind_in_words(kind: &str) -> &'static str {
    match kind {
        "num" => "a number",
        "hex" => "a hexadecimal id",
        "ip" => "an IP address",
        "uuid" => "a unique id",
        "path" => "a path",
        "url" => "an address of the web",
        "email" => "an email address",
        "time" => "a time",
        "quoted" => "a quoted text",
        "host" => "a host name",
        _ => "any text",
    }
}

#[cfg(test)]
mod tests;
