//! `GET /api/v1/digest`: what a project went through in the last days.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::NANOS_PER_SECOND;
use engine::{AlertSource, Digest, OnCallLoad, Pair};
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::extract::Query;
use crate::problem::Problem;
use crate::routes::wire::IncidentItem;
use crate::state::AppState;

/// A week.
const DEFAULT_DAYS: u32 = 7;

/// How long a time.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DigestQuery {
    /// Days until now, 7 when it is left out, at most 92.
    days: Option<u32>,
    /// IANA name of the zone of times and of what is night; that of the settings otherwise.
    time_zone: Option<String>,
}

/// A number beside that of the time before.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PairItem {
    now: u64,
    before: u64,
}

impl From<Pair> for PairItem {
    fn from(pair: Pair) -> Self {
        Self {
            now: pair.now,
            before: pair.before,
        }
    }
}

/// What a service wrote.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DigestServiceItem {
    service: String,
    records: PairItem,
    errors: PairItem,
}

/// A warning or error pattern that changed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DigestPatternItem {
    id: String,
    text: String,
    services: Vec<String>,
    severity: &'static str,
    /// `new`, `vanished`, `surged`, `dropped`, `share_up` or `share_down`.
    change: &'static str,
    records: PairItem,
}

/// What opened incidents: `policy NAME`, or `anomalies of SERVICE`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AlertSourceItem {
    opened_by: String,
    incidents: u64,
    /// Those that somebody took.
    taken: u64,
    /// Those that ended without anybody taking or ending them.
    ended_untouched: u64,
    /// Messages that arrived.
    messages: u64,
}

impl From<AlertSource> for AlertSourceItem {
    fn from(source: AlertSource) -> Self {
        Self {
            opened_by: source.name,
            incidents: source.incidents,
            taken: source.taken,
            ended_untouched: source.unneeded,
            messages: source.messages,
        }
    }
}

/// What a time was for those on call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OnCallItem {
    /// Messages that arrived; of more than 200 incidents those of the newest are counted.
    messages: u64,
    /// Messages that did not.
    failed: u64,
    /// How often an incident was passed on because nobody took it in time.
    escalations: u64,
    /// Incidents opened between 22:00 and 07:00.
    at_night: u64,
    /// Incidents opened on a Saturday or Sunday.
    at_weekend: u64,
    /// Who took how many.
    taken_by: BTreeMap<String, u64>,
}

impl From<OnCallLoad> for OnCallItem {
    fn from(load: OnCallLoad) -> Self {
        Self {
            messages: load.messages,
            failed: load.failed,
            escalations: load.escalations,
            at_night: load.at_night,
            at_weekend: load.at_weekend,
            taken_by: load.taken_by.into_iter().collect(),
        }
    }
}

/// What a project went through.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DigestAnswer {
    from: String,
    to: String,
    records: PairItem,
    /// Of severity error or fatal.
    errors: PairItem,
    /// Opened in the time.
    incidents: PairItem,
    /// Of those, how many go on.
    still_open: u64,
    /// How many go on at all, whenever they were opened.
    open_now: u64,
    /// Of those opened in the time, how many somebody took.
    taken: u64,
    /// Median seconds until somebody took one; null when nobody took any.
    seconds_to_acknowledge: Option<i64>,
    /// Median seconds until one ended.
    seconds_to_resolve: Option<i64>,
    /// The gravest and longest.
    worst: Vec<IncidentItem>,
    /// What opened incidents, most first.
    alerts: Vec<AlertSourceItem>,
    /// What it was for those on call.
    on_call: OnCallItem,
    services: Vec<DigestServiceItem>,
    patterns: Vec<DigestPatternItem>,
    /// By kind; of more than 1,000 the newest are counted.
    anomalies: BTreeMap<&'static str, u64>,
    changes: u64,
    /// The whole as text.
    markdown: String,
}

impl From<Digest> for DigestAnswer {
    fn from(digest: Digest) -> Self {
        let seconds = |time_ns: Option<i64>| time_ns.map(|ns| ns / NANOS_PER_SECOND);
        Self {
            from: domain::format_timestamp(digest.range.start_ns),
            to: domain::format_timestamp(digest.range.end_ns),
            records: digest.records.into(),
            errors: digest.errors.into(),
            incidents: digest.incidents.into(),
            still_open: digest.still_open,
            open_now: digest.open_now,
            taken: digest.taken,
            seconds_to_acknowledge: seconds(digest.time_to_acknowledge_ns),
            seconds_to_resolve: seconds(digest.time_to_resolve_ns),
            worst: digest.worst.into_iter().map(IncidentItem::from).collect(),
            alerts: digest
                .sources
                .into_iter()
                .map(AlertSourceItem::from)
                .collect(),
            on_call: digest.load.into(),
            services: digest
                .services
                .into_iter()
                .map(|line| DigestServiceItem {
                    service: line.service,
                    records: line.records.into(),
                    errors: line.errors.into(),
                })
                .collect(),
            patterns: digest
                .patterns
                .into_iter()
                .map(|row| DigestPatternItem {
                    id: row.template.id.to_string(),
                    text: row.template.text,
                    services: row.template.services,
                    severity: row.template.severity.as_str(),
                    change: row.shift.change.as_str(),
                    records: PairItem {
                        now: row.after,
                        before: row.before,
                    },
                })
                .collect(),
            anomalies: digest
                .anomalies
                .into_iter()
                .map(|(kind, count)| (kind.as_str(), count))
                .collect(),
            changes: digest.changes,
            markdown: digest.markdown,
        }
    }
}

/// What the project went through in the last days, beside as many days before: numbers, and the whole as Markdown.
#[utoipa::path(get, path = "/api/v1/digest", tag = "incidents", params(DigestQuery), responses((status = 200, body = DigestAnswer)))]
pub async fn digest(
    State(state): State<Arc<AppState>>,
    member: Member,
    Query(query): Query<DigestQuery>,
) -> Result<Json<DigestAnswer>, Problem> {
    let days = query.days.unwrap_or(DEFAULT_DAYS);
    let zone = query.time_zone.as_deref();
    let digest = state.engine.digest(member.project_id, days, zone).await?;
    Ok(Json(digest.into()))
}
