//! Numbers that records must have: `slower than 2s`, `status >= 500`, `duration_ms > 1000`, `disk above 90 %`.

mod condition;
pub(super) mod thing;

pub(super) use condition::RECORDS;
pub use condition::{NumberCondition, NumberOp, Quantity};

use super::{Claim, Reading, StatusCode};
use crate::time::{Found, number};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) conditions: Vec<NumberCondition>,
    pub(super) status_codes: Vec<StatusCode>,
    /// How many records there shall be in a group.
    pub(super) having: Option<NumberCondition>,
}

/// Words that may stand between what is compared and how.
const BETWEEN: [&str; 17] = [
    "is", "was", "are", "were", "of", "code", "codes", "being", "value", "a", "time", "times",
    "usage", "with", "has", "had", "it",
];

/// Claims comparisons with numbers.
pub(super) fn read(reading: &mut Reading<'_>) -> Numbers {
    let mut numbers = Numbers::default();
    let mut at = 0;
    while at < reading.words.len() {
        at = between(reading, at, &mut numbers)
            .or_else(|| comparison(reading, at, &mut numbers))
            .or_else(|| trailing(reading, at, &mut numbers))
            .unwrap_or(at + 1);
    }
    numbers
}

/// `status between 400 and 499`; gives where it ends.
fn between(reading: &mut Reading<'_>, at: usize, numbers: &mut Numbers) -> Option<usize> {
    if !matches!(reading.free(at), "between" | "from") {
        return None;
    }
    let field = field_before(reading, at)?;
    let (low, low_unit, low_length) = amount(reading, at + 1)?;
    let join = at + 1 + low_length;
    if !matches!(reading.free(join), "and" | "to" | "-") {
        return None;
    }
    let (high, unit, length) = amount(reading, join + 1)?;
    let end = join + 1 + length;
    let from = field.from;
    if field.is_status {
        numbers.status_codes.extend(codes(|code| {
            f64::from(code) >= low && f64::from(code) <= high
        }));
    } else {
        let low_unit = low_unit.or(unit.clone());
        for (op, value, unit) in [
            (NumberOp::AtLeast, low, low_unit),
            (NumberOp::AtMost, high, unit),
        ] {
            numbers
                .conditions
                .push(condition(field.name.as_deref(), op, value, unit));
        }
    }
    reading.claim(from..end, Claim::Number);
    Some(end)
}

/// `status 500 or more`, `duration 200 ms or less`.
fn trailing(reading: &mut Reading<'_>, at: usize, numbers: &mut Numbers) -> Option<usize> {
    let (value, unit, length) = amount(reading, at)?;
    let join = at + length;
    if !matches!(reading.free(join), "or" | "and") {
        return None;
    }
    let op = match reading.free(join + 1) {
        "more" | "above" | "higher" | "greater" | "over" | "longer" | "slower" => NumberOp::AtLeast,
        "less" | "below" | "lower" | "under" | "fewer" | "faster" => NumberOp::AtMost,
        _ => return None,
    };
    let field = field_before(reading, at);
    if field.is_none() && unit.is_none() {
        return None;
    }
    let from = field.as_ref().map_or(at, |field| field.from);
    if field.as_ref().is_some_and(|field| field.is_status) {
        let test = NumberCondition {
            quantity: Quantity::Percent,
            op,
            value,
        };
        numbers
            .status_codes
            .extend(codes(|code| test.holds(f64::from(code))));
    } else {
        let name = field.and_then(|field| field.name);
        numbers
            .conditions
            .push(condition(name.as_deref(), op, value, unit));
    }
    reading.claim(from..join + 2, Claim::Number);
    Some(join + 2)
}

fn comparison(reading: &mut Reading<'_>, at: usize, numbers: &mut Numbers) -> Option<usize> {
    let (op, length, is_time) = operator(reading, at)?;
    let (value, unit, more) = amount(reading, at + length)?;
    let end = at + length + more;
    // "status 500 or more" is read where the number is.
    let field = field_before(reading, at);
    let is_symbol = matches!(reading.free(at), ">" | ">=" | "<" | "<=" | "=");
    if field.is_none() && unit.is_none() && !is_time {
        return thing::counted(reading, at, op, value, end, numbers);
    }
    // "over 5 minutes" alone is a stretch of time.
    let is_loose = matches!(reading.free(at), "over" | "within" | "under");
    let from = field.as_ref().map_or(at, |field| field.from);
    let is_stretch = unit == Some(Quantity::Duration) && value >= STRETCH_MS;
    if is_loose && field.is_none() && is_stretch {
        return None;
    }
    if field.as_ref().is_some_and(|field| field.is_status) {
        let test = NumberCondition {
            quantity: Quantity::Percent,
            op,
            value,
        };
        numbers
            .status_codes
            .extend(codes(|code| test.holds(f64::from(code))));
    } else {
        let name = field
            .as_ref()
            .and_then(|field| field.name.clone())
            .or_else(|| thing::way_of(reading, at, end, unit.as_ref()));
        let unit = unit.or((is_time && name.is_none() && !is_symbol).then_some(Quantity::Duration));
        // "longer than 2" is two seconds.
        let value = if is_time
            && name.is_none()
            && more == 1
            && !reading
                .lower(at + length)
                .ends_with(|c: char| c.is_alphabetic())
        {
            value * 1_000.0
        } else {
            value
        };
        numbers
            .conditions
            .push(condition(name.as_deref(), op, value, unit));
    }
    reading.claim(from..end, Claim::Number);
    Some(end)
}

