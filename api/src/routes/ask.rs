//! `POST /api/v1/ask`: a question in plain words, answered as JSON or as a stream of events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::{AskEvent, AskRequest};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::ReceiverStream;

use crate::auth::Member;
use crate::extract::Json;
use crate::problem::{Cause, Problem, ProblemBody};
use crate::routes::search::RecordItem;
use crate::routes::wire::{AnswerItem, EvidenceItem, InterpretationItem};
use crate::state::AppState;

/// Longest question in characters.
const QUESTION_CHARS: usize = 2_000;

/// A question.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// In plain words.
    question: String,
    /// IANA name of the asker's time zone, for "last night"; UTC otherwise.
    time_zone: Option<String>,
    /// False leaves the language model out; the answer is then complete in well under a second.
    #[serde(default = "yes")]
    narrate: bool,
}

fn yes() -> bool {
    true
}

/// The whole answer.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct AskAnswer {
    interpretation: Option<InterpretationItem>,
    evidence: Vec<EvidenceItem>,
    samples: Vec<RecordItem>,
    answer: Option<AnswerItem>,
    elapsed_ms: u64,
}

/// Answers a question.
#[utoipa::path(post, path = "/api/v1/ask", tag = "ask", request_body = AskBody,
    responses((status = 200, description = "with 'Accept: text/event-stream' the same, event by event", body = AskAnswer)))]
pub async fn ask(
    State(state): State<Arc<AppState>>,
    member: Member,
    headers: HeaderMap,
    Json(body): Json<AskBody>,
) -> Result<Response, Problem> {
    let length = body.question.chars().count();
    if body.question.trim().is_empty() || length > QUESTION_CHARS {
        return Err(Problem::bad_request(format!(
            "question has {length} characters, it must have 1 to {QUESTION_CHARS}"
        )));
    }
    let events = state.engine.ask(
        member.project_id,
        AskRequest {
            question: body.question,
            time_zone: body.time_zone,
            is_narrated: body.narrate,
        },
    )?;
    let is_stream = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if is_stream {
        // The engine stops working on the question when this stream is dropped.
        let stream = ReceiverStream::new(events).map(|event| Ok::<_, Infallible>(sse(event)));
        return Ok(Sse::new(stream)
            .keep_alive(KeepAlive::default())
            .into_response());
    }
    collect(events).await.map(IntoResponse::into_response)
}

async fn collect(
    mut events: tokio::sync::mpsc::Receiver<AskEvent>,
) -> Result<Json<AskAnswer>, Problem> {
    let mut whole = AskAnswer::default();
    while let Some(event) = events.recv().await {
        match event {
            AskEvent::Interpretation(item) => whole.interpretation = Some((*item).into()),
            AskEvent::Evidence { evidence, samples } => {
                whole.evidence = evidence.into_iter().map(EvidenceItem::from).collect();
                whole.samples = samples.into_iter().map(RecordItem::from).collect();
            }
            AskEvent::Answer(answer) => whole.answer = Some((*answer).into()),
            AskEvent::Delta(_) => {}
            AskEvent::Done { elapsed } => {
                whole.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            }
            AskEvent::Failed(error) => return Err(error.into()),
        }
    }
    Ok(Json(whole))
}

#[derive(Serialize)]
struct EvidenceEvent {
    evidence: Vec<EvidenceItem>,
    samples: Vec<RecordItem>,
}

/// The body that a problem has anywhere else; what a 5xx hides goes to our log.
fn failure(error: engine::Error) -> Option<ProblemBody> {
    let mut response = Problem::from(error).into_response();
    if let Some(Cause(cause)) = response.extensions_mut().remove::<Cause>() {
        tracing::error!(http.route = "/api/v1/ask", cause, "the answer failed");
    }
    response.extensions_mut().remove::<ProblemBody>()
}

/// The events of a stream: `interpretation` (again when it was answered otherwise: for the stretch that has the
/// records while the default range has none, or by words only while the semantic index does not answer), `evidence`, `answer` with the computed facts; then, where a model phrases, `delta` with a JSON string each: a
/// piece of its text as it is written, which nobody has verified and which the last `answer` takes the place
/// of; and at the end `done` or `error` (a problem as in any other answer).
fn sse(event: AskEvent) -> Event {
    let (name, data) = match event {
        AskEvent::Interpretation(item) => (
            "interpretation",
            serde_json::to_string(&InterpretationItem::from(*item)),
        ),
        AskEvent::Evidence { evidence, samples } => (
            "evidence",
            serde_json::to_string(&EvidenceEvent {
                evidence: evidence.into_iter().map(EvidenceItem::from).collect(),
                samples: samples.into_iter().map(RecordItem::from).collect(),
            }),
        ),
        AskEvent::Answer(answer) => ("answer", serde_json::to_string(&AnswerItem::from(*answer))),
        AskEvent::Delta(text) => ("delta", serde_json::to_string(&text)),
        AskEvent::Done { elapsed } => (
            "done",
            Ok(format!("{{\"elapsed_ms\":{}}}", elapsed.as_millis())),
        ),
        AskEvent::Failed(error) => ("error", serde_json::to_string(&failure(error))),
    };
    match data {
        Ok(data) => Event::default().event(name).data(data),
        Err(error) => Event::default().event("error").data(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_in_the_stream_is_a_problem_and_hides_its_cause() {
        let body = |error: engine::Error| {
            serde_json::to_value(failure(error).expect("a body")).expect("it is JSON")
        };
        let hidden = body(engine::Error::Internal(
            "/data/vigil.db: disk I/O error".into(),
        ));
        assert_eq!(hidden["code"], "internal");
        assert!(!hidden.to_string().contains("vigil.db"), "{hidden}");
        let shown = body(engine::Error::BadRequest("limit is 0".into()));
        assert_eq!(shown["detail"], "limit is 0");
    }
}
