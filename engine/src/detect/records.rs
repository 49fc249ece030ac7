//! Shows the records of a minute to the detectors that counts do not suffice for: of sessions, and of values.
//!
//! They are read from the store once the minute is complete, as its counts are, so every node and every replay sees the
//! same records in the same order.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anomaly::{
    Observation, SessionConfig, SessionDetector, SessionEvent, SlotConfig, SlotDetector, SlotValue,
    SlotValues, TemplateInfo, session_key,
};
use domain::{
    LogFilter, NANOS_PER_MINUTE, ProjectId, ReadError, RecordColumns, RecordId, RecordScanner,
    RollupCell, ScanColumns, Severity, TemplateId, TimeRange,
};
use patterns::{SlotMinute, ValueConfig, ValueStatistics, is_sampled};

/// Records of sessions of one minute; of more, an even part of all sessions is followed.
const SESSION_RECORDS: u64 = 200_000;
/// How long the read of a minute may take; beyond it the minute is left out.
const READ_LIMIT: Duration = Duration::from_secs(6);
/// Bytes of a body that are looked at for values.
const BODY_BYTES: usize = 4_096;

/// A complete minute.
#[derive(Clone, Copy)]
pub(super) struct Minute<'a> {
    pub(super) project_id: ProjectId,
    pub(super) start_ns: i64,
    pub(super) cells: &'a [RollupCell],
}

/// A record as far as the detectors look at it.
struct Seen {
    at_ns: i64,
    id: RecordId,
    template_id: TemplateId,
    severity: Severity,
    service: Arc<str>,
    session: Option<Box<str>>,
    /// Of a record whose values are looked at.
    body: Option<Box<str>>,
}

/// The detectors that look at records.
pub(super) struct RecordWatch {
    sessions: SessionDetector,
    values: ValueStatistics,
    slots: SlotDetector,
    samples: u32,
    /// One in so many sessions is followed; a power of two.
    parts: u64,
}

impl RecordWatch {
    pub(super) fn new(project_id: ProjectId) -> Self {
        let values = ValueConfig::default();
        Self {
            sessions: SessionDetector::new(project_id, SessionConfig::default()),
            slots: SlotDetector::new(project_id, SlotConfig::default()),
            samples: values.samples_per_minute,
            values: ValueStatistics::new(values),
            parts: 1,
        }
    }

    /// Takes the records of one minute. A minute that cannot be read in time is one that was not observed.
    pub(super) fn see(
        &mut self,
        scanner: &dyn RecordScanner,
        minute: &Minute<'_>,
        info: &dyn TemplateInfo,
    ) -> [Observation; 2] {
        let counts = Counts::of(minute.cells);
        self.choose_part(counts.total);
        let records = match self.read(scanner, minute, &counts) {
            Ok(Some(records)) => records,
            Ok(None) => {
                metrics::counter!("vigil_engine_record_minutes_unwatched_total").increment(1);
                // Sessions with a hole would look broken.
                self.sessions.keep(|_| false);
                Vec::new()
            }
            Err(error) => {
                tracing::warn!(project.id = %minute.project_id, %error, "the records of a minute were not watched");
                self.sessions.keep(|_| false);
                Vec::new()
            }
        };
        for record in &records {
            self.show(record, info);
        }
        let of_sessions = self.sessions.end_minute(minute.start_ns, info);
        let values = self.values.end_minute();
        let slots: Vec<SlotValues<'_>> = values
            .iter()
            .map(|slot| slot_values(slot, &counts))
            .collect();
        let of_values = self.slots.observe_minute(minute.start_ns, &slots, info);
        [of_sessions, of_values]
    }

    /// Follows so many sessions that their records are few enough; the others are forgotten as a whole.
    fn choose_part(&mut self, records: u64) {
        let needed = records.div_ceil(SESSION_RECORDS).max(1).next_power_of_two();
        if needed > self.parts || needed * 4 <= self.parts {
            self.parts = needed;
            self.sessions.keep(|key| is_in_part(key, needed));
        }
    }

