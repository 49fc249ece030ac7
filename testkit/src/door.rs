//! The protocols that log records come in by, from the sender's side: the same rows for every one of them, and what its
//! answer promises.

mod json;
mod protobuf;
mod verdict;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use verdict::Verdict;

/// A log record before a protocol gave it its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When, unix nanoseconds.
    pub timestamp_ns: i64,
    /// `debug`, `info`, `warn` or `error`.
    pub severity: &'static str,
    /// Who wrote it.
    pub service: Cow<'static, str>,
    /// On which machine.
    pub host: Cow<'static, str>,
    /// The text.
    pub body: String,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// What else is known, as texts.
    pub attributes: Vec<(Cow<'static, str>, String)>,
}

/// A protocol over HTTP, with the address that its clients use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Door {
    /// Vigil's own, one object a line.
    Ndjson,
    /// Vigil's own, one array.
    JsonArray,
    /// Elasticsearch `_bulk`.
    Elasticsearch,
    /// Loki push as JSON.
    LokiJson,
    /// Loki push as snappy-packed protobuf.
    LokiProtobuf,
    /// OTLP/HTTP as JSON.
    OtlpJson,
    /// OTLP/HTTP as protobuf.
    OtlpProtobuf,
    /// Splunk's HTTP event collector.
    Splunk,
}

impl Door {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ndjson,
        Self::JsonArray,
        Self::Elasticsearch,
        Self::LokiJson,
        Self::LokiProtobuf,
        Self::OtlpJson,
        Self::OtlpProtobuf,
        Self::Splunk,
    ];

    /// One word, for tables and command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::JsonArray => "json-array",
            Self::Elasticsearch => "elasticsearch",
            Self::LokiJson => "loki-json",
            Self::LokiProtobuf => "loki-protobuf",
            Self::OtlpJson => "otlp-json",
            Self::OtlpProtobuf => "otlp-protobuf",
            Self::Splunk => "splunk",
        }
    }

    /// The door of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.name() == name)
    }

    /// Where its requests go.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Ndjson | Self::JsonArray => "/api/v1/logs",
            Self::Elasticsearch => "/_bulk",
            Self::LokiJson | Self::LokiProtobuf => "/loki/api/v1/push",
            Self::OtlpJson | Self::OtlpProtobuf => "/v1/logs",
            Self::Splunk => "/services/collector/event",
        }
    }

    /// The content type of its requests.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ndjson | Self::Elasticsearch => "application/x-ndjson",
            Self::JsonArray | Self::LokiJson | Self::OtlpJson | Self::Splunk => "application/json",
            Self::LokiProtobuf | Self::OtlpProtobuf => "application/x-protobuf",
        }
    }

    /// Whether its requests are text.
    #[must_use]
    pub fn is_json(self) -> bool {
        !matches!(self, Self::LokiProtobuf | Self::OtlpProtobuf)
    }

    /// The body of a request with these rows, in this order but for protocols that group them by their origin.
    #[must_use]
    pub fn encode(self, rows: &[Row]) -> Vec<u8> {
        let plain = self.encode_plain(rows);
        if self == Self::LokiProtobuf {
            pack(&plain)
        } else {
            plain
        }
    }

    /// The body before it is packed, for those who change bytes in it; [`Door::pack`] does the rest.
    #[must_use]
    pub fn encode_plain(self, rows: &[Row]) -> Vec<u8> {
        match self {
            Self::Ndjson => json::lines(rows),
            Self::JsonArray => json::array(rows),
            Self::Elasticsearch => json::bulk(rows),
            Self::LokiJson => json::loki(rows),
            Self::LokiProtobuf => protobuf::loki(rows),
            Self::OtlpJson => json::otlp(rows),
            Self::OtlpProtobuf => protobuf::otlp(rows),
            Self::Splunk => json::splunk(rows),
        }
    }

    /// Packs a plain body where the protocol wants it packed.
    #[must_use]
    pub fn pack(self, plain: Vec<u8>) -> Vec<u8> {
        if self == Self::LokiProtobuf {
            pack(&plain)
        } else {
            plain
        }
    }

    /// What an answer to a request of `sent` records promises.
    #[must_use]
    pub fn verdict(self, status: u16, body: &[u8], sent: usize) -> Verdict {
        verdict::of(self, status, body, sent)
    }
}

/// The body of a Prometheus remote write request (1.0) of one series, for `/api/v1/write`: labels sorted by their names,
/// `__name__` among them; samples are unix milliseconds and values.
#[must_use]
pub fn remote_write(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Vec<u8> {
    pack(&protobuf::remote_write(labels, samples))
}

fn pack(plain: &[u8]) -> Vec<u8> {
    // Fails only on inputs of 4 GiB, which no test makes.
    snap::raw::Encoder::new()
        .compress_vec(plain)
        .unwrap_or_default()
}

/// The number of a severity in OTLP.
fn severity_number(severity: &str) -> u64 {
    match severity {
        "trace" => 1,
        "debug" => 5,
        "warn" => 13,
        "error" => 17,
        "fatal" => 21,
        _ => 9,
    }
}

/// Rows that have the same origin, in the order of their first one.
fn groups<'a, K: Ord>(rows: &'a [Row], key: impl Fn(&'a Row) -> K) -> Vec<Vec<&'a Row>> {
    let mut places = std::collections::BTreeMap::new();
    let mut groups: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let place = *places.entry(key(row)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    groups
}
