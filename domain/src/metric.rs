//! Metric samples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// What a sample's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// A value that goes up and down.
    #[default]
    Gauge,
    /// A total that only grows; a fall means a restart.
    Counter,
    /// An increment since the last sample.
    Delta,
}

impl MetricKind {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Delta => "delta",
        }
    }

    /// Reads the lowercase word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "gauge" => Some(Self::Gauge),
            "counter" | "sum" => Some(Self::Counter),
            "delta" => Some(Self::Delta),
            _ => None,
        }
    }
}

/// One sample of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricPoint {
    /// The tenant.
    pub project_id: ProjectId,
    /// The metric's name, for example `http_errors`.
    pub name: String,
    /// What the value means.
    pub kind: MetricKind,
    /// Dimensions; `service` links the series to logs.
    pub labels: BTreeMap<String, String>,
    /// A finite number.
    pub value: f64,
    /// Unix nanoseconds UTC.
    pub timestamp_ns: i64,
}

/// A series: the stable 64-bit hash of a name and its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SeriesId(pub i64);

impl SeriesId {
    /// The id of a name and labels: FNV-1a over `name 0xff key 0xfe value 0xff ...` in key order.
    #[must_use]
    pub fn of(name: &str, labels: &BTreeMap<String, String>) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut feed = |bytes: &[u8], end: u8| {
            for byte in bytes.iter().chain(std::iter::once(&end)) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        feed(name.as_bytes(), 0xff);
        for (key, value) in labels {
            feed(key.as_bytes(), 0xfe);
            feed(value.as_bytes(), 0xff);
        }
        Self(hash.cast_signed())
    }
}
