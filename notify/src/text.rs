//! Fitting texts that came out of logs into other people's limits.

/// Marks what was cut.
const ELLIPSIS: char = '\u{2026}';

/// Without control characters (but line feeds) and without the marks that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || !(c.is_control() || is_direction_mark(*c)))
        .collect()
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

/// Clean and on one line.
pub(crate) fn one_line(text: &str) -> String {
    clean(&text.replace(['\n', '\r', '\t'], " "))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// At most `limit` characters, the last of them an ellipsis when something was cut.
pub(crate) fn clip(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    if limit > 0 {
        cut.push(ELLIPSIS);
    }
    cut
}

/// At most `limit` UTF-16 units out of pieces that must not be broken (an escaped character is one piece).
/// Services that count in UTF-16 units and services that count characters are both satisfied.
pub(crate) fn join_within<'a>(
    pieces: impl Iterator<Item = &'a str> + Clone,
    limit: usize,
) -> String {
    let total: usize = pieces.clone().map(units).sum();
    if total <= limit {
        return pieces.collect();
    }
    let mut text = String::new();
    let mut used = 1;
    for piece in pieces {
        used += units(piece);
        if used > limit {
            break;
        }
        text.push_str(piece);
    }
    if limit > 0 {
        text.push(ELLIPSIS);
    }
    text
}

/// Length in UTF-16 units.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests;
