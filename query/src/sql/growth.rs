//! Functions whose text may be far longer than what they are given, within a limit.
//!
//! DataFusion counts what sorting, grouping and joining hold, but not the texts that functions make on the way: a
//! replacement of each letter by a page would take all memory before anybody counted it.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DFSchema, exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::MAX_SQL_BYTES;
use super::functions;

/// Functions that are not there: what they make has no bound in what they are given, or they take time that cannot be
/// cut into pieces. Structs within structs double with each step, their type as well, which the planner compares leaf by
/// leaf; a cast by the name of a type may ask for gigabytes a null (see [`super::guard::check_types`]).
pub(super) const REMOVED: [&str; 8] = [
    "repeat",
    "lpad",
    "rpad",
    "levenshtein",
    "struct",
    "named_struct",
    "arrow_cast",
    "arrow_try_cast",
];
/// What one call may make of the rows of one batch, bytes.
const MAX_CALL_BYTES: usize = 16 * 1024 * 1024;
/// A bound above it is no reason to refuse while a single row stays below this, bytes.
const MAX_ROW_BOUND: usize = 64 * 1024 * 1024;
/// What the strict concatenation is called in a plan.
const STRICT: &str = "concat_strict";

/// How long the result can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// As long as all arguments together.
    Sum,
    /// The last text argument in the place of each character of the first.
    Product,
    /// A short text for each character of the last argument.
    Format,
}

/// The function with its limit, when it needs one.
pub(super) fn limited(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    let growth = match function.name() {
        // An overlay may keep all of its first text before and again behind the second one: the bound has it twice.
        "concat" | "concat_ws" | "overlay" => Growth::Sum,
        "replace" | "regexp_replace" => Growth::Product,
        "to_char" => Growth::Format,
        _ => return function,
    };
    Arc::new(ScalarUDF::from(Limited {
        inner: function,
        growth,
        is_strict: false,
    }))
}

