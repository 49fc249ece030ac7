//! Logs and metrics of ourselves.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;
use crate::progress::LogWriter;

/// Bounds of latency histograms in seconds: from a health check to a model's answer.
const SECONDS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// Bounds of histograms that count records.
const RECORDS: [f64; 7] = [1.0, 10.0, 100.0, 1_000.0, 4_000.0, 8_000.0, 16_384.0];

/// Sends our log lines to standard error. `RUST_LOG` chooses what; warnings of libraries and our own
/// information otherwise. A second call changes nothing.
pub fn init_logging(format: LogFormat, default_filter: &str) {
    // An empty variable is none; as a filter it would switch everything but errors off.
    let chosen = std::env::var("RUST_LOG")
        .ok()
        .filter(|text| !text.trim().is_empty());
    let filter = EnvFilter::try_new(chosen.as_deref().unwrap_or(default_filter))
        .unwrap_or_else(|_| EnvFilter::new(default_filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| LogWriter);
    // A subscriber that is already there (tests) stays.
    match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init().ok(),
        LogFormat::Text => builder
            .with_target(false)
            // Colours are for people at a terminal, not for files and journals (https://no-color.org).
            .with_ansi(
                std::io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            )
            .try_init()
            .ok(),
    };
}

/// Starts the recorder behind `/metrics`.
///
/// # Errors
/// Fails when the bounds are wrong, which a test excludes.
pub fn init_metrics() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_records".into()), &RECORDS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // In tests several servers share a process; the first recorder stays.
    metrics::set_global_recorder(recorder).ok();
    Ok(handle)
}
