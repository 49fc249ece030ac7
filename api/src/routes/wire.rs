//! Wire shapes that several routes share. The shapes of `domain` never go out as they are.

use domain::{
    Anomaly, Evidence, Incident, Sentence, SimilarIncident, Summary, SummaryAuthor, Suspect,
    TimelineEntry,
};
use serde::Serialize;

/// How a question was understood.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InterpretationItem {
    question: String,
    intent: String,
    from: String,
    to: String,
    /// Set when two ranges are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared_with: Option<(String, String)>,
    services: Vec<String>,
    severities: Vec<&'static str>,
    terms: Vec<String>,
    /// What was understood, for people: (label, value).
    chips: Vec<(String, String)>,
    /// Words that changed nothing.
    ignored_words: Vec<String>,
    /// All of it in a shape that can be changed and sent back as `plan`.
    #[schema(value_type = Object)]
    plan: engine::AskPlan,
}

impl From<engine::Interpretation> for InterpretationItem {
    fn from(item: engine::Interpretation) -> Self {
        Self {
            question: item.question,
            intent: item.intent,
            from: domain::format_timestamp(item.range.start_ns),
            to: domain::format_timestamp(item.range.end_ns),
            compared_with: item.compared_with.map(|range| {
                (
                    domain::format_timestamp(range.start_ns),
                    domain::format_timestamp(range.end_ns),
                )
            }),
            services: item.services,
            severities: item
                .severities
                .into_iter()
                .map(domain::Severity::as_str)
                .collect(),
            terms: item.terms,
            chips: item.chips,
            ignored_words: item.ignored_words,
            plan: item.plan,
        }
    }
}

/// A piece of evidence.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EvidenceItem {
    number: u32,
    #[schema(value_type = String)]
    kind: domain::EvidenceKind,
    text: String,
    service: Option<String>,
    severity: &'static str,
    count: u64,
    expected: Option<f64>,
    template_id: Option<String>,
    record_ids: Vec<String>,
    first_at: String,
    last_at: String,
}

impl From<Evidence> for EvidenceItem {
    fn from(evidence: Evidence) -> Self {
        Self {
            number: evidence.number,
            kind: evidence.kind,
            text: evidence.text,
            service: evidence.service,
            severity: evidence.severity.as_str(),
            count: evidence.count,
            expected: evidence.expected,
            template_id: evidence.template_id.map(|id| id.to_string()),
            record_ids: evidence
                .record_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
            first_at: domain::format_timestamp(evidence.first_at_ns),
            last_at: domain::format_timestamp(evidence.last_at_ns),
        }
    }
}

/// A sentence with what it cites.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SentenceItem {
    text: String,
    citations: Vec<u32>,
}

impl From<Sentence> for SentenceItem {
    fn from(sentence: Sentence) -> Self {
        Self {
            text: sentence.text,
            citations: sentence.citations,
        }
    }
}

/// Who wrote a text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuthorItem {
    /// `rules`, `model`, or `rules_after_rejection`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Why the model's text was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<SummaryAuthor> for AuthorItem {
    fn from(author: SummaryAuthor) -> Self {
        let (kind, model, reason) = match author {
            SummaryAuthor::Rules => ("rules", None, None),
            SummaryAuthor::Model { name } => ("model", Some(name), None),
            SummaryAuthor::RulesAfterRejection { name, reason } => {
                ("rules_after_rejection", Some(name), Some(reason))
            }
        };
        Self {
            kind,
            model,
            reason,
        }
    }
}

/// An answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnswerItem {
    /// All sentences with their `[n]` marks as one text.
    text: String,
    /// Whether anything matched.
    found: bool,
    /// Computed facts; from code only.
    facts: Vec<SentenceItem>,
    /// What a model added, verified; empty without one.
    narrative: Vec<SentenceItem>,
    suspects: Vec<SuspectItem>,
    next_steps: Vec<String>,
    author: AuthorItem,
    result: ResultItem,
}

