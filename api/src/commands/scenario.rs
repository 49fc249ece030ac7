//! `vigil scenario`: made-up incidents with a known truth, played against a running server.
//!
//! The generator is that of the test suite, compiled in from `testkit`. Calm hours are sent as the past and learnt at once;
//! then the story goes on minute by minute, in real time, and what the server makes of it is printed.

mod bodies;
#[path = "../../../testkit/src/scenario.rs"]
mod play;
#[path = "../../../testkit/src/random.rs"]
mod random;

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, bail};
use domain::{Clock, NANOS_PER_MINUTE, NANOS_PER_SECOND, SystemClock};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::cli::{ScenarioCommand, ScenarioRun};
use crate::config::Config;
use crate::remote::{Retry, Server};
use play::{Story, scenarios};
use random::Random;

/// Parts of a minute that are sent one after another.
const PARTS: u64 = 6;
/// Calm minutes that are played live before anything happens.
const CALM_LIVE: usize = 2;
/// Records of a request.
const BODY_RECORDS: usize = 4_000;
/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Lists the scenarios, or plays one.
///
/// # Errors
/// Fails on a name that there is not, and when the server does not answer or refuses.
pub async fn run(command: ScenarioCommand, config: &Config) -> anyhow::Result<()> {
    match command {
        ScenarioCommand::List => {
            for scenario in scenarios() {
                let class = if scenario.is_control() {
                    "nothing is wrong"
                } else {
                    scenario.class
                };
                println!("{:<22} {class}", scenario.name);
            }
            Ok(())
        }
        ScenarioCommand::Run(args) => {
            let found = scenarios().iter().find(|s| s.name == args.name);
            let Some(scenario) = found else {
                bail!(
                    "there is no scenario '{}': see `vigil scenario list`",
                    args.name
                );
            };
            let story = scenario.play(args.seed);
            let server = Server::new(&args.remote, config).await?;
            Stage {
                server,
                story,
                args,
                random: Random::new(1),
                incidents: BTreeSet::new(),
                first: None,
            }
            .run()
            .await
        }
    }
}

struct Stage {
    server: Server,
    story: Story,
    args: ScenarioRun,
    random: Random,
    /// Numbers of incidents that were there before, or are told already.
    incidents: BTreeSet<i64>,
    /// The first incident of the story.
    first: Option<i64>,
}

impl Stage {
    async fn run(mut self) -> anyhow::Result<()> {
        for incident in self.active().await? {
            self.incidents.extend(incident["number"].as_i64());
        }
        let live_from = self.story.onset_minute.saturating_sub(CALM_LIVE);
        self.send_past(live_from).await?;
        println!(
            "{} services: {}; trouble begins in {CALM_LIVE} minutes",
            self.story.services.len(),
            self.story.services.join(", ")
        );
        let until = (self.story.onset_minute + self.args.minutes).min(self.story.minutes.len());
        let mut start_ns = domain::minute_start(SystemClock.now_ns());
        for at in live_from..until {
            self.play_minute(at, start_ns).await?;
            start_ns += NANOS_PER_MINUTE;
        }
        self.conclude().await
    }

    /// The calm minutes before `live_from`, as if they had been sent when they were, and learnt.
    async fn send_past(&mut self, live_from: usize) -> anyhow::Result<()> {
        let first = live_from.saturating_sub(self.args.calm_minutes);
        let now_ns = domain::minute_start(SystemClock.now_ns());
        let mut records = 0;
        for at in first..live_from {
            let start_ns = now_ns - (live_from - at) as i64 * NANOS_PER_MINUTE;
            records += self.send_lines(at, start_ns, (0, PARTS)).await?;
            self.send_rest(at, start_ns).await?;
        }
        let path = "/api/v1/detect/relearn";
        self.expect(reqwest::Method::POST, path, None).await?;
        println!(
            "{records} records of {} calm minutes sent",
            live_from - first
        );
        Ok(())
    }

    async fn play_minute(&mut self, at: usize, start_ns: i64) -> anyhow::Result<()> {
        if at == self.story.onset_minute {
            println!("{} now it begins", bodies::clock(start_ns));
        }
        for change in &self.story.minutes[at].changes {
            println!(
                "{} {}: {}",
                bodies::clock(start_ns),
                change.kind,
                change.title
            );
        }
        for part in 0..PARTS {
            let end_ns = start_ns + (part as i64 + 1) * 60 * NANOS_PER_SECOND / PARTS as i64;
            let left_ns = (end_ns - SystemClock.now_ns()).max(0);
            tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
            self.send_lines(at, start_ns, (part, part + 1)).await?;
            self.look(at).await?;
        }
        self.send_rest(at, start_ns).await
    }

