//! The `vigil` executable as a child: own folder, own port, own environment, ended with its owner.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::error::at;
use crate::{Error, HttpConnection, free_port};

/// How long a start may take on a loaded machine.
const START: Duration = Duration::from_secs(60);
/// How often something is looked at that tells nothing by itself.
const LOOK: Duration = Duration::from_millis(10);
/// How long a short request may take.
const REQUEST: Duration = Duration::from_secs(30);
/// Bytes of a log's end that are shown with an error.
const LOG_BYTES: usize = 4_000;

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct VigilSettings {
    /// The executable.
    pub program: PathBuf,
    /// Where it runs and logs to (`stdout`, `stderr`).
    pub folder: PathBuf,
    /// Where its data are.
    pub data_dir: PathBuf,
    /// `postgres://...`; SQLite otherwise.
    pub database_url: Option<String>,
    /// Further arguments.
    pub arguments: Vec<String>,
    /// `RUST_LOG`.
    pub log: String,
}

/// A running server.
#[derive(Debug)]
pub struct Vigil {
    settings: VigilSettings,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    child: Option<Child>,
    /// `host:port`.
    pub address: String,
    /// An ingest token.
    pub token: String,
    /// The password of the user `admin`.
    password: String,
}

impl VigilSettings {
    /// SQLite in `data` of a folder, warnings logged.
    #[must_use]
    pub fn new(program: &Path, folder: &Path) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            data_dir: folder.join("data"),
            database_url: None,
            arguments: Vec::new(),
            log: "warn".to_owned(),
        }
    }
}

