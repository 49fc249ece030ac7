//! Numbers of records: durations, sizes, shares, and those that attributes or words name.

mod told;

use domain::LogRecord;
use query::{NumberCondition, Quantity};
use serde_json::Value;

/// Words of keys of attributes that hold a length of time.
const DURATION_KEYS: [&str; 9] = [
    "duration",
    "latency",
    "elapsed",
    "took",
    "time_taken",
    "response_time",
    "request_time",
    "runtime",
    "rt",
];
/// Words of keys of attributes that hold an amount of data.
const SIZE_KEYS: [&str; 4] = ["bytes", "size", "content_length", "length"];
/// Words of keys that hold a point in time, or a bound, rather than how long something took.
const OTHER_TIMES: [&str; 5] = ["timestamp", "datetime", "uptime", "timeout", "expire"];
/// Places of a name in a text that are looked at.
const PLACES: usize = 64;
/// Bytes that may stand between a name and its number.
const GAP: usize = 12;
/// From here on a number right before a `B` is taken for the digits of an id.
const LEAST_OF_ID: f64 = 1e7;
/// Bytes of a number that are read.
const DIGITS: usize = 40;

/// Whether a record has all these numbers.
pub(super) fn hold(conditions: &[NumberCondition], record: &LogRecord) -> bool {
    conditions.iter().all(|condition| {
        number_of(&condition.quantity, record).is_some_and(|number| condition.holds(number))
    })
}

/// The number of a record: that of an attribute, else that of its text. In the unit of the quantity.
pub(super) fn number_of(quantity: &Quantity, record: &LogRecord) -> Option<f64> {
    of_attributes(quantity, &record.attributes).or_else(|| of_text(quantity, &record.body))
}

/// Whether a text tells such a number.
pub(super) fn is_told(quantity: &Quantity, text: &str) -> bool {
    of_text(quantity, text).is_some()
}

/// The unit that a quantity is told in.
pub(super) fn unit_of(quantity: &Quantity) -> &'static str {
    match quantity {
        Quantity::Named(name) => match suffix(name) {
            Some((unit, _)) => unit,
            None => "",
        },
        other => other.unit().trim(),
    }
}

/// The unit in the name of an attribute, and how many milliseconds it is.
fn suffix(key: &str) -> Option<(&'static str, f64)> {
    let key = key.to_lowercase();
    let ends = |ending: &str| key.ends_with(ending);
    Some(
        if ends("_ms") || ends(".ms") || ends("millis") || ends("milliseconds") {
            ("ms", 1.0)
        } else if ends("_us") || ends("micros") {
            ("us", 1e-3)
        } else if ends("_ns") || ends("nanos") {
            ("ns", 1e-6)
        } else if ends("_s") || ends("_seconds") || ends("_sec") {
            ("s", 1e3)
        } else {
            return None;
        },
    )
}

fn of_attributes(quantity: &Quantity, attributes: &str) -> Option<f64> {
    if attributes.is_empty() {
        return None;
    }
    let Ok(Value::Object(kept)) = serde_json::from_str::<Value>(attributes) else {
        return None;
    };
    let plain = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|it: &f64| it.is_finite()),
        _ => None,
    };
    match quantity {
        Quantity::Named(name) => kept
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .or_else(|| {
                kept.iter()
                    .find(|(key, _)| key.to_lowercase().rsplit(['.', '_']).next() == Some(name))
            })
            .and_then(|(_, value)| plain(value)),
        Quantity::DurationOf(word) | Quantity::SizeOf(word) => kept
            .iter()
            .find(|(key, _)| {
                let key = key.to_lowercase();
                key.split(['.', '_', '-']).any(|part| part == word)
            })
            .and_then(|(key, value)| {
                plain(value).map(|number| number * suffix(key).map_or(1.0, |(_, factor)| factor))
            }),
        Quantity::Duration => DURATION_KEYS.iter().find_map(|word| {
            let (key, value) = kept
                .iter()
                .find(|(key, _)| is_of_length(&key.to_lowercase(), word))?;
            match value {
                Value::String(text) => with_unit(text, time_factor),
                value => plain(value)
                    .map(|number| number * suffix(key).map_or(1.0, |(_, factor)| factor)),
            }
        }),
        Quantity::Size => SIZE_KEYS.iter().find_map(|word| {
            let (_, value) = kept
                .iter()
                .find(|(key, _)| key.to_lowercase().contains(word))?;
            plain(value)
        }),
        Quantity::Percent => kept
            .iter()
            .find(|(key, _)| key.to_lowercase().contains("percent"))
            .and_then(|(_, value)| plain(value)),
    }
}

