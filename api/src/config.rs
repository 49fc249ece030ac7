//! Settings: one commented TOML file < environment < flags.

mod language;
mod scrub;
mod sockets;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::cli::{LogFormat, Settings};
use crate::scrape::ScrapeConfig;
use crate::slack::SlackConfig;
use crate::sockets::SocketConfig;

use language::ExternalModels;
pub use language::{ExternalModel, LanguageModels};

/// Default address: this machine only.
pub const DEFAULT_ADDR: &str = "127.0.0.1:8080";
/// The ports that every sender of OTLP expects, for this machine only.
/// Source: OTLP specification 1.x, "OTLP/gRPC Default Port", "OTLP/HTTP Default Port".
const DEFAULT_OTLP_GRPC: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4317);
const DEFAULT_OTLP_HTTP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4318);
/// What switches off something that is on by default.
const OFF: &str = "off";
/// Default folder, beside where Vigil was started.
pub const DEFAULT_DATA_DIR: &str = "vigil-data";
/// Eight hours: a shift.
const DEFAULT_JWT_EXPIRY_SECONDS: u64 = 8 * 3_600;
/// HS256 wants a key as long as its digest (RFC 7518 section 3.2).
pub const MIN_JWT_SECRET_CHARS: usize = 32;
/// A token that somebody chose: long enough not to be guessed over a network.
const MIN_METRICS_TOKEN_CHARS: usize = 16;
/// Secrets that stand in examples all over the world.
const EXAMPLE_SECRETS: [&str; 8] = [
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "example",
    "your-secret",
    "your_secret",
    "password",
];
/// For ever: nothing is deleted that nobody asked to delete (imported files may be years old).
const DEFAULT_RETENTION_DAYS: u32 = 0;
/// Shippers repeat a request within minutes.
const DEFAULT_DEDUP_WINDOW_SECONDS: u32 = 600;
/// Receipts are kept for a day.
const MAX_DEDUP_WINDOW_SECONDS: u32 = 86_400;

/// The settings in force.
#[derive(Debug, Clone)]
pub struct Config {
    /// The settings file, when there is one.
    pub file: Option<PathBuf>,
    /// Where to listen.
    pub addr: SocketAddr,
    /// The doors that are sockets of their own.
    pub sockets: SocketConfig,
    /// Where to listen for OTLP over gRPC, beside the main address.
    pub otlp_grpc: Option<OtlpPort>,
    /// Where to listen for OTLP over HTTP, beside the main address.
    pub otlp_http: Option<OtlpPort>,
    /// Folder of everything embedded.
    pub data_dir: PathBuf,
    /// `postgres://...`; `None` is the embedded SQLite file.
    pub database_url: Option<SecretString>,
    /// gRPC address of a Qdrant server; `None` is the embedded index.
    pub qdrant_url: Option<String>,
    /// Its key.
    pub qdrant_api_key: Option<SecretString>,
    /// Where fetched models are kept.
    pub model_cache: PathBuf,
    /// Models of the user's.
    pub model_dir: Option<PathBuf>,
    /// Never fetch models.
    pub is_offline: bool,
    /// The narrator; `None` when switched off.
    pub narrator: Option<String>,
    /// The embedding model; `None` is the catalogue's default.
    pub embedding: Option<String>,
    /// Threads of one model; `None` lets the room choose.
    pub model_threads: Option<usize>,
    /// Folder of policies.
    pub policy_dir: Option<PathBuf>,
    /// Address of the page for people, when it is not the one where the server listens.
    pub public_url: Option<String>,
    /// Secret of user sessions, when given.
    pub jwt_secret: Option<SecretString>,
    /// How long a login lasts.
    pub jwt_expiry_seconds: u64,
    /// What a scraper of our metrics must send.
    pub metrics_token: Option<SecretString>,
    /// Days of retention; 0 is for ever.
    pub retention_days: u32,
    /// How long a request without a key is known by its content; 0 is not at all.
    pub dedup_window_seconds: u32,
    /// Where blocks of old records move, when configured.
    pub block_storage: Option<String>,
    /// Options of the block storage; may hold secrets.
    pub block_storage_options: BTreeMap<String, SecretString>,
    /// Days after which blocks move; 0 is never by itself.
    pub tier_after_days: u32,
    /// Our own log lines.
    pub log_format: LogFormat,
    /// Configured receivers.
    pub receivers: Vec<notify::ReceiverConfig>,
    /// Receivers told about incidents that no policy covers.
    pub default_receivers: Vec<String>,
    /// The zone of times in messages.
    pub time_zone: jiff::tz::TimeZone,
    /// External language models; none unless configured.
    pub external_models: Vec<ExternalModel>,
    /// Who uses which of the models.
    pub language_models: LanguageModels,
    /// What is taken out of what is stored, sent to people, and sent to models outside.
    pub scrubbing: Arc<engine::Scrubbing>,
    /// What is scraped.
    pub scrapes: Vec<ScrapeConfig>,
    /// The Slack app that may ask.
    pub slack: Option<SlackConfig>,
}

