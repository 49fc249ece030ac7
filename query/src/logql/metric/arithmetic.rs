//! Two sides calculated with each other.

use std::collections::HashMap;

use super::{Row, Value};
use crate::logql::ast::{Binary, BinaryOperator};
use crate::logql::error::Error;
use crate::logql::labels::Labels;

pub(super) fn calculate(binary: &Binary, left: Value, right: Value) -> Result<Value, Error> {
    Ok(match (left, right) {
        (Value::Scalar(left), Value::Scalar(right)) => Value::Scalar(scalars(binary, left, right)?),
        (Value::Rows(mut rows), Value::Scalar(right)) => {
            check_is_no_set(binary)?;
            each(&mut rows, |value| pair(binary, value, right, value));
            Value::Rows(rows)
        }
        (Value::Scalar(left), Value::Rows(mut rows)) => {
            check_is_no_set(binary)?;
            each(&mut rows, |value| pair(binary, left, value, value));
            Value::Rows(rows)
        }
        (Value::Rows(left), Value::Rows(right)) => Value::Rows(series(binary, left, right)),
    })
}

fn check_is_no_set(binary: &Binary) -> Result<(), Error> {
    match binary.operator {
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Unless => Err(Error::Rule(
            "unexpected literal for a logical/set binary operation: both sides must be series"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

fn scalars(binary: &Binary, left: f64, right: f64) -> Result<f64, Error> {
    check_is_no_set(binary)?;
    Ok(match binary.operator {
        BinaryOperator::Arithmetic(arithmetic) => arithmetic.apply(left, right),
        BinaryOperator::Compare(comparison) => f64::from(u8::from(comparison.holds(left, right))),
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Unless => left,
    })
}

fn each(rows: &mut [Row], calculate: impl Fn(f64) -> Option<f64>) {
    for value in rows.iter_mut().flat_map(|row| row.values.iter_mut()) {
        *value = value.and_then(&calculate);
    }
}

/// One number out of two. A comparison that holds keeps `kept`, one that does not leaves nothing.
fn pair(binary: &Binary, left: f64, right: f64, kept: f64) -> Option<f64> {
    match binary.operator {
        BinaryOperator::Arithmetic(arithmetic) => Some(arithmetic.apply(left, right)),
        BinaryOperator::Compare(comparison) => {
            let holds = comparison.holds(left, right);
            if binary.is_bool {
                Some(f64::from(u8::from(holds)))
            } else {
                holds.then_some(kept)
            }
        }
        BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Unless => None,
    }
}

/// Series with the same labels belong together.
fn series(binary: &Binary, mut left: Vec<Row>, right: Vec<Row>) -> Vec<Row> {
    let places: HashMap<Labels, usize> = right
        .iter()
        .enumerate()
        .map(|(place, row)| (row.labels.clone(), place))
        .collect();
    let mut is_met = vec![false; right.len()];
    for row in &mut left {
        let place = places.get(&row.labels).copied();
        if let Some(place) = place {
            is_met[place] = true;
        }
        for (at, value) in row.values.iter_mut().enumerate() {
            let other = place.and_then(|place| right[place].values[at]);
            *value = match (binary.operator, *value, other) {
                (BinaryOperator::Or, None, other) => other,
                (BinaryOperator::Or, value, _)
                | (BinaryOperator::Unless, value, None)
                | (BinaryOperator::And, value, Some(_)) => value,
                (BinaryOperator::Unless | BinaryOperator::And, ..) => None,
                (_, Some(value), Some(other)) => pair(binary, value, other, value),
                _ => None,
            };
        }
    }
    if binary.operator == BinaryOperator::Or {
        let rest = right.into_iter().zip(is_met).filter(|(_, is_met)| !is_met);
        left.extend(rest.map(|(row, _)| row));
    }
    left
}
