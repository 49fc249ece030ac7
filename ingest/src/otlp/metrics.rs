//! `POST /v1/metrics`.

use std::collections::BTreeMap;

use domain::{MetricKind, MetricPoint};

use super::any::{Attribute, Depth, drop_duplicates};
use super::histogram::{ExponentialHistogram, Histogram, Summary};
use super::origin::Resource;
use super::{Levels, OtlpFormat, REPEATED_BYTES, check_count, members, message_of};
use crate::context::Origin;
use crate::draft::cut;
use crate::metrics::{add_label, checked_name};
use crate::wire::{Item, Malformed, Message, Names};
use crate::{Context, Decoded, Error};

const LEVELS: Levels = Levels {
    resources: &[(1, "resourceMetrics")],
    scopes: &[(1, "resource"), (2, "scopeMetrics")],
    items: &[(1, "scope"), (2, "metrics")],
};
const METRIC: Names = &[
    (1, "name"),
    (5, "gauge"),
    (7, "sum"),
    (9, "histogram"),
    (10, "exponentialHistogram"),
    (11, "summary"),
];
/// The fields that all kinds of data share; a kind that lacks one never sends its number.
const DATA: Names = &[
    (1, "dataPoints"),
    (2, "aggregationTemporality"),
    (3, "isMonotonic"),
];
const TEMPORALITY: [(&str, u64); 2] = [
    ("AGGREGATION_TEMPORALITY_DELTA", 1),
    ("AGGREGATION_TEMPORALITY_CUMULATIVE", 2),
];
const NUMBER_POINT: Names = &[
    (3, "timeUnixNano"),
    (4, "asDouble"),
    (6, "asInt"),
    (7, "attributes"),
    (8, "flags"),
];
/// Most bytes of labels that one point may repeat over its samples.
const POINT_BYTES: usize = 8 * 1024 * 1024;
/// `DataPointFlags`: the point says that there is no value.
pub(super) const NO_RECORDED_VALUE: u64 = 1;

/// Reads the points of an `ExportMetricsServiceRequest` that is already decompressed. One point may become several
/// samples (a histogram has a count, a sum and its buckets); the positions are those of the points.
///
/// # Errors
/// The body is too large, its outer levels are no such request, or it holds or grows to more than one request may.
pub fn decode_otlp_metrics(
    format: OtlpFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded<MetricPoint>, Error> {
    let origin = Origin::from(context);
    let text = super::json_text(format, body);
    let root = super::root(format, body, &text, context)?;
    let mut sink = Sink {
        decoded: Decoded::new(),
        origin: &origin,
        index: 0,
        sample_bytes: 0,
    };
    super::walk(
        root,
        &LEVELS,
        &origin,
        &mut |metric, shared| match shared.resource.as_ref() {
            Ok(resource) => sink.metric(metric, resource),
            Err(reason) => sink.reject_all(metric, reason),
        },
    )?;
    Ok(sink.decoded)
}

/// A value under a name, before it has labels and an instant.
pub(super) struct Sample {
    /// What follows the metric's name, for example `_count`.
    pub suffix: &'static str,
    pub kind: MetricKind,
    /// A label of the sample's own: `le` or `quantile`.
    pub label: Option<(&'static str, String)>,
    pub value: f64,
}

/// A point as read: its instant (0: none), its attributes and its samples; no samples when it has no value.
pub(super) struct Point<'a> {
    pub time_ns: u64,
    pub attributes: Vec<Attribute<'a>>,
    pub samples: Vec<Sample>,
}

struct Sink<'o> {
    decoded: Decoded<MetricPoint>,
    origin: &'o Origin,
    index: usize,
    sample_bytes: usize,
}

/// What kind of data a metric has.
#[derive(Clone, Copy)]
enum Data {
    Number(MetricKind),
    Histogram(MetricKind),
    ExponentialHistogram(MetricKind),
    Summary,
}

