//! A Slack incoming webhook with its limits.
//!
//! Source: docs.slack.dev reference of Block Kit and of incoming webhooks; the cumulative limit (`msg_blocks_too_long`) is
//! not documented and was observed between 9,597 and 11,341 characters (slackapi/bolt-js issue 2867). Lengths count
//! characters. Stricter than Slack in one thing: blocks without the `text` fallback are refused, because a phone's
//! notification would be empty.

use std::collections::HashSet;

use serde_json::Value;

use super::Received;
use super::serve::Verdict;

const MAX_BLOCKS: usize = 50;
const MAX_ATTACHMENTS: usize = 100;
const MAX_TEXT: usize = 40_000;
const MAX_ALL_BLOCK_TEXT: usize = 11_000;

pub(super) fn judge(request: &Received) -> Verdict {
    let json_type = request
        .headers
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("application/json"));
    let segments = request.path.split('/').filter(|part| !part.is_empty());
    if segments.count() != 4 {
        return Verdict::text(404, "no_service").because("path is not /services/T/B/KEY");
    }
    let Some(message) = request.json.as_ref().filter(|_| json_type) else {
        return Verdict::text(400, "invalid_payload")
            .because("not JSON, or not sent as application/json");
    };
    if !message.is_object() {
        return Verdict::text(400, "invalid_payload").because("not a JSON object");
    }
    match check(message) {
        Ok(()) => Verdict::text(200, "ok"),
        Err((word, why)) => Verdict::text(400, word).because(why),
    }
}

type Broken = (&'static str, String);

fn check(message: &Value) -> Result<(), Broken> {
    let text = message["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err((
            "no_text",
            "no `text` (the fallback of notifications)".to_owned(),
        ));
    }
    if length(text) > MAX_TEXT {
        return Err(("msg_too_long", too_many("text", length(text), MAX_TEXT)));
    }
    if let Some(attachments) = message.get("attachments") {
        let count = attachments.as_array().map_or(usize::MAX, Vec::len);
        if count > MAX_ATTACHMENTS {
            return Err((
                "too_many_attachments",
                too_many("attachments", count, MAX_ATTACHMENTS),
            ));
        }
    }
    let Some(blocks) = message.get("blocks") else {
        return Ok(());
    };
    let invalid = |why: String| ("invalid_blocks", why);
    let blocks = blocks
        .as_array()
        .ok_or_else(|| invalid("`blocks` is not an array".to_owned()))?;
    if blocks.len() > MAX_BLOCKS {
        return Err(invalid(too_many("blocks", blocks.len(), MAX_BLOCKS)));
    }
    let mut ids = HashSet::new();
    let mut total = 0;
    let mut markdown = 0;
    for (index, block) in blocks.iter().enumerate() {
        check_block(block, &mut ids).map_err(|why| invalid(format!("block {index}: {why}")))?;
        total += text_length(block);
        if block["type"] == "markdown" {
            markdown += length(block["text"].as_str().unwrap_or_default());
        }
    }
    if markdown > 12_000 {
        return Err(invalid(too_many("markdown blocks", markdown, 12_000)));
    }
    if total > MAX_ALL_BLOCK_TEXT {
        let why = too_many("the text of all blocks", total, MAX_ALL_BLOCK_TEXT);
        return Err(("msg_blocks_too_long", why));
    }
    Ok(())
}