fn of_text(quantity: &Quantity, body: &str) -> Option<f64> {
    match quantity {
        Quantity::Duration => with_unit(body, time_factor)
            .or_else(|| of_keys(body))
            .or_else(|| told::of_clock(body)),
        Quantity::DurationOf(word) => {
            told::of_word(body, word, time_factor).or_else(|| of_text(&Quantity::Duration, body))
        }
        Quantity::Size => with_unit(body, size_factor).or_else(|| size_of_keys(body)),
        // What was received is not answered with what was sent.
        Quantity::SizeOf(word) => told::of_word(body, word, size_factor),
        Quantity::Percent => with_unit(body, |unit| {
            (unit == "%" || unit == "percent").then_some(1.0)
        }),
        Quantity::Named(name) => {
            beside(body, name).or_else(|| beside(body, told::other_form(name)?))
        }
    }
}

/// The length of time of `took_ms=120`, `rt=0.12`, in milliseconds: the key says the unit, and that of web servers is the
/// second.
fn of_keys(body: &str) -> Option<f64> {
    const SECONDS: [&str; 5] = ["rt", "request_time", "response_time", "urt", "delay"];
    const MILLISECONDS: [&str; 4] = ["duration", "latency", "elapsed", "took"];
    let of = |is_of_time: &dyn Fn(&str) -> bool| {
        pairs(body).find_map(|(key, value)| {
            let number: f64 = value.parse().ok()?;
            let factor = match suffix(&key).filter(|_| is_of_time(&key)) {
                Some((_, factor)) => factor,
                None if SECONDS.contains(&key.as_str()) => 1e3,
                None if MILLISECONDS.contains(&key.as_str()) => 1.0,
                // Web servers write parts of a second so.
                None if key == "time" && value.contains('.') => 1e3,
                None => return None,
            };
            (number.is_finite() && number >= 0.0).then_some(number * factor)
        })
    };
    of(&|key: &str| DURATION_KEYS.iter().any(|word| is_of_length(key, word)))
        .or_else(|| of(&|key: &str| is_of_length(key, "time")))
}

/// The amount of data of `len: 1893`, `size=12`, in bytes.
fn size_of_keys(body: &str) -> Option<f64> {
    const KEYS: [&str; 5] = ["bytes", "size", "length", "len", "content_length"];
    pairs(body)
        .filter(|(key, _)| KEYS.contains(&key.as_str()))
        .find_map(|(_, value)| value.parse().ok())
        .filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// The keys, in lower case, and the values of `key=value`, `key:value` and `key: value`.
fn pairs(body: &str) -> impl Iterator<Item = (String, &str)> {
    let mut parts = body
        .split([' ', ',', ';', '\t', '{', '('])
        .filter(|part| !part.is_empty())
        .peekable();
    std::iter::from_fn(move || {
        loop {
            let part = parts.next()?;
            let Some((key, value)) = part.split_once(['=', ':']) else {
                continue;
            };
            let value = match value {
                "" => *parts.peek()?,
                value => value,
            };
            let key = key.trim_matches('"').to_lowercase();
            return Some((key, value.trim_matches(['"', '}', ')'])));
        }
    })
}

/// Whether a key in lower case holds a length of time, by this word of it. `rt` is only one as a part: `start` has none.
fn is_of_length(key: &str, word: &str) -> bool {
    let holds = match word.len() {
        0..=2 => key.split(['_', '.', '-']).any(|part| part == word),
        _ => key.contains(word),
    };
    holds && !OTHER_TIMES.iter().any(|other| key.contains(other))
}

fn time_factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-6,
        "us" | "\u{b5}s" => 1e-3,
        "ms" | "msec" | "millis" | "milliseconds" | "millisecond" => 1.0,
        "s" | "sec" | "secs" | "seconds" | "second" => 1e3,
        "min" | "mins" | "minutes" | "minute" => 6e4,
        "h" | "hours" | "hour" => 3.6e6,
        _ => return None,
    })
}

fn size_factor(unit: &str) -> Option<f64> {
    Some(match unit {
        "b" | "byte" | "bytes" => 1.0,
        "kb" | "kib" => 1_024.0,
        "mb" | "mib" => 1_048_576.0,
        "gb" | "gib" => 1_073_741_824.0,
        _ => return None,
    })
}

/// The first number of a text before a unit, times what the unit is.
fn with_unit(text: &str, factor: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    numbers(text).find_map(|(number, _, rest)| {
        let glued = !rest.starts_with(' ');
        let rest = rest.trim_start_matches(' ');
        let end = match rest.chars().next()? {
            '%' => 1,
            _ => rest
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(rest.len()),
        };
        // `778886821B` is an id in hexadecimal digits.
        let is_id = rest[..end].eq_ignore_ascii_case("b") && glued && number >= LEAST_OF_ID;
        factor(&rest[..end].to_lowercase())
            .filter(|_| !is_id)
            .map(|factor| number * factor)
    })
}