/// The computed values of an answer, for programs; the same numbers stand in its sentences.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResultItem {
    /// `find`, `count`, `rate`, `measure`, `trend`, `first`, `last`, `top`, `compare`, `why` or `explain`.
    kind: String,
    /// Records that match.
    count: Option<u64>,
    /// Different values of what is grouped by.
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<u64>,
    /// The rate, share, average, extreme or percentile that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// `ms`, `bytes`, `%`, `per minute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// The first or last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Records that match in the other time of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_count: Option<u64>,
    /// The number that was asked for, in the other time of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_value: Option<f64>,
    /// `rising`, `falling` or `steady`.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grouped_by: Option<String>,
    groups: Vec<GroupItem>,
    /// Not everything was counted in time: numbers are at least as high.
    is_lower_bound: bool,
    /// The search that shows the counted records, for `GET /api/v1/logs?q=` and the search box. Conditions on status
    /// codes and numbers, which the search box cannot say, are left out of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

/// A group of an answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct GroupItem {
    key: String,
    count: u64,
    /// In the other time of a comparison.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_count: Option<u64>,
}

impl From<engine::AnswerResult> for ResultItem {
    fn from(result: engine::AnswerResult) -> Self {
        Self {
            kind: result.kind,
            count: result.count,
            distinct: result.distinct,
            value: result.value,
            unit: result.unit,
            at: result.at_ns.map(domain::format_timestamp),
            other_count: result.other_count,
            other_value: result.other_value,
            direction: result.direction,
            grouped_by: result.grouped_by,
            groups: result
                .groups
                .into_iter()
                .map(|group| GroupItem {
                    key: group.key,
                    count: group.count,
                    other_count: group.other,
                })
                .collect(),
            is_lower_bound: result.is_lower_bound,
            query: result.query,
        }
    }
}

impl From<engine::Answer> for AnswerItem {
    fn from(answer: engine::Answer) -> Self {
        Self {
            text: answer.text(),
            found: answer.is_found,
            facts: answer.facts.into_iter().map(SentenceItem::from).collect(),
            narrative: answer
                .narrative
                .into_iter()
                .map(SentenceItem::from)
                .collect(),
            suspects: answer.suspects.into_iter().map(SuspectItem::from).collect(),
            next_steps: answer.next_steps,
            author: answer.author.into(),
            result: answer.result.into(),
        }
    }
}

/// A line of a timeline.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimelineItem {
    at: String,
    #[schema(value_type = String)]
    kind: domain::TimelineKind,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
}

impl From<TimelineEntry> for TimelineItem {
    fn from(entry: TimelineEntry) -> Self {
        Self {
            at: domain::format_timestamp(entry.at_ns),
            kind: entry.kind,
            text: entry.text,
            actor: entry.actor,
        }
    }
}

/// A root-cause candidate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SuspectItem {
    name: String,
    service: Option<String>,
    confidence: &'static str,
    score: f64,
    reason: String,
    evidence: Vec<u32>,
    /// What confirms it and what refutes it; empty in summaries of older versions.
    check: String,
}

impl From<Suspect> for SuspectItem {
    fn from(suspect: Suspect) -> Self {
        Self {
            name: suspect.name,
            service: suspect.service,
            confidence: suspect.confidence.as_str(),
            score: suspect.score,
            reason: suspect.reason,
            evidence: suspect.evidence,
            check: suspect.check,
        }
    }
}

/// An older incident that looks alike.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SimilarItem {
    id: String,
    number: i64,
    title: String,
    similarity: f64,
    opened_at: String,
}

impl From<SimilarIncident> for SimilarItem {
    fn from(similar: SimilarIncident) -> Self {
        Self {
            id: similar.id.to_string(),
            number: similar.number,
            title: similar.title,
            similarity: similar.similarity,
            opened_at: domain::format_timestamp(similar.opened_at_ns),
        }
    }
}

