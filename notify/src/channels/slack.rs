//! Slack incoming webhooks with Block Kit.
//!
//! Limits (docs.slack.dev, slackblocks): 50 blocks, header 150, section 3,000, 10 fields of 2,000, button url 3,000;
//! and one that is not documented: about 12,000 characters over all blocks (slackapi/bolt-js#2867: 9,597 were
//! accepted, 11,341 refused). Here: 40 blocks, 9,000.
//!
//! Buttons that do something are there only where somebody answers them: Slack shows a dead one as a failure.

use async_trait::async_trait;
use domain::{IncidentState, Notification, NotificationKind, format_timestamp_short};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::wording::{event, icon, link, suspect, title};
use super::{Channel, Wire};
use crate::http::failure;
use crate::text::{clean, join_within, one_line, units};
use crate::{Receipt, SendError, SendReason};

const MAX_BLOCKS: usize = 40;
/// All parts at their limits together are below it, so that none pushes out another.
const MAX_TEXT: usize = 9_000;
const MAX_HEADER: usize = 150;
const MAX_SUMMARY: usize = 2_500;
const MAX_SUSPECTS_TEXT: usize = 1_500;
const MAX_STEPS_TEXT: usize = 1_200;
const MAX_FIELDS: usize = 10;
const MAX_FACTS: usize = 12;
const MAX_FACT_NAME: usize = 60;
const MAX_FACT: usize = 160;
const MAX_SUSPECTS: usize = 5;
const MAX_STEPS: usize = 6;
const MAX_FALLBACK: usize = 600;
const MAX_URL: usize = 500;
/// The longest label of a button is shorter.
const LABEL: usize = 20;

pub(crate) struct Slack {
    wire: Wire,
    url: SecretString,
    /// Whether what is pressed in its messages is answered.
    is_answered: bool,
}

impl Slack {
    pub fn new(wire: Wire, url: SecretString, is_answered: bool) -> Self {
        Self {
            wire,
            url,
            is_answered,
        }
    }
}

#[async_trait]
impl Channel for Slack {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let answer = self
            .wire
            .post_json(
                self.url.expose_secret(),
                &payload(notification, self.is_answered),
            )
            .await?;
        if !answer.is_success() {
            return Err(failure(&answer));
        }
        // Anything but `ok` means that it was not posted, whatever the status says.
        if answer.body.trim() != "ok" {
            let text = format!("answered {}: {}", answer.status, answer.quote());
            return Err(
                SendError::permanent(SendReason::ClientError, text).with_status(answer.status)
            );
        }
        Ok(Receipt::plain(&notification.receiver))
    }
}

