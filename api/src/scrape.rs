//! What is scraped: the `[[scrape]]` entries of the settings file, and how a page is fetched.

mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::ProjectId;
use engine::ScrapeTarget;
use ingest::TargetLabels;
use notify::HttpPolicy;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use store::{IdentityStore as _, Store};
use tokio::sync::Semaphore;

use page::{Credential, HttpPage};

/// Shortest interval.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
/// Longest interval.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3_600);
/// From one scrape to the next when nobody says.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
/// How long a scrape may take when nobody says, as in Prometheus.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most targets of all entries together.
const MAX_TARGETS: usize = 1_000;
/// Pages that are in memory at once; further ones wait, within their timeout.
const PAGES: usize = 16;
/// Longest name or value of a label, in bytes.
const LABEL_BYTES: usize = 1_024;
/// Most labels of an entry: those of the samples need room too.
const LABELS: usize = 32;

/// One entry of the settings file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeConfig {
    /// The label `job` of every series.
    pub name: String,
    /// `host:port`, or whole addresses.
    pub targets: Vec<String>,
    /// Where the metrics of a `host:port` are; `/metrics`.
    #[serde(default = "default_path")]
    pub metrics_path: String,
    /// How a `host:port` is spoken to: `http` or `https`.
    #[serde(default = "default_scheme")]
    pub scheme: String,
    /// From one scrape to the next, for example `30s`.
    pub interval: Option<String>,
    /// How long a scrape may take, for example `10s`; at most the interval.
    pub timeout: Option<String>,
    /// Sent as `Authorization: Bearer`; `${env:NAME}` reads it from the environment.
    pub bearer_token: Option<SecretString>,
    /// Sent as `Authorization: Basic`.
    pub basic_auth: Option<BasicAuth>,
    /// Labels of every series.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The project that the series belong to; the default project.
    pub project: Option<String>,
    /// Whether a label of a sample wins over one of the target.
    #[serde(default)]
    pub honor_labels: bool,
}

/// A name and a password.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// The name.
    pub username: String,
    /// The password; `${env:NAME}` reads it from the environment.
    #[serde(default)]
    pub password: SecretString,
}

fn default_path() -> String {
    "/metrics".to_owned()
}

fn default_scheme() -> String {
    "http".to_owned()
}

/// Everything that the entries name, ready to be scraped. Blocks.
///
/// # Errors
/// Fails with the entry's name and what is wrong with it.
pub fn targets(
    entries: &[ScrapeConfig],
    store: &Store,
    default_project: ProjectId,
) -> anyhow::Result<Vec<ScrapeTarget>> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let projects = store.projects()?;
    let room = Arc::new(Semaphore::new(PAGES));
    let mut targets = Vec::new();
    let mut known = BTreeSet::new();
    for entry in entries {
        let of_entry = || -> anyhow::Result<Vec<ScrapeTarget>> {
            let project_id = match &entry.project {
                None => default_project,
                Some(name) => {
                    let project = projects.iter().find(|project| project.name == *name);
                    project
                        .with_context(|| format!("there is no project '{name}'"))?
                        .id
                }
            };
            targets_of(entry, project_id, &room)
        };
        for target in of_entry().with_context(|| format!("in the scrape '{}'", entry.name))? {
            let labels = &target.labels.labels;
            if !known.insert((target.project_id, labels.clone())) {
                bail!(
                    "in the scrape '{}': the instance '{}' stands there twice; give one of them labels or a name of its own",
                    entry.name,
                    labels["instance"]
                );
            }
            targets.push(target);
        }
    }
    if targets.len() > MAX_TARGETS {
        bail!(
            "{} targets are to be scraped, limit is {MAX_TARGETS}",
            targets.len()
        );
    }
    Ok(targets)
}

fn targets_of(
    entry: &ScrapeConfig,
    project_id: ProjectId,
    room: &Arc<Semaphore>,
) -> anyhow::Result<Vec<ScrapeTarget>> {
    let (interval, timeout) = times(entry)?;
    check_labels(entry)?;
    let credential = credential(entry)?;
    let http = notify::http_client(&HttpPolicy {
        connect_timeout: timeout,
        total_timeout: timeout,
        // The operator typed the addresses; programs in the house are the usual case.
        allow_private: true,
        ..HttpPolicy::default()
    })?;
    let mut targets = Vec::with_capacity(entry.targets.len());
    for text in &entry.targets {
        let url = address(entry, text)?;
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let mut labels = entry.labels.clone();
        labels.insert("job".to_owned(), entry.name.clone());
        labels
            .entry("instance".to_owned())
            .or_insert_with(|| format!("{host}:{port}"));
        http.check(url.as_str())?;
        targets.push(ScrapeTarget {
            project_id,
            labels: TargetLabels {
                labels,
                honor_labels: entry.honor_labels,
            },
            interval,
            timeout,
            fetch: Arc::new(HttpPage {
                http: http.client().clone(),
                url,
                credential: credential.clone(),
                timeout,
                room: Arc::clone(room),
            }),
        });
    }
    Ok(targets)
}

