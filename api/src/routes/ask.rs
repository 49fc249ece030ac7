//! `POST /api/v1/ask`: a question in plain words, answered as JSON or as a stream of events.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::ErrorKind;
use engine::{AskEvent, AskPlan, AskRequest, AskStages, ConversationKey};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::Receiver;

use crate::auth::{Member, session_end};
use crate::extract::Json;
use crate::peer::Peer;
use crate::problem::{Cause, LoggedStatus, Problem, ProblemBody};
use crate::request_log::CLIENT_LEFT;
use crate::requester::{self, Via};
use crate::routes::search::RecordItem;
use crate::routes::wire::{AnswerItem, EvidenceItem, InterpretationItem};
use crate::state::AppState;

/// Longest question in characters.
const QUESTION_CHARS: usize = 2_000;
/// Longest name of a conversation in characters.
const CONVERSATION_CHARS: usize = 100;

/// How often something is written to who waits for a model: whoever has left is noticed by that, and the work ends.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A question.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// In plain words; may be left out when there is a plan.
    #[serde(default)]
    question: String,
    /// What to do instead of what the words say: the `plan` of an interpretation, changed or not.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    plan: Option<AskPlan>,
    /// A name of your own, up to 100 characters: questions with the same one may lean on each other ("and
    /// yesterday?", "only for root") for an hour. Nobody else's questions count.
    #[serde(default)]
    conversation_id: Option<String>,
    /// IANA name of the asker's time zone, for "last night"; UTC otherwise.
    time_zone: Option<String>,
    /// False leaves language models out: none plans the question or adds sentences. The answer is then complete in well
    /// under a second.
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
    /// What each stage took.
    stages: StagesItem,
}

/// What each stage of an answer took, in milliseconds.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct StagesItem {
    /// Understanding the question.
    interpretation_ms: f64,
    /// A model's plan of a question that the grammar does not know; left out when none was asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    planning_ms: Option<f64>,
    /// Finding the patterns that it is about.
    retrieval_ms: f64,
    /// Counting, sampling, comparing, and writing the computed sentences.
    facts_ms: f64,
    /// From the question until the model's first words; left out when it wrote none.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<f64>,
    /// The model's work and the check of what it wrote; left out when no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    narrative_ms: Option<f64>,
}

impl From<AskStages> for StagesItem {
    fn from(stages: AskStages) -> Self {
        Self {
            interpretation_ms: milliseconds(stages.interpretation),
            planning_ms: stages.planning.map(milliseconds),
            retrieval_ms: milliseconds(stages.retrieval),
            facts_ms: milliseconds(stages.facts),
            first_token_ms: stages.first_token.map(milliseconds),
            narrative_ms: stages.narrative.map(milliseconds),
        }
    }
}

/// With three digits behind the point at most.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The last event of a stream.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DoneItem {
    elapsed_ms: u64,
    stages: StagesItem,
}

/// Answers a question.
#[utoipa::path(post, path = "/api/v1/ask", tag = "ask", request_body = AskBody,
    responses((status = 200, description = "with 'Accept: text/event-stream' the same as events: interpretation, planning, evidence, facts, tokens, answer, done", body = AskAnswer)))]
pub async fn ask(
    State(state): State<Arc<AppState>>,
    member: Member,
    via: Option<Extension<Via>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Json(body): Json<AskBody>,
) -> Result<Response, Problem> {
    let length = body.question.chars().count();
    if body.question.trim().is_empty() && body.plan.is_none() || length > QUESTION_CHARS {
        return Err(Problem::bad_request(format!(
            "question has {length} characters, it must have 1 to {QUESTION_CHARS}"
        )));
    }
    let conversation = body.conversation_id.filter(|id| !id.is_empty());
    let named = conversation.as_ref().map_or(0, |id| id.chars().count());
    if named > CONVERSATION_CHARS {
        return Err(Problem::bad_request(format!(
            "conversation_id has {named} characters, limit is {CONVERSATION_CHARS}"
        )));
    }
    let caller = member.user_id.to_string();
    let requester = requester::of_member(&member, via.map(|via| via.0));
    let events = state.engine.ask(
        member.project_id,
        AskRequest {
            plan: body.plan,
            conversation: conversation.map(|id| ConversationKey { caller, id }),
            question: body.question,
            time_zone: body.time_zone,
            is_narrated: body.narrate,
            requested_by: Some(requester),
        },
    )?;
    let is_stream = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if is_stream {
        let telling = Telling {
            events,
            session: Box::pin(session_end(state, member)),
            is_told: false,
        };
        return Ok(Sse::new(telling.events())
            .keep_alive(KeepAlive::default().interval(HEARTBEAT))
            .into_response());
    }
    tokio::select! {
        answer = collect(events) => answer.map(IntoResponse::into_response),
        // The engine stops working on the question when its events are dropped.
        () = left(peer) => Ok(nobody()),
    }
}

