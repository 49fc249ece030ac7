//! Numbers, instants and log text in sentences for people.

use domain::format_timestamp_short;

/// Characters of log text in one sentence.
const QUOTE_LIMIT: usize = 110;

/// An instant beside `now_ns`: the time alone on the same day, with the date otherwise, and without seconds
/// when it is a whole minute. UTC.
pub(crate) fn when(at_ns: i64, now_ns: i64) -> String {
    let text = format_timestamp_short(at_ns);
    let today = format_timestamp_short(now_ns);
    let time = text
        .get(11..19)
        .map(|time| time.strip_suffix(":00").unwrap_or(time));
    match (text.get(..10), time, today.get(..10)) {
        (Some(date), Some(time), Some(now)) if date == now => format!("{time} UTC"),
        (Some(date), Some(time), _) => format!("{date} {time} UTC"),
        _ => text,
    }
}

/// The first clauses of a sentence of code's (`a; b; but c`) that fit into `limit` characters, whole ones only; of a first one
/// that is longer, its beginning. Slots and instants are told as in all sentences.
pub(crate) fn clauses(
    text: &str,
    limit: usize,
    now_ns: i64,
    is_wanted: impl Fn(&str) -> bool,
) -> String {
    clauses_of(
        &clocked(text, |at_ns| when(at_ns, now_ns)),
        limit,
        is_wanted,
    )
}

/// As [`clauses`], of a text whose instants are told already.
pub(crate) fn clauses_of(text: &str, limit: usize, is_wanted: impl Fn(&str) -> bool) -> String {
    let text = without_slots(&plain(text, 1_000));
    let mut told = String::new();
    for clause in text.split("; ").filter(|clause| is_wanted(clause)) {
        let clause = clause.trim_end_matches(['.', '…']);
        if told.is_empty() {
            told = plain(clause, limit);
        } else if told.chars().count() + 2 + clause.chars().count() <= limit {
            told.push_str("; ");
            told.push_str(clause);
        } else {
            break;
        }
    }
    told
}

/// A sentence of code's with its instants (`2026-11-23 14:05:09Z`) told as `tell` does, which gets unix nanoseconds.
pub(crate) fn clocked(text: &str, mut tell: impl FnMut(i64) -> String) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut told: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        let instant = words.get(at + 1).and_then(|next| {
            let end = next.find('Z').filter(|_| word.len() == 10)?;
            let at_ns = domain::parse_timestamp(&format!("{word}T{}Z", &next[..end]))?;
            Some(format!("{}{}", tell(at_ns), &next[end + 1..]))
        });
        at += if instant.is_some() { 2 } else { 1 };
        told.push(instant.unwrap_or_else(|| word.to_owned()));
    }
    told.join(" ")
}

/// A count with thousands separators: `1,234,567`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 error`, `412 errors`.
pub(crate) fn counted(value: u64, singular: &str) -> String {
    if value == 1 {
        format!("1 {singular}")
    } else {
        format!("{} {singular}s", count(value))
    }
}

/// `once`, `twice`, `412 times`.
pub(crate) fn times(value: u64) -> String {
    match value {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", count(value)),
    }
}

/// An expectation as people say it: `none`, `fewer than 1`, `about 3`, `about 1,200`.
pub(crate) fn usual(expected: f64) -> String {
    if !expected.is_finite() || expected < 0.05 {
        "none".to_owned()
    } else if expected < 0.95 {
        "fewer than 1".to_owned()
    } else {
        format!("about {}", count(rounded(expected)))
    }
}

/// How many times as much as expected, from 2 on: `137 times as many as usual`.
pub(crate) fn lift(observed: u64, expected: f64) -> Option<String> {
    let ratio = observed as f64 / expected;
    if expected >= 0.95 && ratio.is_finite() && ratio >= 2.0 {
        Some(format!("{} times as many", count(rounded(ratio))))
    } else {
        None
    }
}

/// `part` of `whole` in percent, without decimals above 1 %.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let share = 100.0 * part as f64 / whole as f64;
    if part > 0 && share < 1.0 {
        "under 1 %".to_owned()
    } else if part < whole && share > 99.0 {
        "over 99 %".to_owned()
    } else {
        format!("{share:.0} %")
    }
}

/// The nearest whole number; negative values are 0.
fn rounded(value: f64) -> u64 {
    value.round() as u64
}

