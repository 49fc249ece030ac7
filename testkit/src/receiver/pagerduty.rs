//! PagerDuty's Events API v2 with its limits.
//!
//! Source: developer.pagerduty.com, "Send an alert event" (required fields, lengths, answers 202 / 400 / 429).

use serde_json::{Value, json};

use super::Received;
use super::serve::Verdict;

const MAX_BODY_BYTES: usize = 512_000;

pub(super) fn judge(request: &Received) -> Verdict {
    if request.body.len() > MAX_BODY_BYTES {
        let why = format!(
            "body is {} bytes, limit is {MAX_BODY_BYTES}",
            request.body.len()
        );
        return Verdict::text(413, "payload too large").because(why);
    }
    let Some(event) = request.json.as_ref().filter(|event| event.is_object()) else {
        return invalid(&["the body is not a JSON object".to_owned()]);
    };
    let errors = errors(event);
    if !errors.is_empty() {
        return invalid(&errors);
    }
    let key = event["dedup_key"]
        .as_str()
        .unwrap_or("made-up-by-pagerduty");
    let answer = json!({"status": "success", "message": "Event processed", "dedup_key": key});
    Verdict::json(202, &answer)
}

fn invalid(errors: &[String]) -> Verdict {
    let answer = json!({
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": errors,
    });
    Verdict::json(400, &answer).because(errors.join("; "))
}

fn errors(event: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    let routing_key = event["routing_key"].as_str().unwrap_or_default();
    if routing_key.len() != 32 || !routing_key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        errors.push("'routing_key' must be 32 letters and digits".to_owned());
    }
    let dedup_key = event.get("dedup_key");
    if dedup_key.is_some_and(|key| key.as_str().is_none_or(|key| key.chars().count() > 255)) {
        errors.push("'dedup_key' must be a text of at most 255 characters".to_owned());
    }
    match event["event_action"].as_str().unwrap_or_default() {
        "trigger" => payload_errors(event, &mut errors),
        "acknowledge" | "resolve" => {
            if dedup_key.and_then(Value::as_str).is_none_or(str::is_empty) {
                errors.push("'dedup_key' is missing or blank".to_owned());
            }
        }
        _ => errors.push("'event_action' must be trigger, acknowledge or resolve".to_owned()),
    }
    errors
}

fn payload_errors(event: &Value, errors: &mut Vec<String>) {
    let payload = &event["payload"];
    for key in ["summary", "source", "severity"] {
        if payload[key].as_str().is_none_or(str::is_empty) {
            errors.push(format!("'payload.{key}' is missing or blank"));
        }
    }
    let summary = payload["summary"].as_str().unwrap_or_default();
    if summary.chars().count() > 1_024 {
        errors.push("'payload.summary' must be at most 1024 characters".to_owned());
    }
    let severity = payload["severity"].as_str().unwrap_or("info");
    if !["critical", "error", "warning", "info"].contains(&severity) {
        errors.push("'payload.severity' must be critical, error, warning or info".to_owned());
    }
    for link in event["links"].as_array().into_iter().flatten() {
        if link["href"].as_str().is_none_or(str::is_empty) {
            errors.push("a link has no 'href'".to_owned());
        }
    }
    for image in event["images"].as_array().into_iter().flatten() {
        let source = image["src"].as_str().unwrap_or_default();
        if !source.starts_with("https://") {
            errors.push("an image's 'src' must be https".to_owned());
        }
    }
}