/// Whether a function of this name has a limit here.
pub(super) fn is_limited(name: &str) -> bool {
    matches!(
        name,
        "concat" | "concat_ws" | "overlay" | "replace" | "regexp_replace" | "to_char" | STRICT
    )
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Limited {
    inner: Arc<ScalarUDF>,
    growth: Growth,
    /// Null when any argument is: the operator `||`.
    is_strict: bool,
}

impl ScalarUDFImpl for Limited {
    fn name(&self) -> &str {
        if self.is_strict {
            STRICT
        } else {
            self.inner.name()
        }
    }

    fn aliases(&self) -> &[String] {
        if self.is_strict {
            &[]
        } else {
            self.inner.aliases()
        }
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.inner().return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let field = self.inner.return_field_from_args(args)?;
        Ok(if self.is_strict {
            Arc::new(field.as_ref().clone().with_nullable(true))
        } else {
            field
        })
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        if is_constant {
            if self.is_strict && args.args.iter().any(is_null) {
                let kind = args.return_field.data_type();
                return Ok(ColumnarValue::Scalar(kind.try_into()?));
            }
            let bound = self.growth.bound(&args.args, 1);
            // A constant may be as long as one that is written out.
            if bound <= MAX_ROW_BOUND {
                let value = self.inner.invoke_with_args(args)?;
                return match bytes(&value, 1) {
                    ..=MAX_SQL_BYTES => Ok(value),
                    length => self.refuse(length, MAX_SQL_BYTES),
                };
            }
            return self.refuse(bound, MAX_ROW_BOUND);
        }
        let mut pieces = Vec::new();
        let mut made = 0;
        self.piecewise(&args, 0, args.number_rows, &mut made, &mut pieces)?;
        let parts: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
        let mut array = match pieces.as_slice() {
            [only] => Arc::clone(only),
            _ => compute::concat(&parts)?,
        };
        if self.is_strict {
            for value in &args.args {
                let nulls = compute::is_null(&value.to_array(args.number_rows)?)?;
                array = compute::nullif(&array, &nulls)?;
            }
        }
        Ok(ColumnarValue::Array(array))
    }
}

impl Limited {
    /// The rows from `start` to `end`, in pieces of which none can become too long unseen.
    fn piecewise(
        &self,
        args: &ScalarFunctionArgs,
        start: usize,
        end: usize,
        made: &mut usize,
        pieces: &mut Vec<ArrayRef>,
    ) -> Result<()> {
        let rows = end - start;
        let values: Vec<ColumnarValue> = args
            .args
            .iter()
            .map(|value| match value {
                ColumnarValue::Array(array) => ColumnarValue::Array(array.slice(start, rows)),
                scalar @ ColumnarValue::Scalar(_) => scalar.clone(),
            })
            .collect();
        let bound = self.growth.bound(&values, rows);
        if bound > MAX_CALL_BYTES && rows > 1 {
            let middle = start + rows / 2;
            self.piecewise(args, start, middle, made, pieces)?;
            return self.piecewise(args, middle, end, made, pieces);
        }
        if bound > MAX_ROW_BOUND {
            return self.refuse(bound, MAX_ROW_BOUND);
        }
        let part = ScalarFunctionArgs {
            args: values,
            arg_fields: args.arg_fields.clone(),
            number_rows: rows,
            return_field: Arc::clone(&args.return_field),
            config_options: Arc::clone(&args.config_options),
        };
        let value = self.inner.invoke_with_args(part)?;
        *made += bytes(&value, rows);
        if *made > MAX_CALL_BYTES {
            return self.refuse(*made, MAX_CALL_BYTES);
        }
        pieces.push(value.into_array(rows)?);
        Ok(())
    }

    fn refuse<T>(&self, bytes: usize, limit: usize) -> Result<T> {
        exec_err!(
            "{} would make {bytes} bytes of text at once, limit is {limit}",
            self.name()
        )
    }
}

impl Growth {
    fn bound(self, values: &[ColumnarValue], rows: usize) -> usize {
        let first = || values.first().map_or(0, |value| bytes(value, rows));
        let longest = |position: usize| values.get(position).map_or(0, longest);
        match self {
            Self::Sum => values
                .iter()
                .map(|value| bytes(value, rows))
                .fold(0, usize::saturating_add)
                // A separator may stand between any two.
                .saturating_add(longest(0).saturating_mul(rows).saturating_mul(values.len())),
            Self::Product => first()
                .saturating_add(rows)
                .saturating_mul(longest(2).saturating_add(1)),
            Self::Format => longest(1).saturating_mul(32).saturating_mul(rows),
        }
    }
}

/// The texts of a value, bytes.
fn bytes(value: &ColumnarValue, rows: usize) -> usize {
    match value {
        ColumnarValue::Scalar(scalar) => scalar
            .try_as_str()
            .map_or(16, |text| text.map_or(0, str::len))
            .saturating_mul(rows),
        ColumnarValue::Array(array) => texts(array).sum(),
    }
}

/// The longest of them, bytes.
fn longest(value: &ColumnarValue) -> usize {
    match value {
        ColumnarValue::Scalar(_) => bytes(value, 1),
        ColumnarValue::Array(array) => texts(array).max().unwrap_or(0),
    }
}

fn texts(array: &ArrayRef) -> Box<dyn Iterator<Item = usize> + '_> {
    match array.data_type() {
        DataType::Utf8 => Box::new(
            array
                .as_string::<i32>()
                .iter()
                .map(|text| text.map_or(0, str::len)),
        ),
        DataType::LargeUtf8 => Box::new(
            array
                .as_string::<i64>()
                .iter()
                .map(|text| text.map_or(0, str::len)),
        ),
        DataType::Utf8View => Box::new(
            array
                .as_string_view()
                .iter()
                .map(|text| text.map_or(0, str::len)),
        ),
        _ => Box::new(std::iter::repeat_n(16, array.len())),
    }
}

fn is_null(value: &ColumnarValue) -> bool {
    matches!(value, ColumnarValue::Scalar(scalar) if scalar.is_null())
}

/// `a || b` as a limited concatenation, `json ->> 'key'` and `json -> 'key'` as an attribute, `overlay(a placing b ..)` as
/// the limited function.
#[derive(Debug)]
pub(super) struct Operators {
    concat: Arc<ScalarUDF>,
    overlay: Arc<ScalarUDF>,
    attribute: Arc<ScalarUDF>,
}

impl Operators {
    pub(super) fn new() -> Self {
        Self {
            concat: Arc::new(ScalarUDF::from(Limited {
                inner: datafusion::functions::string::concat(),
                growth: Growth::Sum,
                is_strict: true,
            })),
            overlay: limited(datafusion::functions::core::overlay()),
            attribute: Arc::new(functions::attribute()),
        }
    }
}

impl ExprPlanner for Operators {
    fn plan_binary_op(
        &self,
        expression: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let function = match expression.op {
            BinaryOperator::StringConcat => &self.concat,
            BinaryOperator::Arrow | BinaryOperator::LongArrow => &self.attribute,
            _ => return Ok(PlannerResult::Original(expression)),
        };
        Ok(PlannerResult::Planned(
            function.call(vec![expression.left, expression.right]),
        ))
    }

    fn plan_overlay(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(PlannerResult::Planned(self.overlay.call(args)))
    }

    fn plan_struct_literal(&self, _: Vec<Expr>, _: bool) -> Result<PlannerResult<Vec<Expr>>> {
        plan_err!("several values in one, such as (a, b), are not answered: name them one by one")
    }
}
