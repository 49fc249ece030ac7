//! What the values of a series mean.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::MetricKind;

/// The type of a metric family. The numbers are those of both protobuf enums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum MetricType {
    /// Nobody said.
    #[default]
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    /// Info and state sets: gauges of 0 and 1.
    State,
}

impl MetricType {
    pub fn from_number(number: u64) -> Self {
        match number {
            1 => Self::Counter,
            2 => Self::Gauge,
            3 => Self::Histogram,
            4 => Self::GaugeHistogram,
            5 => Self::Summary,
            6 | 7 => Self::State,
            _ => Self::Unknown,
        }
    }

    /// The word of a `# TYPE` line.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" | "stateset" => Self::State,
            "untyped" | "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// What the values of a series of this name mean. Of a metric whose type nobody said the name decides: `_total`,
    /// `_count`, `_sum` and `_bucket` are what Prometheus calls the parts of counters, summaries and histograms.
    pub fn kind_of(self, name: &str) -> MetricKind {
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        let grows = match self {
            Self::Counter => !name.ends_with("_created"),
            Self::Gauge | Self::GaugeHistogram | Self::State => false,
            Self::Histogram => ends(&["_count", "_sum", "_bucket"]),
            Self::Summary => ends(&["_count", "_sum"]),
            Self::Unknown => ends(&["_total", "_count", "_sum", "_bucket"]),
        };
        if grows {
            MetricKind::Counter
        } else {
            MetricKind::Gauge
        }
    }
}

/// The types of the families that a request or a text describes.
#[derive(Debug, Default)]
pub(super) struct Types<'a> {
    known: HashMap<Cow<'a, str>, MetricType>,
}

impl<'a> Types<'a> {
    /// Families that are remembered; of further ones the name decides.
    const MOST: usize = 50_000;
    /// What the names of a family's series add to its own.
    const SUFFIXES: [&'static str; 7] = [
        "_total", "_bucket", "_count", "_sum", "_gcount", "_gsum", "_created",
    ];

    pub fn add(&mut self, family: Cow<'a, str>, metric_type: MetricType) {
        if self.known.len() < Self::MOST {
            self.known.insert(family, metric_type);
        }
    }

    /// The type of the family that a series of this name belongs to.
    pub fn of(&self, name: &str) -> MetricType {
        if self.known.is_empty() {
            return MetricType::Unknown;
        }
        let family = || {
            let mut stems = Self::SUFFIXES.iter();
            stems.find_map(|suffix| self.known.get(name.strip_suffix(suffix)?))
        };
        self.known
            .get(name)
            .or_else(family)
            .copied()
            .unwrap_or_default()
    }
}
