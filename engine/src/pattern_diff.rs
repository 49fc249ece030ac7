//! What each pattern did over time, and between two stretches of it.

use std::collections::HashMap;

use anomaly::{Shift, TemplateInfo as _, Window, WindowChange, compare_windows};
use domain::{
    LogFilter, LogReader as _, NANOS_PER_MINUTE, ProjectId, Template, TemplateId, TimeRange,
};
use store::LogStore as _;

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Buckets of a trend.
pub const TREND_BUCKETS: usize = 12;
/// Kinds of records (template, service, severity) of a window that are compared.
const COUNTED: usize = 10_000;
/// Most patterns of one answer.
pub const DIFF_LIMIT: usize = 500;

/// A pattern in two windows.
#[derive(Debug, Clone)]
pub struct PatternShift {
    /// The pattern.
    pub template: Template,
    /// Records in the earlier window.
    pub before: u64,
    /// Records in the later window.
    pub after: u64,
    /// Records of severity error or fatal in the later window.
    pub errors_after: u64,
    /// How the two compare.
    pub shift: Shift,
}

/// Two windows, pattern by pattern.
#[derive(Debug, Clone)]
pub struct PatternDiff {
    /// Records of the earlier window.
    pub total_before: u64,
    /// Records of the later window.
    pub total_after: u64,
    /// What changed, the most surprising first; without those that are steady.
    pub changed: Vec<PatternShift>,
    /// Patterns that changed beyond the limit.
    pub left_out: usize,
    /// Patterns that both windows hold and that chance explains.
    pub steady: usize,
    /// Whether a window holds more kinds of records than are compared, so that rare ones are missing.
    pub is_cut: bool,
}

/// How a pattern of a list did.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternTrend {
    /// Records in each of [`TREND_BUCKETS`] equal stretches of the range, oldest first.
    pub counts: Vec<u64>,
    /// Records in the stretch of the same length before the range.
    pub before: u64,
    /// The range against the stretch before it.
    pub shift: Shift,
}

/// Counts of one window, merged patterns under the one they became.
#[derive(Default)]
struct Counts {
    by_template: HashMap<TemplateId, (u64, u64)>,
    total: u64,
    is_cut: bool,
}

impl Engine {
    /// Compares the patterns of two windows. Only range, services, severities and templates of the filter count.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn pattern_diff(
        &self,
        project_id: ProjectId,
        filter: LogFilter,
        earlier: TimeRange,
        later: TimeRange,
        limit: usize,
    ) -> Result<PatternDiff, Error> {
        let inner = self.inner();
        let limit = limit.clamp(1, DIFF_LIMIT);
        blocking(move || inner.pattern_diff(project_id, &filter, earlier, later, limit)).await
    }

    /// How each of these patterns did in the filter's range. Only range, services and severities of the filter count.
    ///
    /// # Errors
    /// Fails when the store cannot be read in time.
    pub async fn pattern_trends(
        &self,
        project_id: ProjectId,
        filter: LogFilter,
        ids: Vec<TemplateId>,
    ) -> Result<HashMap<TemplateId, PatternTrend>, Error> {
        let inner = self.inner();
        blocking(move || inner.pattern_trends(project_id, &filter, &ids)).await
    }
}

impl Inner {
    /// As [`Engine::pattern_diff`]. Blocks.
    pub(crate) fn pattern_diff(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        earlier: TimeRange,
        later: TimeRange,
        limit: usize,
    ) -> Result<PatternDiff, Error> {
        let before = self.window_counts(project_id, filter, earlier)?;
        let after = self.window_counts(project_id, filter, later)?;
        let windows = (window(earlier, before.total), window(later, after.total));
        let mut changed: Vec<(TemplateId, u64, (u64, u64), Shift)> = Vec::new();
        let mut steady = 0;
        let ids = after.by_template.keys().chain(
            before
                .by_template
                .keys()
                .filter(|id| !after.by_template.contains_key(id)),
        );
        for id in ids {
            let old = before.by_template.get(id).map_or(0, |row| row.0);
            let new = after.by_template.get(id).copied().unwrap_or_default();
            let shift = compare_windows(old, new.0, windows.0, windows.1);
            if shift.change == WindowChange::Steady {
                steady += usize::from(old > 0 && new.0 > 0);
            } else {
                changed.push((*id, old, new, shift));
            }
        }
        changed.sort_by(|a, b| {
            b.3.surprise
                .total_cmp(&a.3.surprise)
                .then_with(|| a.0.cmp(&b.0))
        });
        let left_out = changed.len().saturating_sub(limit);
        changed.truncate(limit);
        let ids: Vec<TemplateId> = changed.iter().map(|row| row.0).collect();
        let mut templates: HashMap<TemplateId, Template> = self
            .store
            .templates_by_ids(project_id, &ids)?
            .into_iter()
            .map(|template| (template.id, template))
            .collect();
        Ok(PatternDiff {
            total_before: before.total,
            total_after: after.total,
            changed: changed
                .into_iter()
                .filter_map(|(id, old, new, shift)| {
                    Some(PatternShift {
                        template: templates.remove(&id)?,
                        before: old,
                        after: new.0,
                        errors_after: new.1,
                        shift,
                    })
                })
                .collect(),
            left_out,
            steady,
            is_cut: before.is_cut || after.is_cut,
        })
    }

