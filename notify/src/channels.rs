//! One file per channel: its payload (pure), how it is sent, and what its answers mean.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{Clock, Notification};
use reqwest::RequestBuilder;

use crate::http::{Answer, HttpClient, exchange};
use crate::{Receipt, SendError};

pub(crate) mod console;
pub(crate) mod discord;
pub(crate) mod email;
pub(crate) mod pagerduty;
pub mod slack;
pub(crate) mod sms;
pub(crate) mod teams;
pub(crate) mod webhook;
mod wording;

/// Something that takes messages.
#[async_trait]
pub(crate) trait Channel: Send + Sync {
    /// Sends one message once.
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError>;
}

/// What every HTTP channel needs.
#[derive(Clone)]
pub(crate) struct Wire {
    pub http: HttpClient,
    pub clock: Arc<dyn Clock>,
}

impl Wire {
    pub async fn exchange(&self, request: RequestBuilder) -> Result<Answer, SendError> {
        exchange(&self.http, self.clock.as_ref(), request).await
    }

    pub async fn post_json(
        &self,
        url: &str,
        body: &serde_json::Value,
    ) -> Result<Answer, SendError> {
        self.exchange(self.http.post(url)?.json(body)).await
    }
}

#[cfg(test)]
pub(crate) mod tests;