/// An address for OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtlpPort {
    /// Where.
    pub addr: SocketAddr,
    /// Nobody asked for it: where it is taken, Vigil starts without it.
    pub is_default: bool,
}

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    addr: Option<String>,
    syslog_addr: Option<String>,
    syslog_tls_addr: Option<String>,
    syslog_tls_cert: Option<PathBuf>,
    syslog_tls_key: Option<PathBuf>,
    syslog_tls_client_ca: Option<PathBuf>,
    syslog_token: Option<String>,
    gelf_addr: Option<String>,
    gelf_token: Option<String>,
    fluent_addr: Option<String>,
    fluent_token: Option<String>,
    otlp_grpc_addr: Option<String>,
    otlp_http_addr: Option<String>,
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    qdrant_url: Option<String>,
    qdrant_api_key: Option<String>,
    model_dir: Option<PathBuf>,
    offline: Option<bool>,
    narrator: Option<String>,
    no_narrator: Option<bool>,
    embedding: Option<String>,
    model_threads: Option<usize>,
    policy_dir: Option<PathBuf>,
    public_url: Option<String>,
    jwt_secret: Option<String>,
    jwt_expiry_seconds: Option<u64>,
    metrics_token: Option<String>,
    retention_days: Option<u32>,
    dedup_window_seconds: Option<u32>,
    block_storage: Option<String>,
    block_storage_options: BTreeMap<String, SecretString>,
    tier_after_days: Option<u32>,
    time_zone: Option<String>,
    log_format: Option<LogFormat>,
    default_receivers: Vec<String>,
    #[serde(rename = "receiver")]
    receivers: Vec<notify::ReceiverConfig>,
    external_model: ExternalModels,
    language_models: LanguageModels,
    scrub: scrub::ScrubFile,
    #[serde(rename = "scrape")]
    scrapes: Vec<ScrapeConfig>,
    slack: Option<SlackConfig>,
}

impl Config {
    /// Merges file, environment and flags (clap has merged the last two).
    ///
    /// # Errors
    /// Fails with the name of the setting and its value when one cannot be used.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        let file = match &settings.config {
            Some(path) => read_file(path)?,
            None => File::default(),
        };
        let sockets = sockets::sockets(settings, &file)?;
        let addr_text = pick(&settings.addr, file.addr).unwrap_or_else(|| DEFAULT_ADDR.to_owned());
        let addr = resolve("VIGIL_ADDR", &addr_text)?;
        let otlp_grpc = otlp_port(
            "VIGIL_OTLP_GRPC_ADDR",
            pick(&settings.otlp_grpc_addr, file.otlp_grpc_addr),
            DEFAULT_OTLP_GRPC,
        )?;
        let otlp_http = otlp_port(
            "VIGIL_OTLP_HTTP_ADDR",
            pick(&settings.otlp_http_addr, file.otlp_http_addr),
            DEFAULT_OTLP_HTTP,
        )?;
        let is_narrator_off = pick(&settings.no_narrator, file.no_narrator).unwrap_or(false);
        let narrator = pick(&settings.narrator, file.narrator);
        let data_dir = pick(&settings.data_dir, file.data_dir)
            .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let config = Self {
            file: settings.config.clone(),
            addr,
            sockets,
            otlp_grpc,
            otlp_http,
            model_cache: data_dir.join("models"),
            data_dir,
            database_url: non_empty(pick(&settings.database_url, file.database_url))
                .map(SecretString::from),
            qdrant_url: non_empty(pick(&settings.qdrant_url, file.qdrant_url)),
            qdrant_api_key: non_empty(pick(&settings.qdrant_api_key, file.qdrant_api_key))
                .map(SecretString::from),
            model_dir: pick(&settings.model_dir, file.model_dir),
            is_offline: pick(&settings.offline, file.offline).unwrap_or(false),
            narrator: (!is_narrator_off)
                .then(|| narrator.unwrap_or_else(|| "qwen2.5-coder-1.5b-instruct".to_owned())),
            embedding: non_empty(pick(&settings.embedding, file.embedding)),
            model_threads: pick(&settings.model_threads, file.model_threads),
            policy_dir: pick(&settings.policy_dir, file.policy_dir),
            public_url: non_empty(pick(&settings.public_url, file.public_url))
                .map(|url| url.trim_end_matches('/').to_owned()),
            jwt_secret: pick(&settings.jwt_secret, file.jwt_secret).map(SecretString::from),
            jwt_expiry_seconds: pick(&settings.jwt_expiry_seconds, file.jwt_expiry_seconds)
                .unwrap_or(DEFAULT_JWT_EXPIRY_SECONDS),
            metrics_token: non_empty(pick(&settings.metrics_token, file.metrics_token))
                .map(SecretString::from),
            retention_days: pick(&settings.retention_days, file.retention_days)
                .unwrap_or(DEFAULT_RETENTION_DAYS),
            dedup_window_seconds: pick(&settings.dedup_window_seconds, file.dedup_window_seconds)
                .unwrap_or(DEFAULT_DEDUP_WINDOW_SECONDS),
            block_storage: non_empty(pick(&settings.block_storage, file.block_storage)),
            block_storage_options: file.block_storage_options,
            tier_after_days: pick(&settings.tier_after_days, file.tier_after_days).unwrap_or(0),
            time_zone: engine::zone_of(pick(&settings.time_zone, file.time_zone).as_deref())
                .context("VIGIL_TIME_ZONE")?,
            log_format: pick(&settings.log_format, file.log_format).unwrap_or(LogFormat::Text),
            receivers: file.receivers,
            default_receivers: file.default_receivers,
            external_models: file.external_model.0,
            language_models: file.language_models,
            scrubbing: Arc::new(file.scrub.scrubbing().context("in the settings file")?),
            scrapes: file.scrapes,
            slack: file.slack,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        self.language_models.check(&self.external_models)?;
        if !(60..=31 * 86_400).contains(&self.jwt_expiry_seconds) {
            bail!(
                "JWT_EXPIRY_SECONDS is {}, it must lie between 60 and {}",
                self.jwt_expiry_seconds,
                31 * 86_400
            );
        }
        if let Some(threads) = self.model_threads
            && !(1..=64).contains(&threads)
        {
            bail!("VIGIL_MODEL_THREADS is {threads}, it must lie between 1 and 64");
        }
        if self.dedup_window_seconds > MAX_DEDUP_WINDOW_SECONDS {
            bail!(
                "VIGIL_DEDUP_WINDOW_SECONDS is {}, it must lie between 0 and {MAX_DEDUP_WINDOW_SECONDS}",
                self.dedup_window_seconds
            );
        }
        if let Some(url) = &self.database_url {
            let url = url.expose_secret();
            if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
                bail!(
                    "DATABASE_URL must begin with postgres:// (leave it out for the embedded SQLite file)"
                );
            }
        }
        if let Some(token) = &self.metrics_token {
            let length = token.expose_secret().chars().count();
            if length < MIN_METRICS_TOKEN_CHARS {
                bail!(
                    "VIGIL_METRICS_TOKEN has {length} characters, at least {MIN_METRICS_TOKEN_CHARS} are needed"
                );
            }
        }
        if !self.is_loopback()
            && let Some(secret) = &self.jwt_secret
        {
            check_secret(secret.expose_secret())?;
        }
        Ok(())
    }

    /// What the settings file says about Slack now.
    ///
    /// # Errors
    /// Fails when there is no file, or it cannot be used.
    pub fn slack_now(&self) -> anyhow::Result<Option<SlackConfig>> {
        let path = self.file.as_ref().context("there is no settings file")?;
        Ok(read_file(path)?.slack)
    }

    /// Address of the page for people, given where the server listens.
    #[must_use]
    pub fn url_at(&self, addr: SocketAddr) -> String {
        self.public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", reachable(addr)))
    }

    /// Whether only this machine can reach the server.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.addr.ip().is_loopback()
    }
}

