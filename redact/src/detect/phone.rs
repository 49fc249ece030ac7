//! Telephone numbers: international ones by their plus, others by their layout or by the words before them.

use super::Finding;
use super::shape::{PHONE_START, before, is_word, next_of};
use crate::Kind;

/// Words that announce a number, within this many bytes before it.
const CONTEXT_BYTES: usize = 32;
const CONTEXT: [&str; 50] = [
    "teléfono",
    "telefono",
    "telefone",
    "telefoon",
    "puhelin",
    "tlf",
    "wa.me",
    "rückruf",
    "erreichbar",
    "joignable",
    "reachable at",
    "reached at",
    "text me",
    "my number",
    "landline",
    "phone",
    "mobile",
    "cell:",
    "cell ",
    "tel:",
    "tel.",
    "tel ",
    "tel=",
    "fax",
    "sms",
    "msisdn",
    "whatsapp",
    "desk:",
    "call me at",
    "call at",
    "dial",
    "answering at",
    "messages to",
    "telefon",
    "téléphone",
    "tél",
    "mobil",
    "móvil",
    "celular",
    "cellulare",
    "handy",
    "gsm",
    "ph:",
    "ph. ",
    "ph=",
    "contact number",
    "contact no",
    "voicemail",
    "viber",
    "rufnummer",
];
/// The same for words that announce other numbers as well: the digits must stand in groups or begin with a zero.
const LOOSE_CONTEXT: [&str; 26] = [
    "appel",
    "joindre",
    "numéro",
    "número",
    "numero",
    "contato",
    "contacto",
    "kontakt",
    "anruf",
    "llamar",
    "llamada",
    "ligar",
    "ligação",
    "chiama",
    "bellen",
    "ringde",
    " ring ",
    " reach ",
    "callback",
    "call back",
    "caller",
    "called ",
    "calling ",
    "call ",
    "hotline",
    "contact ",
];

/// Looks at every `+`, `(` and digit that begins a word.
pub(super) fn find(text: &str, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        at = next_of(bytes, at, &PHONE_START);
        if at == bytes.len() {
            return;
        }
        let previous = before(text, at);
        let joins = previous.is_some_and(|byte| {
            is_word(byte) || matches!(byte, b'.' | b'-' | b'/' | b'+' | b'%' | b'$')
        }) && !is_dialled(bytes, at);
        if joins {
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            continue;
        }
        let Some(number) = Number::at(text, at) else {
            at += 1;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            continue;
        };
        if number.is_phone(text, at) {
            found.push(Finding {
                start: at,
                end: number.end,
                kind: Kind::Phone,
            });
        }
        at = number.end.max(at + 1);
    }
}

/// `SIP/+14155550132`: a slash, a plus, eight digits or more and no letter behind.
fn is_dialled(bytes: &[u8], at: usize) -> bool {
    let digits = bytes[at + 1..]
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    bytes[at] == b'+'
        && at > 0
        && bytes[at - 1] == b'/'
        && (8..=15).contains(&digits)
        && !bytes
            .get(at + 1 + digits)
            .is_some_and(|byte| is_word(*byte))
}

/// Digits in groups.
struct Number {
    end: usize,
    digits: usize,
    /// Lengths of the groups; every group has a digit and there are at most fifteen.
    lengths: [usize; 16],
    count: usize,
    /// The marks between groups, one of each kind.
    has_dot: bool,
    has_dash: bool,
    has_space: bool,
    has_paren: bool,
    has_plus: bool,
    has_slash: bool,
}

