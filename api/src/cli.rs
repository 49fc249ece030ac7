//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Vigil: an observability backend that understands logs.
#[derive(Debug, Parser)]
#[command(name = "vigil", version, about, max_term_width = 110)]
pub struct Cli {
    /// What to do; without a command Vigil serves.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Settings that every command understands.
    #[command(flatten)]
    pub settings: Settings,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server (the default).
    Serve,
    /// Start the server and run the built-in scenario: a small shop whose deploy goes wrong.
    Demo(DemoArgs),
    /// Made-up incidents with a known truth: what there is, and one to watch live on a running server.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Read log files and send them to a running server.
    Ingest(IngestArgs),
    /// Ask a question about the logs of a running server.
    Ask(AskArgs),
    /// What a project went through in the last days: incidents, errors, changed patterns, as Markdown.
    Digest(DigestArgs),
    /// Serve tools for agents (Model Context Protocol) on standard input and output.
    Mcp {
        /// How to reach the running server.
        #[command(flatten)]
        remote: Remote,
    },
    /// Ask in SQL: one SELECT on the table logs.
    Sql(SqlArgs),
    /// Follow the records that match as they come.
    Tail(TailArgs),
    /// Show what would leave the house of a file: secrets and personal data replaced as for a model outside.
    Scrub(ScrubArgs),
    /// Write every record that matches to a file or to standard output.
    Export(ExportArgs),
    /// Bring the database to this version's schema and end.
    Migrate,
    /// Machine-learning models: what there is, fetch, check.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// The semantic index.
    #[command(subcommand)]
    Index(IndexCommand),
    /// Alerting policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Tokens of programs: some write, some read.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Give a user a new password (printed once).
    ResetPassword {
        /// The user's name.
        #[arg(default_value = "admin")]
        name: String,
    },
    /// Move blocks of old records into the configured block storage.
    Tier {
        /// Blocks that end before this many days ago.
        #[arg(long, default_value_t = 7)]
        older_than_days: u32,
    },
    /// Read every stored block and say exactly what is damaged.
    Check,
    /// Print the settings in force, without secrets.
    Config,
    /// Look for anomalies in stored records of the past and open incidents for them, without notifying.
    Detect {
        /// First instant, RFC 3339; the oldest stored record otherwise.
        #[arg(long)]
        from: Option<String>,
        /// Last instant, RFC 3339; the newest stored record otherwise.
        #[arg(long)]
        to: Option<String>,
        /// How to reach the running server.
        #[command(flatten)]
        remote: Remote,
    },
}

/// `vigil demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// End after the scenario instead of serving on.
    #[arg(long)]
    pub exit: bool,
    /// Run on the configured database (DATABASE_URL), which must be empty, instead of a temporary file.
    #[arg(long)]
    pub on_database: bool,
    /// Write the outcome (anomaly, incident, message, answer) as JSON to this file.
    #[arg(long)]
    pub report: Option<PathBuf>,
}

/// How a command reaches a running server.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// Address of the server.
    #[arg(long, env = "VIGIL_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A token of this server, or a session; for a server on this machine, a session out of its data directory otherwise.
    #[arg(long, env = "VIGIL_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// `vigil ingest`.
