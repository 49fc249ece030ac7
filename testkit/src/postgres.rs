//! A private PostgreSQL server.

mod apt;
mod binaries;
mod wheel;
mod wire;

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;
use crate::error::at;

/// What the server runs with. Durability is the default of a real server (`fsync`, `synchronous_commit` and
/// `full_page_writes` stay on), so what a test measures of commits is honest; only memory, replication and log are cut down.
const SETTINGS: &str = "
max_connections = 200
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
logging_collector = off
log_min_messages = warning
";
/// A start that takes longer has failed (a loaded 2-core machine needs about 2 s).
const START_LIMIT: Duration = Duration::from_secs(90);
/// Tries with another port when one was taken between the look and the start.
const PORT_TRIES: usize = 5;

/// A private PostgreSQL: own data folder under the temporary folder, own port on 127.0.0.1, own socket in its folder, never
/// run as root. It ends with this value, and with the test process however that ends.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    password: String,
    databases: AtomicU32,
    idle: Mutex<Vec<String>>,
    watchdog: Mutex<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
}

/// An empty database on the server that this test process shares. When this value ends, another test may get the
/// database, emptied: hundreds of databases of one process once filled a disk.
#[derive(Debug)]
pub struct PostgresDatabase {
    name: String,
    url: String,
}

/// An empty database for one test.
///
/// # Panics
/// When no PostgreSQL can be found or obtained: the test must fail, not skip.
#[must_use]
pub fn postgres_database() -> PostgresDatabase {
    let shared = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let name = shared
        .empty_database()
        .unwrap_or_else(|error| panic!("{error}"));
    PostgresDatabase {
        url: shared.url(&name),
        name,
    }
}

impl PostgresDatabase {
    /// `postgres://vigil:...@127.0.0.1:PORT/NAME`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        if let Ok(shared) = Postgres::shared() {
            let name = std::mem::take(&mut self.name);
            shared.idle().push(name);
        }
    }
}

/// What makes a database as good as new. A store that is still open somewhere loses its connections.
const EMPTY: [&str; 2] = [
    "select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()",
    "drop schema public cascade; create schema public",
];

impl Postgres {
    /// Starts a server of its own. Most tests want [`Postgres::shared`] instead.
    ///
    /// # Errors
    /// When no server can be found or obtained, or it does not come up.
    pub fn start() -> Result<Self, Error> {
        let binaries = binaries::find()?;
        let folder = private_folder()?;
        let password = random_word()?;
        let watchdog = Watchdog::spawn(&folder, &binaries, &password)?;
        let server = Self {
            folder,
            password,
            databases: AtomicU32::new(0),
            idle: Mutex::default(),
            watchdog: Mutex::new(watchdog),
        };
        server.initialise()?;
        server.resume()?;
        Ok(server)
    }

    /// The server of this test process, started by the first call.
    ///
    /// # Errors
    /// As [`Postgres::start`]; every later call repeats the first one's error.
    pub fn shared() -> Result<&'static Self, &'static Error> {
        static SHARED: OnceLock<Result<Postgres, Error>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    /// Creates an empty database and gives its URL (`postgres://vigil:...@127.0.0.1:PORT/NAME`).
    ///
    /// # Errors
    /// When the server is down or refuses.
    pub fn database(&self) -> Result<String, Error> {
        Ok(self.url(&self.new_database()?))
    }

    /// A database that an ended test left, emptied, else a new one.
    fn empty_database(&self) -> Result<String, Error> {
        let left = self.idle().pop();
        if let Some(name) = left {
            for statement in EMPTY {
                self.execute(&name, statement)?;
            }
            return Ok(name);
        }
        self.new_database()
    }

    fn new_database(&self) -> Result<String, Error> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.execute("postgres", &format!("create database {name}"))?;
        Ok(name)
    }

    fn url(&self, database: &str) -> String {
        let port = self.lock().port;
        format!(
            "postgres://vigil:{}@127.0.0.1:{port}/{database}",
            self.password
        )
    }

    /// The folder of the server's data, for measuring its size.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The process id of the running server, for measuring its CPU time; `None` while it is down.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.data_dir().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Runs one statement as superuser, for what a test does behind the program's back.
    ///
    /// # Errors
    /// When the server is down or refuses.
    pub fn execute(&self, database: &str, statement: &str) -> Result<(), Error> {
        let socket = self.socket(self.lock().port);
        wire::execute(&socket, database, statement).map_err(|message| Error::Statement {
            statement: statement.to_owned(),
            message,
            log: self.end_of_log(),
        })
    }

    /// Cuts the server off as a power failure would (`SIGQUIT`: no checkpoint, recovery at the next start).
    ///
    /// # Errors
    /// When the watchdog is gone.
    pub fn crash(&self) -> Result<(), Error> {
        self.lock().ask("stop QUIT").map(drop)
    }