/// The message as Slack takes it, within all its limits whatever the notification holds. With buttons that ask for an answer
/// only where `is_answered`.
#[must_use]
pub fn payload(notification: &Notification, is_answered: bool) -> Value {
    let mut message = Message {
        blocks: Vec::new(),
        left: MAX_TEXT,
    };
    message.header(&format!("{} {}", icon(notification), title(notification)));
    message.fields(&head_fields(notification));
    let facts: Vec<String> = notification
        .facts
        .iter()
        .take(MAX_FACTS)
        .map(fact)
        .collect();
    for fields in facts.chunks(MAX_FIELDS) {
        message.fields(fields);
    }
    message.section(&escape(notification.summary.trim(), MAX_SUMMARY));
    let suspects: Vec<String> = notification
        .suspects
        .iter()
        .take(MAX_SUSPECTS)
        .enumerate()
        .map(|(index, one)| {
            format!(
                "{}. {}",
                index + 1,
                escape(&suspect(one), MAX_SUSPECTS_TEXT / MAX_SUSPECTS)
            )
        })
        .collect();
    message.list("Suspects", &suspects);
    let steps: Vec<String> = notification
        .next_steps
        .iter()
        .take(MAX_STEPS)
        .map(|step| {
            format!(
                "\u{2022} {}",
                escape(&one_line(step), MAX_STEPS_TEXT / MAX_STEPS)
            )
        })
        .collect();
    message.list("Next steps", &steps);
    message.buttons(notification, is_answered);
    message.context(&format!("Vigil \u{00b7} {}", notification.incident_id));
    let fallback = format!(
        "{} {}: {}",
        icon(notification),
        notification.severity.as_str().to_uppercase(),
        title(notification)
    );
    json!({
        "text": escape(&fallback, MAX_FALLBACK),
        "blocks": message.blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
}

fn head_fields(notification: &Notification) -> Vec<String> {
    let began = notification
        .started_at_ns
        .div_euclid(domain::NANOS_PER_SECOND);
    // Slack shows the instant in the reader's own time zone.
    let began = format!(
        "<!date^{began}^{{date_short_pretty}} {{time_secs}}|{}>",
        format_timestamp_short(notification.started_at_ns)
    );
    vec![
        format!(
            "*Severity*\n{} {}",
            icon(notification),
            notification.severity.as_str()
        ),
        format!(
            "*State*\n{} ({})",
            notification.state.as_str(),
            escape(&event(notification), 80)
        ),
        format!("*Began*\n{began}"),
    ]
}

fn fact((name, value): &(String, String)) -> String {
    format!(
        "*{}*\n{}",
        escape(&one_line(name), MAX_FACT_NAME),
        escape(value, MAX_FACT)
    )
}

struct Message {
    blocks: Vec<Value>,
    /// Characters that may still be used.
    left: usize,
}

impl Message {
    /// Adds a block that shows `texts`, if it fits.
    fn push(&mut self, size: usize, block: Value) {
        if size > 0 && size <= self.left && self.blocks.len() < MAX_BLOCKS {
            self.left -= size;
            self.blocks.push(block);
        }
    }

    fn header(&mut self, text: &str) {
        let text = escape(text, MAX_HEADER);
        let block =
            json!({"type": "header", "text": {"type": "plain_text", "text": text, "emoji": true}});
        self.push(units(&text), block);
    }

    fn fields(&mut self, fields: &[String]) {
        let size = fields.iter().map(|field| units(field)).sum();
        let fields: Vec<Value> = fields.iter().map(|field| mrkdwn(field)).collect();
        self.push(size, json!({"type": "section", "fields": fields}));
    }

    fn section(&mut self, text: &str) {
        self.push(
            units(text),
            json!({"type": "section", "text": mrkdwn(text)}),
        );
    }

    fn list(&mut self, title: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.section(&format!("*{title}*\n{}", lines.join("\n")));
        }
    }

    /// The way to the page, and what may be said of the incident right here.
    fn buttons(&mut self, notification: &Notification, is_answered: bool) {
        let mut buttons = Vec::new();
        let mut size = 0;
        if let Some(url) = link(notification, MAX_URL) {
            let mut open = button("Open the incident", "open_incident");
            open["url"] = url.into();
            size += units(url);
            buttons.push(open);
        }
        if is_answered {
            for (label, action) in questions(notification) {
                let mut pressed = button(label, action);
                // The id and not the number: numbers repeat in other projects.
                pressed["value"] = notification.incident_id.to_string().into();
                buttons.push(pressed);
            }
        }
        size += buttons.len() * LABEL;
        self.push(size, json!({"type": "actions", "elements": buttons}));
    }

    fn context(&mut self, text: &str) {
        self.push(
            units(text),
            json!({"type": "context", "elements": [mrkdwn(text)]}),
        );
    }
}

fn button(label: &str, action: &str) -> Value {
    json!({
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label},
    })
}

/// What a reader may answer: who has it, and whether it was worth telling. A rule learns nothing from the latter.
fn questions(notification: &Notification) -> Vec<(&'static str, &'static str)> {
    let mut questions = Vec::new();
    if notification.kind == NotificationKind::Test {
        return questions;
    }
    if notification.state == IncidentState::Open {
        questions.push(("Acknowledge", "ack_incident"));
    }
    if notification.anomalies > 0 {
        questions.push(("Useful", "incident_useful"));
        questions.push(("Noise", "incident_noise"));
    }
    questions
}

/// `verbatim`: addresses and names in the text do not become links and mentions.
fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// A text out of the data: without control characters, `& < >` escaped (so `<!channel>` is no mention), the
/// words after `@` that call everybody broken by an invisible space, at most `limit` characters.
#[must_use]
pub fn escape(text: &str, limit: usize) -> String {
    let text = clean(text);
    let mut pieces: Vec<&str> = Vec::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        pieces.push(match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '@' if calls_everybody(&text[end..]) => "@\u{200b}",
            _ => &text[at..end],
        });
    }
    join_within(pieces.into_iter(), limit)
}

fn calls_everybody(after: &str) -> bool {
    ["here", "channel", "everyone", "group"].iter().any(|word| {
        after
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests;
