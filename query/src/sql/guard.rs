//! What is looked at in the plan of a query before it is computed: what would take memory that nobody counts.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::WindowFunctionDefinition;
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::{MAX_SQL_BYTES, SqlError, growth};

/// Reads of tables.
const MAX_SCANS: usize = 16;
/// Columns of any step.
const MAX_COLUMNS: usize = 256;
/// Calls of functions that make long texts; each may make 16 MiB at once.
const MAX_LONG_CALLS: usize = 32;

/// What a plan holds.
#[derive(Default)]
struct Found {
    scans: usize,
    columns: usize,
    constant_bytes: usize,
    long_calls: usize,
    growing_window: Option<String>,
}

/// Refuses casts to types with a length, before anything is computed: a null of `INT[100000][100000]` is forty gigabytes of
/// zeros, and a process that does not get them ends.
pub(super) fn check_types(plan: &LogicalPlan) -> Result<(), SqlError> {
    let mut is_long = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                is_long |= match part {
                    Expr::Cast(cast) => has_length(cast.field.data_type()),
                    Expr::TryCast(cast) => has_length(cast.field.data_type()),
                    _ => false,
                };
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map_err(|error: DataFusionError| SqlError::of(&error, 0))?;
    if is_long {
        return Err(SqlError::query(
            "a type with a length, such as INT[3], cannot be cast to: leave the length out",
        ));
    }
    Ok(())
}

fn has_length(kind: &DataType) -> bool {
    match kind {
        DataType::FixedSizeList(..) | DataType::FixedSizeBinary(_) => true,
        DataType::List(field) | DataType::LargeList(field) => has_length(field.data_type()),
        _ => false,
    }
}

/// Refuses a plan beyond the limits.
pub(super) fn check(plan: &LogicalPlan) -> Result<(), SqlError> {
    let mut found = Found::default();
    plan.apply_with_subqueries(|node| {
        found.columns = found.columns.max(node.schema().fields().len());
        if matches!(node, LogicalPlan::TableScan(_)) {
            found.scans += 1;
        }
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                found.look(part);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .map_err(|error: DataFusionError| SqlError::of(&error, 0))?;
    let limits = [
        ("number of tables that are read", found.scans, MAX_SCANS),
        ("number of columns", found.columns, MAX_COLUMNS),
        (
            "length of all constants of the query in bytes, with what is computed of them,",
            found.constant_bytes,
            MAX_SQL_BYTES,
        ),
        (
            "number of calls that make texts (concat, replace, to_char, ||)",
            found.long_calls,
            MAX_LONG_CALLS,
        ),
    ];
    for (what, value, limit) in limits {
        if value > limit {
            return Err(SqlError::limit(what, value, limit));
        }
    }
    match found.growing_window {
        Some(name) => Err(SqlError::query(format!(
            "{name} cannot be used with OVER: its values grow with every row"
        ))),
        None => Ok(()),
    }
}

impl Found {
    fn look(&mut self, expression: &Expr) {
        match expression {
            Expr::Literal(value, _) => {
                // A constant list or struct is as good as its text.
                self.constant_bytes += match value.try_as_str() {
                    Some(text) => text.map_or(0, str::len),
                    None if value.data_type().is_nested() => value.size(),
                    None => 0,
                };
            }
            Expr::ScalarFunction(call) if growth::is_limited(call.name()) => self.long_calls += 1,
            Expr::WindowFunction(window) => {
                if let WindowFunctionDefinition::AggregateUDF(aggregate) = &window.fun
                    && matches!(aggregate.name(), "string_agg" | "array_agg")
                {
                    self.growing_window = Some(aggregate.name().to_owned());
                }
            }
            _ => {}
        }
    }
}
