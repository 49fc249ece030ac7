//! A server of its own: own data folder, own port, ended with this program.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::client::Connection;
use crate::{Database, process};

/// How long a start may take.
const START: Duration = Duration::from_secs(60);

/// A running server.
pub struct Server {
    child: Child,
    vigil: PathBuf,
    arguments: Vec<String>,
    folder: TempDir,
    postgres: Option<(testkit::Postgres, String)>,
    /// `host:port`.
    pub address: String,
    /// An ingest token.
    pub token: String,
    /// The admin's password.
    password: String,
    /// Which database it uses.
    pub database: Database,
}

/// CPU seconds so far.
pub struct Cpu {
    /// Of the server.
    pub vigil: f64,
    /// Of PostgreSQL, all its processes.
    pub database: f64,
}

impl Server {
    /// Starts a server with an empty store and waits until it is ready.
    pub fn start(
        vigil: &Path,
        database: Database,
        model_dir: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("making a data folder")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut arguments = vec![
            "--addr".to_owned(),
            address.clone(),
            "--data-dir".into(),
            folder.path().join("data").display().to_string(),
            "--no-narrator".into(),
            "--offline".into(),
        ];
        if let Some(model_dir) = model_dir {
            arguments.extend(["--model-dir".into(), model_dir.display().to_string()]);
        }
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => {
                let postgres = testkit::Postgres::start()?;
                let url = postgres.database()?;
                arguments.extend(["--database-url".into(), url.clone()]);
                Some((postgres, url))
            }
        };
        let password = run(vigil, &arguments, &["reset-password", "admin"])?;
        let token = run(vigil, &arguments, &["token", "create", "bench"])?;
        let mut server = Self {
            child: spawn(vigil, &arguments)?,
            vigil: vigil.to_owned(),
            arguments,
            folder,
            postgres,
            address,
            token,
            password,
            database,
        };
        server.wait()?;
        Ok(server)
    }

    /// Stops and starts it with the same store.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.child.kill().ok();
        self.child.wait().ok();
        self.child = spawn(&self.vigil, &self.arguments)?;
        self.wait()
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            if let Ok(mut connection) = Connection::open(&self.address)
                && connection
                    .get_status("/readyz")
                    .is_ok_and(|status| status == 200)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            if started.elapsed() > START {
                bail!("the server is not ready after {} s", START.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU seconds so far.
    pub fn cpu(&self) -> anyhow::Result<Cpu> {
        let database = match &self.postgres {
            Some((postgres, _)) => {
                process::tree_cpu_seconds(postgres.pid().context("the database is down")?)?
            }
            None => 0.0,
        };
        Ok(Cpu {
            vigil: process::cpu_seconds(self.pid())?,
            database,
        })
    }

    /// Bytes of the store's files.
    pub fn stored_bytes(&self) -> anyhow::Result<u64> {
        match &self.postgres {
            None => Ok(process::folder_bytes(self.folder.path())),
            Some((postgres, _)) => Ok(process::folder_bytes(&postgres.data_dir().join("base"))),
        }
    }

    /// A session token of the admin.
    pub fn login(&self, connection: &mut Connection) -> anyhow::Result<String> {
        let body = serde_json::json!({ "name": "admin", "password": self.password }).to_string();
        let answer =
            connection.post("/api/v1/login", "none", "application/json", body.as_bytes())?;
        let answer: serde_json::Value = serde_json::from_str(&answer)?;
        answer["token"]
            .as_str()
            .map(str::to_owned)
            .context("the login gave no token")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(vigil: &Path, arguments: &[String]) -> anyhow::Result<Child> {
    Command::new(vigil)
        .args(arguments)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {}", vigil.display()))
}

/// Runs a command of the executable and returns the last line it prints.
fn run(vigil: &Path, arguments: &[String], command: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(vigil)
        .args(arguments)
        .args(command)
        .output()
        .with_context(|| format!("running {}", vigil.display()))?;
    if !output.status.success() {
        bail!(
            "vigil {}: {}",
            command.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map(|line| line.trim().to_owned())
        .context("it printed nothing")
}