    /// Starts the server again after [`Postgres::crash`], on the same port.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn resume(&self) -> Result<(), Error> {
        let mut why = String::new();
        for _ in 0..PORT_TRIES {
            let mut watchdog = self.lock();
            let fixed = watchdog.port != 0;
            if !fixed {
                watchdog.port = free_port()?;
            }
            let port = watchdog.port;
            watchdog.ask(&format!("start {port}"))?;
            match self.wait_ready(port) {
                Ok(()) => return Ok(()),
                Err(error) => why = error,
            }
            watchdog.ask("stop QUIT")?;
            if !fixed {
                watchdog.port = 0;
            }
        }
        Err(self.failure(&format!("did not start ({why})")))
    }

    fn initialise(&self) -> Result<(), Error> {
        let answer = self.lock().ask("init")?;
        if answer != "init 0" {
            return Err(self.failure("could not be initialised"));
        }
        let settings = self.folder.join("data/postgresql.auto.conf");
        std::fs::write(&settings, SETTINGS).map_err(at(&settings))
    }

    /// Asks until the server answers a statement, its process is gone, or the limit is over.
    fn wait_ready(&self, port: u16) -> Result<(), String> {
        let begun = Instant::now();
        let socket = self.socket(port);
        let pid_file = self.folder.join("data/postmaster.pid");
        loop {
            let answer = wire::execute(&socket, "postgres", "select 1");
            let Err(why) = answer else { return Ok(()) };
            // The file appears within milliseconds and goes when the server gives up.
            if begun.elapsed() > Duration::from_secs(5) && !pid_file.exists() {
                return Err("it ended".to_owned());
            }
            if begun.elapsed() > START_LIMIT {
                return Err(why);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn socket(&self, port: u16) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{port}"))
    }

    fn failure(&self, what: &str) -> Error {
        Error::Server {
            what: what.to_owned(),
            log: self.end_of_log(),
        }
    }

    fn end_of_log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join(" / ")
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Watchdog> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut watchdog = self.lock();
        // End of input is the order to stop and to clean up.
        watchdog.commands = None;
        let _ = watchdog.child.wait();
    }
}

impl Watchdog {
    /// Starts the shell that owns the server, as an unprivileged user when this process is root.
    fn spawn(folder: &Path, binaries: &Path, password: &str) -> Result<Self, Error> {
        let password_file = folder.join("password");
        std::fs::write(&password_file, password).map_err(at(&password_file))?;
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(include_str!("postgres/watchdog.sh"))
            .arg("vigil-testkit-watchdog")
            .arg(folder)
            .arg(binaries)
            .env_remove("PGDATA")
            .env("LC_ALL", "C")
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        if user_id() == 0 {
            let (user, group) = unprivileged_user()?;
            for path in [folder, &password_file] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).map_err(at(path))?;
            }
            command.uid(user).gid(group);
        }
        let mut child = command.spawn().map_err(|source| Error::Spawn {
            program: "sh".to_owned(),
            source,
        })?;
        let answers = child.stdout.take().expect("standard output was asked for");
        Ok(Self {
            commands: child.stdin.take(),
            answers: BufReader::new(answers),
            child,
            port: 0,
        })
    }

    /// Sends one command and waits for its answer.
    fn ask(&mut self, command: &str) -> Result<String, Error> {
        let gone = |source: std::io::Error| Error::Server {
            what: format!("lost its watchdog at '{command}'"),
            log: source.to_string(),
        };
        if let Some(commands) = &mut self.commands {
            writeln!(commands, "{command}").map_err(gone)?;
        }
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(gone)?;
        Ok(answer.trim().to_owned())
    }
}

/// The user this process runs as: the owner of its own entry in /proc, else of a file it makes.
fn user_id() -> u32 {
    std::fs::metadata("/proc/self")
        .or_else(|_| tempfile::tempfile().and_then(|file| file.metadata()))
        .map_or(0, |metadata| metadata.uid())
}

/// User and group numbers of `postgres`, else of `nobody`.
fn unprivileged_user() -> Result<(u32, u32), Error> {
    let path = Path::new("/etc/passwd");
    let accounts = std::fs::read_to_string(path).map_err(at(path))?;
    let number_of = |name: &str| {
        accounts.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.first() == Some(&name))
                .then(|| Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?)))?
        })
    };
    number_of("postgres")
        .or_else(|| number_of("nobody"))
        .ok_or_else(|| Error::NoPostgres {
            tried: "run as root, and there is neither a user postgres nor nobody".to_owned(),
        })
}

/// A folder with a short path (a socket's path is limited to 107 bytes) that the server's user can reach.
fn private_folder() -> Result<PathBuf, Error> {
    let wanted = std::env::temp_dir();
    let reachable = wanted.ancestors().all(|folder| {
        folder
            .metadata()
            .is_ok_and(|metadata| metadata.permissions().mode() & 0o001 != 0)
    });
    let root = user_id() == 0;
    let fits = wanted.as_os_str().len() < 60 && (!root || reachable);
    let parent = if fits { wanted } else { PathBuf::from("/tmp") };
    let folder = tempfile::Builder::new()
        .prefix("vigil-pg-")
        .tempdir_in(&parent)
        .map_err(at(&parent))?;
    // The watchdog removes it, so that it goes even after a kill -9 of this process.
    Ok(folder.keep())
}

fn random_word() -> Result<String, Error> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0; 16];
    std::fs::File::open(path)
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes))
        .map_err(at(path))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A port of 127.0.0.1 that was free a moment ago.
///
/// # Errors
/// When none can be had.
pub fn free_port() -> Result<u16, Error> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::Listen)
}