/// The answer that nobody reads; our log has it as nginx would.
fn nobody() -> Response {
    let problem = Problem::new(ErrorKind::Unavailable, "the asker has left");
    let mut response = problem.into_response();
    if let Ok(status) = StatusCode::from_u16(CLIENT_LEFT) {
        response.extensions_mut().insert(LoggedStatus(status));
    }
    response
}

/// Ends when the one who waits for the answer has closed the connection. A request from inside ends with the one that it
/// was made for.
async fn left(peer: Option<Extension<Peer>>) {
    match peer {
        Some(Extension(peer)) => peer.left().await,
        None => std::future::pending().await,
    }
}

async fn collect(mut events: Receiver<AskEvent>) -> Result<Json<AskAnswer>, Problem> {
    let mut whole = AskAnswer::default();
    while let Some(event) = events.recv().await {
        match event {
            AskEvent::Interpretation(item) => whole.interpretation = Some((*item).into()),
            AskEvent::Evidence { evidence, samples } => {
                whole.evidence = evidence.into_iter().map(EvidenceItem::from).collect();
                whole.samples = samples.into_iter().map(RecordItem::from).collect();
            }
            AskEvent::Answer(answer) => whole.answer = Some((*answer).into()),
            AskEvent::Planning(_) | AskEvent::Delta(_) => {}
            AskEvent::Done { elapsed, stages } => {
                whole.elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                whole.stages = stages.into();
            }
            AskEvent::Failed(error) => return Err(error.into()),
        }
    }
    Ok(Json(whole))
}

/// The grammar does not know the question: this model is asked for a plan.
#[derive(Serialize)]
struct PlanningEvent {
    model: String,
}

#[derive(Serialize)]
struct EvidenceEvent {
    evidence: Vec<EvidenceItem>,
    samples: Vec<RecordItem>,
}

/// An answer that is told as it is made. The engine stops working on the question when it is dropped.
struct Telling {
    events: Receiver<AskEvent>,
    session: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_told: bool,
}

impl Telling {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(Some(self), |telling| async move {
            let mut telling = telling?;
            tokio::select! {
                // A session that was found to be over is told nothing more, however much waits.
                biased;
                () = &mut telling.session => Some((Ok(over()), None)),
                event = telling.events.recv() => {
                    let event = sse(event?, &mut telling.is_told);
                    Some((Ok(event), Some(telling)))
                }
            }
        })
    }
}

/// The last event of a session that ends before its answer.
fn over() -> Event {
    let problem = Problem::new(ErrorKind::Unauthenticated, "the session or token is over");
    written("error", serde_json::to_string(&failure(problem)))
}

/// The body that a problem has anywhere else; what a 5xx hides goes to our log.
fn failure(problem: Problem) -> Option<ProblemBody> {
    let mut response = problem.into_response();
    if let Some(Cause(cause)) = response.extensions_mut().remove::<Cause>() {
        tracing::error!(http.route = "/api/v1/ask", cause, "the answer failed");
    }
    response.extensions_mut().remove::<ProblemBody>()
}

/// The events of a stream:
///
/// - `interpretation`, again when a model planned the question (`planned by` among its chips), and when it was answered
///   otherwise: for the stretch that has the records while the default range has none, or by words only while the
///   semantic index does not answer;
/// - where the grammar does not know the question and a model may plan it, `planning` with the name of the model;
/// - `evidence`, with sample records;
/// - `facts`, the computed answer;
/// - where a model phrases, `tokens` with a JSON string each, a piece of its text as it is written, which nobody has
///   verified; and then `answer`, which takes the place of both;
/// - at the end `done` with the time of each stage, or `error` with a problem as in any other answer.
fn sse(event: AskEvent, is_told: &mut bool) -> Event {
    let (name, data) = match event {
        AskEvent::Interpretation(item) => (
            "interpretation",
            serde_json::to_string(&InterpretationItem::from(*item)),
        ),
        AskEvent::Planning(model) => ("planning", serde_json::to_string(&PlanningEvent { model })),
        AskEvent::Evidence { evidence, samples } => (
            "evidence",
            serde_json::to_string(&EvidenceEvent {
                evidence: evidence.into_iter().map(EvidenceItem::from).collect(),
                samples: samples.into_iter().map(RecordItem::from).collect(),
            }),
        ),
        AskEvent::Answer(answer) => {
            let name = if std::mem::replace(is_told, true) {
                "answer"
            } else {
                "facts"
            };
            (name, serde_json::to_string(&AnswerItem::from(*answer)))
        }
        AskEvent::Delta(text) => ("tokens", serde_json::to_string(&text)),
        AskEvent::Done { elapsed, stages } => (
            "done",
            serde_json::to_string(&DoneItem {
                elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                stages: stages.into(),
            }),
        ),
        AskEvent::Failed(error) => ("error", serde_json::to_string(&failure(error.into()))),
    };
    written(name, data)
}

fn written(name: &str, data: serde_json::Result<String>) -> Event {
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
            serde_json::to_value(failure(error.into()).expect("a body")).expect("it is JSON")
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
