//! `GET /api/v1/patterns`, one of them, and `GET /api/v1/patterns/diff`: two windows side by side.

pub mod about;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::{NANOS_PER_MINUTE, TemplateId, TimeRange};
use engine::{PatternDiff, PatternShift, PatternTrend};
use serde::{Deserialize, Serialize};

use super::filter::{filter, filter_in, instant};
use super::{DEFAULT_LIMIT, FilterQuery};
use crate::auth::Member;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::AppState;

/// The later window of a comparison when nobody says.
const WINDOW_NS: i64 = 60 * NANOS_PER_MINUTE;

/// A pattern on the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PatternItem {
    id: String,
    text: String,
    example: String,
    /// Records in the range asked for.
    count: u64,
    /// Records of severity error or fatal in the range asked for.
    errors: u64,
    /// Records ever.
    total_count: u64,
    first_seen: String,
    last_seen: String,
    services: Vec<String>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    merged_into: Option<String>,
    /// How it did in the range; only in lists.
    #[serde(flatten)]
    trend: Option<TrendItem>,
}

/// How a pattern did in a range, by its services and severities alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TrendItem {
    /// Records in each twelfth of the range (of its part that has records), oldest first.
    trend: Vec<u64>,
    /// Records in as much time before the range.
    before: u64,
    /// The range against the time before it: `new`, `surged`, `dropped`, `share_up`, `share_down` or `steady`.
    change: &'static str,
    /// Its part of all records of the range, 0 to 1.
    share: f64,
    /// Its part of all records of the time before.
    share_before: f64,
}

impl From<PatternTrend> for TrendItem {
    fn from(trend: PatternTrend) -> Self {
        Self {
            trend: trend.counts,
            before: trend.before,
            change: trend.shift.change.as_str(),
            share: trend.shift.share_after,
            share_before: trend.shift.share_before,
        }
    }
}

impl PatternItem {
    fn new(template: domain::Template, count: u64, errors: u64) -> Self {
        Self {
            id: template.id.to_string(),
            text: template.text,
            example: template.example,
            count,
            errors,
            total_count: template.count,
            first_seen: domain::format_timestamp(template.first_seen_ns),
            last_seen: domain::format_timestamp(template.last_seen_ns),
            services: template.services,
            severity: template.severity.as_str(),
            merged_into: template.merged_into.map(|id| id.to_string()),
            trend: None,
        }
    }
}

/// The most frequent patterns of a range, with their trend and how they compare with the time before.
#[utoipa::path(get, path = "/api/v1/patterns", tag = "search", params(FilterQuery), responses((status = 200, body = Vec<PatternItem>)))]
pub async fn list(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<FilterQuery>,
) -> Result<Json<Vec<PatternItem>>, Problem> {
    let filter = filter(&state, &member, &query).await?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let rows = state
        .engine
        .patterns(member.project_id, filter.clone(), limit)
        .await?;
    let ids = rows.iter().map(|row| row.template.id).collect();
    let mut trends = state
        .engine
        .pattern_trends(member.project_id, filter, ids)
        .await?;
    Ok(Json(
        rows.into_iter()
            .map(|row| {
                let trend = trends.remove(&row.template.id);
                PatternItem {
                    trend: trend.map(TrendItem::from),
                    ..PatternItem::new(row.template, row.count, row.errors)
                }
            })
            .collect(),
    ))
}

/// One pattern.
#[utoipa::path(get, path = "/api/v1/patterns/{id}", tag = "search", params(("id" = String, Path)), responses((status = 200, body = PatternItem)))]
pub async fn get(
    State(state): State<Arc<AppState>>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<PatternItem>, Problem> {
    let id: TemplateId = id
        .parse()
        .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))?;
    let template = state.engine.pattern(member.project_id, id).await?;
    Ok(Json(PatternItem::new(template, 0, 0)))
}

/// Which windows.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// The earlier window: `from..to`, each RFC 3339 or a duration before now (`2h..1h`), or one duration until now.
    /// As long as `b` and just before it when it is left out.
    a: Option<String>,
    /// The later window, in the same forms; the last hour when it is left out.
    b: Option<String>,
    /// Services, separated by commas.
    service: Option<String>,
    /// Severities, separated by commas, or `>=warn`.
    severity: Option<String>,
    /// Most patterns, 100 when it is left out, at most 500.
    limit: Option<usize>,
}

/// A window and what all patterns together wrote in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WindowItem {
    from: String,
    to: String,
    records: u64,
}

