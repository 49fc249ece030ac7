//! The functions of templates, with the order of arguments that Loki gives them.

use std::cmp::Ordering;

use regex::{NoExpand, Regex, RegexBuilder};

use super::value::Value;
use super::{Fields, MAX_TEXT_BYTES, printf, push};
use crate::logql::value::{parse_bytes, parse_duration};

/// Memory that a compiled expression may take, bytes.
const REGEX_BYTES: usize = 256 * 1024;
/// Widest column.
const MAX_COLUMN: usize = 1_000;

/// A function.
#[derive(Debug, Clone)]
pub(super) enum Function {
    /// One of the table.
    Plain(fn(&[Value]) -> Value),
    /// The line.
    Line,
    /// When it happened.
    Timestamp,
    /// Replaces what matches; `true` takes the replacement as it is.
    Regex(Regex, bool),
}

type Entry = (&'static str, usize, usize, fn(&[Value]) -> Value);

/// Any number of arguments.
const MANY: usize = usize::MAX;

/// Name, least and most arguments, and what it does.
const FUNCTIONS: [Entry; 53] = [
    ("lower", 1, 1, |a| text(lower(&a[0]))),
    ("ToLower", 1, 1, |a| text(lower(&a[0]))),
    ("upper", 1, 1, |a| text(a[0].text().to_uppercase())),
    ("ToUpper", 1, 1, |a| text(a[0].text().to_uppercase())),
    ("title", 1, 1, |a| text(title(&a[0].text()))),
    ("trim", 1, 1, |a| text(a[0].text().trim())),
    ("TrimSpace", 1, 1, |a| text(a[0].text().trim())),
    ("Trim", 2, 2, |a| trim(&a[0], &a[1], true, true)),
    ("trimAll", 2, 2, |a| trim(&a[1], &a[0], true, true)),
    ("TrimLeft", 2, 2, |a| trim(&a[0], &a[1], true, false)),
    ("TrimRight", 2, 2, |a| trim(&a[0], &a[1], false, true)),
    ("TrimPrefix", 2, 2, |a| without_start(&a[0], &a[1])),
    ("trimPrefix", 2, 2, |a| without_start(&a[1], &a[0])),
    ("TrimSuffix", 2, 2, |a| without_end(&a[0], &a[1])),
    ("trimSuffix", 2, 2, |a| without_end(&a[1], &a[0])),
    ("trunc", 2, 2, |a| truncate(&a[1], a[0].int())),
    ("substr", 3, 3, |a| part(&a[2], a[0].int(), a[1].int())),
    ("Replace", 4, 4, |a| {
        replace(&a[0], &a[1], &a[2], a[3].int())
    }),
    ("replace", 3, 3, |a| replace(&a[2], &a[0], &a[1], -1)),
    ("contains", 2, 2, |a| {
        Value::Bool(a[1].text().contains(&a[0].text()))
    }),
    ("hasPrefix", 2, 2, |a| {
        Value::Bool(a[1].text().starts_with(&a[0].text()))
    }),
    ("hasSuffix", 2, 2, |a| {
        Value::Bool(a[1].text().ends_with(&a[0].text()))
    }),
    ("alignLeft", 2, 2, |a| align(&a[1], a[0].int(), true)),
    ("alignRight", 2, 2, |a| align(&a[1], a[0].int(), false)),
    ("default", 2, 2, |a| a[usize::from(a[1].is_true())].clone()),
    ("len", 1, 1, |a| int(a[0].text().len())),
    ("printf", 1, MANY, |a| {
        text(printf::format(&a[0].text(), &a[1..]))
    }),
    ("eq", 2, MANY, |a| {
        Value::Bool(a[1..].iter().any(|b| a[0].compare(b) == Ordering::Equal))
    }),
    ("ne", 2, 2, |a| {
        Value::Bool(a[0].compare(&a[1]) != Ordering::Equal)
    }),
    ("lt", 2, 2, |a| Value::Bool(a[0].compare(&a[1]).is_lt())),
    ("le", 2, 2, |a| Value::Bool(a[0].compare(&a[1]).is_le())),
    ("gt", 2, 2, |a| Value::Bool(a[0].compare(&a[1]).is_gt())),
    ("ge", 2, 2, |a| Value::Bool(a[0].compare(&a[1]).is_ge())),
    ("not", 1, 1, |a| Value::Bool(!a[0].is_true())),
    ("and", 1, MANY, |a| first(a, false)),
    ("or", 1, MANY, |a| first(a, true)),
    ("int", 1, 1, |a| Value::Int(a[0].int())),
    ("float64", 1, 1, |a| Value::Float(a[0].float())),
    ("add", 1, MANY, |a| whole(a, i64::wrapping_add)),
    ("sub", 2, 2, |a| whole(a, i64::wrapping_sub)),
    ("mul", 1, MANY, |a| whole(a, i64::wrapping_mul)),
    ("div", 2, 2, |a| {
        Value::Int(a[0].int().checked_div(a[1].int()).unwrap_or(0))
    }),
    ("mod", 2, 2, |a| {
        Value::Int(a[0].int().checked_rem(a[1].int()).unwrap_or(0))
    }),
    ("addf", 1, MANY, |a| broken(a, |x, y| x + y)),
    ("subf", 2, 2, |a| broken(a, |x, y| x - y)),
    ("mulf", 1, MANY, |a| broken(a, |x, y| x * y)),
    ("divf", 2, 2, |a| broken(a, |x, y| x / y)),
    ("round", 2, 2, |a| {
        let scale = 10_f64.powi(a[1].int().clamp(0, 15) as i32);
        Value::Float((a[0].float() * scale).round() / scale)
    }),
    ("ceil", 1, 1, |a| Value::Float(a[0].float().ceil())),
    ("floor", 1, 1, |a| Value::Float(a[0].float().floor())),
    ("duration", 1, 1, |a| seconds(&a[0])),
    ("duration_seconds", 1, 1, |a| seconds(&a[0])),
    ("bytes", 1, 1, |a| {
        Value::Float(parse_bytes(a[0].text().trim()).unwrap_or_else(|| a[0].float()))
    }),
];

impl Function {
    /// The function of a name; those of regular expressions take theirs out of `literal`, the first argument.
    pub(super) fn named(name: &str, literal: Option<&str>) -> Result<Self, String> {
        let of_regex = |is_literal: bool| {
            let text = literal.ok_or_else(|| {
                format!("{name} needs a regular expression in quotes as its first argument")
            })?;
            let regex = RegexBuilder::new(text).size_limit(REGEX_BYTES).build();
            let regex = regex.map_err(|_| format!("'{text}' is not a regular expression"))?;
            Ok(Self::Regex(regex, is_literal))
        };
        match name {
            "__line__" => Ok(Self::Line),
            "__timestamp__" => Ok(Self::Timestamp),
            "regexReplaceAll" => of_regex(false),
            "regexReplaceAllLiteral" => of_regex(true),
            _ => match FUNCTIONS.iter().find(|(known, ..)| *known == name) {
                Some((.., function)) => Ok(Self::Plain(*function)),
                None => Err(format!(
                    "the function {name} in a template is not supported"
                )),
            },
        }
    }

    /// The least and the most arguments.
    pub(super) fn arity(name: &str) -> (usize, usize) {
        match name {
            "__line__" | "__timestamp__" => (0, 0),
            "regexReplaceAll" | "regexReplaceAllLiteral" => (3, 3),
            _ => FUNCTIONS
                .iter()
                .find(|(known, ..)| *known == name)
                .map_or((0, MANY), |(_, least, most, _)| (*least, *most)),
        }
    }

    pub(super) fn call(&self, arguments: Vec<Value>, fields: &dyn Fields) -> Value {
        match self {
            Self::Plain(function) => function(&arguments),
            Self::Line => text(fields.line()),
            Self::Timestamp => text(domain::format_timestamp(fields.timestamp_ns())),
            Self::Regex(regex, is_literal) => {
                let (of, by) = (arguments[1].text(), arguments[2].text());
                text(replace_matches(regex, &of, &by, *is_literal))
            }
        }
    }
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn int(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn lower(value: &Value) -> String {
    value.text().to_lowercase()
}

fn title(text: &str) -> String {
    let mut is_start = true;
    text.chars()
        .flat_map(|character| {
            let upper = is_start.then(|| character.to_uppercase());
            is_start = character.is_whitespace();
            let other = upper.is_none().then_some(character);
            upper.into_iter().flatten().chain(other)
        })
        .collect()
}

fn trim(of: &Value, characters: &Value, is_left: bool, is_right: bool) -> Value {
    let (of, set) = (of.text(), characters.text());
    let mut rest = of.as_str();
    if is_left {
        rest = rest.trim_start_matches(|character| set.contains(character));
    }
    if is_right {
        rest = rest.trim_end_matches(|character| set.contains(character));
    }
    text(rest)
}

fn without_start(of: &Value, start: &Value) -> Value {
    let of = of.text();
    text(of.strip_prefix(start.text().as_str()).unwrap_or(&of))
}

fn without_end(of: &Value, end: &Value) -> Value {
    let of = of.text();
    text(of.strip_suffix(end.text().as_str()).unwrap_or(&of))
}

/// The first characters, or the last ones when the number is negative.
fn truncate(of: &Value, count: i64) -> Value {
    let of = of.text();
    let length = of.chars().count();
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if count < 0 {
        length.saturating_sub(wanted)
    } else {
        0
    };
    text(of.chars().skip(skipped).take(wanted).collect::<String>())
}

fn part(of: &Value, start: i64, end: i64) -> Value {
    let place = |at: i64| usize::try_from(at).ok();
    let start = place(start).unwrap_or(0);
    let count = place(end).map_or(usize::MAX, |end| end.saturating_sub(start));
    let of = of.text();
    text(of.chars().skip(start).take(count).collect::<String>())
}

/// Replaces at most so many times, or always when the number is negative.
fn replace(of: &Value, from: &Value, to: &Value, times: i64) -> Value {
    let (of, from, to) = (of.text(), from.text(), to.text());
    if from.is_empty() {
        return text(of);
    }
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    let mut out = String::new();
    let mut rest = of.as_str();
    for _ in 0..times {
        let Some(at) = rest.find(&from) else { break };
        push(&mut out, &rest[..at]);
        push(&mut out, &to);
        rest = &rest[at + from.len()..];
        if out.len() >= MAX_TEXT_BYTES {
            break;
        }
    }
    push(&mut out, rest);
    text(out)
}

fn replace_matches(regex: &Regex, of: &str, by: &str, is_literal: bool) -> String {
    let mut out = String::new();
    let mut last = 0;
    for found in regex.captures_iter(of) {
        let Some(whole) = found.get(0) else { continue };
        push(&mut out, &of[last..whole.start()]);
        let mut replaced = String::new();
        // A short text with many `$0` could ask for gigabytes.
        let is_huge = whole.len().saturating_mul(by.matches('$').count()) > 16 * MAX_TEXT_BYTES;
        if is_literal || is_huge {
            regex::Replacer::replace_append(&mut NoExpand(by), &found, &mut replaced);
        } else {
            found.expand(by, &mut replaced);
        }
        push(&mut out, &replaced);
        last = whole.end();
        if out.len() >= MAX_TEXT_BYTES {
            break;
        }
    }
    push(&mut out, &of[last..]);
    out
}

fn align(of: &Value, width: i64, is_left: bool) -> Value {
    let width = usize::try_from(width).unwrap_or(0).min(MAX_COLUMN);
    let of = of.text();
    let length = of.chars().count();
    let blanks = " ".repeat(width.saturating_sub(length));
    text(if is_left {
        of.chars().take(width).collect::<String>() + &blanks
    } else {
        let kept = of.chars().skip(length.saturating_sub(width));
        blanks + &kept.collect::<String>()
    })
}

/// The first that is so, or the last.
fn first(values: &[Value], is_true: bool) -> Value {
    let found = values.iter().find(|value| value.is_true() == is_true);
    found.or(values.last()).cloned().unwrap_or_default()
}

fn whole(values: &[Value], join: fn(i64, i64) -> i64) -> Value {
    Value::Int(values.iter().map(Value::int).reduce(join).unwrap_or(0))
}

fn broken(values: &[Value], join: fn(f64, f64) -> f64) -> Value {
    Value::Float(values.iter().map(Value::float).reduce(join).unwrap_or(0.0))
}

fn seconds(value: &Value) -> Value {
    let duration_ns = parse_duration(value.text().trim()).unwrap_or(0);
    Value::Float(duration_ns as f64 / domain::NANOS_PER_SECOND as f64)
}