    /// The minute's records in the order of time; `None` when that takes too long.
    fn read(
        &self,
        scanner: &dyn RecordScanner,
        minute: &Minute<'_>,
        counts: &Counts,
    ) -> Result<Option<Vec<Seen>>, ReadError> {
        if counts.total == 0 {
            return Ok(Some(Vec::new()));
        }
        let range = TimeRange {
            start_ns: minute.start_ns,
            end_ns: minute.start_ns.saturating_add(NANOS_PER_MINUTE),
        };
        let columns = ScanColumns {
            id: true,
            template_id: true,
            trace: true,
            body: true,
            attributes: true,
            ..ScanColumns::default()
        };
        let began = Instant::now();
        let mut is_late = false;
        let mut all = Vec::new();
        let mut sink = |columns: RecordColumns| {
            self.take(&columns, counts, &mut all);
            is_late = began.elapsed() > READ_LIMIT;
            if is_late {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        scanner.scan(
            minute.project_id,
            &LogFilter::in_range(range),
            columns,
            &mut sink,
        )?;
        if is_late {
            return Ok(None);
        }
        all.sort_unstable_by_key(|record: &Seen| (record.at_ns, record.id));
        Ok(Some(all))
    }

    /// Keeps what is looked at of a batch.
    fn take(&self, columns: &RecordColumns, counts: &Counts, all: &mut Vec<Seen>) {
        for index in 0..columns.len {
            let (id, template_id) = (columns.ids[index], columns.template_ids[index]);
            let body = columns.bodies[index].as_str();
            let session = session_key(
                columns.trace_ids[index].as_deref(),
                &columns.attributes[index],
                body,
            )
            .filter(|key| is_in_part(key, self.parts));
            let count = counts.of_template(template_id);
            let is_sample = is_sampled(id.0.as_u128(), count, self.samples);
            if session.is_none() && !is_sample {
                continue;
            }
            let body = is_sample.then(|| body[..floor(body, BODY_BYTES)].into());
            all.push(Seen {
                at_ns: columns.timestamps_ns[index],
                id,
                template_id,
                severity: columns.severities[index],
                service: Arc::clone(&columns.services[index]),
                session: session.map(Into::into),
                body,
            });
        }
    }

    fn show(&mut self, record: &Seen, info: &dyn TemplateInfo) {
        if let Some(key) = &record.session {
            self.sessions.observe(&SessionEvent {
                key,
                service: &record.service,
                template_id: record.template_id,
                severity: record.severity,
                at_ns: record.at_ns,
                record_id: record.id,
            });
        }
        let template_id = info.resolve(record.template_id);
        if let Some(body) = &record.body
            && let Some(text) = info.text(template_id)
            && text.contains('<')
        {
            let tag = record.id.0.as_u128();
            self.values
                .add(template_id, &text, &record.service, body, tag);
        }
    }
}

/// What the rollups of a minute say of its records.
struct Counts {
    total: u64,
    templates: HashMap<TemplateId, (u64, Severity)>,
}

impl Counts {
    fn of(cells: &[RollupCell]) -> Self {
        let mut own = Self {
            total: 0,
            templates: HashMap::new(),
        };
        for cell in cells {
            own.total += cell.count;
            let (count, severity) = own
                .templates
                .entry(cell.template_id)
                .or_insert((0, Severity::Unspecified));
            *count += cell.count;
            *severity = cell.severity.max(*severity);
        }
        own
    }

    fn of_template(&self, id: TemplateId) -> u64 {
        self.templates.get(&id).map_or(0, |known| known.0)
    }

    fn severity(&self, id: TemplateId) -> Severity {
        self.templates
            .get(&id)
            .map_or(Severity::Unspecified, |known| known.1)
    }
}

/// What `patterns` counted, as `anomaly` reads it.
fn slot_values<'a>(slot: &'a SlotMinute, counts: &Counts) -> SlotValues<'a> {
    let record_of = |tag: u128| Some(RecordId(uuid::Uuid::from_u128(tag)));
    let top = slot.values.top();
    SlotValues {
        template_id: slot.template_id,
        service: &slot.service,
        severity: counts.severity(slot.template_id),
        slot: slot.slot,
        key: &slot.key,
        count: slot.values.count(),
        top: top
            .into_iter()
            .map(|value| SlotValue {
                value: &value.value,
                // Never too high: all together are at most `count`.
                count: value.count - value.excess.min(value.count),
                record_id: record_of(value.tag),
            })
            .filter(|value| value.count > 0)
            .collect(),
        numbers: slot.values.histogram().collect(),
        largest: slot.values.largest().and_then(|(_, tag)| record_of(tag)),
    }
}

/// Whether a session is among those that are followed when one in `parts` is.
fn is_in_part(key: &str, parts: u64) -> bool {
    if parts <= 1 {
        return true;
    }
    let fnv = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // FNV alone leaves ids that count up in a few of the parts.
    let mixed = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    (mixed >> 33) & (parts - 1) == 0
}

fn floor(text: &str, limit: usize) -> usize {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests;