/// A pattern that differs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ShiftItem {
    id: String,
    text: String,
    example: String,
    services: Vec<String>,
    severity: &'static str,
    first_seen: String,
    /// `new`, `vanished`, `surged`, `dropped`, `share_up` or `share_down`.
    change: &'static str,
    /// Records in the earlier window.
    count_a: u64,
    /// Records in the later window.
    count_b: u64,
    /// Records of severity error or fatal in the later window.
    errors_b: u64,
    /// The later rate divided by the earlier one; each with half a record added.
    factor: f64,
    /// Its part of all records of the earlier window, 0 to 1.
    share_a: f64,
    /// Its part of all records of the later window.
    share_b: f64,
    /// `-log10` of the probability that chance brings as much: 4 is one in 10,000.
    surprise: f64,
}

impl From<PatternShift> for ShiftItem {
    fn from(row: PatternShift) -> Self {
        Self {
            id: row.template.id.to_string(),
            text: row.template.text,
            example: row.template.example,
            services: row.template.services,
            severity: row.template.severity.as_str(),
            first_seen: domain::format_timestamp(row.template.first_seen_ns),
            change: row.shift.change.as_str(),
            count_a: row.before,
            count_b: row.after,
            errors_b: row.errors_after,
            factor: row.shift.factor,
            share_a: row.shift.share_before,
            share_b: row.shift.share_after,
            surprise: row.shift.surprise,
        }
    }
}

/// Two windows, pattern by pattern.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DiffAnswer {
    a: WindowItem,
    b: WindowItem,
    /// What changed, the most surprising first.
    changed: Vec<ShiftItem>,
    /// Patterns that changed beyond the limit.
    left_out: usize,
    /// Patterns that both windows have and that chance explains.
    steady: usize,
    /// True when a window holds more kinds of records than are compared: rare ones are missing.
    is_cut: bool,
}

impl DiffAnswer {
    fn new(diff: PatternDiff, a: TimeRange, b: TimeRange) -> Self {
        let window = |range: TimeRange, records: u64| WindowItem {
            from: domain::format_timestamp(range.start_ns),
            to: domain::format_timestamp(range.end_ns),
            records,
        };
        Self {
            a: window(a, diff.total_before),
            b: window(b, diff.total_after),
            changed: diff.changed.into_iter().map(ShiftItem::from).collect(),
            left_out: diff.left_out,
            steady: diff.steady,
            is_cut: diff.is_cut,
        }
    }
}

/// Compares the patterns of two windows: what is new, what vanished, whose rate or share changed.
#[utoipa::path(get, path = "/api/v1/patterns/diff", tag = "search", params(DiffQuery), responses((status = 200, body = DiffAnswer)))]
pub async fn diff(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<DiffQuery>,
) -> Result<Json<DiffAnswer>, Problem> {
    let now_ns = state.clock.now_ns();
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || limit > engine::DIFF_LIMIT {
        return Err(Problem::bad_request(format!(
            "limit is {limit}, it must lie between 1 and {}",
            engine::DIFF_LIMIT
        )));
    }
    let later = match &query.b {
        Some(text) => window("b", text, now_ns)?,
        None => TimeRange::last(now_ns, WINDOW_NS),
    };
    let earlier = match &query.a {
        Some(text) => window("a", text, now_ns)?,
        None => TimeRange::last(later.start_ns, later.duration_ns()),
    };
    let conditions = FilterQuery {
        service: query.service,
        severity: query.severity,
        ..FilterQuery::default()
    };
    let filter = filter_in(&state, &member, &conditions, later).await?;
    let diff = state
        .engine
        .pattern_diff(member.project_id, filter, earlier, later, limit)
        .await?;
    Ok(Json(DiffAnswer::new(diff, earlier, later)))
}

/// A window: two instants with `..` between them, or a duration until now.
fn window(name: &str, text: &str, now_ns: i64) -> Result<TimeRange, Problem> {
    let (from, to) = text.split_once("..").unwrap_or((text, "now"));
    let start_ns = instant(name, from.trim(), now_ns)?;
    let end_ns = match to.trim() {
        "" => now_ns,
        to => instant(name, to, now_ns)?,
    };
    if start_ns >= end_ns {
        return Err(Problem::bad_request(format!(
            "{name} is '{text}', it must begin before it ends"
        )));
    }
    Ok(TimeRange { start_ns, end_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * NANOS_PER_MINUTE;

    #[test]
    fn a_window_is_two_instants_or_a_duration_until_now() {
        let now = 1_795_442_400_000_000_000;
        let of = |text| window("a", text, now).map(|range| (range.start_ns, range.end_ns));
        assert_eq!(of("1h").unwrap(), (now - HOUR, now));
        assert_eq!(of("2h..1h").unwrap(), (now - 2 * HOUR, now - HOUR));
        assert_eq!(of("30m..").unwrap(), (now - HOUR / 2, now));
        assert_eq!(
            of("2026-11-23T13:00:00Z..2026-11-23T13:30:00Z").unwrap(),
            (now - HOUR, now - HOUR / 2)
        );
        for wrong in ["", "1h..2h", "yesterday", "1h..1h"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
