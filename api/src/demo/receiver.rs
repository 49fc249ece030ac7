//! A receiver on this machine that stands where Slack and PagerDuty would.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use notify::ReceiverConfig;
use serde_json::Value;
use tokio::net::TcpListener;

/// Most messages that are kept.
const KEPT: usize = 100;

type Messages = Arc<Mutex<Vec<Value>>>;

/// The listening receiver; it ends with the process.
pub struct LocalReceiver {
    base: String,
    slack: Messages,
}

impl LocalReceiver {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// Fails when no port can be had.
    pub async fn start() -> anyhow::Result<Self> {
        let slack = Messages::default();
        let router = Router::new()
            .route("/services/demo", post(take_slack))
            .route("/v2/enqueue", post(take_page))
            .with_state(Arc::clone(&slack));
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("a port for the demo's receiver")?;
        let base = format!("http://{}", listener.local_addr()?);
        engine::Tasks::new().spawn("demo_receiver", async move {
            axum::serve(listener, router).await.ok();
        });
        Ok(Self { base, slack })
    }

    /// The receivers that the charter's policy names.
    pub fn configs(&self) -> Vec<ReceiverConfig> {
        vec![
            ReceiverConfig {
                name: "slack:#ops".into(),
                url: Some(format!("{}/services/demo", self.base).into()),
                allow_private: true,
                ..ReceiverConfig::default()
            },
            ReceiverConfig {
                name: "pagerduty:service-id".into(),
                base_url: Some(self.base.clone().into()),
                routing_key: Some("0123456789abcdef0123456789abcdef".to_owned().into()),
                allow_private: true,
                ..ReceiverConfig::default()
            },
        ]
    }

    /// What came for Slack.
    pub fn slack_messages(&self) -> Vec<Value> {
        self.slack
            .lock()
            .map(|kept| kept.clone())
            .unwrap_or_default()
    }
}

async fn take_slack(State(messages): State<Messages>, Json(message): Json<Value>) -> &'static str {
    if let Ok(mut kept) = messages.lock()
        && kept.len() < KEPT
    {
        kept.push(message);
    }
    "ok"
}

async fn take_page(Json(page): Json<Value>) -> (StatusCode, Json<Value>) {
    let answer = serde_json::json!({
        "status": "success",
        "message": "Event processed",
        "dedup_key": page["dedup_key"],
    });
    (StatusCode::ACCEPTED, Json(answer))
}
