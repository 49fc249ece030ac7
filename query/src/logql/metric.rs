//! Questions for numbers.

mod aggregate;
mod arithmetic;
mod rollup;
mod samples;
mod window;

use super::ast::{AggregateOperator, Grouping, Metric};
use super::error::Error;
use super::labels::Labels;
use super::source::Source;

use window::Key;

/// Instants of a series, as in Prometheus.
const MAX_STEPS: usize = 11_000;
/// Values that are in memory at once.
const MAX_VALUES: usize = 4_000_000;

/// The instants at which a query is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first, unix nanoseconds UTC.
    pub start_ns: i64,
    /// Not after this.
    pub end_ns: i64,
    /// Nanoseconds between two.
    pub step_ns: i64,
}

impl Steps {
    /// One instant.
    #[must_use]
    pub fn at(instant_ns: i64) -> Self {
        Self {
            start_ns: instant_ns,
            end_ns: instant_ns,
            step_ns: 1,
        }
    }

    /// The same, but so that they are whole multiples of the step when that is of whole minutes: then the counts of
    /// minutes answer exactly. Loki does it to make better use of its cache.
    #[must_use]
    pub fn aligned(self) -> Self {
        if self.start_ns == self.end_ns || self.step_ns % domain::NANOS_PER_MINUTE != 0 {
            return self;
        }
        let align = |at_ns: i64| at_ns.div_euclid(self.step_ns).saturating_mul(self.step_ns);
        Self {
            start_ns: align(self.start_ns),
            end_ns: align(self.end_ns),
            step_ns: self.step_ns,
        }
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        let length = i128::from(self.end_ns) - i128::from(self.start_ns);
        let count = length.div_euclid(i128::from(self.step_ns.max(1))) + 1;
        usize::try_from(count.max(0)).unwrap_or(usize::MAX)
    }

    /// All of them, the oldest first.
    pub fn instants(self) -> impl Iterator<Item = i64> {
        (0..self.count()).map(move |number| self.instant(number))
    }

    /// The instant of a number.
    fn instant(&self, number: usize) -> i64 {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        self.start_ns
            .saturating_add(self.step_ns.saturating_mul(number))
    }

    fn check(&self) -> Result<(), Error> {
        if self.step_ns <= 0 {
            return Err(Error::BadRequest(
                "zero or negative query resolution step widths are not accepted. Try a positive integer".to_owned(),
            ));
        }
        if self.count() > MAX_STEPS {
            return Err(Error::BadRequest(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the \
                 step parameter"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

/// A series of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What tells it from the others.
    pub labels: Labels,
    /// Instants (unix nanoseconds UTC) with values, oldest first; those without a value are left out.
    pub samples: Vec<(i64, f64)>,
}

/// An answer in numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// One number, the same at every instant.
    Scalar(f64),
    /// Series, in the order of their labels.
    Series(Vec<Series>),
}

/// A series while it is calculated: one place for each instant.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    labels: Labels,
    values: Vec<Option<f64>>,
}

enum Value {
    Scalar(f64),
    Rows(Vec<Row>),
}

/// The numbers that a query asks for.
///
/// # Errors
/// Fails when there are too many instants, series or lines to look at, and when the store cannot be read.
pub fn numbers(source: &mut Source<'_>, metric: &Metric, steps: Steps) -> Result<Numbers, Error> {
    steps.check()?;
    let rows = match evaluate(source, metric, steps)? {
        Value::Scalar(number) => return Ok(Numbers::Scalar(number)),
        Value::Rows(rows) => rows,
    };
    let mut series: Vec<Series> = rows
        .into_iter()
        .filter_map(|row| {
            let places = row.values.iter().enumerate();
            let samples: Vec<(i64, f64)> = places
                .filter_map(|(number, value)| value.map(|value| (steps.instant(number), value)))
                .collect();
            (!samples.is_empty()).then_some(Series {
                labels: row.labels,
                samples,
            })
        })
        .collect();
    check_series(series.len(), source)?;
    let is_choice =
        matches!(metric, Metric::Aggregate(aggregation) if aggregation.operator.is_choice());
    if !(is_choice && steps.count() == 1) {
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
    Ok(Numbers::Series(series))
}

fn check_series(count: usize, source: &Source<'_>) -> Result<(), Error> {
    let limit = source.budget.series;
    if count <= limit {
        return Ok(());
    }
    Err(Error::Limit(format!(
        "maximum of series ({limit}) reached for a single query; consider reducing query cardinality by adding more \
         specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() \
         or topk()"
    )))
}

fn evaluate(source: &mut Source<'_>, metric: &Metric, steps: Steps) -> Result<Value, Error> {
    let count = steps.count();
    let constant = |number: f64| Row {
        labels: Labels::new(),
        values: vec![Some(number); count],
    };
    Ok(match metric {
        Metric::Scalar(number) => Value::Scalar(*number),
        Metric::Vector(number) => Value::Rows(vec![constant(*number)]),
        Metric::Range(range) => {
            let key = range.grouping.as_ref().map_or(Key::Stream, Key::of);
            Value::Rows(window::count(source, range, &key, steps)?)
        }
        Metric::Aggregate(aggregation) => {
            let grouping = aggregation.grouping.as_ref();
            let rows = match (&*aggregation.inner, aggregation.operator) {
                // The sum over a group is the same whether its series are told apart before or not.
                (Metric::Range(range), AggregateOperator::Sum) if range.is_additive() => {
                    let key = grouping.map_or(Key::By(&[]), Key::of);
                    window::count(source, range, &key, steps)?
                }
                // Metadata tells series apart only where it is asked for.
                (Metric::Range(range), _) if range.grouping.is_none() => {
                    let key = match grouping {
                        Some(grouping) if !grouping.is_without => Key::With(&grouping.labels),
                        _ => Key::Stream,
                    };
                    window::count(source, range, &key, steps)?
                }
                (inner, _) => match evaluate(source, inner, steps)? {
                    Value::Rows(rows) => rows,
                    Value::Scalar(number) => vec![constant(number)],
                },
            };
            Value::Rows(aggregate::aggregate(aggregation, rows, count))
        }
        Metric::Binary(binary) => {
            let left = evaluate(source, &binary.left, steps)?;
            let right = evaluate(source, &binary.right, steps)?;
            arithmetic::calculate(binary, left, right)?
        }
    })
}

/// The labels that a grouping leaves.
fn grouped(labels: &Labels, grouping: Option<&Grouping>) -> Labels {
    let Some(grouping) = grouping else {
        return Labels::new();
    };
    labels
        .iter()
        .filter(|(name, _)| grouping.labels.contains(name) != grouping.is_without)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
