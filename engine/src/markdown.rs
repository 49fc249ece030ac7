//! Text out of records in Markdown: it is shown as it is and can do nothing.

/// Characters of one line of log text.
const LINE: usize = 300;

/// A text of one line in which nothing is markup: no link, no picture, no HTML, no mention.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (length, c) in one_line(text).chars().enumerate() {
        if length >= LINE {
            safe.push('\u{2026}');
            break;
        }
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            // An address or a name that somebody is called by stays text.
            '@' => safe.push_str("@\u{200b}"),
            ':' => safe.push(':'),
            other => safe.push(other),
        }
    }
    safe.replace("://", ":\u{200b}//")
}

/// Log text as code of one line.
pub(crate) fn code(text: &str) -> String {
    let line: String = one_line(text).chars().take(LINE).collect();
    // A fence is longer than every run of ticks inside.
    let mut longest = 0;
    let mut run = 0;
    for c in line.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    if line.is_empty() || longest > 0 {
        format!("{fence} {line} {fence}")
    } else {
        format!("{fence}{line}{fence}")
    }
}

/// Without line breaks and characters that nobody sees.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'))
        .collect()
}

/// `12,345`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 record`, `2,000 records`.
pub(crate) fn counted(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value))
}

/// `once`, `twice`, `2,000 times`.
pub(crate) fn times(value: u64) -> String {
    match value {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", count(value)),
    }
}

/// Log text of a pattern for a reader: slots are an ellipsis each, also one in whose middle the text was cut.
pub(crate) fn readable(text: &str) -> String {
    let mut pieces = text.split('\u{2026}').peekable();
    let mut whole = String::with_capacity(text.len());
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        whole.push_str(if is_last { piece } else { before_a_cut(piece) });
        if !is_last {
            whole.push('\u{2026}');
        }
    }
    plain(&inference::without_slots(&whole))
}

/// Without the beginning of a slot (`<nu`) at the end.
fn before_a_cut(text: &str) -> &str {
    match text.rsplit_once('<') {
        Some((before, slot)) if slot.len() < 8 && slot.bytes().all(|b| b.is_ascii_lowercase()) => {
            before
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests;
