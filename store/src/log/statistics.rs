//! Counts of a batch: the rollup cells that are written with it, and the dictionary's own counts, which
//! are written at most once per interval.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::{LogRecord, NANOS_PER_MINUTE, ProjectId, Severity, Template, TemplateId};

/// (template, service) pairs remembered per process; beyond it the memory starts afresh.
const MAX_KNOWN_PAIRS: usize = 1_000_000;
/// Templates of a project whose counts wait at most; only templates that the dictionary lacks can pile up.
const MAX_PENDING: usize = 100_000;
/// The id of records that were not mined; it has no entry in the dictionary.
const NOT_MINED: i64 = 0;

/// The start of the minute, for every `i64`.
pub(crate) fn minute_of(at_ns: i64) -> i64 {
    at_ns
        .div_euclid(NANOS_PER_MINUTE)
        .saturating_mul(NANOS_PER_MINUTE)
}

/// Nanoseconds in an hour.
pub(crate) const NANOS_PER_HOUR: i64 = 60 * NANOS_PER_MINUTE;

/// The start of the hour, for every `i64`.
pub(crate) fn hour_of(at_ns: i64) -> i64 {
    at_ns
        .div_euclid(NANOS_PER_HOUR)
        .saturating_mul(NANOS_PER_HOUR)
}

/// The key of a rollup cell in the order of the table's key, so that concurrent commits lock in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellKey<'a> {
    pub(crate) minute_ns: i64,
    pub(crate) severity: i16,
    pub(crate) service: &'a str,
    pub(crate) template_id: i64,
}

/// The cells of a batch, sorted.
pub(crate) fn cells<'a>(records: impl Iterator<Item = &'a LogRecord>) -> Vec<(CellKey<'a>, i64)> {
    let mut counts: foldhash::HashMap<CellKey<'a>, i64> = foldhash::HashMap::default();
    for record in records {
        let key = CellKey {
            minute_ns: minute_of(record.timestamp_ns),
            template_id: record.template_id.to_i64(),
            service: &record.service,
            severity: record.severity.number(),
        };
        *counts.entry(key).or_insert(0) += 1;
    }
    let mut cells: Vec<_> = counts.into_iter().collect();
    cells.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    cells
}

/// The cell of an hour: its key has the start of the hour in the place of the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HourCell<'a> {
    pub(crate) key: CellKey<'a>,
    pub(crate) count: i64,
    pub(crate) first_minute_ns: i64,
    pub(crate) last_minute_ns: i64,
}

/// The hours of sorted minute cells, sorted.
pub(crate) fn hours<'a>(cells: &[(CellKey<'a>, i64)]) -> Vec<HourCell<'a>> {
    let mut hours: BTreeMap<CellKey<'a>, HourCell<'a>> = BTreeMap::new();
    for (cell, count) in cells {
        let key = CellKey {
            minute_ns: hour_of(cell.minute_ns),
            ..*cell
        };
        let hour = hours.entry(key).or_insert(HourCell {
            key,
            count: 0,
            first_minute_ns: cell.minute_ns,
            last_minute_ns: cell.minute_ns,
        });
        hour.count += count;
        hour.first_minute_ns = hour.first_minute_ns.min(cell.minute_ns);
        hour.last_minute_ns = hour.last_minute_ns.max(cell.minute_ns);
    }
    hours.into_values().collect()
}

/// What a batch adds to one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TemplateAddition {
    pub(crate) count: i64,
    pub(crate) first_seen_ns: i64,
    pub(crate) last_seen_ns: i64,
    pub(crate) severity: Severity,
}

impl TemplateAddition {
    fn of(record: &LogRecord) -> Self {
        Self {
            count: 1,
            first_seen_ns: record.timestamp_ns,
            last_seen_ns: record.timestamp_ns,
            severity: record.severity,
        }
    }

    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.first_seen_ns = self.first_seen_ns.min(other.first_seen_ns);
        self.last_seen_ns = self.last_seen_ns.max(other.last_seen_ns);
        self.severity = self.severity.max(other.severity);
    }
}

/// Additions by template id, sorted: the order in which rows are locked.
pub(crate) type Additions = BTreeMap<i64, TemplateAddition>;

pub(crate) fn additions<'a>(records: impl Iterator<Item = &'a LogRecord>) -> Additions {
    let mut unsorted: foldhash::HashMap<i64, TemplateAddition> = foldhash::HashMap::default();
    for record in records.filter(|record| record.template_id.to_i64() != NOT_MINED) {
        let one = TemplateAddition::of(record);
        unsorted
            .entry(record.template_id.to_i64())
            .and_modify(|sum| sum.add(one))
            .or_insert(one);
    }
    unsorted.into_iter().collect()
}

