//! Numbers and patterns in sentences.

/// Longest pattern text inside a sentence, in characters.
const LONGEST_TEXT: usize = 90;

/// `1,234`, `12`, `0.4`: a rate for people.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "?".to_owned();
    }
    let rounded = if value.abs() >= 10.0 {
        value.round()
    } else {
        (value * 10.0).round() / 10.0
    };
    if rounded.fract() != 0.0 {
        return format!("{rounded}");
    }
    let digits = format!("{:.0}", rounded.abs());
    let mut text = String::with_capacity(digits.len() + 4);
    if rounded < 0.0 {
        text.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `1,234 records`.
pub(crate) fn records(count: f64) -> String {
    let plural = if count == 1.0 { "" } else { "s" };
    format!("{} record{plural}", number(count))
}

/// `0-3`: a usual range, whole numbers outward.
pub(crate) fn range(low: f64, high: f64) -> String {
    let (low, high) = (low.max(0.0).floor(), high.max(0.0).ceil());
    if low >= high {
        number(high)
    } else {
        format!("{}-{}", number(low), number(high))
    }
}

/// `12 %`, `0.4 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

/// A pattern's text in quotes on one line, cut when long.
pub(crate) fn quoted(text: &str) -> String {
    let mut short = String::new();
    for (i, c) in text.trim().chars().enumerate() {
        if i == LONGEST_TEXT {
            short.push('…');
            break;
        }
        short.push(if c.is_control() { ' ' } else { c });
    }
    format!("'{short}'")
}
