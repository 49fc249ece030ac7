//! Language models that "write" what the test scripted: an OpenAI-compatible one and Anthropic's.
//!
//! Source: the public API references of both ("Create chat completion", "Create a message"); only the fields that every
//! client reads.

use serde_json::{Value, json};

use super::serve::Verdict;
use super::{Received, State};

pub(super) fn openai(state: &State, request: &Received) -> Verdict {
    let authorised = request
        .headers
        .get("authorization")
        .is_some_and(|value| value.len() > "Bearer ".len() && value.starts_with("Bearer "));
    if !authorised {
        return openai_error(
            401,
            "invalid_api_key",
            "no API key in the Authorization header",
        );
    }
    let Some(asked) = model_and_messages(request) else {
        return openai_error(
            400,
            "invalid_request_error",
            "'model' and 'messages' are required",
        );
    };
    let text = next_answer(state);
    if asked["stream"] == true {
        return openai_stream(asked, &text);
    }
    let answer = json!({
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": asked["model"],
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text, "refusal": null},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": usage(request, &text, ["prompt_tokens", "completion_tokens"]),
    });
    Verdict::json(200, &answer)
}

fn openai_stream(asked: &Value, text: &str) -> Verdict {
    let chunk = |delta: Value, finish: Value| {
        let chunk = json!({
            "id": "chatcmpl-test",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": asked["model"],
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        });
        format!("data: {chunk}\n\n")
    };
    let mut body = chunk(json!({"role": "assistant", "content": ""}), Value::Null);
    for piece in text.split_inclusive(' ') {
        body.push_str(&chunk(json!({"content": piece}), Value::Null));
    }
    body.push_str(&chunk(json!({}), json!("stop")));
    body.push_str("data: [DONE]\n\n");
    Verdict {
        content_type: "text/event-stream",
        ..Verdict::text(200, body)
    }
}

fn openai_error(status: u16, kind: &str, message: &str) -> Verdict {
    let error = json!({"error": {"message": message, "type": kind, "param": null, "code": kind}});
    Verdict::json(status, &error).because(message)
}

pub(super) fn anthropic(state: &State, request: &Received) -> Verdict {
    let header = |name: &str| {
        request
            .headers
            .get(name)
            .is_some_and(|value| !value.is_empty())
    };
    if !header("x-api-key") {
        return anthropic_error(401, "authentication_error", "x-api-key header is required");
    }
    if !header("anthropic-version") {
        return anthropic_error(
            400,
            "invalid_request_error",
            "anthropic-version: header is required",
        );
    }
    let Some(asked) = model_and_messages(request).filter(|asked| asked["max_tokens"].is_u64())
    else {
        let message = "'model', 'messages' and 'max_tokens' are required";
        return anthropic_error(400, "invalid_request_error", message);
    };
    let text = next_answer(state);
    let usage = usage(request, &text, ["input_tokens", "output_tokens"]);
    if asked["stream"] == true {
        return anthropic_stream(asked, &text, &usage);
    }
    let answer = json!({
        "id": "msg_test",
        "type": "message",
        "role": "assistant",
        "model": asked["model"],
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": null,
        "usage": usage,
    });
    Verdict::json(200, &answer)
}

fn anthropic_stream(asked: &Value, text: &str, usage: &Value) -> Verdict {
    let event = |name: &str, mut data: Value| {
        data["type"] = json!(name);
        format!("event: {name}\ndata: {data}\n\n")
    };
    let message = json!({
        "id": "msg_test", "type": "message", "role": "assistant", "model": asked["model"],
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let mut body = event("message_start", json!({"message": message}));
    let block = json!({"index": 0, "content_block": {"type": "text", "text": ""}});
    body.push_str(&event("content_block_start", block));
    for piece in text.split_inclusive(' ') {
        let delta = json!({"index": 0, "delta": {"type": "text_delta", "text": piece}});
        body.push_str(&event("content_block_delta", delta));
    }
    body.push_str(&event("content_block_stop", json!({"index": 0})));
    let end = json!({"delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": usage});
    body.push_str(&event("message_delta", end));
    body.push_str(&event("message_stop", json!({})));
    Verdict {
        content_type: "text/event-stream",
        ..Verdict::text(200, body)
    }
}

fn anthropic_error(status: u16, kind: &str, message: &str) -> Verdict {
    let error = json!({"type": "error", "error": {"type": kind, "message": message}});
    Verdict::json(status, &error).because(message)
}

fn model_and_messages(request: &Received) -> Option<&Value> {
    request.json.as_ref().filter(|asked| {
        asked["model"]
            .as_str()
            .is_some_and(|model| !model.is_empty())
            && asked["messages"]
                .as_array()
                .is_some_and(|messages| !messages.is_empty())
    })
}

fn next_answer(state: &State) -> String {
    let scripted = state.lock().answers.pop_front();
    scripted.unwrap_or_else(|| "ok".to_owned())
}

/// Token counts as four bytes a token: plausible, and the same in every run.
fn usage(request: &Received, text: &str, names: [&str; 2]) -> Value {
    let (read, written) = (request.body.len() / 4 + 1, text.len() / 4 + 1);
    let mut usage = json!({names[0]: read, names[1]: written});
    if names[0] == "prompt_tokens" {
        usage["total_tokens"] = json!(read + written);
    }
    usage
}
