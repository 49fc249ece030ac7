//! `vigil demo`: a small shop in accelerated time, whose deploy goes wrong, from the first record to the
//! answer. Everything on the way is the product: real store, real index, real detectors, real messages to a
//! receiver on this machine that stands where Slack would.

mod clock;
mod receiver;
mod shop;
mod show;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::{Clock, Incident, NANOS_PER_MINUTE, ProjectId, SystemClock};
use engine::{AskEvent, AskRequest, Engine};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::cli::DemoArgs;
use crate::config::{Config, DEFAULT_ADDR};
use crate::serve::{self, Setup};
use clock::DemoClock;
use receiver::LocalReceiver;
use shop::Shop;

/// Minutes of the shop's good health: enough to know what is usual.
const HEALTHY_MINUTES: i64 = 32;
/// Minutes after the deploy.
const BROKEN_MINUTES: i64 = 12;
/// Real time of one minute of the shop.
const MINUTE: Duration = Duration::from_millis(900);
/// How long after the scenario the incident and its message are waited for.
const PATIENCE: Duration = Duration::from_secs(45);
/// The seed of the scenario.
const SEED: u64 = 20_261_123;
/// What is asked.
const QUESTION: &str = "why is checkout failing?";
/// The policy of the project's charter.
const POLICY: &str = "\
policy:
  name: High error rate
  conditions:
    - type: metric_threshold
      metric: http_errors
      threshold: 100
      window: 5m
  workflow:
    - notify: slack:#ops
    - escalate_after: 10m -> notify: pagerduty:service-id
";

/// Runs the scenario, then serves on unless told otherwise.
///
/// # Errors
/// Fails when the server cannot be started, or when the scenario did not lead to an incident, a message and
/// an answer.
pub async fn run(config: &Config, args: &DemoArgs) -> anyhow::Result<()> {
    let started = Instant::now();
    let listener = listen(config.addr).await?;
    let receiver = LocalReceiver::start().await?;
    let folder = tempfile::Builder::new()
        .prefix("vigil-demo-")
        .tempdir()
        .context("making the demo's data folder")?;
    let demo_config = demo_config(config, args, folder.path(), &receiver)?;
    let behind_ns = (HEALTHY_MINUTES + BROKEN_MINUTES) * NANOS_PER_MINUTE;
    let clock = DemoClock::new(Arc::new(SystemClock), behind_ns);
    let setup = Setup {
        clock: Arc::new(clock.clone()),
        tick: Duration::from_millis(200),
        detect_grace_ns: 0,
        has_models: true,
    };
    let mut server = serve::start(listener, &demo_config, setup).await?;
    show::begin(&server);
    server.listen();
    let engine = server.state.engine.clone();
    let outcome = scenario(&engine, server.project_id, &clock, &receiver).await;
    clock.release();
    let mut report = outcome?;
    report["elapsed_seconds"] = json!(started.elapsed().as_secs_f64());
    show::end(&server, folder.path(), started.elapsed());
    if let Some(path) = &args.report {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)
            .with_context(|| format!("writing {}", path.display()))?;
    }
    drop(engine);
    if !args.exit {
        serve::wait_for_signal().await;
    }
    server.stop().await;
    folder.close().context("removing the demo's data folder")?;
    Ok(())
}

/// The configured address; another port where a server runs at the usual one.
async fn listen(addr: SocketAddr) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(addr).await {
        Err(error)
            if error.kind() == std::io::ErrorKind::AddrInUse
                && addr.to_string() == DEFAULT_ADDR =>
        {
            serve::bind(SocketAddr::new(addr.ip(), 0)).await
        }
        bound => bound.with_context(|| format!("listening on {addr}")),
    }
}

/// The settings with a data folder of the demo's own, which goes with it, and a receiver on this machine.
fn demo_config(
    config: &Config,
    args: &DemoArgs,
    folder: &Path,
    receiver: &LocalReceiver,
) -> anyhow::Result<Config> {
    let mut config = config.clone();
    config.data_dir = folder.to_owned();
    config.qdrant_url = None;
    // The demo never touches a database that holds real records.
    if args.on_database {
        require_empty(&config)?;
    } else {
        config.database_url = None;
    }
    config.policy_dir = None;
    // The usual ports are those of a server with records of its own.
    config.otlp_grpc = None;
    config.otlp_http = None;
    config.receivers = receiver.configs();
    config.default_receivers = vec!["slack:#ops".into()];
    Ok(config)
}

fn require_empty(config: &Config) -> anyhow::Result<()> {
    use store::IdentityStore as _;
    anyhow::ensure!(
        config.database_url.is_some(),
        "--on-database needs DATABASE_URL"
    );
    let opened = tokio::task::block_in_place(|| crate::bootstrap::open(config))?;
    let users = tokio::task::block_in_place(|| opened.store.users())?;
    anyhow::ensure!(
        users.is_empty(),
        "the database is in use already: give the demo an empty one"
    );
    Ok(())
}