/// A list in a sentence: `a`, `a and b`, `a, b and 3 more`; at most `limit` names.
pub(crate) fn list(names: &[String], limit: usize) -> String {
    let shown = &names[..names.len().min(limit.max(1))];
    let more = names.len() - shown.len();
    if more > 0 {
        return format!("{} and {more} more", shown.join(", "));
    }
    match shown {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Log text in quotes, made safe to show: see [`plain`]; cut to one short line.
pub(crate) fn quoted(text: &str) -> String {
    let plain = plain(text, QUOTE_LIMIT);
    format!("“{}”", plain.replace(['“', '”'], "'"))
}

/// A pattern in quotes as people read it: what varies in it is an ellipsis. Cut to one short line.
pub(crate) fn told(text: &str) -> String {
    let plain = without_slots(&plain(text, QUOTE_LIMIT));
    format!("“{}”", plain.replace(['“', '”'], "'"))
}

/// A text whose slots (`<num>`, `<ip>:<num>`, `<*>`) are each an ellipsis; neighbours become one.
#[must_use]
pub fn without_slots(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, length)) = next_slot(rest) {
        readable.push_str(&rest[..before]);
        // What only joins two slots, as in `<ip>:<num>`, goes with them.
        let joint = readable.trim_end_matches([':', '/', '.', '-', ',', '@', '=', '|']);
        if joint.ends_with('…') {
            readable.truncate(joint.len());
        } else {
            readable.push('…');
        }
        rest = &rest[before + length..];
    }
    readable.push_str(rest);
    readable
}

/// Where the next slot begins, and how long it is: `<` and `>` around a star or a short lowercase word.
fn next_slot(text: &str) -> Option<(usize, usize)> {
    text.match_indices('<').find_map(|(at, _)| {
        let inner = &text[at + 1..];
        let end = inner.find('>').filter(|end| (1..=12).contains(end))?;
        let is_slot = inner[..end] == *"*"
            || inner[..end]
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        is_slot.then_some((at, end + 2))
    })
}

/// Two instants beside `now_ns`: `at 14:00 UTC`, `between 14:00 and 14:05 UTC`, with the date where one is of another
/// day.
pub(crate) fn between(from_ns: i64, to_ns: i64, now_ns: i64) -> String {
    let (from, to) = (when(from_ns, now_ns), when(to_ns, now_ns));
    if from == to {
        return format!("at {from}");
    }
    match from.strip_suffix(" UTC") {
        Some(short) => format!("between {short} and {to}"),
        None => format!("between {from} and {to}"),
    }
}

/// Log text without what could act on a reader, a page or a model: control and invisible characters are
/// dropped, whitespace becomes single spaces, addresses of pages become `<url>`, links of Markdown are taken apart, and it
/// is cut to `limit` characters.
pub(crate) fn plain(text: &str, limit: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(limit * 4));
    let mut length = 0;
    let mut is_cut = false;
    let mut after_space = true;
    // Far more characters than can be shown are never looked at.
    for c in text.chars().take(limit.saturating_mul(8)) {
        let c = if c.is_whitespace() { ' ' } else { c };
        if is_invisible(c) || (c == ' ' && after_space) {
            continue;
        }
        if length >= limit + URL_SLACK {
            is_cut = true;
            break;
        }
        after_space = c == ' ';
        kept.push(c);
        length += 1;
    }
    // A link of Markdown is none any more when its halves stand apart.
    let mut safe = without_urls(kept.trim_end()).replace("](", "] (");
    if safe.chars().count() > limit {
        safe = safe.chars().take(limit.saturating_sub(1)).collect();
        is_cut = true;
    }
    if is_cut {
        safe.truncate(safe.trim_end().len());
        safe.push('…');
    }
    safe
}

/// Addresses are replaced before the final cut, so that half of one cannot be left over.
const URL_SLACK: usize = 300;

/// Control characters and those that show nothing: zero-width, directional, variation selectors, tags.
/// Source: OWASP LLM01 (2026), Unicode "default ignorable" ranges.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Replaces addresses of pages (with a scheme, protocol-relative, `www.`, `javascript:`) by `<url>`.
fn without_urls(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut safe = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(start) = next_url(&lower, at) {
        safe.push_str(&text[at..start]);
        safe.push_str("<url>");
        let rest = &text[start..];
        let length = rest
            .find([' ', '"', '<', '>', '`', '“', '”'])
            .unwrap_or(rest.len());
        at = start + length.max(1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    safe.push_str(&text[at..]);
    safe
}

fn next_url(lower: &str, from: usize) -> Option<usize> {
    let rest = lower.get(from..)?;
    let marks = ["://", "//", "www.", "javascript:", "data:text"];
    let hit = marks
        .iter()
        .filter_map(|mark| rest.find(mark).map(|at| (at, *mark)))
        .min_by_key(|(at, mark)| (*at, std::cmp::Reverse(mark.len())))?;
    let mut start = from + hit.0;
    if hit.1 == "://" {
        // The scheme belongs to it.
        let scheme = lower[from..start]
            .bytes()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'))
            .count();
        start -= scheme;
    }
    Some(start)
}

#[cfg(test)]
mod tests;