impl Sink<'_> {
    fn metric(&mut self, metric: Item<'_>, resource: &Resource) -> Result<(), Error> {
        let read = read_metric(metric, self.origin).and_then(|(name, data, points)| {
            let longest = "_bucket".len();
            let name = checked_name(&name, self.origin)?;
            let limit = self.origin.limits.metric_name_chars;
            if !matches!(data, Data::Number(_)) && name.chars().count() + longest > limit {
                return Err(format!(
                    "name is longer than {} characters, which leaves no room for '_bucket'",
                    limit - longest
                ));
            }
            Ok((name, data, points))
        });
        let (name, data, points) = match read {
            Ok(read) => read,
            Err(reason) => return self.reject_all(metric, &reason),
        };
        for point in points {
            check_count(self.index, self.origin)?;
            let samples = message_of(point, self.origin)
                .and_then(|point| read_point(point, data))
                .and_then(|point| samples_of(&name, point, resource, self.origin));
            match samples {
                Ok(samples) => {
                    for sample in samples {
                        self.sample_bytes += sample_bytes(&sample);
                        if self.sample_bytes > REPEATED_BYTES {
                            return Err(Error::GrowsTooLarge {
                                limit_bytes: REPEATED_BYTES,
                            });
                        }
                        self.decoded.accept(self.index, sample);
                    }
                }
                Err(reason) => {
                    self.decoded.reject(self.index, reason, &self.origin.limits);
                }
            }
            self.index += 1;
        }
        Ok(())
    }

    /// Refuses every point of a metric; one that cannot be read at all counts as one point.
    fn reject_all(&mut self, metric: Item<'_>, reason: &str) -> Result<(), Error> {
        let points = read_metric(metric, self.origin).map_or(1, |(_, _, points)| points.len());
        for _ in 0..points {
            check_count(self.index, self.origin)?;
            self.decoded
                .reject(self.index, reason.to_owned(), &self.origin.limits);
            self.index += 1;
        }
        Ok(())
    }
}

fn sample_bytes(sample: &MetricPoint) -> usize {
    let labels: usize = sample
        .labels
        .iter()
        .map(|(key, value)| key.len() + value.len() + 48)
        .sum();
    128 + sample.name.len() + labels
}

/// The name, the kind and the points of a metric; at most one point more than a request may hold.
fn read_metric<'a>(
    metric: Item<'a>,
    origin: &Origin,
) -> Result<(String, Data, Vec<Item<'a>>), Malformed> {
    let mut name = String::new();
    let mut found = None;
    metric.message()?.fields(METRIC, &mut |number, item| {
        match number {
            1 => name = item.text()?.into_owned(),
            _ => found = Some((number, item.message()?)),
        }
        Ok(())
    })?;
    let Some((number, data)) = found else {
        return Err(format!(
            "metric '{}' has no data of a known kind",
            cut(&name, 64)
        ));
    };
    let (mut temporality, mut is_monotonic) = (0, false);
    if number != 5 && number != 11 {
        data.fields(DATA, &mut |number, item| {
            match number {
                2 => temporality = item.choice(&TEMPORALITY)?,
                3 => is_monotonic = item.boolean()?,
                _ => {}
            }
            Ok(())
        })?;
    }
    // Increments stay increments: adding them up would need a memory of every series.
    let grows = if temporality == 1 {
        MetricKind::Delta
    } else {
        MetricKind::Counter
    };
    let data_kind = match number {
        5 => Data::Number(MetricKind::Gauge),
        7 if temporality != 1 && !is_monotonic => Data::Number(MetricKind::Gauge),
        7 => Data::Number(grows),
        9 => Data::Histogram(grows),
        10 => Data::ExponentialHistogram(grows),
        _ => Data::Summary,
    };
    Ok((name, data_kind, members(data, DATA, 1, origin)?))
}