fn check_block(block: &Value, ids: &mut HashSet<String>) -> Result<(), String> {
    if let Some(id) = block.get("block_id") {
        let id = id.as_str().ok_or("block_id is not a text")?;
        within("block_id", id, 1, 255)?;
        if !ids.insert(id.to_owned()) {
            return Err(format!("block_id '{id}' twice"));
        }
    }
    match block["type"].as_str().unwrap_or_default() {
        "divider" | "rich_text" => Ok(()),
        "markdown" => within(
            "text",
            block["text"].as_str().unwrap_or_default(),
            1,
            12_000,
        ),
        "header" => {
            if block["text"]["type"] != "plain_text" {
                return Err("a header's text is plain_text".to_owned());
            }
            text_object("text", &block["text"], 150)
        }
        "section" => check_section(block),
        "context" => {
            for element in elements(block, 10)? {
                if element["type"] == "image" {
                    check_image(element)?;
                } else {
                    text_object("element", element, 3_000)?;
                }
            }
            Ok(())
        }
        "actions" => elements(block, 25)?.iter().try_for_each(check_button),
        "image" => check_image(block),
        other => Err(format!("unknown type '{other}'")),
    }
}

fn check_section(block: &Value) -> Result<(), String> {
    let text = block.get("text");
    let fields = block.get("fields");
    if text.is_none() && fields.is_none() {
        return Err("a section needs text or fields".to_owned());
    }
    if let Some(text) = text {
        text_object("text", text, 3_000)?;
    }
    if let Some(fields) = fields {
        let fields = fields.as_array().ok_or("fields is not an array")?;
        if fields.is_empty() || fields.len() > 10 {
            return Err(too_many("fields", fields.len(), 10));
        }
        for field in fields {
            text_object("field", field, 2_000)?;
        }
    }
    block.get("accessory").map_or(Ok(()), |accessory| {
        if accessory["type"] == "image" {
            check_image(accessory)
        } else {
            check_button(accessory)
        }
    })
}

fn check_button(element: &Value) -> Result<(), String> {
    if element["type"] != "button" {
        // Other interactive elements have rules of their own; Vigil sends none.
        return Err(format!("unexpected element {}", element["type"]));
    }
    if element["text"]["type"] != "plain_text" {
        return Err("a button's text is plain_text".to_owned());
    }
    text_object("button text", &element["text"], 75)?;
    for (key, limit) in [("url", 3_000), ("value", 2_000), ("action_id", 255)] {
        if let Some(value) = element.get(key) {
            let value = value
                .as_str()
                .ok_or_else(|| format!("{key} is not a text"))?;
            within(key, value, 1, limit)?;
        }
    }
    match element.get("style") {
        Some(style) if style != "primary" && style != "danger" => {
            Err(format!("button style {style}"))
        }
        _ => Ok(()),
    }
}

fn check_image(image: &Value) -> Result<(), String> {
    within(
        "image_url",
        image["image_url"].as_str().unwrap_or_default(),
        1,
        3_000,
    )?;
    within(
        "alt_text",
        image["alt_text"].as_str().unwrap_or_default(),
        1,
        2_000,
    )
}

fn elements(block: &Value, limit: usize) -> Result<&Vec<Value>, String> {
    let elements = block["elements"]
        .as_array()
        .ok_or("elements is not an array")?;
    if elements.is_empty() || elements.len() > limit {
        return Err(too_many("elements", elements.len(), limit));
    }
    Ok(elements)
}

fn text_object(name: &str, object: &Value, limit: usize) -> Result<(), String> {
    let kind = object["type"].as_str().unwrap_or_default();
    if kind != "plain_text" && kind != "mrkdwn" {
        return Err(format!("{name} has the text type '{kind}'"));
    }
    within(name, object["text"].as_str().unwrap_or_default(), 1, limit)
}

fn within(name: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let length = length(text);
    if (least..=most).contains(&length) {
        return Ok(());
    }
    Err(format!(
        "{name} has {length} characters, allowed are {least} to {most}"
    ))
}

fn too_many(name: &str, count: usize, limit: usize) -> String {
    format!("{name}: {count}, limit is {limit}")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// All characters under `text` keys of a block.
fn text_length(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value.as_str() {
                Some(text) if key == "text" => length(text),
                _ => text_length(value),
            })
            .sum(),
        Value::Array(values) => values.iter().map(text_length).sum(),
        _ => 0,
    }
}