    fn pattern_trends(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        ids: &[TemplateId],
    ) -> Result<HashMap<TemplateId, PatternTrend>, Error> {
        let range = self.within_records(project_id, filter.range)?;
        let before_range = TimeRange::last(range.start_ns, range.duration_ns());
        let before = self.window_counts(project_id, filter, before_range)?;
        let mut buckets = Vec::with_capacity(TREND_BUCKETS);
        for bucket in stretches(range) {
            buckets.push(self.window_counts(project_id, filter, bucket)?);
        }
        let total = buckets.iter().map(|bucket| bucket.total).sum();
        let windows = (window(before_range, before.total), window(range, total));
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let count = |counts: &Counts, id: &TemplateId| {
            let id = dictionary.resolve(*id);
            counts.by_template.get(&id).map_or(0, |row| row.0)
        };
        Ok(ids
            .iter()
            .map(|id| {
                let counts: Vec<u64> = buckets.iter().map(|bucket| count(bucket, id)).collect();
                let old = count(&before, id);
                let shift = compare_windows(old, counts.iter().sum(), windows.0, windows.1);
                let trend = PatternTrend {
                    counts,
                    before: old,
                    shift,
                };
                (*id, trend)
            })
            .collect())
    }

    /// The part of a range that holds records: a trend over all time would be one bucket.
    fn within_records(&self, project_id: ProjectId, range: TimeRange) -> Result<TimeRange, Error> {
        let Some(bounds) = self.store.bounds(project_id)? else {
            return Ok(TimeRange::last(self.clock.now_ns(), NANOS_PER_MINUTE));
        };
        let start_ns = range.start_ns.max(bounds.start_ns.min(range.end_ns));
        // A range that the clock gives ends after its last record, and that silence belongs to the trend.
        let end_ns = range.end_ns.min(self.clock.now_ns().max(bounds.end_ns));
        Ok(TimeRange::new(
            start_ns,
            end_ns.max(start_ns.saturating_add(NANOS_PER_MINUTE)),
        ))
    }

    fn window_counts(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        range: TimeRange,
    ) -> Result<Counts, Error> {
        let filter = LogFilter {
            range,
            services: filter.services.clone(),
            severities: filter.severities.clone(),
            ..LogFilter::in_range(range)
        };
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let rows = self.store.template_counts(project_id, &filter, COUNTED)?;
        let mut counts = Counts {
            is_cut: rows.len() >= COUNTED,
            ..Counts::default()
        };
        for row in rows {
            let place = counts
                .by_template
                .entry(dictionary.resolve(row.template_id))
                .or_default();
            place.0 += row.count;
            if row.severity.is_error() {
                place.1 += row.count;
            }
            counts.total += row.count;
        }
        Ok(counts)
    }
}

fn window(range: TimeRange, total: u64) -> Window {
    Window {
        minutes: (range.duration_ns() as f64 / NANOS_PER_MINUTE as f64).max(1.0),
        total,
    }
}

/// Equal stretches of whole minutes, counted from the end of the range, so that no minute is counted twice.
fn stretches(range: TimeRange) -> Vec<TimeRange> {
    let end_ns = domain::minute_start(range.end_ns.saturating_add(NANOS_PER_MINUTE - 1));
    let minutes = (end_ns.saturating_sub(domain::minute_start(range.start_ns)) / NANOS_PER_MINUTE)
        .max(1) as u64;
    let buckets = TREND_BUCKETS as u64;
    let width_ns = i64::try_from(minutes.div_ceil(buckets))
        .unwrap_or(i64::MAX / 64)
        .saturating_mul(NANOS_PER_MINUTE);
    (0..TREND_BUCKETS as i64)
        .rev()
        .map(|at| {
            let end_ns = end_ns.saturating_sub(at.saturating_mul(width_ns));
            TimeRange {
                start_ns: end_ns.saturating_sub(width_ns),
                end_ns,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
