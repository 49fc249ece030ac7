//! A server of a test's own: own folder, own port, own environment, ended with the test.

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
    folder: TempDir,
    pub client: Client,
    pub url: String,
    pub token: String,
    pub password: String,
    // Last: another test gets it when the process has ended.
    _database: Option<testkit::PostgresDatabase>,
}

/// The executable in a folder of the test's own. Nothing of the developer's environment comes through: a
/// `DATABASE_URL` or an `.env` must never lead a test into a real database.
pub fn vigil(folder: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vigil"));
    command
        .args(arguments)
        .env_clear()
        .env("RUST_LOG", "info")
        // Tests run beside each other, and beside whatever holds the usual ports.
        .env("VIGIL_OTLP_GRPC_ADDR", "off")
        .env("VIGIL_OTLP_HTTP_ADDR", "off")
        .current_dir(folder)
        .stdin(Stdio::null());
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs a command of the executable; what it prints.
pub fn run(folder: &Path, arguments: &[String], command: &[&str]) -> String {
    let output = vigil(folder, arguments).args(command).output().unwrap();
    assert!(
        output.status.success(),
        "vigil {command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What a server in this folder prints and logs.
fn spawn(folder: &Path, arguments: &[String]) -> Child {
    let file = |name: &str| {
        std::fs::File::options()
            .append(true)
            .create(true)
            .open(folder.join(name))
            .unwrap()
    };
    vigil(folder, arguments)
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .spawn()
        .unwrap()
}

pub fn client() -> Client {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The settings of a server in a folder.
pub fn arguments(folder: &Path, port: u16) -> Vec<String> {
    [
        "--addr",
        &format!("127.0.0.1:{port}"),
        "--data-dir",
        &folder.join("data").display().to_string(),
        "--no-narrator",
        "--offline",
    ]
    .map(str::to_owned)
    .to_vec()
}

impl Server {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, &[]).await
    }

    pub async fn start_with(database: Database, more: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut arguments = arguments(folder.path(), port);
        arguments.extend_from_slice(more);
        let database = matches!(database, Database::Postgres).then(testkit::postgres_database);
        if let Some(database) = &database {
            arguments.extend(["--database-url".into(), database.url()]);
        }
        let password = run(folder.path(), &arguments, &["reset-password", "admin"]);
        let token = run(folder.path(), &arguments, &["token", "create", "test"]);
        let mut server = Self {
            child: spawn(folder.path(), &arguments),
            arguments,
            folder,
            client: client(),
            url: format!("http://127.0.0.1:{port}"),
            token,
            password,
            _database: database,
        };
        server.wait().await;
        server
    }

    /// A server that was never started before; its secrets are what it prints.
    pub async fn first_start(folder: TempDir, port: u16) -> Self {
        let arguments = arguments(folder.path(), port);
        let mut server = Self {
            child: spawn(folder.path(), &arguments),
            arguments,
            folder,
            client: client(),
            url: format!("http://127.0.0.1:{port}"),
            token: String::new(),
            password: String::new(),
            _database: None,
        };
        server.wait().await;
        let printed = server.printed("stdout");
        let after = |label: &str| {
            let line = printed.lines().find(|line| line.contains(label));
            let word = line.and_then(|line| line.split_whitespace().last());
            word.unwrap_or_default().to_owned()
        };
        server.password = after("admin password");
        server.token = after("ingest token");
        server
    }

    /// What the server printed (`stdout`) or logged (`stderr`) until now, over all its starts.
    pub fn printed(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn wait(&mut self) {
        self.wait_until_ready(true).await;
    }

    /// Asks until the server says that it is ready, or that it is not.
    pub async fn wait_until_ready(&mut self, wanted: bool) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}: {}", self.printed("stderr"));
            }
            let answer = self.client.get(format!("{}/readyz", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success() == wanted) {
                return;
            }
            assert!(
                started.elapsed() < START,
                "the server does not say ready = {wanted} within {START:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let pid = self.pid().to_string();
        let status = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Ends it without a chance to finish anything.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.reap();
    }

    /// What it is told.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// What its next start is told besides.
    pub fn add_arguments(&mut self, more: &[String]) {
        self.arguments.extend_from_slice(more);
    }

    /// Waits for its end.
    pub fn reap(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// Starts it again on the same data.
    pub async fn restart(&mut self) {
        self.child = spawn(self.folder.path(), &self.arguments);
        self.wait().await;
    }

    pub fn post_logs(&self, content_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.client
            .post(format!("{}/api/v1/logs", self.url))
            .bearer_auth(&self.token)
            .header("content-type", content_type.to_owned())
            .body(body)
    }

    /// Its database, opened beside it.
    pub fn store(&self) -> store::Store {
        let mut arguments = self.arguments.iter();
        let url = match arguments.find(|text| *text == "--database-url") {
            Some(_) => arguments.next().unwrap().clone(),
            None => {
                let file = self.folder().join("data").join(store::SQLITE_FILE);
                file.display().to_string()
            }
        };
        store::Store::open(&store::StoreConfig::new(url)).unwrap()
    }

    /// A new token that reads, made as an operator makes it.
    pub fn read_token(&self) -> String {
        let command = ["token", "create", "reader", "--scope", "read"];
        run(self.folder.path(), &self.arguments, &command)
    }

    pub async fn session(&self) -> String {
        self.session_of("admin", &self.password).await
    }

    pub async fn session_of(&self, name: &str, password: &str) -> String {
        let body = serde_json::json!({ "name": name, "password": password });
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
        let output = vigil(self.folder(), &arguments).output().unwrap();
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
