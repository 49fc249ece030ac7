//! Ten times as much comes as can be stored: memory stays bounded, senders are told to come again, alerts are sent.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use testkit::{HttpConnection, Random};

use super::batch::ANSWER;
use super::flood::{self, Answers, Flood, RECORDS};
use super::ledger::Tally;
use super::site::{Site, Stage};
use super::webhook::Webhook;

/// Senders while it is measured how much can be stored.
const CALM: usize = 4;
/// How long that is measured.
const MEASURED: Duration = Duration::from_secs(5);
/// Senders of the overload: enough that those who wait for a commit fill the queue and others are left.
const SENDERS: usize = 400;
/// How much more comes than can be stored.
const TIMES: f64 = 10.0;
/// Most memory that the server may have resident, MiB: 512 for bodies and 256 for the queue, which are its written limits,
/// and 256 for everything else (caches of blocks and pages, the index, the program).
const CEILING_MIB: u64 = 1_024;
/// How long an alert may take from the first record that is one too many.
const ALERT: Duration = Duration::from_secs(30);
/// How long `/livez` may take.
const ALIVE: Duration = Duration::from_secs(5);
/// How long until the server says that it is ready again.
const READY: Duration = Duration::from_secs(30);
/// How often the server is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(250);
/// Acknowledged requests that are read back one by one.
const SAMPLES: usize = 60;
/// Whose records they are.
const SERVICE: &str = "flood";
const CALM_SERVICE: &str = "calm";
/// The receiver; its secret guards nothing.
const RECEIVER: &str = "webhook:trial";
const SECRET: &str = "whsec_b25seSBmb3IgdHJpYWxzLCAyNCBieXRl";
const POLICY: &str = "policy:
  name: Too much of it
  evaluate: {every: 5s}
  conditions:
    - {type: log_count, query: 'service:flood level:error', threshold: 100, window: 1m}
  workflow:
    - notify: webhook:trial
";

/// What was seen of the server meanwhile.
#[derive(Debug, Default)]
struct Seen {
    slowest_alive: Duration,
    not_ready: usize,
    looks: usize,
}

/// Measures, floods, and holds what was acknowledged against what is there, also after a kill.
pub fn trial(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let webhook = Webhook::start()?;
    let folder = tempfile::tempdir().context("making a folder")?;
    let settings = folder.path().join("vigil.toml");
    std::fs::write(
        &settings,
        format!(
            "[[receiver]]\nname = \"{RECEIVER}\"\nurl = \"http://{}/alert\"\nsecret = \"{SECRET}\"\n\
             allow_private = true\n",
            webhook.address
        ),
    )?;
    let settings = settings.to_string_lossy();
    let mut site = Site::open_with(stage, None, &["--config", &settings], |_| Ok(()))?;
    site.allow(stage.overload + Duration::from_secs(300));
    let session = site.vigil.session()?;
    post_policy(&site, &session)?;
    let calm = Flood::start(&site, CALM_SERVICE, CALM, None, 1);
    std::thread::sleep(MEASURED);
    let calm = calm.finish()?;
    let rate = (calm.taken.len() * RECORDS) as f64 / MEASURED.as_secs_f64();
    ensure!(
        rate > 0.0,
        "nothing is taken without any overload: {calm:?}"
    );
    let begun = Instant::now();
    let first = 1 + calm.taken.iter().max().copied().unwrap_or_default();
    let flood = Flood::start(&site, SERVICE, SENDERS, Some(rate * TIMES), first);
    let seen = watch(&site, stage.overload, begun, &webhook)?;
    let took = begun.elapsed();
    let answers = flood.finish()?;
    let peak = peak_mib(&site)?;
    let alert = webhook.first_with("Too much of it");
    site.wait_for("the server is ready again", READY, || {
        site.vigil.get("/readyz").is_ok_and(|status| status == 200)
    })?;
    ensure!(
        answers.refusals.is_empty(),
        "answers that a sender should not get: {:?}",
        answers.refusals
    );
    ensure!(
        peak <= CEILING_MIB,
        "{peak} MiB were resident, {CEILING_MIB} are allowed"
    );
    let alert = alert.with_context(|| format!("no alert in {} s", took.as_secs()))? - begun;
    ensure!(
        alert <= ALERT,
        "the alert came after {} s, {} are allowed",
        alert.as_secs(),
        ALERT.as_secs()
    );
    let offered = (answers.sent() * RECORDS) as f64 / took.as_secs_f64();
    let mut tally = check(&site, &answers, random)?;
    site.vigil.kill();
    site.vigil.start_again()?;
    let after = check(&site, &answers, random)?;
    tally.lost.extend(after.lost);
    tally.altered.extend(after.altered);
    Ok(tally
        .with_note(format!(
            "{:.0} records/s can be stored, {offered:.0}/s came for {} s ({:.1} times)",
            rate,
            took.as_secs(),
            offered / rate
        ))
        .with_note(format!("answers {:?}", answers.statuses))
        .with_note(format!("slowest {} ms", answers.slowest.as_millis()))
        .with_note(format!("{peak} MiB at most"))
        .with_note(format!("alert after {:.1} s", alert.as_secs_f64()))
        .with_note(format!(
            "/livez {} ms at most, not ready in {} of {} looks",
            seen.slowest_alive.as_millis(),
            seen.not_ready,
            seen.looks
        )))
}

