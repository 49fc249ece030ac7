//! From counts to facts: the window of an incident, the patterns that tell most, and the services that are affected.
//! Pure, so that the same code serves the server and the measurements.

use std::collections::{HashMap, HashSet};

use domain::{
    NANOS_PER_MINUTE, ServiceCount, Severity, TemplateCount, TemplateId, TimeRange, minute_start,
};

use super::ServiceImpact;

/// Longest window that counts refer to: what matters is how it began and what it is now.
const WINDOW_NS: i64 = 6 * 60 * NANOS_PER_MINUTE;
/// How far back the usual is looked for.
const BASELINE_NS: i64 = 60 * NANOS_PER_MINUTE;

/// A pattern of the window and how many of its records would have been usual.
#[derive(Debug, Clone, PartialEq)]
pub struct CountedPattern {
    /// What was counted.
    pub count: TemplateCount,
    /// Records that would have been usual in the same time.
    pub expected: f64,
}

/// What the counts of an incident refer to: from its first symptom until now or its end, one minute at least and
/// six hours at most.
#[must_use]
pub fn incident_window(started_at_ns: i64, resolved_at_ns: Option<i64>, now_ns: i64) -> TimeRange {
    let start_ns = minute_start(started_at_ns);
    let end_ns = resolved_at_ns
        .unwrap_or(now_ns)
        .max(start_ns.saturating_add(NANOS_PER_MINUTE))
        .min(start_ns.saturating_add(WINDOW_NS));
    TimeRange { start_ns, end_ns }
}

/// What is compared with: the hour before a window.
#[must_use]
pub fn usual_window(window: TimeRange) -> TimeRange {
    TimeRange::last(window.start_ns, BASELINE_NS)
}

/// The patterns that tell most, most telling first: those of `own`, and bad ones that are far above their usual.
/// `before` are the counts of [`usual_window`].
#[must_use]
pub fn telling_patterns(
    window: TimeRange,
    now: Vec<TemplateCount>,
    before: &[TemplateCount],
    own: &HashSet<TemplateId>,
    limit: usize,
) -> Vec<CountedPattern> {
    let minutes = |range: TimeRange| (range.duration_ns() / NANOS_PER_MINUTE).max(1) as f64;
    let scale = minutes(window) / minutes(usual_window(window));
    let usual: HashMap<(TemplateId, &str, Severity), u64> = before
        .iter()
        .map(|row| {
            let key = (row.template_id, row.service.as_str(), row.severity);
            (key, row.count)
        })
        .collect();
    let mut ranked: Vec<(f64, CountedPattern)> = now
        .into_iter()
        .filter_map(|count| {
            let key = (count.template_id, count.service.as_str(), count.severity);
            let expected = usual.get(&key).copied().unwrap_or(0) as f64 * scale;
            let is_own = own.contains(&count.template_id);
            let excess = count.count as f64 - expected;
            let is_bad = count.severity >= Severity::Warn;
            if !(is_own || is_bad && excess > 3.0 * expected.sqrt().max(1.0)) {
                return None;
            }
            let badness = badness(count.severity);
            let weight = excess.max(0.0) / (expected + 1.0).sqrt() * badness
                + if is_own { badness } else { 0.0 };
            Some((weight, CountedPattern { count, expected }))
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked.truncate(limit);
    ranked.into_iter().map(|(_, pattern)| pattern).collect()
}

/// Bad and rare counts more than frequent: an error that is 20 above its usual tells more than 2,000 more requests.
fn badness(severity: Severity) -> f64 {
    match severity {
        Severity::Fatal => 16.0,
        Severity::Error => 8.0,
        Severity::Warn => 2.0,
        _ => 0.25,
    }
}

/// The services that are affected, most errors first: those that are `named`, and those with more than their usual
/// few errors. `before` are the counts of [`usual_window`].
#[must_use]
pub fn affected_services(
    window: TimeRange,
    now: Vec<ServiceCount>,
    before: &[ServiceCount],
    named: &[String],
) -> Vec<ServiceImpact> {
    let baseline = usual_window(window).duration_ns().max(1) as f64;
    let scale = window.duration_ns() as f64 / baseline;
    let usual: HashMap<&str, u64> = before
        .iter()
        .map(|row| (row.service.as_str(), row.errors))
        .collect();
    let mut services: Vec<ServiceImpact> = now
        .into_iter()
        .filter(|row| row.errors > 0 || named.contains(&row.service))
        .map(|row| {
            let expected = usual.get(row.service.as_str()).copied().unwrap_or(0) as f64 * scale;
            ServiceImpact {
                service: row.service,
                records: row.count,
                errors: row.errors,
                expected_errors: Some(expected),
            }
        })
        .filter(|row| {
            named.contains(&row.service)
                || row.errors as f64 > 2.0 * row.expected_errors.unwrap_or(0.0) + 3.0
        })
        .collect();
    services.sort_by(|a, b| b.errors.cmp(&a.errors).then(a.service.cmp(&b.service)));
    services
}

#[cfg(test)]
mod tests;
