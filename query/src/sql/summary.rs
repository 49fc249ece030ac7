//! A measure for each group of records, as a plan.

use std::fmt;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::error::Result;
use datafusion::functions::datetime::expr_fn::date_bin;
use datafusion::functions_aggregate::expr_fn::{
    approx_percentile_cont, avg, count, count_distinct, max, min, sum,
};
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, lit, try_cast};
use datafusion::prelude::SessionContext;

use super::functions;

/// Most fields that records are grouped by at once.
pub const MAX_GROUP_FIELDS: usize = 6;

/// The name of the measured column.
pub(super) const VALUE: &str = "value";

/// What records are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Grouping {
    /// Stretches of this length, nanoseconds, aligned to the epoch.
    Time(i64),
    /// The service.
    Service,
    /// The severity's word.
    Severity,
    /// The pattern.
    Template,
    /// The trace.
    Trace,
    /// An attribute's text.
    Attribute(String),
}

impl Grouping {
    /// The field of a name: those of the search box, `attr.key` or any other for an attribute.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.trim();
        Some(match name {
            "" | "attr." => return None,
            "service" | "service.name" => Self::Service,
            "severity" | "level" => Self::Severity,
            "template" | "template_id" | "pattern" => Self::Template,
            "trace_id" => Self::Trace,
            other => Self::Attribute(other.strip_prefix("attr.").unwrap_or(other).to_owned()),
        })
    }

    fn value(&self) -> Expr {
        match self {
            Self::Time(width_ns) => date_bin(
                lit(ScalarValue::new_interval_mdn(0, 0, *width_ns)),
                field("timestamp"),
                lit(ScalarValue::TimestampNanosecond(Some(0), None)),
            ),
            Self::Service => field("service"),
            Self::Severity => field("severity"),
            Self::Template => field("template_id"),
            Self::Trace => field("trace_id"),
            Self::Attribute(key) => attribute(key),
        }
    }
}

/// Its column in an answer.
impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(_) => f.write_str("bucket"),
            Self::Service => f.write_str("service"),
            Self::Severity => f.write_str("severity"),
            Self::Template => f.write_str("template_id"),
            Self::Trace => f.write_str("trace_id"),
            Self::Attribute(key) => write!(f, "attr.{key}"),
        }
    }
}

/// What is computed of a group. Attributes that are no numbers are left out of sums and the like.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Records.
    Count,
    /// Different values of a field.
    CountDistinct(Grouping),
    /// Sum of a numeric attribute.
    Sum(String),
    /// Mean of a numeric attribute.
    Average(String),
    /// Least value of a numeric attribute.
    Least(String),
    /// Greatest value of a numeric attribute.
    Greatest(String),
    /// A percentile (0 to 1) of a numeric attribute, approximated by a t-digest (Dunning, 2019).
    Percentile(f64, String),
}

/// As it is asked for: `count`, `avg(duration_ms)`, `p95(duration_ms)`.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => f.write_str("count"),
            Self::CountDistinct(of) => write!(f, "count_distinct({of})"),
            Self::Sum(key) => write!(f, "sum({key})"),
            Self::Average(key) => write!(f, "avg({key})"),
            Self::Least(key) => write!(f, "min({key})"),
            Self::Greatest(key) => write!(f, "max({key})"),
            Self::Percentile(part, key) => write!(f, "p{:.0}({key})", part * 100.0),
        }
    }
}

impl Measure {
    fn value(&self) -> Expr {
        match self {
            Self::Count => count(lit(1_i64)),
            Self::CountDistinct(of) => count_distinct(of.value()),
            Self::Sum(key) => sum(number(key)),
            Self::Average(key) => avg(number(key)),
            Self::Least(key) => min(number(key)),
            Self::Greatest(key) => max(number(key)),
            Self::Percentile(part, key) => {
                approx_percentile_cont(number(key).sort(true, false), lit(*part), None)
            }
        }
    }
}

fn field(name: &str) -> Expr {
    Expr::Column(Column::from_name(name))
}

fn attribute(key: &str) -> Expr {
    functions::attribute().call(vec![field("attributes"), lit(key)])
}

fn number(key: &str) -> Expr {
    try_cast(attribute(key), DataType::Float64)
}

/// The groups with their measure, at most one more than `limit`.
pub(super) async fn plan(
    context: &SessionContext,
    by: &[Grouping],
    measure: &Measure,
    limit: usize,
) -> Result<LogicalPlan> {
    let groups = by
        .iter()
        .map(|grouping| grouping.value().alias(grouping.to_string()))
        .collect();
    let keys = by
        .iter()
        .map(|grouping| field(&grouping.to_string()).sort(true, false));
    let highest = field(VALUE).sort(false, false);
    let order: Vec<SortExpr> = if matches!(by.first(), Some(Grouping::Time(_))) {
        let mut order: Vec<SortExpr> = keys.collect();
        order.insert(1, highest);
        order
    } else {
        std::iter::once(highest).chain(keys).collect()
    };
    let frame = context
        .table("logs")
        .await?
        .aggregate(groups, vec![measure.value().alias(VALUE)])?
        .sort(order)?
        .limit(0, Some(limit.saturating_add(1)))?;
    Ok(frame.into_parts().1)
}
