//! Durations and sizes as LogQL writes them.

use domain::NANOS_PER_SECOND;

/// Units of a duration in nanoseconds: those of Prometheus and of Go.
const DURATION_UNITS: [(&str, f64); 10] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
    ("w", 7.0 * 86_400e9),
    ("y", 365.0 * 86_400e9),
];

/// Units of a size in bytes, in lower case.
const SIZE_UNITS: [(&str, f64); 11] = [
    ("b", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("pb", 1e15),
    ("kib", 1_024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
    ("pib", 1_125_899_906_842_624.0),
];

/// Reads `1h30m`, `250ms`, `1.5s`, `2d`: nanoseconds. `None` for anything else and beyond 292 years.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let end = after
            .find(|character: char| character.is_ascii_digit() || character == '.')
            .unwrap_or(after.len());
        let unit = &after[..end];
        let (_, scale) = DURATION_UNITS.iter().find(|(name, _)| *name == unit)?;
        total += number * scale;
        rest = &after[end..];
    }
    let is_possible = !text.is_empty() && total < 9.2e18;
    is_possible.then(|| total.round() as i64)
}

/// Reads `10KB`, `5 MiB`, `1.5gb`: bytes.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<f64> {
    let (number, unit) = leading_number(text)?;
    let unit = unit.trim_start();
    SIZE_UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit))
        .map(|(_, scale)| number * scale)
}

fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|character: char| !character.is_ascii_digit() && character != '.')
        .unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, &text[end..]))
}

/// The shortest text that [`parse_duration`] reads as this: `5m`, `1h30m`, `90ms`.
#[must_use]
pub fn format_duration(duration_ns: i64) -> String {
    const UNITS: [(&str, i64); 7] = [
        ("d", 86_400 * NANOS_PER_SECOND),
        ("h", 3_600 * NANOS_PER_SECOND),
        ("m", 60 * NANOS_PER_SECOND),
        ("s", NANOS_PER_SECOND),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    let mut rest = duration_ns.max(0);
    let mut text = String::new();
    for (name, scale) in UNITS {
        if rest >= scale {
            text.push_str(&format!("{}{name}", rest / scale));
            rest %= scale;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}
