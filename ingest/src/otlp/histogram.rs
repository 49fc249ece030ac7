//! Points that are distributions: as counts and sums under the names that Prometheus uses.

use domain::MetricKind;

use super::any::Attribute;
use super::metrics::{NO_RECORDED_VALUE, Point, Sample};
use crate::wire::{Item, Malformed, Message, Names, Packing};

const HISTOGRAM: Names = &[
    (3, "timeUnixNano"),
    (4, "count"),
    (5, "sum"),
    (6, "bucketCounts"),
    (7, "explicitBounds"),
    (9, "attributes"),
    (10, "flags"),
    (11, "min"),
    (12, "max"),
];
const EXPONENTIAL: Names = &[
    (1, "attributes"),
    (3, "timeUnixNano"),
    (4, "count"),
    (5, "sum"),
    (6, "scale"),
    (7, "zeroCount"),
    (8, "positive"),
    (9, "negative"),
    (10, "flags"),
    (12, "min"),
    (13, "max"),
];
const BUCKETS: Names = &[(1, "offset"), (2, "bucketCounts")];
const SUMMARY: Names = &[
    (3, "timeUnixNano"),
    (4, "count"),
    (5, "sum"),
    (6, "quantileValues"),
    (7, "attributes"),
    (8, "flags"),
];
const QUANTILE: Names = &[(1, "quantile"), (2, "value")];
/// The quantiles that are told of an exponential histogram, whose hundreds of buckets would be as many series.
const TOLD: [f64; 4] = [0.5, 0.9, 0.95, 0.99];
/// Buckets of one point; more are refused. The SDKs' default for exponential histograms is 160.
const MOST_BUCKETS: usize = 4_096;

/// What all distributions have.
#[derive(Default)]
struct Totals {
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    flags: u64,
}

impl Totals {
    fn push_samples(&self, kind: MetricKind, samples: &mut Vec<Sample>) {
        samples.push(sample("_count", kind, self.count as f64));
        samples.extend(self.sum.map(|sum| sample("_sum", kind, sum)));
        for (suffix, value) in [("_min", self.min), ("_max", self.max)] {
            samples.extend(value.map(|value| sample(suffix, MetricKind::Gauge, value)));
        }
    }

    fn has_value(&self) -> bool {
        self.flags & NO_RECORDED_VALUE == 0
    }
}

fn sample(suffix: &'static str, kind: MetricKind, value: f64) -> Sample {
    Sample {
        suffix,
        kind,
        label: None,
        value,
    }
}

fn quantile(at: f64, value: f64) -> Sample {
    Sample {
        suffix: "",
        kind: MetricKind::Gauge,
        label: Some(("quantile", at.to_string())),
        value,
    }
}

fn empty<'a>() -> Point<'a> {
    Point {
        time_ns: 0,
        attributes: Vec::new(),
        samples: Vec::new(),
    }
}

fn push_bucket<T>(buckets: &mut Vec<T>, bucket: T) -> Result<(), Malformed> {
    if buckets.len() == MOST_BUCKETS {
        return Err(format!("point has more than {MOST_BUCKETS} buckets"));
    }
    buckets.push(bucket);
    Ok(())
}

/// A histogram with bounds of its own.
pub(super) struct Histogram;

impl Histogram {
    /// `_count`, `_sum`, and `_bucket` with the label `le`, cumulative over the buckets.
    pub fn read(message: Message<'_>, kind: MetricKind) -> Result<Point<'_>, Malformed> {
        let mut point = empty();
        let mut totals = Totals::default();
        let (mut counts, mut bounds) = (Vec::new(), Vec::new());
        message.fields(HISTOGRAM, &mut |number, item| {
            match number {
                3 => point.time_ns = item.u64()?,
                4 => totals.count = item.u64()?,
                5 => totals.sum = Some(item.f64()?),
                6 => item.each_number(Packing::Fixed64, &mut |item| {
                    push_bucket(&mut counts, item.u64()?)
                })?,
                7 => item.each_number(Packing::Fixed64, &mut |item| {
                    push_bucket(&mut bounds, item.f64()?)
                })?,
                9 => point.attributes.push(Attribute::read(item.message()?)?),
                10 => totals.flags = item.u64()?,
                11 => totals.min = Some(item.f64()?),
                _ => totals.max = Some(item.f64()?),
            }
            Ok(())
        })?;
        if !totals.has_value() {
            return Ok(point);
        }
        if !counts.is_empty() && counts.len() != bounds.len() + 1 {
            return Err(format!(
                "histogram has {} buckets and {} bounds; there must be one bucket more",
                counts.len(),
                bounds.len()
            ));
        }
        totals.push_samples(kind, &mut point.samples);
        let mut below = 0_u64;
        for (at, count) in counts.into_iter().enumerate() {
            below = below.saturating_add(count);
            let bound = bounds
                .get(at)
                .map_or_else(|| "+Inf".to_owned(), |bound: &f64| bound.to_string());
            point.samples.push(Sample {
                label: Some(("le", bound)),
                ..sample("_bucket", kind, below as f64)
            });
        }
        Ok(point)
    }
}

/// The buckets of one side of an exponential histogram.
#[derive(Default)]
struct Buckets {
    offset: i64,
    counts: Vec<u64>,
}

impl Buckets {
    fn read(item: Item<'_>) -> Result<Self, Malformed> {
        let mut buckets = Self::default();
        item.message()?.fields(BUCKETS, &mut |number, item| {
            match number {
                1 => buckets.offset = item.zigzag()?,
                _ => item.each_number(Packing::Varint, &mut |item| {
                    push_bucket(&mut buckets.counts, item.u64()?)
                })?,
            }
            Ok(())
        })?;
        Ok(buckets)
    }

