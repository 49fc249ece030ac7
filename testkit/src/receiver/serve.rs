//! The HTTP side of the recording server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::{Channel, Received, Reply, State, language_model, pagerduty, slack};
use crate::Error;

/// Longest body that is read; longer ones are answered with 413.
const MAX_BODY_BYTES: usize = 8 << 20;

/// What a service says to a request.
pub(super) struct Verdict {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// Which rule the request broke.
    pub(super) complaint: Option<String>,
    pub(super) header: Option<(&'static str, String)>,
}

impl Verdict {
    pub(super) fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
            complaint: None,
            header: None,
        }
    }

    pub(super) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            content_type: "application/json",
            ..Self::text(status, body.to_string())
        }
    }

    pub(super) fn because(mut self, complaint: impl Into<String>) -> Self {
        self.complaint = Some(complaint.into());
        self
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Disconnected;

impl std::fmt::Display for Disconnected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script says to disconnect")
    }
}

impl std::error::Error for Disconnected {}

/// Opens the listener and serves it on a thread of its own until `stopped`.
pub(super) fn start(
    state: Arc<State>,
    stopped: oneshot::Receiver<()>,
) -> Result<(SocketAddr, JoinHandle<()>), Error> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Listen)?;
    listener.set_nonblocking(true).map_err(Error::Listen)?;
    let address = listener.local_addr().map_err(Error::Listen)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Listen)?;
    let thread = std::thread::Builder::new()
        .name("testkit-receiver".to_owned())
        .spawn(move || {
            runtime.block_on(async move {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    tokio::select! {
                        () = accept(listener, state) => {}
                        _ = stopped => {}
                    }
                }
            });
        })
        .map_err(Error::Listen)?;
    Ok((address, thread))
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move {
            // A client that leaves, or a scripted disconnect.
            let _ = connection.await;
        });
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Disconnected> {
    let (head, body) = request.into_parts();
    let path = head
        .uri
        .path_and_query()
        .map_or_else(|| head.uri.path().to_owned(), ToString::to_string);
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect();
    let collected = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let body = collected.map(|body| body.to_bytes().to_vec());
    let too_large = body.is_err();
    let body = body.unwrap_or_default();
    let mut received = Received {
        channel: Channel::of_path(&path),
        method: head.method.to_string(),
        path,
        headers,
        json: serde_json::from_slice(&body).ok(),
        body,
        status: None,
        complaint: None,
    };
    let script = {
        let mut inner = state.lock();
        let scripts = inner.scripts.get_mut(&received.channel);
        scripts.and_then(std::collections::VecDeque::pop_front)
    };
    let verdict = match script {
        _ if too_large => Verdict::text(413, "too large"),
        Some(Reply::Hang) => {
            state.record(received);
            return std::future::pending().await;
        }
        Some(Reply::Disconnect) => {
            state.record(received);
            return Err(Disconnected);
        }
        Some(reply) => scripted(reply),
        None => judge(&state, &received),
    };
    received.status = Some(verdict.status);
    received.complaint.clone_from(&verdict.complaint);
    state.record(received);
    Ok(response(verdict))
}

fn scripted(reply: Reply) -> Verdict {
    match reply {
        Reply::Status(status) => Verdict::text(status, ""),
        Reply::Body { status, text } => Verdict::text(status, text),
        Reply::RateLimited { retry_after } => Verdict {
            header: Some(("retry-after", retry_after)),
            ..Verdict::text(429, "rate_limited")
        },
        Reply::Redirect(to) => Verdict {
            header: Some(("location", to)),
            ..Verdict::text(302, "")
        },
        Reply::Hang | Reply::Disconnect => Verdict::text(500, ""),
    }
}

/// What the service itself would say.
fn judge(state: &State, request: &Received) -> Verdict {
    if request.channel == Channel::Webhook {
        return Verdict::text(200, "");
    }
    if request.method != "POST" {
        return Verdict::text(405, "method not allowed").because("only POST");
    }
    match request.channel {
        Channel::Slack => slack::judge(request),
        Channel::PagerDuty => pagerduty::judge(request),
        Channel::OpenAi => language_model::openai(state, request),
        Channel::Anthropic => language_model::anthropic(state, request),
        Channel::Webhook => Verdict::text(200, ""),
    }
}

fn response(verdict: Verdict) -> Response<Full<Bytes>> {
    let mut builder = Response::builder()
        .status(verdict.status)
        .header("content-type", verdict.content_type);
    if let Some((name, value)) = &verdict.header {
        builder = builder.header(*name, value);
    }
    builder
        .body(Full::new(Bytes::from(verdict.body)))
        .unwrap_or_else(|_| Response::new(Full::new(Bytes::from("the script is not valid HTTP"))))
}
