//! How values look.

/// Whether a byte can be inside a word.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Sets of bytes as tables, for loops that skip everything else.
const fn table(set: u8) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = match set {
            0 => b.is_ascii_digit() || b == b'+' || b == b'(',
            1 => b.is_ascii_hexdigit() || b == b':',
            2 => b.is_ascii_alphanumeric() || b == b'_',
            _ => b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-' | b'='),
        };
        byte += 1;
    }
    table
}
/// What a telephone number begins with.
pub(super) static PHONE_START: [bool; 256] = table(0);
/// What an address of a network begins with.
pub(super) static NETWORK_START: [bool; 256] = table(1);
/// What is inside a word.
pub(super) static WORD: [bool; 256] = table(2);
/// What base64 is made of.
pub(super) static BASE64: [bool; 256] = table(3);

/// The place of the next byte of a set, or the end.
pub(super) fn next_of(bytes: &[u8], mut at: usize, set: &[bool; 256]) -> usize {
    while at < bytes.len() && !set[usize::from(bytes[at])] {
        at += 1;
    }
    at
}

/// The place after a run of bytes of a set.
pub(super) fn after_run(bytes: &[u8], mut at: usize, set: &[bool; 256]) -> usize {
    while at < bytes.len() && set[usize::from(bytes[at])] {
        at += 1;
    }
    at
}

/// The place behind white space.
pub(super) fn after_spaces(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..]
        .iter()
        .take(64)
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// The byte before a place.
pub(super) fn before(text: &str, at: usize) -> Option<u8> {
    at.checked_sub(1).map(|at| text.as_bytes()[at])
}

/// Text that stands where a secret was taken out already, or where none ever was.
pub(super) fn is_placeholder(value: &str) -> bool {
    let inner = value.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if inner.is_empty() {
        return true;
    }
    const WORDS: [&str; 27] = [
        "redacted",
        "masked",
        "hidden",
        "removed",
        "filtered",
        "scrubbed",
        "secret",
        "password",
        "null",
        "none",
        "nil",
        "true",
        "false",
        "undefined",
        "empty",
        "unset",
        "set",
        "missing",
        "changeme",
        "required",
        "invalid",
        "yes",
        "no",
        "string",
        "protected",
        "provided",
        "present",
    ];
    if WORDS.iter().any(|word| inner.eq_ignore_ascii_case(word)) {
        return true;
    }
    // `xxxx`, `****`, `$VARIABLE`, `${VARIABLE}`, `%s`, `{0}`, `{{ name }}`, `<name>`, `?`.
    let first = inner.as_bytes()[0];
    let is_same =
        inner.len() >= 3 && matches!(first, b'x' | b'X') && inner.bytes().all(|byte| byte == first);
    let is_variable = ["$", "{", "<", "[", "%"]
        .iter()
        .any(|open| value.starts_with(open))
        && inner
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b' '))
        && !has_digit_and_letter(inner);
    // Our own pseudonyms have been dealt with.
    let is_masked = value.bytes().filter(|byte| *byte == b'*').count() >= 3;
    // `sk-...`
    let is_cut = value.ends_with("...") && value.len() <= 12;
    is_same || is_variable || is_masked || is_cut
}

fn has_digit_and_letter(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// `8-4-4-4-12` hex digits.
pub(super) fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Names of methods that follow `password` and are no passwords.
const METHODS: [&str; 16] = [
    "sha1", "sha256", "sha512", "sha-256", "sha-512", "md5", "bcrypt2", "pbkdf2", "argon2",
    "argon2id", "argon2i", "oauth2", "oauth1", "base64", "utf8", "utf-8",
];

/// Whether a word right behind `password`, without a mark between them, can be one: letters and digits or signs, and no
/// name of a method or a file.
pub(super) fn is_plainly_password(value: &str) -> bool {
    let has_sign = value
        .bytes()
        .any(|byte| matches!(byte, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*'));
    value.len() >= if has_sign { 6 } else { 8 }
        && looks_secret(value)
        && !value.contains(['/', '(', '=', ':', '<', '[', '{', '.'])
        && !METHODS
            .iter()
            .any(|method| value.eq_ignore_ascii_case(method))
}

/// Whether an unquoted word of prose can be a secret rather than a word: digits among letters, symbols, or capitals
/// inside.
pub(super) fn looks_secret(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() < 6 || is_uuid(value) {
        return false;
    }
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let has_letter = bytes.iter().any(u8::is_ascii_alphabetic);
    let has_symbol = bytes.iter().any(|byte| {
        matches!(
            byte,
            b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'~' | b'+'
        )
    });
    let inner_capitals = bytes[1..]
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let has_lower = bytes.iter().any(u8::is_ascii_lowercase);
    ((has_digit || has_symbol) && has_letter) || (inner_capitals >= 2 && has_lower)
}

/// Whether a value is long and mixed as only generated ones are.
pub(super) fn looks_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    if bytes.len() < 12 || is_uuid(value) {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let upper = bytes
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let lower = bytes
        .iter()
        .filter(|byte| byte.is_ascii_lowercase())
        .count();
    let kinds = usize::from(digits > 0) + usize::from(upper > 0) + usize::from(lower > 0);
    // No word is so long: letters of one case alone are generated as well.
    if bytes.len() >= 24 && (lower == bytes.len() || upper == bytes.len()) {
        return true;
    }
    kinds >= 2
        && digits + upper + lower >= bytes.len() * 3 / 4
        && (digits >= 2 || (upper >= 3 && lower >= 3))
}
