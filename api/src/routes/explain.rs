//! `POST /api/v1/explain`: a log line or a pattern in plain words.

use std::sync::Arc;

use axum::extract::State;
use engine::{Explanation, Subject};
use serde::{Deserialize, Serialize};

use crate::auth::Member;
use crate::extract::Json;
use crate::problem::Problem;
use crate::state::AppState;

/// What is to be explained: exactly one of line, record and pattern.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// A line as it was read somewhere, at most 16 KiB.
    line: Option<String>,
    /// The id of a stored record.
    record: Option<String>,
    /// The id of a pattern.
    pattern: Option<String>,
    /// IANA name of the zone of times; that of the settings otherwise.
    time_zone: Option<String>,
}

impl ExplainBody {
    fn subject(self) -> Result<Subject, Problem> {
        let wrong = |error: domain::ParseIdError| Problem::bad_request(error.to_string());
        match (self.line, self.record, self.pattern) {
            (Some(line), None, None) => Ok(Subject::Line(line)),
            (None, Some(id), None) => Ok(Subject::Record(id.parse().map_err(wrong)?)),
            (None, None, Some(id)) => Ok(Subject::Pattern(id.parse().map_err(wrong)?)),
            _ => Err(Problem::bad_request(
                "give exactly one of line, record and pattern",
            )),
        }
    }
}

/// A changing part of a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PartItem {
    /// The word before it, or an empty text.
    key: String,
    /// What it holds, in words.
    kind: &'static str,
    value: Option<String>,
}

/// What a line speaks of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MeaningItem {
    name: String,
    means: String,
}

/// A line in plain words. Everything is written by rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExplainAnswer {
    /// All sentences as one text.
    text: String,
    sentences: Vec<String>,
    line: String,
    /// Its pattern; null when no service of the project has written such a line.
    pattern: Option<ExplainedPatternItem>,
    parts: Vec<PartItem>,
    meaning: Option<MeaningItem>,
    next_steps: Vec<String>,
    /// Numbers of the newest incidents that it is part of.
    incidents: Vec<i64>,
}

/// The pattern of a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExplainedPatternItem {
    id: String,
    text: String,
    services: Vec<String>,
    severity: &'static str,
}

impl From<Explanation> for ExplainAnswer {
    fn from(found: Explanation) -> Self {
        let (meaning, next_steps) = match found.meaning {
            Some(meaning) => (
                Some(MeaningItem {
                    name: meaning.name,
                    means: meaning.means,
                }),
                meaning.next_steps,
            ),
            None => (None, Vec::new()),
        };
        Self {
            text: found.sentences.join(" "),
            sentences: found.sentences,
            line: found.line,
            pattern: found.pattern.map(|pattern| ExplainedPatternItem {
                id: pattern.id.to_string(),
                text: pattern.text,
                services: pattern.services,
                severity: pattern.severity.as_str(),
            }),
            parts: found
                .parts
                .into_iter()
                .map(|part| PartItem {
                    key: part.key,
                    kind: part.kind,
                    value: part.value,
                })
                .collect(),
            meaning,
            next_steps,
            incidents: found.incidents,
        }
    }
}

/// Explains a log line, a stored record or a pattern in plain words: what it is, what it speaks of, what its terms mean, how
/// often it comes, and what to do.
#[utoipa::path(post, path = "/api/v1/explain", tag = "ask", request_body = ExplainBody, responses((status = 200, body = ExplainAnswer)))]
pub async fn explain(
    State(state): State<Arc<AppState>>,
    member: Member,
    Json(body): Json<ExplainBody>,
) -> Result<Json<ExplainAnswer>, Problem> {
    let zone = body.time_zone.clone();
    let found = state
        .engine
        .explain(member.project_id, body.subject()?, zone.as_deref())
        .await?;
    Ok(Json(found.into()))
}