async fn scenario(
    engine: &Engine,
    project_id: ProjectId,
    clock: &DemoClock,
    receiver: &LocalReceiver,
) -> anyhow::Result<Value> {
    engine.put_policies(project_id, POLICY.to_owned()).await?;
    let mut shop = Shop::new(project_id, SEED);
    let mut watcher = show::Watcher::default();
    let first_ns = domain::minute_start(clock.now_ns());
    let mut tick = tokio::time::interval(MINUTE);
    for index in 0..HEALTHY_MINUTES + BROKEN_MINUTES {
        tick.tick().await;
        let minute_ns = first_ns + index * NANOS_PER_MINUTE;
        if index == HEALTHY_MINUTES {
            let event = shop.deploy_broken_checkout(minute_ns + 2 * domain::NANOS_PER_SECOND);
            show::deploy(&event);
            engine.ingest_events(project_id, vec![event]).await?;
        }
        let minute = shop.minute(minute_ns);
        watcher.count(minute.records.len());
        engine.intake().submit(project_id, minute.records).await?;
        engine.ingest_metrics(project_id, minute.points).await?;
        engine.ingest_events(project_id, minute.events).await?;
        clock.advance_to(minute_ns + NANOS_PER_MINUTE);
        if index % 8 == 0 && index < HEALTHY_MINUTES {
            show::healthy(minute_ns, watcher.records());
        }
        watcher.look(engine, project_id).await?;
    }
    finish(engine, project_id, receiver, &mut watcher).await
}

/// Waits for what the scenario must have led to, shows it, and asks.
async fn finish(
    engine: &Engine,
    project_id: ProjectId,
    receiver: &LocalReceiver,
    watcher: &mut show::Watcher,
) -> anyhow::Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    let (incident, message) = loop {
        watcher.look(engine, project_id).await?;
        let incident = open_incident(engine, project_id).await?;
        let message = receiver.slack_messages().into_iter().next();
        if let (Some(incident), Some(message)) = (incident, message) {
            break (incident, message);
        }
        anyhow::ensure!(
            Instant::now() < deadline,
            "the scenario led to no incident or no message within {} s",
            PATIENCE.as_secs()
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let summary = engine.summary(project_id, incident.id).await?;
    show::incident(&incident, &summary);
    show::message(&message);
    let answer = ask(engine, project_id).await?;
    show::answer(QUESTION, &answer);
    Ok(json!({
        "anomalies": watcher.anomalies(),
        "incident": {
            "title": incident.title,
            "severity": incident.severity.as_str(),
            "services": incident.services,
            "headline": summary.headline,
            "suspects": summary.suspects.iter().map(|suspect| json!({
                "name": suspect.name,
                "service": suspect.service,
                "confidence": suspect.confidence.as_str(),
                "reason": suspect.reason,
            })).collect::<Vec<_>>(),
            "what_happened": summary.what_happened.iter().map(|sentence| &sentence.text).collect::<Vec<_>>(),
            "next_steps": summary.next_steps,
        },
        "slack_message": message,
        "question": QUESTION,
        "answer": answer,
    }))
}

async fn open_incident(engine: &Engine, project_id: ProjectId) -> anyhow::Result<Option<Incident>> {
    let page = domain::PageRequest::first(20);
    let incidents = engine.incidents(project_id, Vec::new(), page).await?.items;
    // The most telling one: that which touches the most services, the oldest of these.
    Ok(incidents
        .into_iter()
        .max_by_key(|incident| (incident.services.len(), -incident.opened_at_ns)))
}

async fn ask(engine: &Engine, project_id: ProjectId) -> anyhow::Result<Value> {
    let mut events = engine.ask(
        project_id,
        AskRequest {
            question: QUESTION.into(),
            time_zone: None,
            is_narrated: true,
            requested_by: Some("system".into()),
            ..AskRequest::default()
        },
    )?;
    let mut answer = None;
    while let Some(event) = events.recv().await {
        match event {
            AskEvent::Answer(found) => answer = Some(*found),
            AskEvent::Failed(error) => return Err(error.into()),
            _ => {}
        }
    }
    let answer = answer.context("the question got no answer")?;
    Ok(json!({
        "text": answer.text(),
        "found": answer.is_found,
        "suspects": answer.suspects.iter().map(|suspect| json!({
            "name": suspect.name,
            "confidence": suspect.confidence.as_str(),
            "reason": suspect.reason,
        })).collect::<Vec<_>>(),
        "next_steps": answer.next_steps,
    }))
}

#[cfg(test)]
mod tests;