/// An address that can be opened on this machine: `0.0.0.0` is for listening only.
#[must_use]
pub fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

/// Refuses a secret that anybody could guess.
///
/// # Errors
/// Fails when it is empty, short, or stands in an example.
pub fn check_secret(secret: &str) -> anyhow::Result<()> {
    let length = secret.chars().count();
    if length < MIN_JWT_SECRET_CHARS {
        bail!(
            "JWT_SECRET has {length} characters, at least {MIN_JWT_SECRET_CHARS} are needed when other machines \
             can reach the server; leave it out and one is generated and kept"
        );
    }
    let lower = secret.to_lowercase();
    let distinct: std::collections::BTreeSet<char> = secret.chars().collect();
    if EXAMPLE_SECRETS
        .iter()
        .any(|example| lower.contains(example))
        || distinct.len() < 8
    {
        bail!("JWT_SECRET looks like an example; leave it out and one is generated and kept");
    }
    Ok(())
}

fn pick<T: Clone>(first: &Option<T>, second: Option<T>) -> Option<T> {
    first.clone().or(second)
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn resolve(name: &str, text: &str) -> anyhow::Result<SocketAddr> {
    use std::net::ToSocketAddrs as _;
    text.to_socket_addrs()
        .with_context(|| format!("{name} '{text}' is not host:port"))?
        .next()
        .with_context(|| format!("{name} '{text}' has no address"))
}

/// The address that somebody gave, the usual one when nobody did, none when it is switched off.
fn otlp_port(
    name: &str,
    text: Option<String>,
    usual: SocketAddr,
) -> anyhow::Result<Option<OtlpPort>> {
    let Some(text) = non_empty(text) else {
        return Ok(Some(OtlpPort {
            addr: usual,
            is_default: true,
        }));
    };
    if text.trim().eq_ignore_ascii_case(OFF) {
        return Ok(None);
    }
    let addr = resolve(name, &text)?;
    Ok(Some(OtlpPort {
        addr,
        is_default: false,
    }))
}

fn read_file(path: &Path) -> anyhow::Result<File> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("reading the settings file {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("in the settings file {}", path.display()))
}

#[cfg(test)]
mod tests;
