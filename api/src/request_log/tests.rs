use std::io::Write;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::routing::get;
use tower::ServiceExt as _;

use super::*;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn line(&self) -> serde_json::Value {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let mut lines = text.lines();
        let line = lines.next().expect("a line");
        assert!(lines.next().is_none(), "one line a request: {text}");
        serde_json::from_str(line).unwrap()
    }

    fn subscriber(&self) -> impl tracing::Subscriber + use<> {
        let log = self.clone();
        tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_writer(move || log.clone())
            .finish()
    }
}

fn router() -> Router {
    Router::new()
        .route(
            "/known/{id}",
            get(
                |Extension(facts): Extension<Arc<RequestFacts>>| async move {
                    facts.set_requester("user ada".into());
                    "ok"
                },
            ),
        )
        .route("/broken", get(broken))
        .route("/slow", get(std::future::pending::<()>))
        .layer(axum::middleware::from_fn(canonical_line))
}

async fn broken() -> &'static str {
    panic!("index out of bounds in a secret table")
}

fn request(path: &str) -> Request {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_line_names_the_requester_and_the_route_but_not_the_address() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber());
    let response = router()
        .oneshot(request("/known/7?q=private"))
        .await
        .unwrap();
    drop(guard);
    let line = log.line();
    assert_eq!(line["requester"], "user ada");
    assert_eq!(line["http.route"], "/known/{id}");
    assert_eq!(line["http.status"], 200);
    assert_eq!(
        line["request.id"].as_str().unwrap(),
        response.headers()["x-request-id"]
    );
    assert!(!line.to_string().contains("private"), "{line}");
}

#[tokio::test]
async fn a_panic_is_answered_with_a_constant_text_and_logged_with_its_own() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber());
    let response = router().oneshot(request("/broken")).await.unwrap();
    drop(guard);
    assert_eq!(response.status(), 500);
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = axum::body::to_bytes(response.into_body(), 10_000)
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["request_id"], id);
    assert!(!body.to_string().contains("secret table"), "{body}");
    let line = log.line();
    assert_eq!(line["http.status"], 500);
    assert!(
        line["cause"].as_str().unwrap().contains("secret table"),
        "{line}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_gets_its_line_as_well() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.subscriber());
    let mut waiting = Box::pin(router().oneshot(request("/slow")));
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    drop(guard);
    let line = log.line();
    assert_eq!(line["http.status"], 499);
    assert_eq!(line["http.route"], "/slow");
}
