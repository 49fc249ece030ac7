//! Native histograms, which both versions write alike.
//!
//! Source: `Histogram` of `prompb/types.proto`; prometheus.io/docs/specs/native_histograms, "Schema", "Buckets".

use domain::{MetricKind, MetricPoint};

use super::instant_of_ms;
use super::series::Series;
use crate::context::Origin;
use crate::wire::{Item, Malformed, Message, Names, Packing};

const HISTOGRAM: Names = &[
    (1, "countInt"),
    (2, "countFloat"),
    (3, "sum"),
    (4, "schema"),
    (6, "zeroCountInt"),
    (7, "zeroCountFloat"),
    (8, "negativeSpans"),
    (9, "negativeDeltas"),
    (10, "negativeCounts"),
    (11, "positiveSpans"),
    (12, "positiveDeltas"),
    (13, "positiveCounts"),
    (14, "resetHint"),
    (15, "timestamp"),
    (16, "customValues"),
];
const SPAN: Names = &[(1, "offset"), (2, "length")];
/// The schema whose bounds stand in `customValues`.
const CUSTOM: i64 = -53;
/// Schemas of exponential buckets.
const EXPONENTIAL: std::ops::RangeInclusive<i64> = -4..=8;
/// The sum of a series that has ended, as bits.
const STALE: u64 = 0x7ff0_0000_0000_0002;
/// The hint that says that the histogram is of gauges.
const GAUGE_HINT: u64 = 3;
/// The quantiles that are told of exponential buckets, whose hundreds would be as many series.
const TOLD: [f64; 4] = [0.5, 0.9, 0.95, 0.99];
/// Buckets of one histogram; more are refused. Prometheus' own limit for a scrape is some hundred.
const MOST_BUCKETS: usize = 4_096;

#[derive(Debug, Default)]
struct Histogram {
    count: f64,
    sum: f64,
    schema: i64,
    zero_count: f64,
    negative: Side,
    positive: Side,
    is_gauge: bool,
    at_ms: i64,
    bounds: Vec<f64>,
}

/// The buckets of one sign.
#[derive(Debug, Default)]
struct Side {
    /// (buckets that are left out before it, buckets in a row).
    spans: Vec<(i64, u64)>,
    /// What is in the buckets, one after the other.
    counts: Vec<f64>,
    /// The last count, to which a delta adds.
    last: i64,
}

/// `_count`, `_sum`, and for exponential buckets estimated quantiles as gauges, for bounds of its own `_bucket` with
/// `le` as a classic histogram has it. A stale one becomes nothing.
pub(super) fn read(
    message: Message<'_>,
    series: &Series,
    origin: &Origin,
) -> Result<Vec<MetricPoint>, Malformed> {
    let histogram = Histogram::read(message)?;
    let timestamp_ns = instant_of_ms(histogram.at_ms, origin)?;
    if histogram.sum.to_bits() == STALE || (histogram.sum.is_nan() && histogram.count == 0.0) {
        return Ok(Vec::new());
    }
    let kind = if histogram.is_gauge {
        MetricKind::Gauge
    } else {
        MetricKind::Counter
    };
    let point = |suffix: &str, label, kind, value| {
        series.point(suffix, label, kind, value, timestamp_ns, origin)
    };
    if !histogram.count.is_finite() {
        let count = histogram.count;
        return Err(format!("count '{count}' is not a finite number"));
    }
    let mut points = vec![point("_count", None, kind, histogram.count)?];
    // Observations of NaN or infinity make the sum one; the count is still worth having.
    if histogram.sum.is_finite() {
        points.push(point("_sum", None, kind, histogram.sum)?);
    }
    if histogram.schema == CUSTOM {
        for (bound, below) in histogram.cumulative()? {
            points.push(point("_bucket", Some(("le", bound)), kind, below)?);
        }
    } else if EXPONENTIAL.contains(&histogram.schema) {
        let buckets = histogram.buckets()?;
        for at in TOLD {
            if let Some(value) = quantile(&buckets, at) {
                let label = Some(("quantile", at.to_string()));
                points.push(point("", label, MetricKind::Gauge, value)?);
            }
        }
    } else {
        return Err(format!(
            "histogram has the schema {}, it must be {CUSTOM} or between -4 and 8",
            histogram.schema
        ));
    }
    Ok(points)
}