/// The number right after a word (`lag is 120`, `lag=120`), else the one right before it (`120 attempts`).
fn beside(text: &str, name: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    let name = name.to_lowercase();
    // "more than 3 attempts" is also of `attempt 4`.
    let name = match name.strip_suffix('s').filter(|one| one.len() > 3) {
        Some(one) if whole(&lower, &name, text).next().is_none() => one.to_owned(),
        _ => name,
    };
    whole(&lower, &name, text)
        .take(PLACES)
        .map(|at| &lower[at + name.len()..])
        // `rack-12`, `code:137`, `zone_2`
        .find_map(|rest| joined(rest).or_else(|| behind(rest)))
        .or_else(|| {
            let many = format!("{name}s");
            let starts = |rest: &str, word: &str| {
                rest.strip_prefix(word)
                    .is_some_and(|it| !it.starts_with(char::is_alphanumeric))
            };
            numbers(&lower)
                .find(|(_, _, rest)| {
                    let rest = rest.trim_start();
                    starts(rest, &name) || starts(rest, &many)
                })
                .map(|(number, _, _)| number)
        })
        .or_else(|| {
            // "12 expired offsets"
            numbers(&lower)
                .find(|(_, _, rest)| {
                    let mut words = rest.split(' ').filter(|word| !word.is_empty());
                    let is_between = words
                        .next()
                        .is_some_and(|word| word.chars().all(char::is_alphabetic));
                    let noun = words.next().unwrap_or_default();
                    let noun = noun.trim_matches(|c: char| !c.is_alphanumeric());
                    is_between
                        && noun.strip_suffix('s').unwrap_or(noun)
                            == name.strip_suffix('s').unwrap_or(&name)
                        && noun.ends_with('s')
                })
                .map(|(number, _, _)| number)
        })
}

/// Where a word stands as a whole in a text in lower case: `age` is no part of `usage`, but one of `messageAge` as it is
/// written.
fn whole<'a>(lower: &'a str, word: &'a str, written: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_hump = move |at: usize| {
        lower.len() == written.len()
            && written
                .get(at..)
                .is_some_and(|rest| rest.starts_with(char::is_uppercase))
            && written[..at].ends_with(char::is_lowercase)
    };
    lower
        .match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let is_first = !lower[..*at].ends_with(char::is_alphanumeric) || is_hump(*at);
            is_first && !lower[at + word.len()..].starts_with(char::is_alphanumeric)
        })
}

/// The number in the few bytes behind a word, with nothing between them but what binds them.
fn behind(rest: &str) -> Option<f64> {
    let mut end = rest.len().min(GAP + DIGITS);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let is_near = |between: &str| {
        between.len() <= GAP
            && between.split_whitespace().all(|word| {
                matches!(word, "is" | "was" | "of" | "=" | ":" | "at" | "to" | "==")
                    || word.chars().all(|c| !c.is_alphanumeric())
            })
    };
    numbers(&rest[..end])
        .find(|(_, between, _)| is_near(between))
        .map(|(number, _, _)| number)
}

/// The number that is joined to what stands before it by one sign.
fn joined(rest: &str) -> Option<f64> {
    let digits = rest.strip_prefix(['-', '_', ':', '#', '/', '='])?;
    let end = digits
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(digits.len());
    let is_whole = !digits[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let number = digits[..end].trim_end_matches('.');
    (is_whole && !number.is_empty())
        .then(|| number.parse().ok())
        .flatten()
}

/// The numbers of a text that are no parts of words, each with what stands before and after it. A sign belongs to a number
/// where nothing is joined to it: `rssi=-56`, and not `rack-12`.
fn numbers(text: &str) -> impl Iterator<Item = (f64, &str, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text[at..].find(|c: char| c.is_ascii_digit())?;
            let length = text[start..]
                .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                .unwrap_or(text.len() - start);
            at = start + length;
            let unsigned = text[..start]
                .strip_suffix('-')
                .filter(|before| before.ends_with(['=', ' ', '(', '[', ',', '"', '\t']));
            let is_part = text[..start].ends_with(|c: char| {
                c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/')
            });
            let Ok(number) = text[start..at].trim_end_matches('.').parse::<f64>() else {
                continue;
            };
            match unsigned {
                Some(before) => return Some((-number, before, &text[at..])),
                None if !is_part => return Some((number, &text[..start], &text[at..])),
                None => {}
            }
        }
    })
}

#[cfg(test)]
mod tests;