fn post_policy(site: &Site<'_>, session: &str) -> anyhow::Result<()> {
    let authorization = format!("Bearer {session}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/yaml"),
    ];
    let mut connection = HttpConnection::open(&site.vigil.address, ANSWER)?;
    let body = POLICY.as_bytes();
    let answer = connection.exchange("POST", "/api/v1/policies", &headers, body)?;
    ensure!(answer.status == 201, "the policy: {}", answer.text());
    Ok(())
}

/// Looks at the server until the time is over and the alert is there, or late.
fn watch(
    site: &Site<'_>,
    duration: Duration,
    begun: Instant,
    webhook: &Webhook,
) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    loop {
        let elapsed = begun.elapsed();
        let is_told = webhook.first_with("Too much of it").is_some();
        if elapsed >= duration && (is_told || elapsed >= ALERT) {
            return Ok(seen);
        }
        site.check_time()?;
        let asked = Instant::now();
        let status = site.vigil.get("/livez").context("/livez")?;
        let took = asked.elapsed();
        seen.slowest_alive = seen.slowest_alive.max(took);
        ensure!(
            status == 200 && took < ALIVE,
            "/livez answers {status} after {} ms",
            took.as_millis()
        );
        let is_ready = site.vigil.get("/readyz").is_ok_and(|status| status == 200);
        seen.not_ready += usize::from(!is_ready);
        seen.looks += 1;
        std::thread::sleep(LOOK);
    }
}

/// The most memory that the server ever had resident, MiB.
fn peak_mib(site: &Site<'_>) -> anyhow::Result<u64> {
    let pid = site.vigil.pid().context("the server is down")?;
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    let kib: u64 = number.context("the state has no VmHWM")?.parse()?;
    Ok(kib >> 10)
}

/// Every acknowledged record is counted, none beyond those that were sent, and some requests are read as a whole.
fn check(site: &Site<'_>, answers: &Answers, random: &mut Random) -> anyhow::Result<Tally> {
    let session = site.vigil.session()?;
    let path = format!("/api/v1/logs/histogram?service={SERVICE}&from=3h");
    let stored = site.get(&session, &path)?["total"].as_u64();
    let stored = stored.context("the histogram has no total")? as usize;
    let acknowledged = answers.taken.len() * RECORDS;
    let mut tally = Tally {
        acknowledged,
        unknown: answers.unknown * RECORDS,
        stored,
        ..Tally::default()
    };
    if stored < acknowledged {
        let missing = acknowledged - stored;
        tally
            .lost
            .push(format!("{missing} of {acknowledged} records"));
    }
    if stored > acknowledged + tally.unknown {
        let more = stored - acknowledged - tally.unknown;
        tally
            .altered
            .push(format!("{more} records that nobody sent"));
    }
    for _ in 0..SAMPLES.min(answers.taken.len()) {
        let place = random.below(answers.taken.len() as u64) as usize;
        let number = answers.taken[place];
        let trace_id = flood::trace_id(number);
        let path = format!("/api/v1/logs?trace_id={trace_id}&service={SERVICE}&limit=1000&from=3h");
        let page = site.get(&session, &path)?;
        let records = page["records"].as_array().context("no records in a page")?;
        let bodies = records.iter().filter_map(|record| record["body"].as_str());
        let distinct: HashSet<&str> = bodies.collect();
        if distinct.len() < RECORDS {
            let there = distinct.len();
            tally
                .lost
                .push(format!("request {number}: {there} records are there"));
        }
        if records.len() > RECORDS {
            let there = records.len();
            tally
                .doubled
                .push(format!("request {number}: {there} records"));
        }
    }
    Ok(tally)
}
