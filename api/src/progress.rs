//! Progress bars for people, log lines for machines.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use models::Progress;

/// How often a log line tells of a fetch when there is no terminal.
const LINE_PERIOD: Duration = Duration::from_secs(10);

/// Shows a fetch as a bar on a terminal, else as a line every ten seconds.
pub struct BarProgress {
    title: String,
    bar: Option<ProgressBar>,
    last_line: Option<Instant>,
}

impl BarProgress {
    /// A bar under a title; nothing is shown before the first byte.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            bar: None,
            last_line: None,
        }
    }
}

impl Progress for BarProgress {
    fn update(&mut self, done: u64, total: u64, _what: &str) {
        if std::io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| {
                let style = ProgressStyle::with_template(
                    "{msg} [{bar:30}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
                )
                .unwrap_or_else(|_| ProgressStyle::default_bar());
                ProgressBar::new(total)
                    .with_style(style)
                    .with_message(self.title.clone())
            });
            bar.set_position(done.min(total));
            return;
        }
        if self.last_line.is_none_or(|at| at.elapsed() >= LINE_PERIOD) {
            self.last_line = Some(Instant::now());
            tracing::info!(
                "fetching {}: {} of {} MB",
                self.title,
                done / 1_000_000,
                total / 1_000_000
            );
        }
    }

    fn message(&mut self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => tracing::info!("{text}"),
        }
    }
}

impl Drop for BarProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
