//! What a person sees meanwhile.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::is_standard_input;

/// One bar over the bytes of all files; a counter when their size is not known, nothing without a terminal.
pub(super) fn bar(files: &[PathBuf]) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let size = |path: &PathBuf| {
        let about = std::fs::metadata(path).ok()?;
        (!is_standard_input(path) && about.is_file()).then_some(about.len())
    };
    let total: Option<u64> = files.iter().map(size).sum();
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{msg} [{bar:30}] {bytes} of {total_bytes}, {binary_bytes_per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::no_length(),
            "{spinner} {msg} {bytes}, {binary_bytes_per_sec}",
        ),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// `shop.log (2 of 5)`.
pub(super) fn label(path: &Path, index: usize, count: usize) -> String {
    let name = if is_standard_input(path) {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    if count == 1 {
        name
    } else {
        format!("{name} ({} of {count})", index + 1)
    }
}
