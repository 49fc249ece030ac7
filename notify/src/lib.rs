#![doc = include_str!("../README.md")]

mod channels;
mod config;
mod error;
mod http;
mod metrics;
mod receivers;
mod retry;
mod text;

pub use channels::slack;
pub use config::{ConfigError, ReceiverConfig, ReceiverKind};
pub use error::{SendError, SendReason};
pub use http::{AddressClass, HttpClient, HttpError, HttpPolicy, classify_address, http_client};
pub use receivers::{Receipt, Receivers};
pub use retry::retry_delay;
