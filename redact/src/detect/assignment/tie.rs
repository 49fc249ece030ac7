//! What stands between a name and its value.

/// How a value is tied to its name; the looser, the more the value must look like a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// `=`, or `:` with quotes around the value, or a flag's argument.
    Firm,
    /// `name: value` and `name is value`, which are also prose.
    Loose,
    /// `set name to value`: `to` without such a verb names who got it.
    To,
    /// `name value`, which nearly always is.
    Space,
    /// `define('NAME', 'value')` and `PASSWORD ada = x`, where the second may be a default or a word for people as well.
    Call,
}

/// Steps over what stands between a name and its value.
pub(super) fn value_start(
    text: &str,
    name_start: usize,
    name_end: usize,
    is_flag: bool,
) -> Option<(usize, Tie)> {
    let bytes = text.as_bytes();
    let mut at = name_end;
    let skip_spaces = |mut at: usize| {
        let limit = at + 3;
        while at < limit && matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    let skip_quote = |mut at: usize| {
        while bytes.get(at) == Some(&b'\\') {
            at += 1;
        }
        if matches!(bytes.get(at), Some(b'"' | b'\'' | b'`' | b']')) {
            // `["password"]=>`
            let is_index = bytes[at] != b']' && bytes.get(at + 1) == Some(&b']');
            at + 1 + usize::from(is_index)
        } else {
            at
        }
    };
    let unquoted = skip_quote(at);
    let had_quote = unquoted != at;
    at = skip_spaces(unquoted);
    if is_flag
        && !had_quote
        && at > unquoted
        && bytes
            .get(at)
            .is_some_and(|byte| !matches!(byte, b'-' | b'='))
    {
        return Some((at, Tie::Firm));
    }
    // `'--password', 'x'`
    if is_flag && had_quote && bytes.get(at) == Some(&b',') {
        let next = skip_spaces(at + 1);
        let is_quoted = matches!(bytes.get(next), Some(b'"' | b'\'' | b'\\'));
        return is_quoted.then_some((next, Tie::Firm));
    }
    // `| password | x |` of a table.
    if bytes.get(at) == Some(&b'|')
        && bytes.get(at + 1) == Some(&b' ')
        && text[..name_start]
            .trim_end_matches(['`', ' '])
            .ends_with('|')
    {
        return Some((at + 2, Tie::Loose));
    }
    if let Some(found) = over_value_word(text, unquoted, had_quote) {
        return Some(found);
    }
    // `('x-api-key', 'x')` of a list of headers, where the next name of a list of names stands as well.
    if let Some(value) = in_pair(bytes, name_start, at, had_quote) {
        let is_call = name_start >= 2 && bytes[name_start - 2] == b'(' && is_last(bytes, value);
        return Some((value, if is_call { Tie::Call } else { Tie::Space }));
    }
    let rest = &text[at..];
    // `password::hash` is a path of code.
    if rest.starts_with("::") {
        return None;
    }
    for mark in ["=>", ":=", "==", "=", ":"] {
        if let Some(after) = rest.strip_prefix(mark) {
            let is_in_brackets = bytes.get(name_end) == Some(&b']');
            let start = over_wrapper(text, skip_spaces(at + mark.len()));
            let start = in_list(bytes, start, is_in_brackets);
            let is_quoted = [after.trim_start(), &text[start..]]
                .iter()
                .any(|value| value.starts_with(['"', '\'', '\\']));
            let is_tight = mark != ":" || is_quoted || had_quote || start == at + 1;
            return Some((start, if is_tight { Tie::Firm } else { Tie::Loose }));
        }
    }
    for word in [
        "is ",
        "was ",
        "set to ",
        "is: ",
        "changed to ",
        "reset to ",
        "updated to ",
        "will be ",
        "now ",
        "changed from null to ",
        "from null to ",
    ] {
        if at > name_end && rest.starts_with(word) {
            return Some((at + word.len(), Tie::Loose));
        }
    }
    if at == name_end {
        return None;
    }
    if rest.starts_with("to ") && is_behind_verb(&text[..name_start]) {
        // A value in quotes behind such a verb is one, whatever is set.
        let value = rest[3..].trim_start_matches('\\');
        let is_quoted = value.starts_with(['"', '\'', '`']);
        return Some((at + 3, if is_quoted { Tie::Loose } else { Tie::To }));
    }
    if let Some(start) = over_owner(text, at) {
        return Some((start, Tie::Loose));
    }
    if let Some(start) = over_subject(text, at) {
        return Some((start, Tie::Call));
    }
    let is_quoted = rest.starts_with(['\'', '"', '`']);
    Some((at, if is_quoted { Tie::Loose } else { Tie::Space }))
}

/// The place behind what wraps a value: `string(10) ` of PHP, `Some(` of Rust, `Optional(` of Swift.
fn over_wrapper(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    for wrapper in ["Some(", "Optional(", "String("] {
        if rest.starts_with(wrapper) {
            return at + wrapper.len();
        }
    }
    let Some(rest) = rest.strip_prefix("string(") else {
        return at;
    };
    let digits = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
    match rest[digits..].strip_prefix(") ") {
        Some(value) if digits > 0 => text.len() - value.len(),
        _ => at,
    }
}

/// The quoted value that stands before its name, as checks of input write it: `invalid value "x" for field "password"`.
pub(in super::super) fn value_before(text: &str, name_start: usize) -> Option<(usize, usize)> {
    const LONGEST: usize = 256;
    let from = text.floor_char_boundary(name_start.saturating_sub(LONGEST));
    let head = text[from..name_start].trim_end_matches(['"', '\'', '`', '\\', '[']);
    let head = [
        "field ",
        "column ",
        "key ",
        "parameter ",
        "property ",
        "attribute ",
        "argument ",
    ]
    .iter()
    .find_map(|word| head.strip_suffix(word))?;
    let head = head
        .strip_suffix(" for ")
        .or_else(|| head.strip_suffix(" in "))?;
    let quote = head
        .chars()
        .next_back()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = &head[..head.len() - 1];
    let inner = inner.trim_end_matches('\\');
    let open = inner.rfind(quote)?;
    let start = from + open + 1;
    (start < from + inner.len()).then_some((start - 1, from + inner.len()))
}

/// The value of a pair whose name is a value itself: `key="db.password" value="x"`, `{"name":"DB_PASSWORD","value":"x"}`;
/// `at` is the place behind the name and the quote that closes it. `invalid password value: must be long` is prose.
fn over_value_word(text: &str, at: usize, had_quote: bool) -> Option<(usize, Tie)> {
    let skip = |at: usize, marks: &[u8]| {
        at + text.as_bytes()[at..]
            .iter()
            .take(16)
            .take_while(|byte| marks.contains(byte))
            .count()
    };
    let word = skip(at, b" ,\n\r\t\\\"'");
    let rest = text[word..]
        .strip_prefix("value")
        .or_else(|| text[word..].strip_prefix("Value"))?;
    let name_end = text.len() - rest.len();
    let mark = skip(name_end, b" \\\"'");
    let mark_byte = text.as_bytes().get(mark);
    if !matches!(mark_byte, Some(b'=' | b':')) {
        return None;
    }
    let start = skip(mark + 1, b" ");
    let is_pair = mark_byte == Some(&b'=') || text[start..].starts_with(['"', '\'', '\\']);
    let is_firm = text[at..word].contains([',', '\n', '\r']) || (had_quote && is_pair);
    Some((start, if is_firm { Tie::Firm } else { Tie::Loose }))
}

/// Whether a bracket closes behind the quoted value that begins at `at`.
fn is_last(bytes: &[u8], at: usize) -> bool {
    const LONGEST: usize = 512;
    bytes[at + 1..]
        .iter()
        .take(LONGEST)
        .position(|byte| *byte == bytes[at])
        .is_some_and(|length| bytes.get(at + length + 2) == Some(&b')'))
}

/// The quoted value behind a quoted name and a comma; `at` is the place of the comma.
fn in_pair(bytes: &[u8], name_start: usize, at: usize, had_quote: bool) -> Option<usize> {
    let quote = bytes.get(name_start.checked_sub(1)?)?;
    if !had_quote || bytes.get(at) != Some(&b',') || !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let gap = usize::from(bytes.get(at + 1) == Some(&b' '));
    // `b'x'` of Python
    let is_bytes = bytes.get(at + 1 + gap) == Some(&b'b') && bytes.get(at + 2 + gap) == Some(quote);
    let value = at + 1 + gap + usize::from(is_bytes);
    let is_name = memchr::memchr(*quote, bytes.get(value + 1..)?)
        .is_some_and(|length| matches!(bytes.get(value + length + 2), Some(b':' | b'=')));
    (bytes.get(value) == Some(quote) && !is_name).then_some(value)
}

/// Whether one of the last words of `head` says that something gets a new value: `set password`, `changed the "password"`.
fn is_behind_verb(head: &str) -> bool {
    const VERBS: [&str; 7] = [
        "set", "change", "changed", "reset", "update", "updated", "changing",
    ];
    let from = head.floor_char_boundary(head.len().saturating_sub(64));
    head[from..]
        .trim_end_matches(['"', '\'', '`', '\\'])
        .split_ascii_whitespace()
        .rev()
        .take(3)
        .any(|word| VERBS.iter().any(|verb| word.eq_ignore_ascii_case(verb)))
}

/// The first value of a list: `"X-Api-Key": ["x"]`, `[password] = [x]`.
fn in_list(bytes: &[u8], at: usize, is_in_brackets: bool) -> usize {
    let is_list = bytes.get(at) == Some(&b'[')
        && (is_in_brackets || matches!(bytes.get(at + 1), Some(b'"' | b'\'' | b'\\')));
    at + usize::from(is_list)
}

/// The place behind `elastic = `: whose password it is, or what of it is told, in one word.
fn over_subject(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let word = rest
        .bytes()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        .count();
    let is_told = super::super::key_name::describes(&rest[..word]);
    let value = rest[word..].strip_prefix(" = ")?;
    (word > 0 && !is_told).then_some(text.len() - value.len())
}

/// The place behind `for ada is ` or `of user ada lovelace: `, when that is what a text begins with.
fn over_owner(text: &str, at: usize) -> Option<usize> {
    const MOST_WORDS: usize = 4;
    let mut rest = text[at..]
        .strip_prefix("for ")
        .or_else(|| text[at..].strip_prefix("of "))?;
    for _ in 0..MOST_WORDS {
        let owner = rest
            .bytes()
            .take(64)
            .take_while(|byte| !byte.is_ascii_whitespace() && *byte != b':')
            .count();
        let tied = [
            " / ",
            " is ",
            " was ",
            ": ",
            " set to ",
            " changed to ",
            " reset to ",
        ]
        .iter()
        .find_map(|tie| rest[owner..].strip_prefix(tie));
        if let Some(value) = tied {
            return Some(text.len() - value.len());
        }
        rest = rest[owner..].strip_prefix(' ')?;
    }
    None
}
