//! What commands that read out of a running server are told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Remote;

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