    /// The lines of a part of a minute.
    async fn send_lines(
        &mut self,
        at: usize,
        start_ns: i64,
        parts: (u64, u64),
    ) -> anyhow::Result<usize> {
        let minute = &self.story.minutes[at];
        let lines = bodies::lines(minute, start_ns, parts, PARTS, &mut self.random);
        let stop = CancellationToken::new();
        let retry = Retry {
            patience: Some(Duration::from_secs(60)),
            first_pause: Duration::from_millis(250),
            stop: &stop,
            notice: &|words| eprintln!("{words}"),
        };
        for some in lines.chunks(BODY_RECORDS) {
            let body = some.concat().into();
            self.server
                .send_records(body, Uuid::new_v4(), &retry)
                .await?;
        }
        Ok(lines.len())
    }

    /// Gauges, requests and changes of a minute.
    async fn send_rest(&mut self, at: usize, start_ns: i64) -> anyhow::Result<()> {
        let minute = &self.story.minutes[at];
        let metrics = bodies::metrics(minute, start_ns);
        let spans = bodies::spans(minute, start_ns, &mut self.random);
        let events: Vec<Value> = bodies::events(minute, start_ns);
        let post = reqwest::Method::POST;
        self.expect(post.clone(), "/api/v1/metrics", Some(&metrics))
            .await?;
        self.expect(post.clone(), "/v1/traces", Some(&spans))
            .await?;
        for event in &events {
            self.expect(post.clone(), "/api/v1/events", Some(event))
                .await?;
        }
        Ok(())
    }

    async fn expect(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let (status, answer) = self.server.call(method, path, body, ANSWER_BYTES).await?;
        anyhow::ensure!(
            (200..300).contains(&status),
            "{path} answered {status}: {}",
            answer["detail"].as_str().unwrap_or("no reason was given")
        );
        Ok(answer)
    }

    async fn active(&self) -> anyhow::Result<Vec<Value>> {
        let path = "/api/v1/incidents?state=active&limit=100";
        let found = self.expect(reqwest::Method::GET, path, None).await?;
        Ok(found.as_array().cloned().unwrap_or_default())
    }

    /// Tells of incidents that are new.
    async fn look(&mut self, at: usize) -> anyhow::Result<()> {
        for incident in self.active().await? {
            let Some(number) = incident["number"].as_i64() else {
                continue;
            };
            if !self.incidents.insert(number) {
                continue;
            }
            let after = at as i64 - self.story.onset_minute as i64;
            println!(
                "{} incident #{number} ({}), {} min after the onset: {}",
                bodies::clock(SystemClock.now_ns()),
                incident["severity"].as_str().unwrap_or_default(),
                after,
                incident["title"].as_str().unwrap_or_default()
            );
            self.first.get_or_insert(number);
        }
        Ok(())
    }

    /// What the server makes of it, and the truth.
    async fn conclude(&self) -> anyhow::Result<()> {
        let truth = self.story.root.as_deref();
        let Some(number) = self.first else {
            match truth {
                None => println!("no incident opened, and nothing was wrong"),
                Some(root) => println!("no incident opened; it was {root} ({})", self.story.class),
            }
            return Ok(());
        };
        let path = format!("/api/v1/incidents/{number}/summary");
        let summary = self.expect(reqwest::Method::GET, &path, None).await?;
        println!("\n{}", summary["headline"].as_str().unwrap_or_default());
        let suspects = summary["suspects"]
            .as_array()
            .context("the summary has no suspects")?;
        for suspect in suspects {
            let text = |key: &str| suspect[key].as_str().unwrap_or_default().to_owned();
            println!(
                "  {} ({} confidence): {}",
                text("name"),
                text("confidence"),
                text("reason")
            );
            println!("    {}", text("check"));
        }
        match truth {
            Some(root) => println!("the truth: {root} ({})", self.story.class),
            None => println!("the truth: nothing was wrong"),
        }
        Ok(())
    }
}