/// Adds `more` to `sum`.
pub(crate) fn merge(sum: &mut Additions, more: &Additions) {
    for (id, addition) in more {
        sum.entry(*id)
            .and_modify(|present| present.add(*addition))
            .or_insert(*addition);
    }
}

/// What this process knows of stored templates, so that a commit need not ask, and what it still has to write.
#[derive(Default)]
pub(crate) struct KnownTemplates {
    inner: Mutex<Inner>,
    hasher: RandomState,
}

#[derive(Default)]
struct Inner {
    pairs: HashSet<(ProjectId, TemplateId, u64)>,
    pending: HashMap<ProjectId, Pending>,
}

#[derive(Default)]
struct Pending {
    additions: Additions,
    written_at: Option<Instant>,
}

impl KnownTemplates {
    /// The services that the database may not yet have for these records' templates.
    pub(crate) fn unknown_pairs<'a>(
        &self,
        project_id: ProjectId,
        cells: &[(CellKey<'a>, i64)],
    ) -> BTreeMap<i64, Vec<&'a str>> {
        let pairs: HashSet<(i64, &'a str)> = cells
            .iter()
            .filter(|(cell, _)| cell.template_id != NOT_MINED)
            .map(|(cell, _)| (cell.template_id, cell.service))
            .collect();
        let mut unknown: BTreeMap<i64, Vec<&'a str>> = BTreeMap::new();
        let inner = self.lock();
        for (template_id, service) in pairs {
            let pair = (
                project_id,
                TemplateId::from_i64(template_id),
                self.hasher.hash_one(service),
            );
            if !inner.pairs.contains(&pair) {
                unknown.entry(template_id).or_default().push(service);
            }
        }
        drop(inner);
        unknown
    }

    /// Remembers pairs after their commit.
    pub(crate) fn learn(&self, project_id: ProjectId, pairs: &[(i64, String)]) {
        let mut inner = self.lock();
        if inner.pairs.len() + pairs.len() > MAX_KNOWN_PAIRS {
            inner.pairs.clear();
        }
        for (template_id, service) in pairs {
            let hash = self.hasher.hash_one(service.as_str());
            inner
                .pairs
                .insert((project_id, TemplateId::from_i64(*template_id), hash));
        }
    }

    /// Takes what is pending when it is due (or always, with `force`).
    pub(crate) fn take_pending(
        &self,
        project_id: ProjectId,
        interval: std::time::Duration,
        force: bool,
    ) -> Option<Additions> {
        let mut inner = self.lock();
        let pending = inner.pending.entry(project_id).or_default();
        let is_due = pending
            .written_at
            .is_none_or(|written_at| written_at.elapsed() >= interval);
        if !is_due && !force {
            return None;
        }
        pending.written_at = Some(Instant::now());
        Some(std::mem::take(&mut pending.additions))
    }

    /// Puts additions (back) for a later commit.
    pub(crate) fn put_pending(&self, project_id: ProjectId, additions: &Additions) {
        if additions.is_empty() {
            return;
        }
        let mut inner = self.lock();
        let pending = inner.pending.entry(project_id).or_default();
        if pending.additions.len() + additions.len() > MAX_PENDING {
            tracing::warn!(%project_id, "counts of {} unknown templates are dropped", pending.additions.len());
            pending.additions.clear();
        }
        merge(&mut pending.additions, additions);
    }

    /// Adds what is not written yet to templates that were read.
    pub(crate) fn add_pending(&self, project_id: ProjectId, templates: &mut [Template]) {
        let inner = self.lock();
        let Some(pending) = inner.pending.get(&project_id) else {
            return;
        };
        for template in templates {
            if let Some(addition) = pending.additions.get(&template.id.to_i64()) {
                template.count += u64::try_from(addition.count).unwrap_or(0);
                template.first_seen_ns = template.first_seen_ns.min(addition.first_seen_ns);
                template.last_seen_ns = template.last_seen_ns.max(addition.last_seen_ns);
                template.severity = template.severity.max(addition.severity);
            }
        }
    }

    /// Projects with something pending.
    pub(crate) fn projects_pending(&self) -> Vec<ProjectId> {
        self.lock()
            .pending
            .iter()
            .filter(|(_, pending)| !pending.additions.is_empty())
            .map(|(project_id, _)| *project_id)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