    /// The middle of a bucket on the logarithmic scale, and what is in it.
    fn middle(&self, at: usize, scale: i64) -> f64 {
        // Bucket i holds (base^i, base^(i+1)], base = 2^(2^-scale).
        let index = self.offset as f64 + at as f64 + 0.5;
        (index * (-(scale as f64)).exp2()).exp2()
    }
}

/// A histogram whose bounds are powers of a base.
/// Source: OpenTelemetry metrics data model, "ExponentialHistogram".
pub(super) struct ExponentialHistogram {
    scale: i64,
    zero_count: u64,
    positive: Buckets,
    negative: Buckets,
}

impl ExponentialHistogram {
    /// `_count`, `_sum`, and estimated quantiles.
    pub fn read(message: Message<'_>, kind: MetricKind) -> Result<Point<'_>, Malformed> {
        let mut point = empty();
        let mut totals = Totals::default();
        let mut histogram = Self {
            scale: 0,
            zero_count: 0,
            positive: Buckets::default(),
            negative: Buckets::default(),
        };
        message.fields(EXPONENTIAL, &mut |number, item| {
            match number {
                1 => point.attributes.push(Attribute::read(item.message()?)?),
                3 => point.time_ns = item.u64()?,
                4 => totals.count = item.u64()?,
                5 => totals.sum = Some(item.f64()?),
                6 => histogram.scale = item.zigzag()?,
                7 => histogram.zero_count = item.u64()?,
                8 => histogram.positive = Buckets::read(item)?,
                9 => histogram.negative = Buckets::read(item)?,
                10 => totals.flags = item.u64()?,
                12 => totals.min = Some(item.f64()?),
                _ => totals.max = Some(item.f64()?),
            }
            Ok(())
        })?;
        if totals.has_value() {
            totals.push_samples(kind, &mut point.samples);
            let quantiles = TOLD.iter().filter_map(|at| {
                let value = histogram.quantile(*at)?;
                let low = totals.min.unwrap_or(f64::NEG_INFINITY);
                let high = totals.max.unwrap_or(f64::INFINITY);
                // Buckets beyond what a float holds say nothing.
                let value = value.max(low).min(high);
                value.is_finite().then(|| quantile(*at, value))
            });
            point.samples.extend(quantiles);
        }
        Ok(point)
    }

    fn quantile(&self, at: f64) -> Option<f64> {
        let negative = self.negative.counts.iter().enumerate().rev();
        let negative = negative.map(|(index, count)| {
            let value = -self.negative.middle(index, self.scale);
            (value, *count)
        });
        let positive = self.positive.counts.iter().enumerate();
        let positive = positive.map(|(index, count)| {
            let value = self.positive.middle(index, self.scale);
            (value, *count)
        });
        let zero = std::iter::once((0.0, self.zero_count));
        let buckets: Vec<(f64, u64)> = negative.chain(zero).chain(positive).collect();
        let total: f64 = buckets.iter().map(|(_, count)| *count as f64).sum();
        let mut below = 0.0;
        buckets
            .iter()
            .filter(|(_, count)| *count > 0)
            .find(|(_, count)| {
                below += *count as f64;
                below >= at * total
            })
            .map(|(value, _)| *value)
    }
}

/// Quantiles that the sender worked out.
pub(super) struct Summary;

impl Summary {
    /// `_count`, `_sum`, and the values with the label `quantile`.
    pub fn read(message: Message<'_>) -> Result<Point<'_>, Malformed> {
        let mut point = empty();
        let mut totals = Totals::default();
        let mut quantiles = Vec::new();
        message.fields(SUMMARY, &mut |number, item| {
            match number {
                3 => point.time_ns = item.u64()?,
                4 => totals.count = item.u64()?,
                5 => totals.sum = Some(item.f64()?),
                6 => {
                    let (mut at, mut value) = (0.0, 0.0);
                    item.message()?.fields(QUANTILE, &mut |number, item| {
                        match number {
                            1 => at = item.f64()?,
                            _ => value = item.f64()?,
                        }
                        Ok(())
                    })?;
                    push_bucket(&mut quantiles, (at, value))?;
                }
                7 => point.attributes.push(Attribute::read(item.message()?)?),
                _ => totals.flags = item.u64()?,
            }
            Ok(())
        })?;
        if totals.has_value() {
            totals.push_samples(MetricKind::Counter, &mut point.samples);
            // A quantile of nothing is NaN by convention, which no store takes.
            let told = quantiles
                .into_iter()
                .filter(|(_, value)| !value.is_nan())
                .map(|(at, value)| quantile(at, value));
            point.samples.extend(told);
        }
        Ok(point)
    }
}