#[derive(Debug, Clone, Args)]
pub struct IngestArgs {
    /// Files, also such as gzip and zstd have packed; `-` is standard input. With --follow also folders and patterns in
    /// quotes, such as '/var/log/containers/*.log'.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The service that wrote them; otherwise what the lines say, or the file's name.
    #[arg(long)]
    pub service: Option<String>,
    /// Keep reading what is appended and new files; a restart goes on where the last run was.
    #[arg(long, short = 'f')]
    pub follow: bool,
    /// With --follow: the files in the folders of a folder as well.
    #[arg(long, short = 'r', requires = "follow")]
    pub recursive: bool,
    /// With --follow: where the places in the files are kept; in the data folder otherwise.
    #[arg(long, value_name = "FILE", requires = "follow")]
    pub state: Option<PathBuf>,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// `vigil ask`.
#[derive(Debug, Clone, Args)]
pub struct AskArgs {
    /// The question, in plain words.
    #[arg(required = true)]
    pub question: Vec<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    pub json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// `vigil digest`.
#[derive(Debug, Clone, Args)]
pub struct DigestArgs {
    /// Days until now that it is about, at most 92.
    #[arg(long, default_value_t = 7)]
    pub days: u32,
    /// Print the numbers as JSON.
    #[arg(long)]
    pub json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// `vigil sql`.
#[derive(Debug, Clone, Args)]
pub struct SqlArgs {
    /// The query, such as "SELECT service, count(*) FROM logs GROUP BY service". Columns: timestamp, severity, service,
    /// body, attributes, trace_id, span_id, template_id, severity_number, observed_at, id; attr(attributes, 'key')
    /// reads an attribute.
    #[arg(required = true)]
    pub query: Vec<String>,
    /// How the rows are printed.
    #[arg(long, value_enum, default_value = "table")]
    pub format: SqlFormat,
    /// Most rows [default: 10000]
    #[arg(long)]
    pub limit: Option<usize>,
    /// Longest time, seconds, at most 60 [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub timeout_seconds: Option<u64>,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SqlFormat {
    /// For people.
    Table,
    /// One object with columns and rows.
    Json,
    /// One object a row.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
}

/// `vigil scrub`.
#[derive(Debug, Clone, Args)]
pub struct ScrubArgs {
    /// Files; `-` is standard input.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Leave only what is plainly part of a template; every other word becomes a slot.
    #[arg(long)]
    pub strict: bool,
    /// As it would be stored where records are masked: <EMAIL> instead of a pseudonym.
    #[arg(long)]
    pub mask: bool,
    /// By the rules of a project, as [scrub.projects.NAME] of the settings file gives them.
    #[arg(long)]
    pub project: Option<String>,
    /// Do not say what was taken out.
    #[arg(long, short = 'q')]
    pub quiet: bool,
}

/// `vigil tail`.
#[derive(Debug, Clone, Args)]
pub struct TailArgs {
    /// What to follow, in the language of the search box; everything otherwise.
    pub filter: Vec<String>,
    /// Stored records that are shown first, at most 1000.
    #[arg(long, short = 'n', default_value_t = 10)]
    pub lines: usize,
    /// Services, separated by commas.
    #[arg(long)]
    pub service: Option<String>,
    /// Severities, separated by commas, or >=warn.
    #[arg(long)]
    pub severity: Option<String>,
    /// Print one JSON object a record.
    #[arg(long)]
    pub json: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// `vigil export`.
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// What to export, in the language of the search box; everything of the range otherwise.
    pub filter: Vec<String>,
    /// First instant: RFC 3339, or a duration before now such as 15m; the last 24 hours otherwise.
    #[arg(long)]
    pub from: Option<String>,
    /// Last instant.
    #[arg(long)]
    pub to: Option<String>,
    /// Services, separated by commas.
    #[arg(long)]
    pub service: Option<String>,
    /// Severities, separated by commas, or >=warn.
    #[arg(long)]
    pub severity: Option<String>,
    /// How the records are written.
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: ExportFormat,
    /// The file; standard output otherwise. It gets its name when it is complete.
    #[arg(long, short = 'o')]
    pub output: Option<PathBuf>,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl ExportFormat {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// `vigil models`.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelsCommand {
    /// What the catalogue knows and what is here.
    List,
    /// Fetch a model (all defaults when none is named).
    Pull {
        /// Ids of the catalogue, or names of the hub: owner/repository, owner/repository:file.gguf.
        ids: Vec<String>,
    },
    /// Hash the files of a model again (all that are here when none is named).
    Verify {
        /// Ids of the catalogue.
        ids: Vec<String>,
    },
}

/// `vigil scenario`.
#[derive(Debug, Clone, Subcommand)]
pub enum ScenarioCommand {
    /// What there is.
    List,
    /// Send calm hours as the past, then play the incident in real time and print what the server makes of it.
    Run(ScenarioRun),
}

/// `vigil scenario run`.
#[derive(Debug, Clone, Args)]
pub struct ScenarioRun {
    /// Which one.
    pub name: String,
    /// Another seed is another estate, another traffic and other noise.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Minutes of the trouble that are played, at most 18.
    #[arg(long, default_value_t = 8)]
    pub minutes: usize,
    /// Minutes of calm that are sent as the past, at most 238.
    #[arg(long, default_value_t = 120)]
    pub calm_minutes: usize,
    /// How to reach the server.
    #[command(flatten)]
    pub remote: Remote,
}

/// `vigil index`.
#[derive(Debug, Clone, Subcommand)]
pub enum IndexCommand {
    /// Forget the index and build it anew from the store. Stop the server first when it is embedded.
    Rebuild,
}

/// `vigil policy`.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Check policy files and say what they would do.
    Check {
        /// YAML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print policy files in their canonical form.
    Fmt {
        /// YAML files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// `vigil token`.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCommand {
    /// Make a new token for the default project (printed once).
    Create {
        /// What it is for.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "ingest")]
        scope: Scope,
    },
    /// Prefixes, scopes, names and last use of all tokens.
    List,
    /// Refuse a token from now on.
    Revoke {
        /// Its prefix, as `list` prints it.
        prefix: String,
    },
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// Write records, and nothing else.
    Ingest,
    /// Search, ask, MCP, SQL and exports, and change nothing.
    Read,
}

impl From<Scope> for store::TokenScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Ingest => Self::Ingest,
            Scope::Read => Self::Read,
        }
    }
}

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
    /// The narrator: an id of the catalogue, the path of a GGUF file, or `owner/repository:file.gguf` of the hub.
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
