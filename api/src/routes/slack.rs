//! `POST /slack/commands` and `POST /slack/interactions`: questions and buttons out of Slack.
//!
//! Slack waits three seconds for an answer. A question is accepted at once and answered through its `response_url`.

mod button;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::{ErrorKind, IncidentId, IncidentState, NANOS_PER_SECOND, PageRequest, ProjectId};
use engine::{AskEvent, AskRequest, ConversationKey};
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use crate::extract::SmallText;
use crate::problem::Problem;
use crate::requester;
use crate::slack::{self, Slack};
use crate::state::AppState;

pub use self::button::interaction;

/// Longest question.
const QUESTION_CHARS: usize = 2_000;
/// Incidents of a list.
const INCIDENTS: usize = 10;

/// A request that is Slack's, and its fields.
struct Signed {
    slack: Arc<Slack>,
    fields: HashMap<String, String>,
}

fn refused(forged: slack::Forged) -> Problem {
    metrics::counter!("vigil_api_slack_requests_refused_total").increment(1);
    let why = match forged {
        slack::Forged::Missing => "the request bears no signature of Slack's",
        slack::Forged::Old => "the request is more than five minutes from this server's time",
        slack::Forged::Wrong => "the signature is not that of the signing secret",
        slack::Forged::Repeated => "the request was taken before",
    };
    Problem::new(ErrorKind::Unauthenticated, why)
}

