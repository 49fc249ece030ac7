//! Series made fewer.

use std::collections::BTreeMap;

use super::{Row, grouped};
use crate::logql::ast::{AggregateOperator, Aggregation};
use crate::logql::labels::Labels;

/// The series that are left, each with a place for each of `count` instants.
pub(super) fn aggregate(aggregation: &Aggregation, rows: Vec<Row>, count: usize) -> Vec<Row> {
    let mut groups: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let labels = grouped(&row.labels, aggregation.grouping.as_ref());
        groups.entry(labels).or_default().push(row);
    }
    if aggregation.operator.is_choice() {
        let chosen = groups
            .into_values()
            .flat_map(|rows| choose(aggregation, rows, count));
        return chosen.collect();
    }
    groups
        .into_iter()
        .map(|(labels, rows)| Row {
            labels,
            values: (0..count)
                .map(|at| {
                    let values = rows.iter().filter_map(|row| row.values[at]);
                    combine(aggregation.operator, values)
                })
                .collect(),
        })
        .collect()
}

fn combine(operator: AggregateOperator, values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut count, mut total, mut least, mut most) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        count += 1.0;
        total += value;
        least = value.min(least);
        most = value.max(most);
    }
    if count == 0.0 {
        return None;
    }
    Some(match operator {
        AggregateOperator::Average => total / count,
        AggregateOperator::Minimum => least,
        AggregateOperator::Maximum => most,
        AggregateOperator::Count => count,
        AggregateOperator::Sum | AggregateOperator::Top | AggregateOperator::Bottom => total,
    })
}

/// Keeps at every instant the largest or smallest ones. The series come in the order of their value at the last
/// instant.
fn choose(aggregation: &Aggregation, mut rows: Vec<Row>, count: usize) -> Vec<Row> {
    let is_top = aggregation.operator == AggregateOperator::Top;
    let compare = |a: f64, b: f64| {
        if is_top {
            b.total_cmp(&a)
        } else {
            a.total_cmp(&b)
        }
    };
    for at in 0..count {
        let mut present: Vec<(usize, f64)> = rows
            .iter()
            .enumerate()
            .filter_map(|(index, row)| row.values[at].map(|value| (index, value)))
            .collect();
        present.sort_by(|a, b| {
            compare(a.1, b.1).then_with(|| rows[a.0].labels.cmp(&rows[b.0].labels))
        });
        for (index, _) in present.into_iter().skip(aggregation.count) {
            rows[index].values[at] = None;
        }
    }
    rows.retain(|row| row.values.iter().any(Option::is_some));
    let last = |row: &Row| row.values.last().copied().flatten();
    rows.sort_by(|a, b| match (last(a), last(b)) {
        (Some(a), Some(b)) => compare(a, b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    rows
}