/// A summary.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SummaryItem {
    headline: String,
    what_happened: Vec<SentenceItem>,
    impact: Vec<SentenceItem>,
    timeline: Vec<TimelineItem>,
    suspects: Vec<SuspectItem>,
    next_steps: Vec<String>,
    similar: Vec<SimilarItem>,
    evidence: Vec<EvidenceItem>,
    author: AuthorItem,
    written_at: String,
}

impl From<Summary> for SummaryItem {
    fn from(summary: Summary) -> Self {
        Self {
            headline: summary.headline,
            what_happened: summary
                .what_happened
                .into_iter()
                .map(SentenceItem::from)
                .collect(),
            impact: summary.impact.into_iter().map(SentenceItem::from).collect(),
            timeline: summary
                .timeline
                .into_iter()
                .map(TimelineItem::from)
                .collect(),
            suspects: summary
                .suspects
                .into_iter()
                .map(SuspectItem::from)
                .collect(),
            next_steps: summary.next_steps,
            similar: summary.similar.into_iter().map(SimilarItem::from).collect(),
            evidence: summary
                .evidence
                .into_iter()
                .map(EvidenceItem::from)
                .collect(),
            author: summary.author.into(),
            written_at: domain::format_timestamp(summary.written_at_ns),
        }
    }
}

/// An incident as lists show it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentItem {
    id: String,
    number: i64,
    state: &'static str,
    severity: &'static str,
    title: String,
    headline: Option<String>,
    policy: Option<String>,
    services: Vec<String>,
    anomaly_count: usize,
    template_ids: Vec<String>,
    started_at: String,
    opened_at: String,
    updated_at: String,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<String>,
    resolved_at: Option<String>,
    resolved_by: Option<String>,
}

impl From<Incident> for IncidentItem {
    fn from(incident: Incident) -> Self {
        Self {
            id: incident.id.to_string(),
            number: incident.number,
            state: incident.state.as_str(),
            severity: incident.severity.as_str(),
            title: incident.title,
            headline: incident.summary.map(|summary| summary.headline),
            policy: incident.policy,
            services: incident.services,
            anomaly_count: incident.anomaly_ids.len(),
            template_ids: incident
                .template_ids
                .iter()
                .map(ToString::to_string)
                .collect(),
            started_at: domain::format_timestamp(incident.started_at_ns),
            opened_at: domain::format_timestamp(incident.opened_at_ns),
            updated_at: domain::format_timestamp(incident.updated_at_ns),
            acknowledged_at: incident.acknowledged_at_ns.map(domain::format_timestamp),
            acknowledged_by: incident.acknowledged_by,
            resolved_at: incident.resolved_at_ns.map(domain::format_timestamp),
            resolved_by: incident.resolved_by,
        }
    }
}

/// An anomaly.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnomalyItem {
    id: String,
    kind: &'static str,
    service: Option<String>,
    severity: &'static str,
    template_id: Option<String>,
    metric: Option<String>,
    labels: std::collections::BTreeMap<String, String>,
    started_at: String,
    detected_at: String,
    observed: f64,
    expected: f64,
    expected_low: f64,
    expected_high: f64,
    unit: String,
    score: f64,
    reason: String,
}

impl From<Anomaly> for AnomalyItem {
    fn from(anomaly: Anomaly) -> Self {
        Self {
            id: anomaly.id.to_string(),
            kind: anomaly.kind.as_str(),
            service: anomaly.service,
            severity: anomaly.severity.as_str(),
            template_id: anomaly.template_id.map(|id| id.to_string()),
            metric: anomaly.metric,
            labels: anomaly.labels,
            started_at: domain::format_timestamp(anomaly.started_at_ns),
            detected_at: domain::format_timestamp(anomaly.detected_at_ns),
            observed: anomaly.observed,
            expected: anomaly.expected,
            expected_low: anomaly.expected_low,
            expected_high: anomaly.expected_high,
            unit: anomaly.unit,
            score: anomaly.score,
            reason: anomaly.reason,
        }
    }
}