/// The address of a target, which may be `host:port` or the whole of it.
fn address(entry: &ScrapeConfig, text: &str) -> anyhow::Result<Url> {
    let text = text.trim();
    let is_whole = text.starts_with("http://") || text.starts_with("https://");
    let url = if is_whole {
        text.to_owned()
    } else {
        if !matches!(entry.scheme.as_str(), "http" | "https") {
            bail!("scheme is '{}', it must be http or https", entry.scheme);
        }
        if !entry.metrics_path.starts_with('/') {
            bail!(
                "metrics_path is '{}', it must begin with /",
                entry.metrics_path
            );
        }
        if text.is_empty() || text.contains(['/', '@', '?', '#', ' ']) {
            bail!("the target '{text}' is neither host:port nor an http address");
        }
        format!("{}://{text}{}", entry.scheme, entry.metrics_path)
    };
    let url = Url::parse(&url).with_context(|| format!("the target '{text}' is no address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        bail!("a target may not hold a name or a password; use basic_auth");
    }
    if is_whole && url.path() == "/" {
        return Ok(url.join(&entry.metrics_path)?);
    }
    Ok(url)
}

fn times(entry: &ScrapeConfig) -> anyhow::Result<(Duration, Duration)> {
    let read = |name: &str, text: &Option<String>, usual: Duration| match text {
        None => Ok(usual),
        Some(text) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .with_context(|| format!("{name} is '{text}', it must be a time like 30s or 1m")),
    };
    let interval = read("interval", &entry.interval, DEFAULT_INTERVAL)?;
    if !(MIN_INTERVAL..=MAX_INTERVAL).contains(&interval) {
        bail!(
            "interval is {} s, it must lie between {} and {}",
            interval.as_secs_f64(),
            MIN_INTERVAL.as_secs(),
            MAX_INTERVAL.as_secs()
        );
    }
    let timeout = read("timeout", &entry.timeout, DEFAULT_TIMEOUT.min(interval))?;
    if timeout.is_zero() || timeout > interval {
        bail!(
            "timeout is {} s, it must be more than 0 and at most the interval of {} s",
            timeout.as_secs_f64(),
            interval.as_secs_f64()
        );
    }
    Ok((interval, timeout))
}

fn check_labels(entry: &ScrapeConfig) -> anyhow::Result<()> {
    if entry.name.trim().is_empty() {
        bail!("it has no name");
    }
    if entry.labels.len() > LABELS {
        bail!("it has {} labels, limit is {LABELS}", entry.labels.len());
    }
    let name = std::iter::once(("job", &entry.name));
    let labels = entry
        .labels
        .iter()
        .map(|(key, value)| (key.as_str(), value));
    for (key, value) in name.chain(labels) {
        let longest = key.len().max(value.len());
        if key.is_empty() || longest > LABEL_BYTES || key.contains('\0') || value.contains('\0') {
            bail!(
                "the label '{}' must have a name, no NUL, and at most {LABEL_BYTES} bytes",
                key.chars().take(64).collect::<String>()
            );
        }
    }
    Ok(())
}

fn credential(entry: &ScrapeConfig) -> anyhow::Result<Credential> {
    match (&entry.bearer_token, &entry.basic_auth) {
        (None, None) => Ok(Credential::None),
        (Some(token), None) => Ok(Credential::Bearer(secret(token)?)),
        (None, Some(basic)) => Ok(Credential::Basic {
            username: basic.username.clone(),
            password: secret(&basic.password)?,
        }),
        (Some(_), Some(_)) => bail!("it has both bearer_token and basic_auth"),
    }
}

/// A secret that may stand in the environment.
fn secret(text: &SecretString) -> anyhow::Result<SecretString> {
    let name = text
        .expose_secret()
        .strip_prefix("${env:")
        .and_then(|rest| rest.strip_suffix('}'));
    match name {
        None => Ok(text.clone()),
        Some(name) => std::env::var(name)
            .map(SecretString::from)
            .with_context(|| format!("the environment has no {name}")),
    }
}

#[cfg(test)]
mod tests;
