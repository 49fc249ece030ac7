//! Where the records of a question are when its range has none.

use std::net::IpAddr;

use domain::{
    LogFilter, LogReader, NANOS_PER_MINUTE, Order, PageRequest, ProjectId, TextTerm, TimeRange,
    minute_start,
};
use query::{Intent, Interpretation};

use super::facts::Found;
use super::happenings::is_tellable;
use super::scope::Scope;
use super::stop;
use super::subject::{is_generic_beside, is_neutral};
use super::topic::all_say;
use crate::{Error, Inner};

/// What is looked at before the last error when a "why" is about the past.
const WHY_NS: i64 = 6 * 60 * NANOS_PER_MINUTE;

impl Inner {
    /// Everything computed for an answer, sample records, and what is near to the question. Blocks.
    pub(super) fn answer_facts(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Found, Error> {
        let mut found = self.widened_facts(project_id, understood, question, zone)?;
        self.show_near(project_id, question, &mut found)?;
        self.tell_incidents(project_id, &mut found)?;
        Ok(found)
    }

    /// Everything computed for an answer, and sample records. A default range that has nothing gives way to the
    /// stretch where something is; a range that was said stays, and the nearest records outside are named. Blocks.
    pub(super) fn widened_facts(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Found, Error> {
        if let Some(found) = self.all_services(project_id, understood, question, zone)? {
            return Ok(found);
        }
        let mut first = None;
        let mut readings = readings(understood);
        let told = self.without_severities(project_id, understood)?;
        readings.extend(told.map(|(reading, words)| Reading { reading, words }));
        for Reading { reading, words } in &readings {
            stop::check()?;
            if !self.is_said(project_id, reading, words)? {
                continue;
            }
            let found = self.attempt(project_id, reading, question)?;
            if is_about(&found, reading) {
                let beside = match is_all_of_address(&found, reading) {
                    true => self.beside_text(project_id, reading, question)?,
                    false => None,
                };
                return Ok(beside.unwrap_or(found));
            }
            first.get_or_insert(found);
        }
        let is_free = understood.range_is_default && understood.compare_with.is_none();
        for Reading { reading, words } in readings.iter().filter(|_| is_free) {
            stop::check()?;
            let Some(range) = self.stretch(project_id, reading)? else {
                continue;
            };
            let wider = reading.widened(range, zone);
            if !self.is_said(project_id, &wider, words)? {
                continue;
            }
            let found = self.attempt(project_id, &wider, question)?;
            if is_about(&found, &wider) {
                return Ok(found);
            }
        }
        if let Some(found) = self.beside_text(project_id, understood, question)? {
            return Ok(found);
        }
        if let Some(found) = self.told_of(project_id, understood, question)? {
            return Ok(found);
        }
        let mut found = match first {
            Some(found) => found,
            None => self.attempt(project_id, understood, question)?,
        };
        if !understood.range_is_default && found.facts.matching == Some(0) {
            for Reading { reading, words } in &readings {
                let ever = Interpretation {
                    range: TimeRange::ALL,
                    ..reading.clone()
                };
                if !self.is_said(project_id, &ever, words)? {
                    continue;
                }
                found.facts.nearest_at_ns = self.nearest(project_id, reading)?;
                if found.facts.nearest_at_ns.is_some() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Which services there are is asked of all time where no time is said. Blocks.
    fn all_services(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
        zone: &jiff::tz::TimeZone,
    ) -> Result<Option<Found>, Error> {
        if understood.intent != Intent::ListServices || !understood.range_is_default {
            return Ok(None);
        }
        let Some(range) = self.stretch(project_id, understood)? else {
            return Ok(None);
        };
        let ever = Interpretation {
            widened_from: None,
            ..understood.widened(range, zone)
        };
        self.attempt(project_id, &ever, question).map(Some)
    }

    /// What others tell of the one service that is named, where it tells nothing of it itself: "Killed process 7
    /// (checkout)" stands in the log of the kernel. Blocks.
    fn told_of(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<Option<Found>, Error> {
        let [service] = understood.services.as_slice() else {
            return Ok(None);
        };
        if understood.retrieval_text.is_empty()
            || understood.intent == Intent::Why
            || !is_tellable(service)
        {
            return Ok(None);
        }
        let mut reading = understood.clone();
        reading.services.clear();
        // A name that is named is looked for as a word of its own.
        reading.named.push(service.clone());
        reading.terms.push(TextTerm {
            term: service.clone(),
            negated: false,
            template_ids: Vec::new(),
        });
        let scope = self.scope(project_id, &reading)?;
        if scope.is_topic_unused || !scope.is_literal || scope.is_empty() {
            return Ok(None);
        }
        let found = self.attempt(project_id, &reading, question)?;
        Ok(is_about(&found, &reading).then_some(found))
    }

    /// Whether the patterns of a reading say the words that it rests on. Blocks.
    fn is_said(
        &self,
        project_id: ProjectId,
        reading: &Interpretation,
        words: &str,
    ) -> Result<bool, Error> {
        if words.is_empty() {
            return Ok(true);
        }
        let scope = self.scope(project_id, reading)?;
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let ids = scope.meant.unwrap_or_default();
        Ok(scope.is_literal && !ids.is_empty() && all_say(&dictionary, &ids, words))
    }

    /// The stretch of time, to the minute, that holds what a question matches; `None` when nothing does
    /// or the range holds all of it. Blocks.
    fn stretch(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Option<TimeRange>, Error> {
        let everywhere = Interpretation {
            range: TimeRange::ALL,
            group_by: None,
            ..understood.clone()
        };
        let scope = self.any_scope(project_id, &everywhere)?;
        if scope.is_empty() {
            return Ok(None);
        }
        let matched = self.matched(project_id, &everywhere, &scope, TimeRange::ALL, 0)?;
        let starts = matched.counts.iter().map(|row| row.count.first_minute_ns);
        let ends = matched.counts.iter().map(|row| row.count.last_minute_ns);
        let (Some(start_ns), Some(end_ns)) = (starts.min(), ends.max()) else {
            return Ok(None);
        };
        let mut range = TimeRange {
            start_ns: minute_start(start_ns),
            end_ns: minute_start(end_ns).saturating_add(NANOS_PER_MINUTE),
        };
        if understood.intent == Intent::Why {
            range.start_ns = range.start_ns.max(range.end_ns.saturating_sub(WHY_NS));
        }
        let asked = understood.range;
        let is_inside = asked.start_ns <= range.start_ns && range.end_ns <= asked.end_ns;
        Ok((!is_inside).then_some(range))
    }

    /// The instant of the last record before the range that matches, else of the first one after it. Blocks.
    fn nearest(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Option<i64>, Error> {
        let before = TimeRange {
            start_ns: i64::MIN,
            end_ns: understood.range.start_ns,
        };
        let after = TimeRange {
            start_ns: understood.range.end_ns,
            end_ns: i64::MAX,
        };
        for (range, intent) in [(before, Intent::Find), (after, Intent::First)] {
            let side = Interpretation {
                range,
                intent: if understood.intent == Intent::Why {
                    Intent::Why
                } else {
                    intent
                },
                group_by: None,
                ..understood.clone()
            };
            let scope = self.any_scope(project_id, &side)?;
            if scope.is_empty() {
                continue;
            }
            if let Some(at_ns) = self.edge(project_id, &scope, range, intent)? {
                return Ok(Some(at_ns));
            }
        }
        Ok(None)
    }

    /// The instant of the newest record that matches, or of the oldest.
    fn edge(
        &self,
        project_id: ProjectId,
        scope: &Scope,
        range: TimeRange,
        intent: Intent,
    ) -> Result<Option<i64>, Error> {
        let filter = LogFilter {
            range,
            ..scope.filter.clone()
        };
        let order = match intent {
            Intent::First => Order::OldestFirst,
            _ => Order::NewestFirst,
        };
        if !scope.needs_reading() && scope.statuses.is_empty() {
            let page = PageRequest {
                order,
                ..PageRequest::first(1)
            };
            let page = self.store.search(project_id, &filter, &page)?;
            return Ok(page.items.first().map(|record| record.timestamp_ns));
        }
        let request = store::MatchRequest {
            filter: &filter,
            statuses: &scope.statuses,
            order,
            records: 1,
            bucket_ns: None,
        };
        let matched = if scope.needs_reading() {
            self.matches_one_by_one(project_id, &request, &scope.values, &scope.numbers)?
        } else {
            self.store.matches(project_id, &request)?
        };
        Ok(matched.records.first().map(|record| record.timestamp_ns))
    }

    fn any_scope(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
    ) -> Result<Scope, Error> {
        if understood.intent == Intent::Why {
            self.why_scope(project_id, understood)
        } else {
            self.scope(project_id, understood)
        }
    }
}

/// One way to read a question.
struct Reading {
    reading: Interpretation,
    /// Words that the patterns it selects must say; nothing else tells that it is meant so.
    words: String,
}

/// How a question may be read, the most literal way first: its "failures" are records of that severity, or say so
/// in words; what is exact goes with the topic, or decides alone.
fn readings(understood: &Interpretation) -> Vec<Reading> {
    let plain = |reading: Interpretation| Reading {
        reading,
        words: String::new(),
    };
    let mut readings = vec![plain(understood.clone())];
    if understood.intent == Intent::Why {
        return readings;
    }
    readings.extend(
        understood
            .with_severities_as_words()
            .map(|(reading, words)| Reading { reading, words }),
    );
    // A status or a trace tells more than the words around it; a text and the words belong together.
    let is_exact = !understood.status_codes.is_empty()
        || !understood.attributes.is_empty()
        || !understood.numbers.is_empty()
        || understood.trace_id.is_some();
    let is_droppable = is_generic_beside(&understood.retrieval_text, &understood.status_codes)
        || understood.trace_id.is_some();
    // Which statuses there are is told by answers of requests, whatever they are called; and a number that records name is
    // what its name says.
    let is_named = matches!(
        understood.group_by,
        Some(query::GroupBy::Field(query::Field::Status))
    ) || matches!(
        understood
            .measure
            .as_ref()
            .and_then(query::Measure::quantity),
        Some(query::Quantity::Named(_) | query::Quantity::SizeOf(_) | query::Quantity::Size)
    );
    let has_text = understood.terms.iter().any(|term| !term.negated);
    let is_nothing = has_text && is_neutral(&understood.retrieval_text);
    let is_beside = (is_exact || is_named) && is_droppable || is_nothing;
    if is_beside && !understood.retrieval_text.is_empty() {
        readings.push(plain(understood.without_topic()));
    }
    readings
}

/// Whether all that an address has was found because the topic selected nothing, though it names something of its own.
fn is_all_of_address(found: &Found, reading: &Interpretation) -> bool {
    let topic = &reading.retrieval_text;
    let mut terms = reading.terms.iter();
    found.understood.retrieval_text.is_empty()
        && !topic.is_empty()
        && !is_generic_beside(topic, &reading.status_codes)
        && terms.any(|term| !term.negated && term.term.parse::<IpAddr>().is_ok())
}

/// Whether what was found answers the question: for a "why" about some services also what stands out in them.
pub(super) fn is_about(found: &Found, understood: &Interpretation) -> bool {
    if found.facts.matching.unwrap_or(0) > 0 {
        return true;
    }
    understood.intent == Intent::Why
        && found.facts.evidence.iter().any(|item| {
            understood.services.is_empty()
                || item
                    .service
                    .as_ref()
                    .is_some_and(|service| understood.services.contains(service))
        })
}