fn condition(
    name: Option<&str>,
    op: NumberOp,
    value: f64,
    unit: Option<Quantity>,
) -> NumberCondition {
    let quantity = match (name, unit) {
        // The name of an attribute says which one; that it is a time says the unit.
        (Some(name), None) => Quantity::Named(name.to_owned()),
        (Some(name), Some(_)) if name.contains(['_', '.']) => Quantity::Named(name.to_owned()),
        (Some(name), Some(unit)) => unit.beside(name),
        (None, Some(unit)) => unit,
        (None, None) => Quantity::Duration,
    };
    NumberCondition {
        quantity,
        op,
        value,
    }
}

/// What is compared, before a comparison.
struct FieldBefore {
    /// Its first word.
    from: usize,
    name: Option<String>,
    is_status: bool,
}

fn field_before(reading: &Reading<'_>, at: usize) -> Option<FieldBefore> {
    let mut place = at.checked_sub(1)?;
    let mut skipped = 0;
    while skipped < 3 && BETWEEN.contains(&reading.free(place)) {
        place = place.checked_sub(1)?;
        skipped += 1;
    }
    let word = reading.free(place);
    let named = |name: &str| {
        Some(FieldBefore {
            from: place,
            name: Some(name.to_owned()),
            is_status: false,
        })
    };
    match word {
        "status" | "statuses" | "http" | "code" | "status_code" | "statuscode" => {
            let from = if place > 0 && reading.free(place - 1) == "http" {
                place - 1
            } else {
                place
            };
            Some(FieldBefore {
                from,
                name: None,
                is_status: true,
            })
        }
        "took" | "takes" | "taking" | "take" | "lasted" | "lasting" | "needed" | "duration"
        | "latency" | "elapsed" | "ran" | "running" | "response" | "latencies" | "durations" => {
            let key = reading
                .context
                .attributes
                .iter()
                .find(|key| key.eq_ignore_ascii_case(word));
            Some(FieldBefore {
                from: place,
                name: key.cloned(),
                is_status: false,
            })
        }
        "size" | "sizes" => Some(FieldBefore {
            from: place,
            name: None,
            is_status: false,
        }),
        "" => None,
        word => match known_name(reading, word) {
            Some(name) => named(&name),
            None if matches!(reading.free(at), ">" | ">=" | "<" | "<=") => named(word),
            None => thing::named_before(reading, place).map(|name| FieldBefore {
                // It tells what the records are about as well.
                from: at,
                name: Some(name),
                is_status: false,
            }),
        },
    }
}

/// The name of a number that is known here: the key of an attribute or the last part of one, or what stands before
/// values in patterns.
pub(super) fn known_name(reading: &Reading<'_>, word: &str) -> Option<String> {
    if super::field::is_reserved(word) {
        return None;
    }
    let keys = || reading.context.attributes.iter();
    let is_slot = || reading.context.slots.iter().any(|slot| slot == word);
    keys()
        .find(|key| key.eq_ignore_ascii_case(word))
        .or_else(|| keys().find(|key| key.to_lowercase().rsplit('.').next() == Some(word)))
        .cloned()
        .or_else(|| is_slot().then(|| word.to_owned()))
}

/// How is compared, how many words say so, and whether they mean a length of time.
fn operator(reading: &Reading<'_>, at: usize) -> Option<(NumberOp, usize, bool)> {
    use NumberOp::{Above, AtLeast, AtMost, Below};
    let (first, second, third) = (reading.free(at), reading.free(at + 1), reading.free(at + 2));
    Some(match (first, second, third) {
        (">", "=", _) => (AtLeast, 2, false),
        ("<", "=", _) => (AtMost, 2, false),
        (">=", ..) => (AtLeast, 1, false),
        ("<=", ..) => (AtMost, 1, false),
        (">", ..) => (Above, 1, false),
        ("<", ..) => (Below, 1, false),
        ("more", "slow", "than") => (Above, 3, true),
        ("no" | "not", "more", "than") | ("no" | "not", "longer", "than") => (AtMost, 3, false),
        ("no" | "not", "less", "than") => (AtLeast, 3, false),
        ("at", "least", _) => (AtLeast, 2, false),
        ("at", "most", _) | ("up", "to", _) => (AtMost, 2, false),
        ("longer" | "slower", "than" | "then" | "as", _) => (Above, 2, true),
        ("shorter" | "faster" | "quicker", "than" | "then", _) => (Below, 2, true),
        ("more" | "greater" | "higher" | "larger" | "bigger", "than" | "then", _) => {
            (Above, 2, false)
        }
        ("less" | "lower" | "smaller" | "fewer", "than" | "then", _) => (Below, 2, false),
        ("above" | "over" | "exceeding" | "exceeds" | "exceeded" | "beyond", ..) => {
            (Above, 1, false)
        }
        ("below" | "under", ..) => (Below, 1, false),
        _ => return None,
    })
}

