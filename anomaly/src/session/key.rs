//! Which session a record belongs to.

/// Names of attributes and of words in a body whose value is the id of a piece of work, in order of
/// preference; compared without case, `-`, `_` and `.`.
const NAMES: [&str; 12] = [
    "traceid",
    "requestid",
    "reqid",
    "xrequestid",
    "correlationid",
    "xcorrelationid",
    "transactionid",
    "operationid",
    "executionid",
    "jobid",
    "taskid",
    "sessionid",
];
/// Longest name that is compared.
const LONGEST_NAME: usize = 24;
/// Bytes of a body that are searched.
const SEARCHED_BYTES: usize = 512;
/// Shortest id: shorter values of such names are mostly numbers of something else.
const SHORTEST_ID: usize = 4;
/// Digits that make `word_123456` an id.
const ID_DIGITS: usize = 6;

/// The id of the trace, request, job or block that a record is part of, if it tells one: its trace id; an
/// attribute with the name of such an id (`attributes` is a JSON object as text); such a name before a value in its
/// body (`request_id=...`); a UUID, or a word with a long number (`blk_8412563710`), in its body.
#[must_use]
pub fn session_key<'record>(
    trace_id: Option<&'record str>,
    attributes: &'record str,
    body: &'record str,
) -> Option<&'record str> {
    if let Some(id) = trace_id.filter(|id| is_id(id)) {
        return Some(id);
    }
    let body = &body[..floor(body, SEARCHED_BYTES)];
    best_named(attributes)
        .or_else(|| best_named(body))
        .or_else(|| words(body).find(|word| is_plain_id(word)))
}

/// The value beside the most preferred name.
fn best_named(text: &str) -> Option<&str> {
    let mut best: Option<(usize, &str)> = None;
    let mut before: Option<usize> = None;
    for word in words(text) {
        if let Some(rank) = before.take()
            && is_id(word)
            && best.is_none_or(|best| rank < best.0)
        {
            best = Some((rank, word));
        }
        before = rank_of(word);
    }
    best.map(|best| best.1)
}

/// Letters, digits, `_`, `-` and `.` in a row; a `=`, a `:`, quotes and blanks stand between.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
}

fn rank_of(word: &str) -> Option<usize> {
    // Most words end here.
    if word.len() > LONGEST_NAME || !word.ends_with(['d', 'D']) {
        return None;
    }
    let letters = word
        .bytes()
        .filter(|byte| !matches!(byte, b'-' | b'_' | b'.'))
        .map(|byte| byte.to_ascii_lowercase());
    NAMES
        .iter()
        .position(|name| letters.clone().eq(name.bytes()))
}

fn is_id(value: &str) -> bool {
    value.len() >= SHORTEST_ID
        && value.bytes().any(|byte| byte.is_ascii_hexdigit())
        && !value.bytes().all(|byte| matches!(byte, b'0' | b'-'))
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// A UUID, 32 hex digits, or a word, `_` and a long number.
fn is_plain_id(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_hex = |count: usize| {
        bytes.iter().filter(|b| b.is_ascii_hexdigit()).count() == count
            && bytes.iter().any(u8::is_ascii_digit)
    };
    if bytes.len() == 36 && bytes.iter().filter(|b| **b == b'-').count() == 4 {
        return is_hex(32);
    }
    if bytes.len() == 32 {
        return is_hex(32);
    }
    word.split_once('_').is_some_and(|(name, number)| {
        let digits = number.strip_prefix('-').unwrap_or(number);
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphabetic())
            && digits.len() >= ID_DIGITS
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn floor(text: &str, limit: usize) -> usize {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}
