#![doc = include_str!("../README.md")]

mod better_stack;
mod bulk;
mod compression;
mod context;
mod datadog;
mod draft;
mod error;
mod events;
mod fluent;
mod format;
mod gelf;
mod journald;
mod json;
mod limits;
mod line;
mod lines;
mod logs;
mod loki;
mod metrics;
mod msgpack;
mod otlp;
mod prometheus;
mod roles;
mod splunk;
mod syslog;
mod time;
mod wire;
mod wrapped;

pub use better_stack::{BetterStackFormat, decode_better_stack};
pub use bulk::{Bulk, BulkAction, BulkItem, decode_bulk};
pub use compression::{Encoding, decompress, unpacked};
pub use context::{Context, Decoded, Positions};
pub use datadog::decode_datadog;
pub use error::Error;
pub use events::decode_events;
pub use fluent::{
    FluentFrames, FluentMessage, FluentPing, FluentRecords, FluentRest, decode_fluent, fluent_ack,
    fluent_hello, fluent_pong,
};
pub use format::LogFormat;
pub use gelf::{GelfChunks, GelfFrames, decode_gelf, decode_gelf_message};
pub use journald::{JournalEntry, JournalReader};
pub use limits::Limits;
pub use line::LineDecoder;
pub use lines::Lines;
pub use logs::decode_logs;
pub use loki::{LokiFormat, decode_loki};
pub use metrics::decode_metrics;
pub use otlp::{
    DecodedSpans, OtlpFormat, decode_otlp_logs, decode_otlp_metrics, decode_otlp_traces,
};
pub use prometheus::{
    Exposition, ExpositionFormat, RemoteWrite, RemoteWriteFormat, RemoteWriteVersion, Tally,
    TargetLabels, decode_exposition, decode_remote_write,
};
pub use splunk::{BLANK_EVENT, NO_EVENT, SplunkDefaults, decode_splunk_events, decode_splunk_raw};
pub use syslog::{SyslogFrames, decode_syslog};
