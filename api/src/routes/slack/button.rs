//! `POST /slack/interactions`: what is pressed in messages.
//!
//! A button bears the id of its incident or anomaly; the project is that of the channel, so that a button of another
//! project finds nothing. Source: docs.slack.dev, "block_actions payload".

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::{AnomalyId, ErrorKind, IncidentId, ProjectId};
use engine::Verdict;
use serde_json::Value;

use super::{Signed, act, stranger};
use crate::problem::Problem;
use crate::slack;
use crate::state::AppState;

/// What a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    /// Somebody takes the incident.
    Acknowledge,
    /// Somebody ends it.
    Resolve,
    /// Whether an incident was worth telling.
    Incident(Verdict),
    /// Whether an anomaly was worth knowing.
    Anomaly(Verdict),
}

impl Button {
    /// `None` for one that only opens an address, or one of another version.
    fn of(action: &str) -> Option<Self> {
        Some(match action {
            "ack_incident" => Self::Acknowledge,
            "resolve_incident" => Self::Resolve,
            "incident_useful" => Self::Incident(Verdict::Useful),
            "incident_noise" => Self::Incident(Verdict::Noise),
            "anomaly_useful" => Self::Anomaly(Verdict::Useful),
            "anomaly_noise" => Self::Anomaly(Verdict::Noise),
            _ => return None,
        })
    }
}

/// A button. Slack is told at once; what it did is said through `response_url`, to who pressed it.
pub async fn interaction(
    State(state): State<Arc<AppState>>,
    request: Request,
) -> Result<Response, Problem> {
    let signed = Signed::read(&state, request).await?;
    let payload: Value = serde_json::from_str(signed.field("payload"))
        .map_err(|_| Problem::bad_request("the field payload is no JSON"))?;
    let text = |path: &str| payload.pointer(path).and_then(Value::as_str).unwrap_or("");
    let Some(button) = Button::of(text("/actions/0/action_id")) else {
        return Ok(StatusCode::OK.into_response());
    };
    let (team, channel, user) = (text("/team/id"), text("/channel/id"), text("/user/id"));
    let value = text("/actions/0/value");
    let said = match signed.slack.project(team, channel) {
        None => slack::homeless(team, channel),
        Some(project_id) => press(&state, &signed, project_id, user, button, value).await?,
    };
    let (slack, url) = (Arc::clone(&signed.slack), text("/response_url").to_owned());
    state.engine.tasks().spawn("slack_button", async move {
        if let Err(why) = slack.respond(&url, &said).await {
            tracing::warn!(why, "the outcome of a button could not be sent to Slack");
        }
    });
    Ok(StatusCode::OK.into_response())
}

/// Does it for a user that is one of ours; what is said then.
async fn press(
    state: &Arc<AppState>,
    signed: &Signed,
    project_id: ProjectId,
    user: &str,
    button: Button,
    value: &str,
) -> Result<Value, Problem> {
    let Some(name) = signed.slack.user(user).await? else {
        return Ok(stranger(user));
    };
    let by = format!("{name} (Slack)");
    let done = match button {
        Button::Anomaly(verdict) => match value.parse::<AnomalyId>() {
            Ok(id) => judge_anomaly(state, project_id, id, verdict, by).await,
            Err(_) => return Ok(slack::note("The button names no anomaly.")),
        },
        Button::Acknowledge | Button::Resolve | Button::Incident(_) => {
            // Never a number: those repeat in other projects.
            let Ok(id) = value.parse::<IncidentId>() else {
                return Ok(slack::note("The button names no incident."));
            };
            match button {
                Button::Incident(verdict) => {
                    judge_incident(state, project_id, id, verdict, by).await
                }
                Button::Resolve => act(state, project_id, id, "resolve", by).await,
                _ => act(state, project_id, id, "ack", by).await,
            }
        }
    };
    match done {
        Ok(text) => Ok(slack::note(&text)),
        Err(error) if error.kind() == ErrorKind::Internal => Err(error.into()),
        Err(error) => Ok(slack::note(&error.to_string())),
    }
}

async fn judge_anomaly(
    state: &Arc<AppState>,
    project_id: ProjectId,
    id: AnomalyId,
    verdict: Verdict,
    by: String,
) -> Result<String, engine::Error> {
    let outcome = state
        .engine
        .anomaly_feedback(project_id, id, verdict, by)
        .await?;
    Ok(format!(
        "Noted as {}. Anomalies like it: {} useful, {} noise.",
        outcome.verdict.as_str(),
        outcome.useful,
        outcome.noise
    ))
}

async fn judge_incident(
    state: &Arc<AppState>,
    project_id: ProjectId,
    id: IncidentId,
    verdict: Verdict,
    by: String,
) -> Result<String, engine::Error> {
    let outcome = state
        .engine
        .incident_feedback(project_id, id, verdict, by)
        .await?;
    let (number, word) = (outcome.number, verdict.as_str());
    if outcome.anomalies == 0 {
        return Ok(format!(
            "Incident {number} comes from a rule, which does not learn: change its policy instead."
        ));
    }
    let subject = match outcome.anomalies {
        1 => "the next anomaly like its one".to_owned(),
        count => format!("the next anomalies like its {count}"),
    };
    let weight = match verdict {
        Verdict::Useful => "more",
        Verdict::Noise => "less",
    };
    let verb = if outcome.anomalies == 1 {
        "counts"
    } else {
        "count"
    };
    Ok(format!(
        "Incident {number} is noted as {word}: {subject} {verb} for {weight}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_of_another_version_asks_for_nothing() {
        assert_eq!(
            Button::of("incident_noise"),
            Some(Button::Incident(Verdict::Noise))
        );
        for action in ["open_incident", "", "incident_deleted"] {
            assert_eq!(Button::of(action), None);
        }
    }
}
