//! Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude.

use domain::NANOS_PER_SECOND;

/// Reads a decimal number, with a fraction or not, as an epoch. Whole parts below 10^11 are seconds (until the year
/// 5138), below 10^14 milliseconds, below 10^17 microseconds, else nanoseconds. `None` when it is no plain decimal
/// number or does not fit an `i64` of nanoseconds.
pub(crate) fn epoch_to_ns(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_decimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !is_decimal(whole) || !is_decimal(fraction) {
        return scientific(text);
    }
    let whole: i64 = whole.parse().ok()?;
    let unit_ns = match whole {
        0..100_000_000_000 => NANOS_PER_SECOND,
        100_000_000_000..100_000_000_000_000 => 1_000_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000,
        _ => 1,
    };
    let mut part_ns = 0;
    let mut place_ns = unit_ns / 10;
    for digit in fraction.bytes() {
        part_ns += i64::from(digit - b'0') * place_ns;
        place_ns /= 10;
    }
    let instant = whole.checked_mul(unit_ns)?.checked_add(part_ns)?;
    Some(if is_negative { -instant } else { instant })
}

/// `1.7e9`: some languages print large floats so.
fn scientific(text: &str) -> Option<i64> {
    if !text.contains(['e', 'E']) || text.len() > 32 {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if !value.is_finite() || value.abs() >= 9e18 {
        return None;
    }
    // One decimal text conversion keeps the magnitudes in one place; a float has no more digits anyway.
    epoch_to_ns(&format!("{value:.3}"))
}
