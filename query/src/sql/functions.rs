//! Functions of our own: attributes out of their JSON, minutes, and the present instant.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, StringArray, StringBuilder, TimestampNanosecondArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND};
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// `attr(attributes, 'key')`.
pub(super) const ATTRIBUTE: &str = "attr";

const DAY_S: i64 = 24 * 60 * 60;

/// All of them.
pub(super) fn all(now_ns: i64) -> Vec<Arc<ScalarUDF>> {
    let day = i32::try_from(now_ns.div_euclid(DAY_S * NANOS_PER_SECOND)).unwrap_or(i32::MAX);
    let constant = |name, alias, value| ScalarUDF::from(Constant::new(name, alias, value));
    let functions = [
        ScalarUDF::from(JsonPath::new(ATTRIBUTE, Some(2))),
        ScalarUDF::from(JsonPath::new("json_get", None)),
        ScalarUDF::from(Minute::new()),
        constant(
            "now",
            "current_timestamp",
            ScalarValue::TimestampNanosecond(Some(now_ns), None),
        ),
        constant("current_date", "today", ScalarValue::Date32(Some(day))),
        constant(
            "current_time",
            "localtime",
            ScalarValue::Time64Nanosecond(Some(now_ns.rem_euclid(DAY_S * NANOS_PER_SECOND))),
        ),
    ];
    functions.map(Arc::new).to_vec()
}

/// `attr(json, 'key')`; made for `json ->> 'key'`.
pub(super) fn attribute() -> ScalarUDF {
    ScalarUDF::from(JsonPath::new(ATTRIBUTE, Some(2)))
}

/// A value out of JSON text by keys (and positions, in arrays): a string's content, the JSON text of anything else; null
/// where there is none.
#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonPath {
    name: &'static str,
    arguments: Option<usize>,
    signature: Signature,
}

impl JsonPath {
    fn new(name: &'static str, arguments: Option<usize>) -> Self {
        let signature = match arguments {
            Some(count) => Signature::any(count, Volatility::Immutable),
            None => Signature::variadic_any(Volatility::Immutable),
        };
        Self {
            name,
            arguments,
            signature,
        }
    }
}

impl ScalarUDFImpl for JsonPath {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let is_text = |kind: &DataType| kind.is_string() || *kind == DataType::Null;
        if types.len() < 2 || !types.iter().all(is_text) {
            return plan_err!(
                "{}(json, key{}) takes texts, such as {0}(attributes, 'user_id')",
                self.name,
                if self.arguments.is_some() {
                    ""
                } else {
                    ", ..."
                }
            );
        }
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if is_constant { 1 } else { args.number_rows };
        let texts = args
            .args
            .iter()
            .map(|value| cast(&value.to_array(rows)?, &DataType::Utf8).map_err(Into::into))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let columns: Vec<&StringArray> = texts.iter().map(|text| text.as_string::<i32>()).collect();
        let (documents, keys) = columns.split_at(1);
        let mut found = StringBuilder::new();
        for row in 0..rows {
            found.append_option(at_row(documents[0], keys, row));
        }
        let array: ArrayRef = Arc::new(found.finish());
        Ok(if is_constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)
        } else {
            ColumnarValue::Array(array)
        })
    }
}

fn at_row<'a>(
    documents: &'a StringArray,
    keys: &[&StringArray],
    row: usize,
) -> Option<Cow<'a, str>> {
    if documents.is_null(row) || keys.iter().any(|key| key.is_null(row)) {
        return None;
    }
    let mut value = documents.value(row);
    for key in keys {
        value = member(value, key.value(row))?;
    }
    match value.as_bytes().first()? {
        b'n' => None,
        // A lone surrogate escape has no text; it stays as it is written.
        b'"' => Some(
            serde_json::from_str::<Cow<'a, str>>(value)
                .unwrap_or_else(|_| Cow::Borrowed(value.trim_matches('"'))),
        ),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The raw JSON of a member; of a repeated key the last, as the store's conditions on attributes have it.
fn member<'a>(json: &'a str, key: &str) -> Option<&'a str> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let raw = match json.trim_start().as_bytes().first()? {
        b'{' => reader.deserialize_map(Member { key }).ok()?,
        b'[' => reader
            .deserialize_seq(Element {
                position: key.parse().ok()?,
            })
            .ok()?,
        _ => None,
    };
    raw.map(RawValue::get)
}

struct Member<'k> {
    key: &'k str,
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(raw) = map.next_key::<&RawValue>()? {
            let value: &RawValue = map.next_value()?;
            if is_key(raw.get(), self.key) {
                found = Some(value);
            }
        }
        Ok(found)
    }
}

fn is_key(raw: &str, key: &str) -> bool {
    let inner = raw
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(raw);
    if !inner.contains('\\') {
        return inner == key;
    }
    serde_json::from_str::<String>(raw).is_ok_and(|text| text == key)
}

struct Element {
    position: usize,
}

impl<'de> Visitor<'de> for Element {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        for _ in 0..self.position {
            if items.next_element::<IgnoredAny>()?.is_none() {
                return Ok(None);
            }
        }
        let found = items.next_element()?;
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(found)
    }
}

/// `minute(timestamp)`: the begin of its minute.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Minute {
    signature: Signature,
}

impl Minute {
    fn new() -> Self {
        let instant = DataType::Timestamp(TimeUnit::Nanosecond, None);
        Self {
            signature: Signature::exact(vec![instant], Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Minute {
    fn name(&self) -> &'static str {
        "minute"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Nanosecond, None))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(value) = args.args.first() else {
            return plan_err!("minute(timestamp) takes one instant");
        };
        let start = |at_ns: i64| {
            at_ns
                .div_euclid(NANOS_PER_MINUTE)
                .saturating_mul(NANOS_PER_MINUTE)
        };
        Ok(match value {
            ColumnarValue::Scalar(ScalarValue::TimestampNanosecond(at_ns, _)) => {
                ColumnarValue::Scalar(ScalarValue::TimestampNanosecond(at_ns.map(start), None))
            }
            other => {
                let array = other.to_array(args.number_rows)?;
                let minutes: TimestampNanosecondArray =
                    array.as_primitive::<TimestampNanosecondType>().unary(start);
                ColumnarValue::Array(Arc::new(minutes))
            }
        })
    }
}

/// A function without arguments that is the same all through a query.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    aliases: Vec<String>,
    value: ScalarValue,
    signature: Signature,
}

impl Constant {
    fn new(name: &'static str, alias: &str, value: ScalarValue) -> Self {
        Self {
            name,
            aliases: vec![alias.to_owned()],
            value,
            signature: Signature::nullary(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}
