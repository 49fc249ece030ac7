//! A recording HTTP server that plays the services Vigil talks to and keeps their written limits.

mod language_model;
mod pagerduty;
mod serve;
mod slack;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use crate::Error;

/// Which service a request was meant for; the path decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `/services/T/B/KEY`: a Slack incoming webhook.
    Slack,
    /// `/v2/enqueue`: PagerDuty Events API v2.
    PagerDuty,
    /// `/v1/chat/completions`: an OpenAI-compatible model.
    OpenAi,
    /// `/v1/messages`: an Anthropic model.
    Anthropic,
    /// Every other path: a webhook that takes anything.
    Webhook,
}

/// What a scripted answer does instead of the service's own behaviour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// A bare status with an empty body.
    Status(u16),
    /// 429 with `Retry-After`, in seconds or as an HTTP date.
    RateLimited {
        /// The header's value.
        retry_after: String,
    },
    /// Any status with any body, for example 200 with a body that is not `ok`.
    Body {
        /// The status.
        status: u16,
        /// The body, sent as `text/plain`.
        text: String,
    },
    /// A redirect, which no client of Vigil may follow.
    Redirect(String),
    /// The request is taken and never answered.
    Hang,
    /// The connection is closed without an answer.
    Disconnect,
}

/// One request as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The service it was meant for.
    pub channel: Channel,
    /// `POST` and so on.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Names in lower case; of a repeated header the last value.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// The body, when it is JSON.
    pub json: Option<Value>,
    /// What was answered; `None` for [`Reply::Hang`] and [`Reply::Disconnect`].
    pub status: Option<u16>,
    /// Which rule of the service the request broke, in words.
    pub complaint: Option<String>,
}

/// The running server; it ends with this value.
#[derive(Debug)]
pub struct ReceiverServer {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the server's thread and the test share.
#[derive(Debug, Default)]
struct State {
    inner: Mutex<Inner>,
    arrived: Condvar,
    arrived_async: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    received: Vec<Received>,
    scripts: HashMap<Channel, VecDeque<Reply>>,
    answers: VecDeque<String>,
}

impl ReceiverServer {
    /// Starts it on a free port of 127.0.0.1, on a thread of its own.
    ///
    /// # Errors
    /// When no listener can be opened.
    pub fn start() -> Result<Self, Error> {
        let state = Arc::new(State::default());
        let (stop, stopped) = oneshot::channel();
        let (address, thread) = serve::start(Arc::clone(&state), stopped)?;
        Ok(Self {
            address,
            state,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end; also the base of a PagerDuty or Anthropic client.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a Slack incoming webhook.
    #[must_use]
    pub fn slack_url(&self) -> String {
        format!("{}/services/T0TEST/B0TEST/secret", self.base_url())
    }

    /// The address of PagerDuty's Events API v2.
    #[must_use]
    pub fn pagerduty_url(&self) -> String {
        format!("{}/v2/enqueue", self.base_url())
    }

    /// The address of a generic webhook.
    #[must_use]
    pub fn webhook_url(&self) -> String {
        format!("{}/webhook", self.base_url())
    }

    /// The base of an OpenAI-compatible interface, `.../v1`.
    #[must_use]
    pub fn openai_base_url(&self) -> String {
        format!("{}/v1", self.base_url())
    }

    /// The next request of a channel that has no script yet gets this reply; scripted replies are used up in order, then
    /// the service behaves normally again.
    pub fn script(&self, channel: Channel, reply: Reply) {
        let mut inner = self.state.lock();
        inner.scripts.entry(channel).or_default().push_back(reply);
    }

    /// The next text that a language model "writes"; texts are used up in order, after that the answer is `ok`.
    pub fn answer_with(&self, text: &str) {
        self.state.lock().answers.push_back(text.to_owned());
    }

    /// Everything received so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().received.clone()
    }

    /// What one service received so far, in order.
    #[must_use]
    pub fn received_by(&self, channel: Channel) -> Vec<Received> {
        let mut all = self.received();
        all.retain(|request| request.channel == channel);
        all
    }

    /// Waits until a service has received at least `count` requests (a request is recorded before it is answered).
    /// Blocks the thread.
    ///
    /// # Panics
    /// When they have not come within `limit`.
    #[must_use]
    pub fn wait_for(&self, channel: Channel, count: usize, limit: Duration) -> Vec<Received> {
        let until = Instant::now() + limit;
        let mut inner = self.state.lock();
        loop {
            let found = inner.of(channel);
            if found.len() >= count {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{channel:?} received {} of {count} requests in {limit:?}",
                found.len()
            );
            let waited = self.state.arrived.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// As [`ReceiverServer::wait_for`] for asynchronous tests: without a limit of its own, and without blocking the thread
    /// that the client may need.
    pub async fn arrival(&self, channel: Channel, count: usize) -> Vec<Received> {
        loop {
            let mut arrived = std::pin::pin!(self.state.arrived_async.notified());
            // Listening begins before the look, so nothing that comes in between is missed.
            arrived.as_mut().enable();
            let found = self.received_by(channel);
            if found.len() >= count {
                return found;
            }
            arrived.await;
        }
    }
}

impl Drop for ReceiverServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // A thread that is gone already needs no order.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: Received) {
        self.lock().received.push(request);
        self.arrived.notify_all();
        self.arrived_async.notify_waiters();
    }
}

impl Inner {
    fn of(&self, channel: Channel) -> Vec<Received> {
        let mut found = self.received.clone();
        found.retain(|request| request.channel == channel);
        found
    }
}

impl Channel {
    fn of_path(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        match path {
            "/v2/enqueue" => Self::PagerDuty,
            "/v1/messages" => Self::Anthropic,
            _ if path.ends_with("/chat/completions") => Self::OpenAi,
            _ if path.starts_with("/services/") => Self::Slack,
            _ => Self::Webhook,
        }
    }
}
