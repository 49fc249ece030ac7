//! Scraping: asks programs for their metrics at an interval and stores what they show.
//!
//! Who fetches is given, for the corridor speaks no HTTP. Every target is a task of its own; the targets begin one after
//! the other within their interval, so that they do not all answer at once. Several processes over one database scrape
//! each what they are told to: give the targets to one of them.

mod health;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::{MetricPoint, ProjectId};
use ingest::{Context, Exposition, ExpositionFormat, Limits, TargetLabels};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error, Inner, Tasks, blocking};
use health::Outcome;

/// What a target showed.
#[derive(Debug, Default)]
pub struct Page {
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// The text, unpacked.
    pub body: Vec<u8>,
    /// Its place among the pages that may be in memory at once; given back when it is read.
    pub place: Option<OwnedSemaphorePermit>,
}

/// Fetches the page of one target. It bounds what it reads; the caller bounds how long that may take.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The page, or why there is none, in words for people.
    async fn fetch(&self) -> Result<Page, String>;
}

/// Something that is scraped.
#[derive(Clone)]
pub struct ScrapeTarget {
    /// Whose metrics they are.
    pub project_id: ProjectId,
    /// What its series bear: `job` and `instance` at least.
    pub labels: TargetLabels,
    /// From one scrape to the next.
    pub interval: Duration,
    /// How long a scrape may take; at most the interval.
    pub timeout: Duration,
    /// How it is fetched.
    pub fetch: Arc<dyn Fetch>,
}

impl ScrapeTarget {
    fn label(&self, name: &str) -> &str {
        self.labels.labels.get(name).map_or("", String::as_str)
    }
}

impl Engine {
    /// Scrapes targets until the stop.
    pub fn scrape(&self, targets: Vec<ScrapeTarget>, limits: Limits, tasks: &Tasks) {
        start(&self.inner(), targets, limits, tasks);
    }
}

fn start(inner: &Arc<Inner>, targets: Vec<ScrapeTarget>, limits: Limits, tasks: &Tasks) {
    let count = u32::try_from(targets.len()).unwrap_or(u32::MAX).max(1);
    for (place, target) in (0_u32..).zip(targets) {
        let offset = target.interval.saturating_mul(place) / count;
        let scraper = Arc::new(Scraper {
            inner: Arc::clone(inner),
            target,
            limits,
        });
        let stop = tasks.soft_stop();
        tasks.spawn_supervised("scrape", move || {
            Arc::clone(&scraper).run(offset, stop.clone())
        });
    }
}

struct Scraper {
    inner: Arc<Inner>,
    target: ScrapeTarget,
    limits: Limits,
}

impl Scraper {
    async fn run(self: Arc<Self>, offset: Duration, stop: CancellationToken) {
        let mut ticks = tokio::time::interval_at(Instant::now() + offset, self.target.interval);
        // A scrape that was missed is missed: two in a row would say nothing more.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut was_up = None;
        let mut was_stored = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let round = tokio::select! {
                () = stop.cancelled() => return,
                round = self.round() => round,
            };
            self.tell(&round.0, &mut was_up);
            self.store(round.1, &mut was_stored).await;
        }
    }

    /// One scrape: what came of it, and the points to store.
    async fn round(&self) -> (Outcome, Vec<MetricPoint>) {
        // Everything of a scrape has the instant of its beginning, as Prometheus has it.
        let at_ns = self.inner.clock.now_ns();
        let started = Instant::now();
        let fetched = tokio::time::timeout(self.target.timeout, self.target.fetch.fetch())
            .await
            .unwrap_or_else(|_| {
                Err(format!(
                    "no answer within {} s",
                    self.target.timeout.as_secs_f64()
                ))
            });
        let duration = started.elapsed();
        let read = match fetched {
            Ok(page) => self.read(page, at_ns).await,
            Err(reason) => Err(reason),
        };
        let mut outcome = Outcome {
            duration,
            samples: 0,
            rejected: 0,
            first_rejection: None,
            failure: None,
        };
        let mut points = Vec::new();
        match read {
            Ok(exposition) => {
                outcome.samples = exposition.samples;
                outcome.rejected = exposition.decoded.rejected_count;
                let first = exposition.decoded.rejected.into_iter().next();
                outcome.first_rejection = first.map(|item| item.reason);
                points = exposition.decoded.accepted;
            }
            Err(reason) => outcome.failure = Some(reason),
        }
        points.extend(outcome.points(&self.target, at_ns));
        (outcome, points)
    }

    /// Reads a page on the blocking pool: it may be megabytes.
    async fn read(&self, page: Page, at_ns: i64) -> Result<Exposition, String> {
        let format = ExpositionFormat::from_content_type(page.content_type.as_deref());
        let (labels, limits) = (self.target.labels.clone(), self.limits);
        let project_id = self.target.project_id;
        blocking(move || {
            let context = Context {
                project_id,
                received_at_ns: at_ns,
                default_service: None,
                limits: &limits,
            };
            let read = ingest::decode_exposition(format, &page.body, &labels, &context);
            Ok::<_, Error>(read.map_err(|error| error.to_string()))
        })
        .await
        .unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Stores a scrape. What cannot be stored is lost, the next one comes soon.
    async fn store(&self, points: Vec<MetricPoint>, was_stored: &mut bool) {
        let (inner, project_id) = (Arc::clone(&self.inner), self.target.project_id);
        let stored = blocking(move || inner.ingest_metrics(project_id, points)).await;
        if let Err(error) = &stored {
            metrics::counter!("vigil_engine_scrapes_lost_total").increment(1);
            if *was_stored {
                let (job, instance) = (self.target.label("job"), self.target.label("instance"));
                tracing::warn!(job, instance, %error, "scrapes cannot be stored");
            }
        }
        *was_stored = stored.is_ok();
    }

    /// Our own log and counters; a target is spoken of when it changes only.
    fn tell(&self, outcome: &Outcome, was_up: &mut Option<bool>) {
        let is_up = outcome.failure.is_none();
        let word = if is_up { "up" } else { "down" };
        metrics::counter!("vigil_engine_scrapes_total", "target" => word).increment(1);
        metrics::counter!("vigil_engine_scrape_samples_refused_total")
            .increment(outcome.rejected as u64);
        let (job, instance) = (self.target.label("job"), self.target.label("instance"));
        if *was_up != Some(is_up) {
            match &outcome.failure {
                Some(reason) => tracing::warn!(job, instance, reason, "a scrape failed"),
                None => tracing::info!(job, instance, samples = outcome.samples, "scraped"),
            }
            if let Some(reason) = &outcome.first_rejection {
                let refused = outcome.rejected;
                tracing::warn!(
                    job,
                    instance,
                    refused,
                    reason,
                    "lines of a scrape were refused"
                );
            }
        }
        *was_up = Some(is_up);
    }
}

#[cfg(test)]
mod tests;
