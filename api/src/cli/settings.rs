//! Settings that every command understands.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How our own log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Flags and environment; a settings file lies beneath both.
#[derive(Debug, Clone, Default, Args)]
pub struct Settings {
    /// Settings file (TOML). Flags win over the environment, the environment wins over the file.
    #[arg(long, global = true, env = "VIGIL_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, global = true, env = "VIGIL_ADDR")]
    pub addr: Option<String>,
    /// Where to listen for syslog, over UDP and TCP; not at all otherwise. Whoever reaches it may write.
    #[arg(long, global = true, env = "VIGIL_SYSLOG_ADDR")]
    pub syslog_addr: Option<String>,
    /// Where to listen for syslog over TLS; needs a certificate and a key.
    #[arg(long, global = true, env = "VIGIL_SYSLOG_TLS_ADDR")]
    pub syslog_tls_addr: Option<String>,
    /// The certificate of syslog over TLS and those that vouch for it (PEM).
    #[arg(long, global = true, env = "VIGIL_SYSLOG_TLS_CERT")]
    pub syslog_tls_cert: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, global = true, env = "VIGIL_SYSLOG_TLS_KEY")]
    pub syslog_tls_key: Option<PathBuf>,
    /// Who vouches for senders of syslog over TLS (PEM); others are refused then.
    #[arg(long, global = true, env = "VIGIL_SYSLOG_TLS_CLIENT_CA")]
    pub syslog_tls_client_ca: Option<PathBuf>,
    /// Ingest token of the project that syslog writes into; the default project otherwise.
    #[arg(
        long,
        global = true,
        env = "VIGIL_SYSLOG_TOKEN",
        hide_env_values = true
    )]
    pub syslog_token: Option<String>,
    /// Where to listen for GELF, over UDP and TCP; not at all otherwise. Whoever reaches it may write.
    #[arg(long, global = true, env = "VIGIL_GELF_ADDR")]
    pub gelf_addr: Option<String>,
    /// Ingest token of the project that GELF writes into; the default project otherwise.
    #[arg(long, global = true, env = "VIGIL_GELF_TOKEN", hide_env_values = true)]
    pub gelf_token: Option<String>,
    /// Where to listen for Fluentd's forward protocol; not at all otherwise.
    #[arg(long, global = true, env = "VIGIL_FLUENT_ADDR")]
    pub fluent_addr: Option<String>,
    /// Ingest token of the project that it writes into, and the shared key that senders must know; the default project
    /// and no key otherwise.
    #[arg(
        long,
        global = true,
        env = "VIGIL_FLUENT_TOKEN",
        hide_env_values = true
    )]
    pub fluent_token: Option<String>,
    /// Where to listen for OTLP over gRPC: host:port, or off [default: 127.0.0.1:4317 when it is free]
    #[arg(long, global = true, env = "VIGIL_OTLP_GRPC_ADDR")]
    pub otlp_grpc_addr: Option<String>,
    /// Where to listen for OTLP over HTTP: host:port, or off [default: 127.0.0.1:4318 when it is free]
    #[arg(long, global = true, env = "VIGIL_OTLP_HTTP_ADDR")]
    pub otlp_http_addr: Option<String>,
    /// Folder of the embedded database, index and models.
    #[arg(long, global = true, env = "VIGIL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// IANA name of the zone of times in messages, and in summaries for whoever does not say theirs; UTC otherwise.
    #[arg(long, global = true, env = "VIGIL_TIME_ZONE")]
    pub time_zone: Option<String>,
    /// `postgres://...`; the embedded SQLite file otherwise.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// gRPC address of a Qdrant server; the embedded index otherwise.
    #[arg(long, global = true, env = "QDRANT_URL")]
    pub qdrant_url: Option<String>,
    /// Key of the Qdrant server.
    #[arg(long, global = true, env = "QDRANT_API_KEY", hide_env_values = true)]
    pub qdrant_api_key: Option<String>,
    /// Folder with models of your own; looked into before anything is fetched.
    #[arg(long, global = true, env = "VIGIL_MODEL_DIR")]
    pub model_dir: Option<PathBuf>,
    /// Never fetch models over the network.
    #[arg(long, global = true, env = "VIGIL_OFFLINE", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub offline: Option<bool>,
    /// Run without the local language model (1.1 GB download, 1.5 GB of memory while it works).
    #[arg(long, global = true, env = "VIGIL_NO_NARRATOR", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub no_narrator: Option<bool>,
    /// The narrator: an id of the catalogue, the path of a GGUF file or of a directory with safetensors files, or
    /// `owner/repository:file.gguf` or `owner/repository:model.safetensors` of the hub.
    #[arg(long, global = true, env = "VIGIL_NARRATOR")]
    pub narrator: Option<String>,
    /// The embedding model: an id of the catalogue, a folder with a BERT, or `owner/repository` of the hub.
    /// Another model builds the index anew.
    #[arg(long, global = true, env = "VIGIL_EMBEDDING")]
    pub embedding: Option<String>,
    /// Threads that compute a model, 1 to 64; chosen by the machine otherwise.
    #[arg(long, global = true, env = "VIGIL_MODEL_THREADS")]
    pub model_threads: Option<usize>,
    /// Folder of policy files (`*.yaml`).
    #[arg(long, global = true, env = "VIGIL_POLICY_DIR")]
    pub policy_dir: Option<PathBuf>,
    /// Address under which people reach this server, for links in messages.
    #[arg(long, global = true, env = "VIGIL_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Secret that signs user sessions, at least 32 characters.
    #[arg(long, global = true, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Token with which a scraper may read /metrics and nothing else, at least 16 characters.
    #[arg(
        long,
        global = true,
        env = "VIGIL_METRICS_TOKEN",
        hide_env_values = true
    )]
    pub metrics_token: Option<String>,
    /// How long a login lasts.
    #[arg(long, global = true, env = "JWT_EXPIRY_SECONDS")]
    pub jwt_expiry_seconds: Option<u64>,
    /// Days that records are kept; 0 keeps them for ever.
    #[arg(long, global = true, env = "VIGIL_RETENTION_DAYS")]
    pub retention_days: Option<u32>,
    /// Where blocks of old records move: file:///folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix.
    #[arg(
        long,
        env = "VIGIL_BLOCK_STORAGE",
        global = true,
        hide_short_help = true,
        value_name = "URL"
    )]
    pub block_storage: Option<String>,
    /// Days after which they move; 0 is only on `vigil tier`.
    #[arg(
        long,
        env = "VIGIL_TIER_AFTER_DAYS",
        global = true,
        hide_short_help = true
    )]
    pub tier_after_days: Option<u32>,
    /// Seconds in which a request that is repeated without an Idempotency-Key is known by its content; 0 is not at all.
    #[arg(long, global = true, env = "VIGIL_DEDUP_WINDOW_SECONDS")]
    pub dedup_window_seconds: Option<u32>,
    /// How our own log lines look.
    #[arg(long, global = true, env = "VIGIL_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
}