impl Number {
    fn at(text: &str, start: usize) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut number = Self {
            end: start,
            digits: 0,
            lengths: [0; 16],
            count: 0,
            has_dot: false,
            has_dash: false,
            has_space: false,
            has_paren: false,
            has_plus: bytes[start] == b'+',
            has_slash: false,
        };
        let mut at = start + usize::from(number.has_plus);
        loop {
            let run = bytes[at..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            if run > 0 && number.has_plus && number.digits >= 8 && number.digits + run > 15 {
                // Another number follows.
                break;
            }
            if run > 0 {
                if number.digits + run > 15 {
                    return None;
                }
                number.lengths[number.count] = run;
                number.count += 1;
                number.digits += run;
                at += run;
                number.end = at;
            }
            let next_is = |offset: usize| {
                bytes
                    .get(at + offset)
                    .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'(')
            };
            match bytes.get(at) {
                Some(b'(')
                    if !number.has_paren && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
                {
                    number.has_paren = true;
                    at += 1;
                }
                Some(b')') if number.has_paren => {
                    at += 1;
                    number.end = at;
                }
                Some(b'-') if next_is(1) => {
                    number.has_dash = true;
                    at += 1;
                }
                Some(b'.') if next_is(1) => {
                    number.has_dot = true;
                    at += 1;
                }
                // `030/1234567`, `+49 30/1234567`
                Some(b'/')
                    if (number.count == 1 && bytes[start] == b'0'
                        || number.has_plus && matches!(number.digits, 3..=7))
                        && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) =>
                {
                    number.has_slash = true;
                    at += 1;
                }
                Some(b' ') if next_is(1) => {
                    number.has_space = true;
                    at += 1;
                }
                _ => break,
            }
        }
        number.extension(text);
        let goes_on = bytes.get(number.end).is_some_and(|byte| is_word(*byte))
            || (matches!(bytes.get(number.end), Some(b':' | b'/' | b'%'))
                && bytes.get(number.end + 1).is_some_and(u8::is_ascii_digit));
        (number.digits >= 7 && !goes_on).then_some(number)
    }

    fn groups(&self) -> &[usize] {
        &self.lengths[..self.count]
    }

    /// `x0135`, `ext. 12`.
    fn extension(&mut self, text: &str) {
        let rest = text.as_bytes()[self.end..].trim_ascii_start();
        if !matches!(rest.first(), Some(b'x' | b'e')) {
            return;
        }
        for mark in ["x", " x", " ext ", " ext. ", " ext", "ext"] {
            if let Some(rest) = text[self.end..].strip_prefix(mark) {
                let digits = rest.bytes().take(6).take_while(u8::is_ascii_digit).count();
                if digits > 0 {
                    self.end += mark.len() + digits;
                    return;
                }
            }
        }
    }

    fn is_phone(&self, text: &str, start: usize) -> bool {
        if self.has_plus {
            return self.digits >= 8;
        }
        if self.looks_like_date_or_address() || (self.has_dot && self.has_dash && self.has_space) {
            return false;
        }
        if self.is_american(text, start) {
            return true;
        }
        let groups_fit =
            self.groups().iter().all(|group| (1..=8).contains(group)) && self.count >= 2;
        // `090-1234-5678`
        let is_eastern = self.has_dash
            && !(self.has_space || self.has_dot || self.has_paren)
            && matches!(self.groups(), [3, 3 | 4, 4] | [2, 4, 4])
            && text.as_bytes()[start] == b'0'
            && text.as_bytes()[start + 1] != b'0';
        if is_eastern || self.is_national(text, start) {
            return true;
        }
        let is_trunk = self.count >= 3
            && groups_fit
            && self.digits >= 10
            && text[start..].starts_with("00")
            && text.as_bytes().get(start + 2) != Some(&b'0');
        if is_trunk {
            return true;
        }
        let fits = groups_fit || (self.count == 1 && self.digits >= 9) || self.has_paren;
        let begins_with_zero = text.as_bytes()[start] == b'0';
        fits && self.digits <= 13
            && (has_context(text, start, self.count >= 2 || begins_with_zero)
                || is_named_behind(text, self.end))
    }

    /// `415-555-0132`, `(415) 555-0132`, `415.555.0132`, also with a leading 1 or 001.
    fn is_american(&self, text: &str, start: usize) -> bool {
        let groups = match self.groups() {
            [1 | 3, rest @ ..] if rest.len() == 3 => rest,
            all => all,
        };
        let has_country = groups.len() < self.count;
        let is_layout = groups == [3, 3, 4];
        let first = text[start..].bytes().find(u8::is_ascii_digit);
        let area_fits = has_country || first.is_some_and(|digit| digit >= b'2');
        is_layout
            && area_fits
            && (self.has_dash || self.has_paren || (self.has_dot && !self.has_space))
    }

    /// Layouts of one country that hardly anything else has: `(11) 98054-3505` of Brazil, `06 66 39 20 71` of France,
    /// `07700 900123` of Britain, `0412 345 678` of Australia, `(030) 1234567` with the zero of a trunk.
    fn is_national(&self, text: &str, start: usize) -> bool {
        let bytes = text.as_bytes();
        let digits = &text[start..self.end];
        let is_spaced = self.has_space && !(self.has_dash || self.has_dot || self.has_paren);
        let is_dotted = self.has_dot && !(self.has_dash || self.has_space || self.has_paren);
        let is_alone = !matches!(before(text, start), Some(b' ')) || {
            // No group of a longer row of numbers.
            !text[..start - 1].ends_with(|c: char| c.is_ascii_digit())
        };
        match self.groups() {
            [2, 4 | 5, 4] => self.has_paren && self.has_dash && bytes[start] == b'(',
            [2, 2, 2, 2, 2] => {
                (is_spaced || is_dotted)
                    && is_alone
                    && (digits.starts_with("06") || digits.starts_with("07"))
            }
            [5, 6] => is_spaced && is_alone && digits.starts_with("07"),
            [4, 3, 3] => is_spaced && is_alone && digits.starts_with("04"),
            [3..=5, ..] => {
                bytes[start] == b'('
                    && bytes[start + 1] == b'0'
                    && self.has_paren
                    && (9..=12).contains(&self.digits)
            }
            _ => false,
        }
    }

    fn looks_like_date_or_address(&self) -> bool {
        let has_mark = self.has_dash || self.has_dot;
        let is_date =
            (has_mark || self.has_slash) && matches!(self.groups(), [4, 2, 2, ..] | [2, 2, 4]);
        let is_card = matches!(self.groups(), [4, 4, 4, 4, ..]);
        let is_address = self.has_dot
            && !self.has_space
            && self.count == 4
            && self.groups().iter().all(|group| *group <= 3);
        is_date || is_card || is_address
    }
}

/// `"07694153434" for field "mobileNumber"`
fn is_named_behind(text: &str, end: usize) -> bool {
    const NEAR_BYTES: usize = 48;
    const FIELDS: [&str; 7] = [
        "field",
        "column",
        "key",
        "parameter",
        "property",
        "attribute",
        "argument",
    ];
    const NAMES: [&str; 5] = ["phone", "mobile", "fax", "msisdn", "telefon"];
    let rest = text[end..].trim_start_matches(['"', '\'', '`', '\\']);
    let Some(rest) = rest
        .strip_prefix(" for ")
        .or_else(|| rest.strip_prefix(" in "))
    else {
        return false;
    };
    let rest = &rest[..rest.floor_char_boundary(NEAR_BYTES)];
    let lower = rest.to_ascii_lowercase();
    FIELDS.iter().any(|word| rest.starts_with(word))
        && NAMES.iter().any(|word| lower.contains(word))
}

fn has_context(text: &str, start: usize, is_grouped: bool) -> bool {
    let head = &text[text.floor_char_boundary(start.saturating_sub(CONTEXT_BYTES))..start];
    let lower = head.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    has(&CONTEXT) || (is_grouped && has(&LOOSE_CONTEXT))
}
