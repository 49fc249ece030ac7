//! Metric series and their samples.

mod read;
pub(crate) mod seal;
pub(crate) mod sealed;
mod write;

use std::collections::{BTreeMap, HashMap};

use domain::{MetricKind, MetricPoint, ProjectId, Rejected, SeriesId, TimeRange};

pub(crate) use write::delete_before;

use crate::{Error, Store};

/// Series that one call looks at or returns at most.
pub const MAX_SERIES: usize = 10_000;
/// Samples that one call returns at most, all series together.
pub const MAX_SAMPLES: usize = 1_000_000;
/// Longest metric name, bytes: it is part of an index key.
pub const MAX_METRIC_NAME_BYTES: usize = 512;
/// Longest labels of a series as JSON, bytes.
pub const MAX_LABELS_BYTES: usize = 16 * 1024;

/// A condition on one label. A missing label counts as the empty text, as in Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMatcher {
    /// The label's name.
    pub label: String,
    /// The value to compare with.
    pub value: String,
    /// True when records with this value are left out.
    pub negated: bool,
}

impl LabelMatcher {
    /// `label = value`.
    #[must_use]
    pub fn equal(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
            negated: false,
        }
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let present = labels.get(&self.label).map_or("", String::as_str);
        (present == self.value) != self.negated
    }
}

/// One series with its samples, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSeries {
    /// The hash of name and labels.
    pub id: SeriesId,
    /// The metric's name.
    pub name: String,
    /// What the values mean.
    pub kind: MetricKind,
    /// Its dimensions.
    pub labels: BTreeMap<String, String>,
    /// (unix nanoseconds UTC, value).
    pub samples: Vec<(i64, f64)>,
}

/// What was stored of a request's points.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricReceipt {
    /// Samples that were written; of several with the same series and instant the last.
    pub stored: usize,
    /// Points that were not, by position, and why.
    pub rejected: Vec<Rejected>,
}

/// Metrics. All calls block.
pub trait MetricStore {
    /// Stores points of one project in one transaction. A sample with the same series and instant as a stored one
    /// replaces it. Points that are not storable are reported and never fail their neighbours.
    ///
    /// # Errors
    /// Fails when the database cannot be written in time; nothing was stored then.
    fn append_metrics(
        &self,
        project_id: ProjectId,
        points: &[MetricPoint],
    ) -> Result<MetricReceipt, Error>;

    /// The names of all metrics with their kinds, by name; at most [`MAX_SERIES`].
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn metric_names(&self, project_id: ProjectId) -> Result<Vec<(String, MetricKind)>, Error>;

    /// The series of a metric that match, with their samples of a range; series without samples in it are left out.
    ///
    /// # Errors
    /// Fails when there are more than [`MAX_SERIES`] series or [`MAX_SAMPLES`] samples, or the database cannot be
    /// read in time.
    fn metric_query(
        &self,
        project_id: ProjectId,
        name: &str,
        matchers: &[LabelMatcher],
        range: TimeRange,
    ) -> Result<Vec<MetricSeries>, Error>;

    /// The last sample of each of these series before an instant, however long before; series without one are left
    /// out.
    ///
    /// # Errors
    /// Fails when the database cannot be read in time.
    fn samples_before(
        &self,
        project_id: ProjectId,
        series: &[SeriesId],
        before_ns: i64,
    ) -> Result<HashMap<SeriesId, (i64, f64)>, Error>;

    /// The newest sample of each series of a metric that matches.
    ///
    /// # Errors
    /// As [`MetricStore::metric_query`].
    fn latest(
        &self,
        project_id: ProjectId,
        name: &str,
        matchers: &[LabelMatcher],
    ) -> Result<Vec<MetricPoint>, Error>;
}

impl MetricStore for Store {
    fn append_metrics(
        &self,
        project_id: ProjectId,
        points: &[MetricPoint],
    ) -> Result<MetricReceipt, Error> {
        write::append(self, project_id, points)
    }

    fn metric_names(&self, project_id: ProjectId) -> Result<Vec<(String, MetricKind)>, Error> {
        read::names(self, project_id)
    }

    fn metric_query(
        &self,
        project_id: ProjectId,
        name: &str,
        matchers: &[LabelMatcher],
        range: TimeRange,
    ) -> Result<Vec<MetricSeries>, Error> {
        read::query(self, project_id, name, matchers, range)
    }

    fn samples_before(
        &self,
        project_id: ProjectId,
        series: &[SeriesId],
        before_ns: i64,
    ) -> Result<HashMap<SeriesId, (i64, f64)>, Error> {
        read::before(self, project_id, series, before_ns)
    }

    fn latest(
        &self,
        project_id: ProjectId,
        name: &str,
        matchers: &[LabelMatcher],
    ) -> Result<Vec<MetricPoint>, Error> {
        read::latest(self, project_id, name, matchers)
    }
}
