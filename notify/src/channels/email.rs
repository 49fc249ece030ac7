//! Email over SMTP.
//!
//! The Message-ID is made of the delivery id, so a message that is sent twice is shown once; `References` names
//! the incident, so its messages form a thread (as Alertmanager does).

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::Notification;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::wording::{event, icon, link, plain, suspect};
use super::{Channel, Wire};
use crate::text::{clean, clip, one_line};
use crate::{Receipt, SendError, SendReason};

const MAX_SUBJECT: usize = 200;
const MAX_TEXT: usize = 20_000;
pub(crate) const MAX_RECIPIENTS: usize = 50;
/// Per SMTP command; the whole is bounded by the caller.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) struct Email {
    wire: Wire,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    /// # Errors
    /// Names the setting and what is wrong with it.
    pub fn new(
        wire: Wire,
        smtp_url: &str,
        from: &str,
        to: &[String],
    ) -> Result<Self, (&'static str, String)> {
        let mailbox = |setting: &'static str, text: &str| {
            text.parse::<Mailbox>()
                .map_err(|error| (setting, format!("'{text}': {error}")))
        };
        if to.len() > MAX_RECIPIENTS {
            return Err((
                "to",
                format!("it has {} mailboxes, limit is {MAX_RECIPIENTS}", to.len()),
            ));
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url)
            .map_err(|_| {
                (
                    "smtp_url",
                    "it is not smtp://host:587?tls=required or smtps://host:465".to_owned(),
                )
            })?
            .timeout(Some(TIMEOUT))
            .build();
        Ok(Self {
            wire,
            transport,
            from: mailbox("from", from)?,
            to: to
                .iter()
                .map(|text| mailbox("to", text))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[async_trait]
impl Channel for Email {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let message = message(notification, &self.from, &self.to, self.wire.clock.now_ns())?;
        let response = self
            .transport
            .send(message)
            .await
            .map_err(|error| failure(&error))?;
        let reference = response
            .message()
            .next()
            .map(|line| clip(&one_line(line), 200));
        Ok(Receipt {
            reference,
            ..Receipt::plain(&notification.receiver)
        })
    }
}

fn failure(error: &SmtpError) -> SendError {
    let status = error.status().map(u16::from);
    let text = clip(&one_line(&error.to_string()), 300);
    let failed = match status {
        Some(530 | 534 | 535 | 538) => SendError::permanent(SendReason::AuthError, text),
        Some(450..=452) => SendError::temporary(SendReason::RateLimited, text),
        Some(_) if error.is_permanent() => SendError::permanent(SendReason::ClientError, text),
        _ if error.is_timeout() => SendError::temporary(SendReason::Timeout, text),
        _ if error.is_client() => SendError::permanent(SendReason::ClientError, text),
        _ => SendError::temporary(SendReason::ServerError, text),
    };
    match status {
        Some(status) => failed.with_status(status),
        None => failed,
    }
}

/// The mail: text and HTML, made by programs for programs not to answer.
pub(crate) fn message(
    notification: &Notification,
    from: &Mailbox,
    to: &[Mailbox],
    now_ns: i64,
) -> Result<Message, SendError> {
    let host = from.email.domain();
    let thread = format!("<incident-{}@{host}>", notification.incident_id);
    let now = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(now_ns).unwrap_or(0));
    let subject = format!(
        "[{}] {}: {}",
        notification.severity.as_str(),
        event(notification),
        one_line(&notification.headline)
    );
    let mut builder = Message::builder()
        .from(from.clone())
        .date(now)
        .message_id(Some(format!("<{}@{host}>", notification.id)))
        .in_reply_to(thread.clone())
        .references(thread)
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header(
            "X-Vigil-Incident",
            &notification.incident_id.to_string(),
        ))
        .subject(clip(&subject, MAX_SUBJECT));
    for mailbox in to {
        builder = builder.to(mailbox.clone());
    }
    let body = MultiPart::alternative()
        .singlepart(
            lettre::message::SinglePart::builder()
                .header(ContentType::TEXT_PLAIN)
                .body(clip(&plain(notification), MAX_TEXT)),
        )
        .singlepart(
            lettre::message::SinglePart::builder()
                .header(ContentType::TEXT_HTML)
                .body(html(notification)),
        );
    builder.multipart(body).map_err(|error| {
        SendError::permanent(
            SendReason::ClientError,
            format!("the mail cannot be written: {error}"),
        )
    })
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn html(notification: &Notification) -> String {
    let cell = "padding:4px 12px 4px 0;vertical-align:top";
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        rows.push_str(&format!(
            "<tr><th align=\"left\" style=\"{cell}\">{}</th><td style=\"{cell}\">{}</td></tr>",
            escape(name, 100),
            escape(value, 500)
        ));
    };
    row("Severity", notification.severity.as_str());
    row("State", notification.state.as_str());
    row(
        "Began",
        &domain::format_timestamp_short(notification.started_at_ns),
    );
    for (name, value) in notification.facts.iter().take(20) {
        row(name, value);
    }
    let list = |title: &str, items: Vec<String>| {
        if items.is_empty() {
            return String::new();
        }
        format!("<h3>{title}</h3><ol>{}</ol>", items.concat())
    };
    let item = |text: &str| format!("<li>{}</li>", escape(text, 500));
    let suspects = notification
        .suspects
        .iter()
        .take(5)
        .map(|one| item(&suspect(one)))
        .collect();
    let steps = notification
        .next_steps
        .iter()
        .take(10)
        .map(|step| item(step))
        .collect();
    let link = link(notification, 2_048)
        .map(|link| {
            format!(
                "<p><a href=\"{}\">Open the incident</a></p>",
                escape(link, 10_000)
            )
        })
        .unwrap_or_default();
    format!(
        "<!doctype html><html><body style=\"font-family:sans-serif\"><h2>{} {}: {}</h2><table>{rows}</table><p>{}</p>{}{}{link}</body></html>",
        icon(notification),
        escape(&event(notification), 100),
        escape(&one_line(&notification.headline), 300),
        escape(notification.summary.trim(), 5_000).replace('\n', "<br>"),
        list("Suspects", suspects),
        list("Next steps", steps),
    )
}

fn escape(text: &str, limit: usize) -> String {
    clip(&clean(text), limit)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests;
