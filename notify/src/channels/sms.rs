//! SMS through Twilio's Messages API.
//!
//! Source: twilio.com/docs/messaging/api/message-resource. Body at most 1,600 characters.

use async_trait::async_trait;
use domain::Notification;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::wording::{link, title};
use super::{Channel, Wire};
use crate::http::{Answer, failure};
use crate::text::{clip, one_line};
use crate::{Receipt, SendError, SendReason};

pub(crate) const PUBLIC_BASE: &str = "https://api.twilio.com";
const MAX_BODY: usize = 1_600;
/// A page on a phone is read at a glance; every 153 characters are billed.
const MAX_TITLE: usize = 300;
const MAX_SUMMARY: usize = 300;
const MAX_URL: usize = 300;
/// Twilio's own numbers for "try later": rate, queue overflow, unreachable carrier queue, unknown carrier error.
const TEMPORARY: [i64; 4] = [20_429, 21_611, 30_001, 30_008];

pub(crate) struct Sms {
    pub wire: Wire,
    pub base_url: String,
    pub account_sid: SecretString,
    pub auth_token: SecretString,
    pub from: String,
    pub to: String,
}

#[async_trait]
impl Channel for Sms {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let account = self.account_sid.expose_secret();
        let url = format!(
            "{}/2010-04-01/Accounts/{account}/Messages.json",
            self.base_url.trim_end_matches('/')
        );
        let sender = if self.from.starts_with("MG") {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let form = form(&[
            ("To", &self.to),
            (sender, &self.from),
            ("Body", &body(notification)),
        ]);
        let request = self
            .wire
            .http
            .post(&url)?
            .basic_auth(account, Some(self.auth_token.expose_secret()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = self.wire.exchange(request).await?;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if !answer.is_success() {
            return Err(refusal(&answer, &json));
        }
        let reference = json["sid"].as_str().map(str::to_owned);
        Ok(Receipt {
            reference,
            ..Receipt::plain(&notification.receiver)
        })
    }
}

fn refusal(answer: &Answer, json: &Value) -> SendError {
    let error = failure(answer);
    let Some(code) = json["code"].as_i64() else {
        return error;
    };
    let text = one_line(json["message"].as_str().unwrap_or_default());
    let message = format!(
        "answered {} (twilio {code}): {}",
        answer.status,
        clip(&text, 200)
    );
    if TEMPORARY.contains(&code) {
        let temporary =
            SendError::temporary(SendReason::RateLimited, message).with_status(answer.status);
        return SendError {
            retry_after: answer.retry_after,
            ..temporary
        };
    }
    SendError { message, ..error }
}

/// `Vigil CRITICAL Incident #12: headline. First words of the summary. Link`
pub(crate) fn body(notification: &Notification) -> String {
    let mut text = format!(
        "Vigil {} {}",
        notification.severity.as_str().to_uppercase(),
        clip(&title(notification), MAX_TITLE)
    );
    let summary = one_line(&notification.summary);
    if !summary.is_empty() {
        text.push_str(&format!(". {}", clip(&summary, MAX_SUMMARY)));
    }
    if let Some(link) = link(notification, MAX_URL) {
        text.push(' ');
        text.push_str(link);
    }
    clip(&text, MAX_BODY)
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form.invalid/").expect("a constant address");
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