impl Vigil {
    /// Makes a password and a token in an empty store, starts a server on it and waits until it is ready.
    ///
    /// # Errors
    /// When the executable cannot be run, ends at once, or is not ready in time.
    pub fn start(settings: VigilSettings) -> Result<Self, Error> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut arguments = vec![
            "--addr".to_owned(),
            address.clone(),
            "--data-dir".to_owned(),
            settings.data_dir.display().to_string(),
            "--offline".to_owned(),
        ];
        if !settings.arguments.iter().any(|it| it == "--narrator") {
            arguments.push("--no-narrator".to_owned());
        }
        if let Some(url) = &settings.database_url {
            arguments.extend(["--database-url".to_owned(), url.clone()]);
        }
        arguments.extend_from_slice(&settings.arguments);
        let mut server = Self {
            settings,
            arguments,
            variables: Vec::new(),
            child: None,
            address,
            token: String::new(),
            password: String::new(),
        };
        server.password = server.run(&["reset-password", "admin"])?;
        server.token = server.run(&["token", "create", "testkit"])?;
        server.start_again()?;
        Ok(server)
    }

    /// Starts it on the store that it had and waits until it is ready; how long that took.
    ///
    /// # Errors
    /// As [`Vigil::start`].
    pub fn start_again(&mut self) -> Result<Duration, Error> {
        let begun = Instant::now();
        self.spawn()?;
        self.wait_ready(START)?;
        Ok(begun.elapsed())
    }

    /// Starts the process and does not wait. A running one is ended first.
    ///
    /// # Errors
    /// When the executable cannot be run.
    pub fn spawn(&mut self) -> Result<(), Error> {
        self.kill();
        let folder = &self.settings.folder;
        let file = |name: &str| {
            let path = folder.join(name);
            std::fs::File::options()
                .append(true)
                .create(true)
                .open(&path)
                .map_err(at(&path))
        };
        let (output, log) = (file("stdout")?, file("stderr")?);
        let child = self
            .command()
            .stdout(output)
            .stderr(log)
            .spawn()
            .map_err(|source| self.cannot_run(source))?;
        self.child = Some(child);
        Ok(())
    }

    /// Sets a variable of the environment for the next starts; `None` takes it away.
    pub fn set_variable(&mut self, name: &str, value: Option<&str>) {
        self.variables.retain(|(known, _)| known != name);
        if let Some(value) = value {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Waits until the process has ended by itself; how, or `None` when it has not within `limit` (it runs on then).
    pub fn wait_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if let Ok(Some(status)) = self.child.as_mut()?.try_wait() {
                self.child = None;
                return Some(status);
            }
            std::thread::sleep(LOOK);
        }
        None
    }

    /// Waits until `/readyz` says yes.
    ///
    /// # Errors
    /// When the process ends or the limit is over.
    pub fn wait_ready(&mut self, limit: Duration) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            if self.get("/readyz").is_ok_and(|status| status == 200) {
                return Ok(());
            }
            let child = self.child.as_mut();
            match child.map(|child| child.try_wait()) {
                Some(Ok(None)) => {}
                Some(Ok(Some(status))) => {
                    self.child = None;
                    return Err(self.failure(format!("ended with {status}")));
                }
                _ => return Err(self.failure("is not running".to_owned())),
            }
            if begun.elapsed() > limit {
                return Err(self.failure(format!("is not ready after {} s", limit.as_secs())));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The status of a GET that needs no credential.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn get(&self, path: &str) -> std::io::Result<u16> {
        let mut connection = HttpConnection::open(&self.address, REQUEST)?;
        Ok(connection.exchange("GET", path, &[], &[])?.status)
    }

    /// The process id while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// `kill -9`; returns when the process is gone. Nothing happens when it is not there.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// `kill -TERM`; returns how the process ended, `None` when it did not within `limit` (it runs on then).
    ///
    /// # Errors
    /// When it does not run, or the signal cannot be sent.
    pub fn terminate(&mut self, limit: Duration) -> Result<Option<ExitStatus>, Error> {
        let Some(child) = self.child.as_mut() else {
            return Err(self.failure("is not running".to_owned()));
        };
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        if !sent.is_ok_and(|status| status.success()) {
            return Err(self.failure("could not be sent a signal".to_owned()));
        }
        Ok(self.wait_end(limit))
    }

    /// A session token of the admin.
    ///
    /// # Errors
    /// When the server does not let the admin in.
    pub fn session(&self) -> Result<String, Error> {
        let body = serde_json::json!({ "name": "admin", "password": self.password }).to_string();
        let headers = [("content-type", "application/json")];
        let answer = HttpConnection::open(&self.address, REQUEST)
            .and_then(|mut connection| {
                connection.exchange("POST", "/api/v1/login", &headers, body.as_bytes())
            })
            .map_err(|error| self.failure(format!("does not answer a login: {error}")))?;
        let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = json["token"].as_str().map(str::to_owned);
        token.ok_or_else(|| {
            self.failure(format!(
                "answers a login with {}: {}",
                answer.status,
                answer.text()
            ))
        })
    }

    /// The folder of its data.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.settings.data_dir
    }

    /// The end of what it logged, over all its starts.
    #[must_use]
    pub fn log_end(&self) -> String {
        let log = std::fs::read(self.settings.folder.join("stderr")).unwrap_or_default();
        let start = log.len().saturating_sub(LOG_BYTES);
        String::from_utf8_lossy(&log[start..]).into_owned()
    }

    /// The command without anything of the caller's environment: a `DATABASE_URL` or an `.env` must never lead
    /// into a real database.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.settings.program);
        command
            .args(&self.arguments)
            .env_clear()
            .env("RUST_LOG", &self.settings.log)
            // Servers of tests stand beside each other; the usual ports belong to nobody here.
            .env("VIGIL_OTLP_GRPC_ADDR", "off")
            .env("VIGIL_OTLP_HTTP_ADDR", "off")
            .current_dir(&self.settings.folder)
            .stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        for name in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Runs a command of the executable beside the server, with its data folder and database: everything that it printed,
    /// and whether it succeeded.
    ///
    /// # Errors
    /// When the executable cannot be run.
    pub fn ask(&self, arguments: &[&str]) -> Result<(String, bool), Error> {
        let output = self
            .command()
            .args(arguments)
            .output()
            .map_err(|source| self.cannot_run(source))?;
        let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
        printed.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok((printed, output.status.success()))
    }

    /// Runs a command of the executable; the last line that it prints.
    fn run(&self, arguments: &[&str]) -> Result<String, Error> {
        let output = self
            .command()
            .args(arguments)
            .output()
            .map_err(|source| self.cannot_run(source))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let last = printed.lines().rev().map(str::trim);
        let last = last.into_iter().find(|line| !line.is_empty());
        match last {
            Some(line) if output.status.success() => Ok(line.to_owned()),
            _ => Err(Error::Vigil {
                what: format!("{} ended with {}", arguments.join(" "), output.status),
                log: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }

    fn cannot_run(&self, source: std::io::Error) -> Error {
        Error::Spawn {
            program: self.settings.program.display().to_string(),
            source,
        }
    }

    fn failure(&self, what: String) -> Error {
        Error::Vigil {
            what,
            log: self.log_end(),
        }
    }
}

impl Drop for Vigil {
    fn drop(&mut self) {
        self.kill();
    }
}
