//! The filter that the query string of a read means.

use std::sync::Arc;

use domain::{AttributeFilter, AttributeOp, LogFilter, Severity, TextTerm, TimeRange};

use super::FilterQuery;
use crate::auth::Member;
use crate::problem::Problem;
use crate::state::AppState;

/// What is looked at when nobody says.
pub(super) const DEFAULT_RANGE_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;

/// The filter that a query string means.
pub(crate) async fn filter(
    state: &Arc<AppState>,
    member: &Member,
    query: &FilterQuery,
) -> Result<LogFilter, Problem> {
    let range = time_range(query, state.clock.now_ns())?;
    filter_in(state, member, query, range).await
}

/// The same in a range that the query string does not tell; a time that the search box names wins over it.
pub(super) async fn filter_in(
    state: &Arc<AppState>,
    member: &Member,
    query: &FilterQuery,
    range: TimeRange,
) -> Result<LogFilter, Problem> {
    let mut filter = match query.q.as_deref().map(str::trim) {
        None | Some("") => LogFilter::in_range(range),
        Some(text) => {
            state
                .engine
                .parse_filter(member.project_id, text, range)
                .await?
        }
    };
    let mut is_possible = restrict(
        &mut filter.services,
        list(&query.service).map(str::to_owned).collect(),
    );
    if let Some(text) = &query.severity {
        is_possible &= restrict(&mut filter.severities, severities(text)?);
    }
    let mut template_ids = Vec::new();
    for id in list(&query.template) {
        template_ids.push(
            id.parse()
                .map_err(|error: domain::ParseIdError| Problem::bad_request(error.to_string()))?,
        );
    }
    is_possible &= restrict(&mut filter.template_ids, template_ids);
    if let Some(text) = query.text.as_deref().filter(|text| !text.is_empty()) {
        filter.text.push(TextTerm {
            term: text.to_owned(),
            negated: false,
            template_ids: Vec::new(),
        });
    }
    if let Some(text) = &query.attribute {
        filter.attributes.push(attribute(text));
    }
    if let Some(trace_id) = &query.trace_id {
        is_possible &= filter
            .trace_id
            .as_ref()
            .is_none_or(|named| named.eq_ignore_ascii_case(trace_id));
        filter.trace_id = Some(trace_id.clone());
    }
    if !is_possible {
        // Nothing is of a service and not of it.
        filter.services = vec![String::new()];
        filter.excluded_services = filter.services.clone();
    }
    Ok(filter)
}

/// Keeps of one condition what another one allows as well; an empty list is no condition. False when nothing can
/// fulfil both.
fn restrict<T: PartialEq>(kept: &mut Vec<T>, allowed: Vec<T>) -> bool {
    if allowed.is_empty() {
        return true;
    }
    if kept.is_empty() {
        *kept = allowed;
        return true;
    }
    kept.retain(|item| allowed.contains(item));
    !kept.is_empty()
}

fn list(text: &Option<String>) -> impl Iterator<Item = &str> {
    text.as_deref()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn attribute(text: &str) -> AttributeFilter {
    let (key, op, value) = if let Some((key, value)) = text.split_once("!=") {
        (key, AttributeOp::NotEqual, value)
    } else if let Some((key, value)) = text.split_once('=') {
        (key, AttributeOp::Equal, value)
    } else {
        (text, AttributeOp::Exists, "")
    };
    AttributeFilter {
        key: key.trim().to_owned(),
        op,
        value: value.trim().to_owned(),
    }
}

fn severities(text: &str) -> Result<Vec<Severity>, Problem> {
    let parse = |word: &str| {
        word.trim()
            .parse::<Severity>()
            .map_err(|error| Problem::bad_request(error.to_string()))
    };
    if let Some(least) = text.strip_prefix(">=") {
        let least = parse(least)?;
        return Ok(Severity::ALL
            .into_iter()
            .filter(|severity| *severity >= least)
            .collect());
    }
    text.split(',').map(parse).collect()
}

fn time_range(query: &FilterQuery, now_ns: i64) -> Result<TimeRange, Problem> {
    range_between(
        query.from.as_deref(),
        query.to.as_deref(),
        DEFAULT_RANGE_NS,
        now_ns,
    )
}

/// An instant as a query string names it.
pub(super) fn instant(name: &str, text: &str, now_ns: i64) -> Result<i64, Problem> {
    if text == "now" {
        return Ok(now_ns);
    }
    if let Some(stamp) = domain::parse_timestamp(text) {
        return Ok(stamp);
    }
    if let Ok(duration_ns) = alerting::parse_policy_duration(text.trim_start_matches('-')) {
        return Ok(now_ns.saturating_sub(duration_ns));
    }
    Err(Problem::bad_request(format!(
        "{name} is '{text}', it must be RFC 3339 or a duration before now such as 15m"
    )))
}

/// The range of two instants as a query string names them: until now and a minute, and the last `default_ns` of it, when
/// nobody says.
pub(crate) fn range_between(
    from: Option<&str>,
    to: Option<&str>,
    default_ns: i64,
    now_ns: i64,
) -> Result<TimeRange, Problem> {
    let end_ns = to.map_or(
        Ok(now_ns.saturating_add(domain::NANOS_PER_MINUTE)),
        |text| instant("to", text, now_ns),
    )?;
    let start_ns = from.map_or(Ok(end_ns.saturating_sub(default_ns)), |text| {
        instant("from", text, now_ns)
    })?;
    if start_ns > end_ns {
        return Err(Problem::bad_request("from is later than to"));
    }
    Ok(TimeRange { start_ns, end_ns })
}

#[cfg(test)]
mod tests;
