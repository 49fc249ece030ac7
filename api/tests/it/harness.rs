//! A server of a test's own: own data folder, own port, ended with the test.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

/// How long a start may take on a loaded machine.
const START: Duration = Duration::from_secs(60);

/// Which database a server uses.
#[derive(Clone, Copy)]
pub enum Database {
    Sqlite,
    Postgres,
}

pub struct Server {
    child: Child,
    arguments: Vec<String>,
    _folder: TempDir,
    pub client: Client,
    pub url: String,
    pub token: String,
    password: String,
}

fn vigil(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigil"));
    command
        .args(arguments)
        .env("RUST_LOG", "warn")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null());
    command
}

/// Runs a command of the executable; the last line that it prints.
fn run(arguments: &[String], command: &[&str]) -> String {
    let output = vigil(arguments).args(command).output().unwrap();
    assert!(
        output.status.success(),
        "vigil {command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().last().unwrap().trim().to_owned()
}

impl Server {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    pub async fn start_with(database: Database, more: &[String]) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let data = folder.path().join("data");
        let mut arguments: Vec<String> = [
            "--addr",
            &format!("127.0.0.1:{port}"),
            "--data-dir",
            &data.display().to_string(),
            "--no-narrator",
            "--offline",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.extend_from_slice(more);
        if matches!(database, Database::Postgres) {
            arguments.extend(["--database-url".into(), testkit::postgres_database()]);
        }
        let password = run(&arguments, &["reset-password", "admin"]);
        let token = run(&arguments, &["token", "create", "test"]);
        let child = vigil(&arguments).stdout(Stdio::null()).spawn().unwrap();
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        let server = Self {
            child,
            arguments,
            _folder: folder,
            client,
            url: format!("http://127.0.0.1:{port}"),
            token,
            password,
        };
        server.wait().await;
        server
    }

    async fn wait(&self) {
        let started = Instant::now();
        loop {
            let answer = self.client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(
                started.elapsed() < START,
                "the server is not ready after {START:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end.
    pub fn reap(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// Starts it again on the same data.
    pub async fn restart(&mut self) {
        self.child = vigil(&self.arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.wait().await;
    }

    pub fn post_logs(&self, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(format!("{}/api/v1/logs", self.url))
            .bearer_auth(&self.token)
            .header("content-type", content_type.to_owned())
            .body(body)
    }

    pub async fn session(&self) -> String {
        let body = serde_json::json!({ "name": "admin", "password": self.password });
        let answer = self
            .client
            .post(format!("{}/api/v1/login", self.url))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        json(answer).await["token"].as_str().unwrap().to_owned()
    }

    pub async fn get(&self, session: &str, path: &str) -> Value {
        let answer = self
            .client
            .get(format!("{}{path}", self.url))
            .bearer_auth(session)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub fn ingest_file(&self, path: &Path, service: &str) {
        let mut arguments = vec!["ingest".to_owned(), path.display().to_string()];
        arguments.extend([
            "--service".into(),
            service.into(),
            "--url".into(),
            self.url.clone(),
        ]);
        arguments.extend(["--token".into(), self.token.clone()]);
        let output = vigil(&arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub async fn json(answer: Response) -> Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}
