//! How a scrape went, as series of the target: what Prometheus adds to every scrape.
//!
//! Source: prometheus.io/docs/concepts/jobs_instances, "Automatically generated labels and time series".

use std::time::Duration;

use domain::{MetricKind, MetricPoint};

use super::ScrapeTarget;

/// How a scrape went.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Until the page was there or was given up.
    pub duration: Duration,
    /// Samples that could be read.
    pub samples: usize,
    /// Lines that could not.
    pub rejected: usize,
    /// Why the first of them could not.
    pub first_rejection: Option<String>,
    /// Why there is no page.
    pub failure: Option<String>,
}

impl Outcome {
    /// `up`, `scrape_duration_seconds` and `scrape_samples_scraped`.
    pub fn points(&self, target: &ScrapeTarget, at_ns: i64) -> Vec<MetricPoint> {
        let mut labels = target.labels.labels.clone();
        if !labels.contains_key("service") {
            // As of every other series of the target.
            let names = ["service_name", "service.name", "job"];
            if let Some(service) = names.iter().find_map(|name| labels.get(*name)).cloned() {
                labels.insert("service".to_owned(), service);
            }
        }
        [
            ("up", f64::from(u8::from(self.failure.is_none()))),
            ("scrape_duration_seconds", self.duration.as_secs_f64()),
            ("scrape_samples_scraped", self.samples as f64),
        ]
        .map(|(name, value)| MetricPoint {
            project_id: target.project_id,
            name: name.to_owned(),
            kind: MetricKind::Gauge,
            labels: labels.clone(),
            value,
            timestamp_ns: at_ns,
        })
        .into()
    }
}