impl Histogram {
    fn read(message: Message<'_>) -> Result<Self, Malformed> {
        let mut histogram = Self::default();
        message.fields(HISTOGRAM, &mut |number, item| {
            match number {
                1 => histogram.count = item.u64()? as f64,
                2 => histogram.count = item.f64()?,
                3 => histogram.sum = item.f64()?,
                4 => histogram.schema = item.zigzag()?,
                6 => histogram.zero_count = item.u64()? as f64,
                7 => histogram.zero_count = item.f64()?,
                8 => histogram.negative.push_span(item)?,
                9 => histogram.negative.push_deltas(item)?,
                10 => histogram.negative.push_counts(item)?,
                11 => histogram.positive.push_span(item)?,
                12 => histogram.positive.push_deltas(item)?,
                13 => histogram.positive.push_counts(item)?,
                14 => histogram.is_gauge = item.u64()? == GAUGE_HINT,
                15 => histogram.at_ms = item.i64()?,
                _ => item.each_number(Packing::Fixed64, &mut |item| {
                    push(&mut histogram.bounds, item.f64()?)
                })?,
            }
            Ok(())
        })?;
        Ok(histogram)
    }

    /// The middle of every bucket and what is in it, from the lowest.
    fn buckets(&self) -> Result<Vec<(f64, f64)>, Malformed> {
        // Bucket i holds (base^(i-1), base^i], base = 2^(2^-schema).
        let width = (-(self.schema as f64)).exp2();
        let middle = |index: i64| ((index as f64 - 0.5) * width).exp2();
        let mut buckets: Vec<(f64, f64)> = self
            .negative
            .indexed()?
            .into_iter()
            .map(|(index, count)| (-middle(index), count))
            .collect();
        buckets.reverse();
        buckets.push((0.0, self.zero_count));
        let positive = self.positive.indexed()?.into_iter();
        buckets.extend(positive.map(|(index, count)| (middle(index), count)));
        Ok(buckets)
    }

    /// The bounds of its own as texts, with how many observations lie at or below them.
    fn cumulative(&self) -> Result<Vec<(String, f64)>, Malformed> {
        let indexed = self.positive.indexed()?;
        let mut filled = indexed.into_iter().peekable();
        let mut below = 0.0;
        let mut cumulative = Vec::with_capacity(self.bounds.len() + 1);
        for (index, bound) in self.bounds.iter().enumerate() {
            while let Some((_, count)) = filled.next_if(|(at, _)| *at <= index as i64) {
                below += count;
            }
            if bound.is_nan() {
                return Err("histogram has a bound that is no number".to_owned());
            }
            if bound.is_finite() {
                cumulative.push((bound.to_string(), below));
            }
        }
        cumulative.push(("+Inf".to_owned(), self.count));
        Ok(cumulative)
    }
}

impl Side {
    fn push_span(&mut self, item: Item<'_>) -> Result<(), Malformed> {
        let (mut offset, mut length) = (0, 0);
        item.message()?.fields(SPAN, &mut |number, item| {
            match number {
                1 => offset = item.zigzag()?,
                _ => length = item.u64()?,
            }
            Ok(())
        })?;
        push(&mut self.spans, (offset, length))
    }

    fn push_deltas(&mut self, item: Item<'_>) -> Result<(), Malformed> {
        item.each_number(Packing::Varint, &mut |item| {
            self.last = self.last.saturating_add(item.zigzag()?);
            push(&mut self.counts, self.last as f64)
        })
    }

    fn push_counts(&mut self, item: Item<'_>) -> Result<(), Malformed> {
        item.each_number(Packing::Fixed64, &mut |item| {
            push(&mut self.counts, item.f64()?)
        })
    }

    /// The index of every bucket with its count.
    fn indexed(&self) -> Result<Vec<(i64, f64)>, Malformed> {
        let spanned: u64 = self
            .spans
            .iter()
            .fold(0, |sum, (_, length)| sum.saturating_add(*length));
        if spanned != self.counts.len() as u64 {
            return Err(format!(
                "histogram has {} buckets, its spans have {spanned}",
                self.counts.len()
            ));
        }
        let mut counts = self.counts.iter();
        let mut indexed = Vec::with_capacity(self.counts.len());
        let mut index = 0_i64;
        for (offset, length) in &self.spans {
            index = index.saturating_add(*offset);
            for _ in 0..*length {
                if let Some(count) = counts.next() {
                    indexed.push((index, *count));
                }
                index = index.saturating_add(1);
            }
        }
        Ok(indexed)
    }
}

fn push<T>(list: &mut Vec<T>, item: T) -> Result<(), Malformed> {
    if list.len() == MOST_BUCKETS {
        return Err(format!("histogram has more than {MOST_BUCKETS} buckets"));
    }
    list.push(item);
    Ok(())
}

/// The middle of the bucket where a share of the observations is reached; none of an empty histogram and beyond what a
/// float holds.
fn quantile(buckets: &[(f64, f64)], at: f64) -> Option<f64> {
    let total: f64 = buckets.iter().map(|(_, count)| *count).sum();
    let mut below = 0.0;
    buckets
        .iter()
        .filter(|(_, count)| *count > 0.0)
        .find(|(_, count)| {
            below += *count;
            below >= at * total
        })
        .map(|(value, _)| *value)
        .filter(|value| value.is_finite())
}
