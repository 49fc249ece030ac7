//! Durations as policies write them: `90s`, `5m`, `1h30m`, `26h`, `7d`.

use domain::{NANOS_PER_MINUTE, NANOS_PER_SECOND};

const UNITS: [(&str, i64); 6] = [
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("m", NANOS_PER_MINUTE),
    ("h", 60 * NANOS_PER_MINUTE),
    ("d", 24 * 60 * NANOS_PER_MINUTE),
    ("w", 7 * 24 * 60 * NANOS_PER_MINUTE),
];

/// Reads a duration: one or more `<number><unit>` pairs, units `ms s m h d w`, no spaces or fractions needed.
/// The result is in nanoseconds, zero or more.
///
/// # Errors
/// A lowercase message with the value and an example.
pub fn parse_policy_duration(text: &str) -> Result<i64, String> {
    let fail = || {
        format!(
            "'{}' is not a duration (examples: 90s, 5m, 1h30m, 7d)",
            cut(text)
        )
    };
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(fail());
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let letters = rest[digits..].len()
            - rest[digits..]
                .trim_start_matches(|c: char| c.is_ascii_alphabetic())
                .len();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let scale = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, scale)| *scale);
        let part = number
            .parse::<i64>()
            .ok()
            .zip(scale)
            .and_then(|(number, scale)| number.checked_mul(scale));
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or_else(fail)?;
        rest = rest[digits + letters..].trim_start();
    }
    Ok(total)
}

/// Writes a duration in nanoseconds the canonical way: whole days as `7d`, anything else as hours, minutes,
/// seconds and milliseconds (`26h`, `1h30m`, `90s` as `1m30s`).
#[must_use]
pub fn format_policy_duration(duration_ns: i64) -> String {
    const DAY: i64 = 24 * 60 * NANOS_PER_MINUTE;
    if duration_ns <= 0 {
        return "0s".to_owned();
    }
    if duration_ns % DAY == 0 {
        return format!("{}d", duration_ns / DAY);
    }
    let mut text = String::new();
    let mut rest = duration_ns;
    for (unit, scale) in [
        ("h", 60 * NANOS_PER_MINUTE),
        ("m", NANOS_PER_MINUTE),
        ("s", NANOS_PER_SECOND),
        ("ms", 1_000_000),
    ] {
        if rest >= scale {
            text.push_str(&format!("{}{unit}", rest / scale));
            rest %= scale;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
