//! The numbers and words that senders put into a severity field.

use domain::Severity;

/// The severity of a field's text. `is_otel_number` says that the key promises OpenTelemetry numbers; otherwise 10, 20,
/// ... 60 are those of bunyan and pino, 100 to 800 those of Google Cloud, 0 to 7 those of syslog (RFC 5424, GELF), and
/// the remaining ones to 24 those of OpenTelemetry.
pub(crate) fn severity_of_value(text: &str, is_otel_number: bool) -> Option<Severity> {
    let text = text.trim();
    if text.len() > 16 || text.is_empty() {
        return None;
    }
    if text.as_bytes()[0].is_ascii_digit() {
        let number = text.split('.').next()?.parse().ok()?;
        return severity_of_number(number, is_otel_number);
    }
    Severity::from_word(text).or_else(|| match text.to_ascii_lowercase().as_str() {
        "f" | "c" | "a" | "dpanic" => Some(Severity::Fatal),
        "log" | "note" | "default" | "success" | "audit" | "system" => Some(Severity::Info),
        "d1" | "d2" | "d3" | "d4" | "d5" | "debug1" | "debug2" => Some(Severity::Debug),
        "trce" | "silly" | "all" => Some(Severity::Trace),
        "dbug" => Some(Severity::Debug),
        "fail" => Some(Severity::Error),
        _ => None,
    })
}

fn severity_of_number(number: i64, is_otel_number: bool) -> Option<Severity> {
    let severity = match number {
        1..=24 if is_otel_number => Severity::from_number(number),
        0..=2 => Severity::Fatal,
        3 => Severity::Error,
        4 => Severity::Warn,
        5 | 6 => Severity::Info,
        7 => Severity::Debug,
        10 => Severity::Trace,
        20 | 100 => Severity::Debug,
        30 | 200 | 300 => Severity::Info,
        40 | 400 => Severity::Warn,
        50 | 500 => Severity::Error,
        60 | 600 | 700 | 800 => Severity::Fatal,
        8..=24 => Severity::from_number(number),
        _ => return None,
    };
    Some(severity)
}

#[cfg(test)]
mod tests;