fn read_point(point: Message<'_>, data: Data) -> Result<Point<'_>, Malformed> {
    match data {
        Data::Number(kind) => number_point(point, kind),
        Data::Histogram(kind) => Histogram::read(point, kind),
        Data::ExponentialHistogram(kind) => ExponentialHistogram::read(point, kind),
        Data::Summary => Summary::read(point),
    }
}

fn number_point(message: Message<'_>, kind: MetricKind) -> Result<Point<'_>, Malformed> {
    let mut point = Point {
        time_ns: 0,
        attributes: Vec::new(),
        samples: Vec::new(),
    };
    let (mut value, mut flags) = (None, 0);
    message.fields(NUMBER_POINT, &mut |number, item| {
        match number {
            3 => point.time_ns = item.u64()?,
            4 => value = Some(item.f64()?),
            6 => value = Some(item.i64()? as f64),
            7 => point.attributes.push(Attribute::read(item.message()?)?),
            _ => flags = item.u64()?,
        }
        Ok(())
    })?;
    if flags & NO_RECORDED_VALUE == 0 {
        point.samples.push(Sample {
            suffix: "",
            kind,
            label: None,
            value: value.ok_or_else(|| "point has no value".to_owned())?,
        });
    }
    Ok(point)
}

/// The samples of a point, with labels and instant; all of them or none.
fn samples_of(
    name: &str,
    mut point: Point<'_>,
    resource: &Resource,
    origin: &Origin,
) -> Result<Vec<MetricPoint>, Malformed> {
    let labels = labels_of(&mut point.attributes, resource, origin)?;
    let timestamp_ns = instant_of(point.time_ns, origin)?;
    let label_bytes: usize = labels
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if label_bytes.saturating_mul(point.samples.len()) > POINT_BYTES {
        return Err(format!(
            "point becomes {} samples of {label_bytes} bytes of labels, limit is {POINT_BYTES} in all",
            point.samples.len()
        ));
    }
    let mut samples = Vec::with_capacity(point.samples.len());
    for sample in point.samples {
        if !sample.value.is_finite() {
            return Err(format!("value '{}' is not a finite number", sample.value));
        }
        let mut labels = labels.clone();
        if let Some((key, value)) = sample.label {
            labels.insert(key.to_owned(), value);
        }
        if labels.len() > origin.limits.metric_labels {
            return Err(format!(
                "sample has {} labels, limit is {}",
                labels.len(),
                origin.limits.metric_labels
            ));
        }
        samples.push(MetricPoint {
            project_id: origin.project_id,
            name: format!("{name}{}", sample.suffix),
            kind: sample.kind,
            labels,
            value: sample.value,
            timestamp_ns,
        });
    }
    Ok(samples)
}

fn labels_of(
    attributes: &mut Vec<Attribute<'_>>,
    resource: &Resource,
    origin: &Origin,
) -> Result<BTreeMap<String, String>, Malformed> {
    drop_duplicates(attributes);
    let mut labels = BTreeMap::new();
    for attribute in attributes {
        let text = attribute.text(Depth::of_values(origin))?.into_owned();
        add_label(&mut labels, attribute.key.to_string(), text, origin)?;
    }
    let service = resource
        .service
        .as_ref()
        .or(origin.default_service.as_ref());
    for (key, text) in [
        ("service", service),
        ("instance", resource.instance.as_ref()),
    ] {
        if let Some(text) = text
            && !labels.contains_key(key)
        {
            add_label(&mut labels, key.to_owned(), text.clone(), origin)?;
        }
    }
    Ok(labels)
}

fn instant_of(time_ns: u64, origin: &Origin) -> Result<i64, Malformed> {
    if time_ns == 0 {
        return Ok(origin.received_at_ns);
    }
    i64::try_from(time_ns)
        .ok()
        .filter(|at| origin.limits.is_plausible(*at, origin.received_at_ns))
        .ok_or_else(|| format!("timestamp '{time_ns}' is not between 1990 and a day after arrival"))
}