/// A number with its unit: the value in the unit of its quantity, and how many words it takes.
fn amount(reading: &Reading<'_>, at: usize) -> Option<(f64, Option<Quantity>, usize)> {
    let word = reading.free(at);
    let digits_end = word
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','))
        .unwrap_or(word.len());
    let (digits, glued) = word.split_at(digits_end);
    if digits.is_empty() {
        let value = match word {
            "a" | "one" => 1.0,
            other => number(other)?,
        };
        let (quantity, factor) = unit(reading.free(at + 1))?;
        return Some((value * factor, Some(quantity), 2));
    }
    let value: f64 = digits.replace(',', "").parse().ok()?;
    if !glued.is_empty() {
        let (quantity, factor) = unit(glued)?;
        return Some((value * factor, Some(quantity), 1));
    }
    let ends = reading.words.get(at).is_some_and(|word| word.ends_phrase);
    match unit(reading.free(at + 1)).filter(|_| !ends) {
        Some((quantity, factor)) => Some((value * factor, Some(quantity), 2)),
        None => Some((value, None, 1)),
    }
}

/// "over 2 minutes" may be a stretch of time that is looked at, "over 500 ms" is none; milliseconds.
const STRETCH_MS: f64 = 10_000.0;
/// Longest time that is a number of a record where another time is said, milliseconds.
const LENGTH_MS: f64 = 600_000.0;

/// "backed off for 60 seconds yesterday": beside another time, so short a one is a number of the records.
pub(super) fn lengths(
    reading: &mut Reading<'_>,
    times: Vec<Found>,
    numbers: &mut Numbers,
) -> Vec<Found> {
    if times.len() < 2 {
        return times;
    }
    let mut kept = Vec::new();
    for found in times {
        let said = (reading.free(found.from) == "for")
            .then(|| amount(reading, found.from + 1))
            .flatten();
        match said {
            Some((value, Some(Quantity::Duration), length))
                if found.from + 1 + length == found.until && value <= LENGTH_MS =>
            {
                numbers.conditions.push(NumberCondition {
                    quantity: Quantity::Duration,
                    op: NumberOp::Equal,
                    value,
                });
                reading.claim(found.from..found.until, Claim::Number);
            }
            _ => kept.push(found),
        }
    }
    kept
}

/// Whether a word is a unit.
pub(super) fn is_unit(word: &str) -> bool {
    unit(word).is_some()
}

/// What a unit measures, and how many of the quantity's own unit it is.
fn unit(word: &str) -> Option<(Quantity, f64)> {
    use Quantity::{Duration, Percent, Size};
    Some(match word {
        "ns" | "nanoseconds" => (Duration, 1e-6),
        "us" | "\u{b5}s" | "microseconds" => (Duration, 1e-3),
        "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => (Duration, 1.0),
        "s" | "sec" | "secs" | "second" | "seconds" => (Duration, 1e3),
        "m" | "min" | "mins" | "minute" | "minutes" => (Duration, 6e4),
        "h" | "hour" | "hours" => (Duration, 3.6e6),
        "%" | "percent" | "pct" => (Percent, 1.0),
        "b" | "byte" | "bytes" => (Size, 1.0),
        "k" | "kb" | "kib" | "kilobytes" => (Size, 1_024.0),
        "mb" | "mib" | "megabytes" => (Size, 1_048_576.0),
        "gb" | "gib" | "gigabytes" => (Size, 1_073_741_824.0),
        _ => return None,
    })
}

/// Status codes that a condition lets through: whole classes where all of one do.
pub(super) fn codes(holds: impl Fn(u16) -> bool) -> Vec<StatusCode> {
    let mut codes = Vec::new();
    for class in 1..=5_u16 {
        let of_class = class * 100..class * 100 + 100;
        if of_class.clone().all(&holds) {
            codes.push(StatusCode::Class(class));
        } else {
            // Codes beyond these are not in use.
            codes.extend(
                of_class
                    .take(52)
                    .filter(|code| holds(*code))
                    .map(StatusCode::Exact),
            );
        }
    }
    codes
}
