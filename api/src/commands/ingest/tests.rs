mod fake_server;
mod follow;
mod send;

use std::io::Write as _;
use std::path::PathBuf;

use super::*;
use crate::cli::{Remote, Settings};
use fake_server::FakeServer;

/// Everything that a run needs, with waits of milliseconds.
struct Bench {
    server: Server,
    args: IngestArgs,
    pace: Pace,
    stop: CancellationToken,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new(url: String) -> Self {
        let remote = Remote {
            url,
            token: Some("a token".into()),
        };
        let config = Config::load(&Settings::default()).unwrap();
        Self {
            server: Server::new(&remote, &config).await.unwrap(),
            args: IngestArgs {
                files: Vec::new(),
                service: Some("shop".into()),
                follow: false,
                recursive: false,
                state: None,
                remote,
            },
            pace: Pace {
                poll: Duration::from_millis(5),
                long_quiet: Duration::from_secs(5),
                oldest: Duration::from_secs(1),
                patience: Duration::from_secs(10),
                first_pause: Duration::from_millis(1),
            },
            stop: CancellationToken::new(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path(name))
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn job(&self) -> Job<'_> {
        Job {
            args: &self.args,
            server: &self.server,
            clock: &SystemClock,
            pace: self.pace,
            stop: &self.stop,
        }
    }

    fn retry(&self) -> Retry<'_> {
        Retry {
            patience: Some(self.pace.patience),
            first_pause: self.pace.first_pause,
            stop: &self.stop,
            notice: &|_| {},
        }
    }
}

#[test]
fn a_files_name_gives_the_service_without_dates_and_endings() {
    let service = |path: &str| file_service(Path::new(path));
    assert_eq!(
        service("/var/log/Checkout-2026-11-23.log.1.gz"),
        Some("checkout".into())
    );
    assert_eq!(service("nginx_access.log"), Some("nginx_access".into()));
    assert_eq!(service("2026.log"), None);
    assert_eq!(service("-"), None);
}
