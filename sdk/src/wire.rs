//! What is sent and what comes back, as `POST /api/v1/logs`, `/metrics` and `/events` define it.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A log record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Log {
    service: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

impl Log {
    /// A record without a time (the server stamps it at its arrival) and without a level.
    #[must_use]
    pub fn new(service: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            message: message.into(),
            level: None,
            timestamp: None,
            trace_id: None,
            span_id: None,
            fields: BTreeMap::new(),
        }
    }

    /// `trace`, `debug`, `info`, `warn`, `error` or `fatal`.
    #[must_use]
    pub fn level(mut self, level: impl Into<String>) -> Self {
        self.level = Some(level.into());
        self
    }

    /// When it happened, to the nanosecond.
    #[must_use]
    pub fn at(mut self, at: SystemTime) -> Self {
        self.timestamp = unix_ns(at);
        self
    }

    /// The trace and the span that it belongs to, in lowercase hexadecimal.
    #[must_use]
    pub fn trace(mut self, trace_id: impl Into<String>, span_id: impl Into<String>) -> Self {
        self.trace_id = Some(trace_id.into());
        self.span_id = Some(span_id.into());
        self
    }

    /// Any other field; it becomes an attribute. The names of this type's own fields are not taken.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        const OWN: [&str; 6] = [
            "service",
            "message",
            "level",
            "timestamp",
            "trace_id",
            "span_id",
        ];
        let name = name.into();
        if !OWN.contains(&name.as_str()) {
            self.fields.insert(name, value.into());
        }
        self
    }
}

/// A metric sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    value: f64,
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
}

impl Metric {
    /// A value that goes up and down.
    #[must_use]
    pub fn gauge(name: impl Into<String>, value: f64) -> Self {
        Self::of("gauge", name.into(), value)
    }

    /// A total that only grows.
    #[must_use]
    pub fn counter(name: impl Into<String>, total: f64) -> Self {
        Self::of("counter", name.into(), total)
    }

    fn of(kind: &'static str, name: String, value: f64) -> Self {
        Self {
            name,
            kind,
            value,
            labels: BTreeMap::new(),
            timestamp: None,
        }
    }

    /// A label; `service` says whose metric it is.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// When it was measured.
    #[must_use]
    pub fn at(mut self, at: SystemTime) -> Self {
        self.timestamp = unix_ns(at);
        self
    }
}

/// A change that incidents are held against.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    #[serde(rename = "type")]
    kind: String,
    service: String,
    title: String,
}

impl Event {
    /// A new version of a service.
    #[must_use]
    pub fn deploy(service: impl Into<String>, title: impl Into<String>) -> Self {
        Self::new("deploy", service, title)
    }

    /// Any other kind of change: `config_change`, `feature_flag`, …
    #[must_use]
    pub fn new(
        kind: impl Into<String>,
        service: impl Into<String>,
        title: impl Into<String>,
    ) -> Self {
        Self {
            kind: kind.into(),
            service: service.into(),
            title: title.into(),
        }
    }
}

/// What became of a batch. What was accepted is durable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// Items that were taken.
    pub accepted: usize,
    /// Some of the items that were not, with the reason.
    pub rejected: Vec<Rejected>,
    /// How many were not taken in all.
    #[serde(default)]
    pub rejected_count: usize,
}

/// One item that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Rejected {
    /// Position in the batch, from 0.
    pub index: usize,
    /// Why, with the value and the limit.
    pub reason: String,
}

/// Unix nanoseconds; `None` for instants that do not fit, which the server then stamps itself.
fn unix_ns(at: SystemTime) -> Option<u64> {
    let elapsed = at.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(elapsed.as_nanos()).ok()
}
