//! The command line.

mod reading;
mod settings;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use reading::{AskArgs, DigestArgs, ExportArgs, ExportFormat, SqlArgs, SqlFormat, TailArgs};
pub use settings::{LogFormat, Settings};

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

/// `vigil models`.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelsCommand {
    /// What the catalogue knows and what is here.
    List,
    /// Fetch a model (all defaults when none is named).
    Pull {
        /// Ids of the catalogue, or names of the hub: owner/repository, owner/repository:file.gguf,
        /// owner/repository:model.safetensors.
        ids: Vec<String>,
    },
    /// What a language model on this machine is, and how much memory it takes, without loading it.
    Inspect {
        /// A GGUF file, or a directory with config.json, tokenizer.json and safetensors files.
        path: PathBuf,
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
