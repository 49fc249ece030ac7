//! The terminal of the process: for the demo and for a first try without any account.

use std::io::Write as _;

use async_trait::async_trait;
use domain::Notification;

use super::Channel;
use super::wording::plain;
use crate::{Receipt, SendError, SendReason};

pub(crate) struct Console;

#[async_trait]
impl Channel for Console {
    async fn send(&self, notification: &Notification) -> Result<Receipt, SendError> {
        let text = format!("\n{}\n", plain(notification));
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| {
                SendError::permanent(SendReason::ServerError, format!("cannot write: {error}"))
            })?;
        Ok(Receipt::plain(&notification.receiver))
    }
}