impl Signed {
    async fn read(state: &Arc<AppState>, request: Request) -> Result<Self, Problem> {
        let Some(slack) = state.slack.clone() else {
            return Err(Problem::not_found("the Slack app").with_hint(
                "set signing_secret under [slack] in the settings file; see docs/slack.md",
            ));
        };
        let headers: HeaderMap = request.headers().clone();
        if !slack::has_signature(&headers) {
            return Err(refused(slack::Forged::Missing));
        }
        let SmallText(body) = SmallText::from_request(request, state).await?;
        let now = domain::Clock::now_ns(&domain::SystemClock) / NANOS_PER_SECOND;
        if let Err(forged) = slack.take(&headers, body.as_bytes(), now) {
            return Err(refused(forged));
        }
        Ok(Self {
            slack,
            fields: fields(&body),
        })
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

/// A slash command: `/vigil why is checkout slow`.
pub async fn command(
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Response, Problem> {
    let signed = Signed::read(&state, request).await?;
    // Slack looks whether the address works.
    if signed.field("ssl_check") == "1" {
        return Ok(StatusCode::OK.into_response());
    }
    let place = (signed.field("team_id"), signed.field("channel_id"));
    let Some(project_id) = signed.slack.project(place.0, place.1) else {
        return Ok(reply(slack::homeless(place.0, place.1)));
    };
    let text = signed.field("text").trim().to_owned();
    let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
    let rest = rest.trim();
    match (word.to_ascii_lowercase().as_str(), rest) {
        ("" | "help", "") => Ok(reply(slack::help(signed.field("command")))),
        _ if signed.slack.is_disabled(signed.field("user_id")).await? => {
            Ok(reply(stranger(signed.field("user_id"))))
        }
        ("incidents", "") => incidents(&state, project_id).await,
        ("ack" | "resolve", number) if is_number(number) => {
            let user = signed.field("user_id");
            named_act(&state, &signed.slack, project_id, user, word, number).await
        }
        ("ask", question) if !question.is_empty() => {
            ask(&state, &signed, project_id, question).await
        }
        _ => ask(&state, &signed, project_id, &text).await,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches('#');
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn reply(value: Value) -> Response {
    Json(value).into_response()
}

async fn incidents(state: &Arc<AppState>, project_id: ProjectId) -> Result<Response, Problem> {
    let states = vec![IncidentState::Open, IncidentState::Acknowledged];
    let page = state
        .engine
        .incidents(project_id, states, PageRequest::first(INCIDENTS))
        .await?;
    let list = slack::incident_list(&page.items, &state.public_url);
    Ok(reply(sendable(state, project_id, list).await?))
}

/// What may be shown in Slack of a reply: no secrets, or what the project's settings say.
async fn sendable(
    state: &Arc<AppState>,
    project_id: ProjectId,
    reply: Value,
) -> Result<Value, engine::Error> {
    let scrubbing = Arc::clone(state.engine.scrubbing());
    engine::blocking(move || scrubbing.message_document(project_id, reply)).await
}

/// Takes or ends an incident for a user that is one of ours.
async fn named_act(
    state: &Arc<AppState>,
    slack: &Slack,
    project_id: ProjectId,
    slack_user: &str,
    word: &str,
    incident: &str,
) -> Result<Response, Problem> {
    let Some(name) = slack.user(slack_user).await? else {
        return Ok(reply(stranger(slack_user)));
    };
    let by = format!("{name} (Slack)");
    let done = async {
        let id = state.engine.named_incident(project_id, incident).await?;
        act(state, project_id, id, word, by).await
    };
    Ok(reply(match done.await {
        Ok(text) => slack::note(&text),
        Err(error) if error.kind() == ErrorKind::Internal => return Err(error.into()),
        Err(error) => slack::note(&error.to_string()),
    }))
}

/// What somebody is told who is none of our users.
fn stranger(slack_user: &str) -> Value {
    slack::note(&format!(
        "Vigil does not know who {slack_user} is: an operator can add it under [slack.users] and send the server SIGHUP."
    ))
}

/// Takes (`ack`) or ends an incident; what is said then.
async fn act(
    state: &Arc<AppState>,
    project_id: ProjectId,
    id: IncidentId,
    word: &str,
    by: String,
) -> Result<String, engine::Error> {
    let incident = if word.eq_ignore_ascii_case("ack") {
        state.engine.acknowledge(project_id, id, by).await?
    } else {
        state.engine.resolve(project_id, id, by).await?
    };
    Ok(format!(
        "Incident {} is {}.",
        incident.number,
        incident.state.as_str()
    ))
}

/// Accepts a question and answers it later.
async fn ask(
    state: &Arc<AppState>,
    signed: &Signed,
    project_id: ProjectId,
    question: &str,
) -> Result<Response, Problem> {
    let length = question.chars().count();
    if length > QUESTION_CHARS {
        return Ok(reply(slack::note(&format!(
            "The question has {length} characters, the limit is {QUESTION_CHARS}."
        ))));
    }
    let Ok(turn) = Arc::clone(&signed.slack.turns).try_acquire_owned() else {
        return Ok(reply(slack::note(
            "Other questions are being answered; ask again in a moment.",
        )));
    };
    let user = signed.field("user_id");
    let name = signed.slack.user(user).await?;
    let work = Work {
        state: Arc::clone(state),
        slack: Arc::clone(&signed.slack),
        project_id,
        question: question.to_owned(),
        response_url: signed.field("response_url").to_owned(),
        // "and yesterday?" goes on with what the same person asked in the same channel.
        conversation: ConversationKey {
            caller: format!("slack:{}:{user}", signed.field("team_id")),
            id: signed.field("channel_id").to_owned(),
        },
        requested_by: requester::of_slack(user, name.as_deref()),
        _turn: turn,
    };
    state.engine.tasks().spawn("slack_answer", work.run());
    Ok(reply(slack::note(&format!("Looking into it: {question}"))))
}

struct Work {
    state: Arc<AppState>,
    slack: Arc<Slack>,
    project_id: ProjectId,
    question: String,
    response_url: String,
    conversation: ConversationKey,
    requested_by: String,
    _turn: OwnedSemaphorePermit,
}

impl Work {
    async fn run(self) {
        let answer = match self.answer().await {
            Ok(answer) => answer,
            Err(error) => {
                let why = match error.kind() {
                    // What a 5xx hides is hidden here as well.
                    ErrorKind::Internal => {
                        tracing::error!(%error, "a question out of Slack failed");
                        "something failed on our side".to_owned()
                    }
                    _ => error.to_string(),
                };
                slack::failure(&self.question, &why)
            }
        };
        if let Err(why) = self.slack.respond(&self.response_url, &answer).await {
            tracing::warn!(why, "an answer could not be sent to Slack");
        }
    }

    async fn answer(&self) -> Result<Value, engine::Error> {
        let mut events = self.state.engine.ask(
            self.project_id,
            AskRequest {
                question: self.question.clone(),
                time_zone: None,
                is_narrated: true,
                conversation: Some(self.conversation.clone()),
                requested_by: Some(self.requested_by.clone()),
                ..AskRequest::default()
            },
        )?;
        let mut understood = None;
        let mut evidence = Vec::new();
        let mut answer = None;
        let mut elapsed_ms = 0;
        while let Some(event) = events.recv().await {
            match event {
                AskEvent::Interpretation(item) => understood = Some(*item),
                AskEvent::Evidence { evidence: all, .. } => evidence = all,
                AskEvent::Answer(item) => answer = Some(*item),
                AskEvent::Planning(_) | AskEvent::Delta(_) => {}
                AskEvent::Done { elapsed, .. } => elapsed_ms = elapsed.as_millis(),
                AskEvent::Failed(error) => return Err(error),
            }
        }
        let answer = answer
            .ok_or_else(|| engine::Error::Unavailable("the answer ended early".to_owned()))?;
        let reply = slack::answer(
            &self.question,
            understood.as_ref(),
            &evidence,
            &answer,
            elapsed_ms,
        );
        sendable(&self.state, self.project_id, reply).await
    }
}

/// The fields of `application/x-www-form-urlencoded`; the first of a name counts.
fn fields(body: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields
            .entry(decoded(name))
            .or_insert_with(|| decoded(value));
    }
    fields
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut whole = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| hex::decode(digits).ok());
        match (byte, digits) {
            (b'%', Some(digits)) => {
                whole.extend(digits);
                at += 3;
            }
            (b'+', _) => {
                whole.push(b' ');
                at += 1;
            }
            _ => {
                whole.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&whole).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_slack_writes_it() {
        let found = fields("text=why+is+%22caf%C3%A9%22+slow%3F&a=1&a=2&empty=&bare&bad=%zz%4");
        assert_eq!(found["text"], "why is \"café\" slow?");
        assert_eq!(found["a"], "1");
        assert_eq!(found["empty"], "");
        assert_eq!(found["bare"], "");
        assert_eq!(found["bad"], "%zz%4");
    }
}
