//! A series: its name, its labels, and the points that its values become.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::{MetricKind, MetricPoint};

use super::instant_of_ms;
use super::kind::MetricType;
use crate::context::Origin;
use crate::draft::cut;
use crate::metrics::{add_label, checked_name};
use crate::wire::Malformed;

/// The label that bears the name.
const NAME: &str = "__name__";
/// The label that links a series to logs.
const SERVICE: &str = "service";
/// Labels that name the service when [`SERVICE`] does not, the best first.
const SERVICE_ALIASES: [&str; 3] = ["service_name", "service.name", "job"];

/// Name and labels.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub name: String,
    pub labels: BTreeMap<String, String>,
}

impl Series {
    /// A series of its labels, the name among them. A label without a value is none; one that comes twice spoils the
    /// series.
    pub fn of_pairs<'a>(
        pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
        origin: &Origin,
    ) -> Result<Self, Malformed> {
        let mut name = None;
        let mut labels = BTreeMap::new();
        for (key, value) in pairs {
            if key == NAME {
                if name.is_some() {
                    return Err(twice(NAME));
                }
                name = Some(checked_name(&value, origin)?);
            } else {
                insert(&mut labels, &key, &value, origin)?;
            }
        }
        let name = name.ok_or_else(|| "series has no name".to_owned())?;
        let mut series = Self { name, labels };
        series.name_service(origin)?;
        Ok(series)
    }

    /// Adds the label `service` when there is none, and checks how many labels there are.
    pub fn name_service(&mut self, origin: &Origin) -> Result<(), Malformed> {
        let limit = origin.limits.metric_labels;
        let count = self.labels.len();
        if count > limit {
            return Err(format!("series has {count} labels, limit is {limit}"));
        }
        if self.labels.contains_key(SERVICE) {
            return Ok(());
        }
        let service = SERVICE_ALIASES
            .iter()
            .find_map(|alias| self.labels.get(*alias))
            .or(origin.default_service.as_ref())
            .cloned();
        if let Some(service) = service
            && count < limit
        {
            add_label(&mut self.labels, SERVICE.to_owned(), service, origin)?;
        }
        Ok(())
    }

    /// The point of a sample; none when its value is no finite number.
    pub fn sample(
        &self,
        metric_type: MetricType,
        value: f64,
        at_ms: i64,
        origin: &Origin,
    ) -> Result<Vec<MetricPoint>, Malformed> {
        let timestamp_ns = instant_of_ms(at_ms, origin)?;
        if !value.is_finite() {
            return Ok(Vec::new());
        }
        let kind = metric_type.kind_of(&self.name);
        let point = self.point("", None, kind, value, timestamp_ns, origin)?;
        Ok(vec![point])
    }

    /// A point under the name with a suffix, with a label of its own.
    pub fn point(
        &self,
        suffix: &str,
        label: Option<(&str, String)>,
        kind: MetricKind,
        value: f64,
        timestamp_ns: i64,
        origin: &Origin,
    ) -> Result<MetricPoint, Malformed> {
        let name = format!("{}{suffix}", self.name);
        let name = if suffix.is_empty() {
            name
        } else {
            checked_name(&name, origin)?
        };
        let mut labels = self.labels.clone();
        if let Some((key, value)) = label {
            labels.insert(key.to_owned(), value);
            let limit = origin.limits.metric_labels;
            if labels.len() > limit {
                let count = labels.len();
                return Err(format!("series has {count} labels, limit is {limit}"));
            }
        }
        Ok(MetricPoint {
            project_id: origin.project_id,
            name,
            kind,
            labels,
            value,
            timestamp_ns,
        })
    }
}

/// Adds a label that is not there yet; one without a value is none.
pub(super) fn insert(
    labels: &mut BTreeMap<String, String>,
    key: &str,
    value: &str,
    origin: &Origin,
) -> Result<(), Malformed> {
    if key.is_empty() {
        return Err(format!(
            "a label with the value '{}' has no name",
            cut(value, 64)
        ));
    }
    if value.is_empty() {
        return Ok(());
    }
    if labels.contains_key(key) {
        return Err(twice(key));
    }
    add_label(labels, key.to_owned(), value.to_owned(), origin)
}

fn twice(key: &str) -> Malformed {
    format!("label '{}' comes twice", cut(key, 64))
}
