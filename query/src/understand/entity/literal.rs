//! Words that only make sense literally: addresses, paths, ids and names from code.

use std::net::IpAddr;

/// 32 hexadecimal digits that are not all zero: a W3C trace id.
pub(super) fn is_trace_id(lower: &str) -> bool {
    lower.len() == 32
        && lower.bytes().all(|byte| byte.is_ascii_hexdigit())
        && lower.bytes().any(|byte| byte != b'0')
}

/// Whether a word is an address, a path, an id or a name from code, which only makes sense literally.
pub(super) fn is_literal(text: &str) -> bool {
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_address = text.parse::<IpAddr>().is_ok()
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            host.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok()
        });
    let is_path = text.len() > 1 && (text.starts_with('/') || text.contains("://"));
    let is_email = text
        .split_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let is_numbered = text.starts_with('#') && digits > 0;
    is_address
        || is_host_name(text)
        || is_path
        || is_email
        || is_uuid
        || is_numbered
        || is_mixed_id(text, letters, digits)
        || is_from_code(text)
        || is_dotted_name(text)
}

/// `com.example.mail`, `nova.compute.manager`: names of packages and modules have three parts or more.
fn is_dotted_name(text: &str) -> bool {
    let is_part = |part: &str| {
        part.len() > 1
            && part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.split('.').count() > 2 && text.split('.').all(is_part)
}

/// `mail.example.net`, `shop.example.org`.
fn is_host_name(text: &str) -> bool {
    const ENDS: [&str; 10] = [
        "com", "net", "org", "io", "local", "internal", "example", "dev", "edu", "gov",
    ];
    let parts: Vec<&str> = text.split('.').collect();
    let is_part =
        |part: &&str| part.len() > 1 && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    parts.len() > 1
        && parts.iter().all(is_part)
        && parts
            .last()
            .is_some_and(|end| ENDS.contains(&end.to_lowercase().as_str()))
}

/// `ORD-1234`, `blk_99`, `E4711`, `v2.4.1`, `2.4.1`: letters and digits that are no time or length of time.
fn is_mixed_id(text: &str, letters: usize, digits: usize) -> bool {
    let version = text.strip_prefix('v').unwrap_or(text);
    let is_version = version.split('.').count() >= 3
        && version
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if is_version {
        return version.rsplit('.').next().is_none_or(|year| year.len() < 4);
    }
    if text.split(['/', '-']).all(is_percentile) {
        return false;
    }
    let starts_with_letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let has_joint = text.contains(['-', '_', '.', ':']);
    let long_hex =
        text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) && letters > 0;
    // What is said of two things, `req/s3`, is no id: a part of one says so, `db-eu/node1`, `orders/4711`.
    let is_part = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() >= 3;
    let is_one = has_joint || !text.contains('/') || text.split('/').any(is_part);
    digits > 0
        && letters > 0
        && is_one
        && (long_hex || starts_with_letter && (digits >= 3 || has_joint && digits >= 1))
}

/// `p95`, `p99.9`.
fn is_percentile(text: &str) -> bool {
    text.strip_prefix(['p', 'P'])
        .filter(|digits| {
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
        })
        .and_then(|digits| digits.parse::<f64>().ok())
        .is_some_and(|part| part < 100.0)
}

/// `NullPointerException`, `ECONNREFUSED`, `db.query_failed`, `handle_payment`.
fn is_from_code(text: &str) -> bool {
    let is_word = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == ':');
    let camel = text
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
        .count();
    let shouted = text.len() >= 6 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let joined = text.contains('_') && text.len() > 3;
    is_word && (camel >= 1 && text.len() >= 6 || shouted || joined)
}

/// One of many errors from code: `TypeErrors` are each a `TypeError`.
pub(super) fn singular(text: &str) -> &str {
    let is_many = ["Errors", "Exceptions", "Failures", "Timeouts"]
        .iter()
        .any(|end| text.len() > end.len() && text.ends_with(end));
    match text.strip_suffix('s') {
        Some(one) if is_many => one,
        _ => text,
    }
}
