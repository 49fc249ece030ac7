//! Progress bars for people, lines for machines, and log lines that do not write across a bar.

use std::io::{self, IsTerminal as _, Write};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use models::Progress;

/// How often a line tells of a fetch when there is no terminal, unless [`LINE_SHARE`] comes first.
const LINE_PERIOD: Duration = Duration::from_secs(10);
/// Percent after which a line tells of a fetch, however short the time.
const LINE_SHARE: u64 = 10;

/// All bars of this process: they share the terminal with each other and with what is written beside them.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Writes something to the terminal with the bars out of the way.
pub fn suspend<T>(work: impl FnOnce() -> T) -> T {
    BARS.suspend(work)
}

/// Standard error for the log: a line goes above the bars, not through them.
#[derive(Debug, Default, Clone, Copy)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        suspend(|| io::stderr().write(bytes))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        suspend(|| io::stderr().write_all(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Where lines go when there is no terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// Into our log, in its format.
    Log,
    /// To standard error as they are: commands log nothing.
    Plain,
}

/// Shows a fetch as a bar on a terminal, else as a line every ten percent or ten seconds.
pub struct BarProgress {
    title: String,
    lines: Lines,
    bar: Option<ProgressBar>,
    pace: Pace,
}

impl BarProgress {
    /// For a server; nothing is shown before the first byte.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self::with(title, Lines::Log)
    }

    /// For a command; nothing is shown before the first byte.
    #[must_use]
    pub fn for_command(title: &str) -> Self {
        Self::with(title, Lines::Plain)
    }

    fn with(title: &str, lines: Lines) -> Self {
        Self {
            title: title.to_owned(),
            lines,
            bar: None,
            pace: Pace::default(),
        }
    }

    fn line(&self, text: &str) {
        match self.lines {
            Lines::Log => tracing::info!("{text}"),
            Lines::Plain => suspend(|| eprintln!("{text}")),
        }
    }
}

impl Progress for BarProgress {
    fn update(&mut self, done: u64, total: u64, _what: &str) {
        if io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(|| bar(&self.title));
            if bar.length() != Some(total) {
                bar.set_length(total);
            }
            bar.set_position(done.min(total));
            return;
        }
        if self.pace.is_due(done, total, Instant::now()) {
            self.line(&line(&self.title, done, total));
        }
    }

    fn message(&mut self, text: &str) {
        self.line(text);
    }
}

impl Drop for BarProgress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(title: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(
        "{msg} [{bar:30}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(0)
        .with_style(style)
        .with_message(title.to_owned());
    BARS.add(bar)
}

fn line(title: &str, done: u64, total: u64) -> String {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    match done.saturating_mul(100).checked_div(total) {
        Some(percent) => format!(
            "fetching {title}: {} of {} MB, {} %",
            megabytes(done),
            megabytes(total),
            percent.min(100)
        ),
        None => format!("fetching {title}: {} MB", megabytes(done)),
    }
}

/// When the next line is due.
#[derive(Debug, Default)]
struct Pace {
    /// The last line: when, and after how many percent.
    last: Option<(Instant, u64)>,
}

impl Pace {
    fn is_due(&mut self, done: u64, total: u64, now: Instant) -> bool {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0);
        let is_due = self.last.is_none_or(|(at, told)| {
            now.duration_since(at) >= LINE_PERIOD || percent >= told + LINE_SHARE
        });
        if is_due {
            self.last = Some((now, percent));
        }
        is_due
    }
}

#[cfg(test)]
mod tests;
