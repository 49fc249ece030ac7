//! Numbers of people: identity documents, tax and insurance numbers, devices, dates of birth, places on earth.
//!
//! What has a form or a checksum of its own is found anywhere; a plain number counts after a word that says what it is.

mod checksum;
mod date;
mod form;
mod value;
mod words;
mod world;

use super::Finding;
use super::assignment::value_before;
use super::shape::{before, is_word};
use crate::Kind;
use date::{date, degree_pair, degrees};
pub(super) use form::{with_digits, with_letters};
use value::{bank, document, grouped, plate, speaks_of_factors, vehicle};
pub(super) use words::{SHORT_DEGREES, WORDS};

/// What a word announces.
#[derive(Debug, Clone, Copy)]
pub(super) enum Announced {
    /// Six to twelve capitals and digits.
    Document,
    /// Digits that pass the check of one of several countries.
    National,
    /// The same as a document, when a number is spoken of: `license number`, `driver's license`.
    Licence,
    /// Digits that pass the check of their country.
    Checked(fn(&[u8]) -> bool),
    /// Nine digits that have no check.
    Nine,
    /// Ten digits, six and four, that have no check any more.
    Ten,
    /// Nine digits of the social security of the United States.
    Social,
    /// Four to eight digits that open a door once.
    Code,
    /// Three to eight digits: what stands on a card, or opens a door once.
    ShortCode,
    /// Six digits, where the words before speak of logging in by two factors.
    SpokenCode,
    /// Several codes of recovery: letters and digits, perhaps with a dash among them.
    Codes,
    /// Six to twelve digits of a patient.
    Record,
    /// Six to seventeen digits of an account or of a bank.
    Account,
    /// Four to nine capitals and digits of a vehicle's plate.
    Plate,
    /// Seventeen capitals and digits of a vehicle.
    Vehicle,
    Device,
    Bank,
    Birth,
    Degrees,
    /// Two of them with four decimals or more.
    Pair,
}

fn joins(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric())
}

/// Reads what stands behind a word that announces something.
pub(super) fn after_word(
    text: &str,
    start: usize,
    end: usize,
    what: Announced,
    found: &mut Vec<Finding>,
) {
    let is_short = text[start..end]
        .bytes()
        .take(5)
        .filter(u8::is_ascii_alphabetic)
        .count()
        <= 4;
    let goes_on = text.as_bytes()[end - 1].is_ascii_alphanumeric()
        && joins(text.as_bytes().get(end).copied());
    // `plate` is in `template`.
    let is_inside = matches!(what, Announced::Plate) || is_short;
    if is_inside && (joins(before(text, start)) || goes_on) {
        return;
    }
    if matches!(what, Announced::Codes) {
        return codes(text, end, found);
    }
    let (at, said_number) = value_place(text, end);
    if matches!(what, Announced::Licence) && !said_number {
        return;
    }
    let place = value(text, at, what).map(|(length, kind)| (at, length, kind));
    let Some((at, length, kind)) = place.or_else(|| value_in_front(text, start, what)) else {
        return;
    };
    found.push(Finding {
        start: at,
        end: at + length,
        kind,
    });
    if matches!(what, Announced::Account) {
        account_behind(text, at + length, found);
    }
}

/// `invalid value "x" for field "birthDate"`
fn value_in_front(text: &str, start: usize, what: Announced) -> Option<(usize, usize, Kind)> {
    let name = text.as_bytes()[..start]
        .iter()
        .rev()
        .take(40)
        .take_while(|byte| is_word(**byte) || matches!(byte, b'.' | b'-'))
        .count();
    let (open, end) = value_before(text, start - name)?;
    let (length, kind) = value(text, open + 1, what)?;
    (open + 1 + length == end).then_some((open + 1, length, kind))
}

/// `sort code 20-28-49 account 84713832`: the number behind that of its bank.
fn account_behind(text: &str, end: usize, found: &mut Vec<Finding>) {
    let rest = text[end..].trim_start_matches([',', ';', ' ']);
    let word = ["account", "acct", "acc", "konto"]
        .iter()
        .find(|word| rest.len() > word.len() && rest.starts_with(**word));
    let Some(word) = word else {
        return;
    };
    let (at, _) = value_place(text, text.len() - rest.len() + word.len());
    if let Some((length, digits)) = grouped(text, at)
        && (6..=12).contains(&digits.len())
    {
        found.push(Finding {
            start: at,
            end: at + length,
            kind: Kind::Bank,
        });
    }
}

/// Steps over the rest of the name, marks and filling words; says whether one of them spoke of a number.
fn value_place(text: &str, end: usize) -> (usize, bool) {
    const FILLING: [&str; 29] = [
        "optional", "some", "value", "changed", "from", "null", "to", "string", "number", "num",
        "no", "nr", "id", "is", "was", "code", "on", "date", "day", "at", "in", "fix", "lock",
        "am", "le", "el", "il", "s", "the",
    ];
    let bytes = text.as_bytes();
    let mut at = end;
    let mut said_number = false;
    for _ in 0..6 {
        let begin = at;
        let marks = bytes[at..]
            .iter()
            .take(6)
            .take_while(|byte| {
                matches!(
                    byte,
                    b' ' | b'_'
                        | b'-'
                        | b':'
                        | b'='
                        | b'"'
                        | b'\''
                        | b'#'
                        | b'\\'
                        | b'('
                        | b')'
                        | b'['
                        | b']'
                        | b'|'
                        | b'`'
                        | b'{'
                        | b'.'
                        | b','
                        | b'>'
                )
            })
            .count();
        at += marks;
        let letters = bytes[at..]
            .iter()
            .take(12)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let word = &text[at..at + letters];
        let ends = !bytes.get(at + letters).is_some_and(u8::is_ascii_digit);
        if ends
            && FILLING
                .iter()
                .any(|filling| word.eq_ignore_ascii_case(filling))
        {
            said_number |= ["number", "num", "no", "nr", "id"]
                .iter()
                .any(|filling| word.eq_ignore_ascii_case(filling));
            at += letters;
        } else if at == begin || marks > 0 {
            break;
        }
    }
    // A sign belongs to the number.
    if at > end && bytes[at - 1] == b'-' && bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at -= 1;
    }
    (at, said_number)
}

fn value(text: &str, at: usize, what: Announced) -> Option<(usize, Kind)> {
    match what {
        Announced::Document | Announced::Licence => {
            document(text, at).map(|length| (length, Kind::NationalId))
        }
        Announced::Checked(passes) => {
            let (length, digits) = grouped(text, at)?;
            passes(&digits).then_some((length, Kind::NationalId))
        }
        Announced::National => {
            let (length, digits) = grouped(text, at)?;
            world::is_of_some_country(&digits).then_some((length, Kind::NationalId))
        }
        Announced::Nine => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 9).then_some((length, Kind::NationalId))
        }
        Announced::Ten => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 10).then_some((length, Kind::NationalId))
        }
        Announced::Social => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 9 && length <= 11 && digits[..3] != [0, 0, 0])
                .then_some((length, Kind::Ssn))
        }
        Announced::Record => {
            let (length, digits) = grouped(text, at)?;
            ((6..=12).contains(&digits.len()) && length <= digits.len() + 2)
                .then_some((length, Kind::NationalId))
        }
        Announced::Account => {
            let (length, digits) = grouped(text, at)?;
            (6..=17)
                .contains(&digits.len())
                .then_some((length, Kind::Bank))
        }
        Announced::Plate => plate(text, at).map(|length| (length, Kind::Device)),
        Announced::Codes => None,
        Announced::SpokenCode => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 6 && length <= 7 && speaks_of_factors(text, at))
                .then_some((length, Kind::Secret))
        }
        Announced::Code | Announced::ShortCode => {
            let (length, digits) = grouped(text, at)?;
            let least = if matches!(what, Announced::Code) {
                4
            } else {
                3
            };
            ((least..=8).contains(&digits.len()) && length <= digits.len() + 1)
                .then_some((length, Kind::Secret))
        }
        Announced::Vehicle => vehicle(text, at).map(|length| (length, Kind::Device)),
        Announced::Device => {
            let (length, digits) = grouped(text, at)?;
            (matches!(digits.len(), 15 | 16) && (digits.len() == 16 || checksum::luhn(&digits)))
                .then_some((length, Kind::Device))
        }
        Announced::Bank => bank(text, at).map(|length| (length, Kind::Bank)),
        Announced::Birth => date(text, at).map(|length| (length, Kind::BirthDate)),
        Announced::Degrees => degrees(text, at).map(|length| (length, Kind::Location)),
        Announced::Pair => degree_pair(text, at).map(|length| (length, Kind::Location)),
    }
}

/// `1234-5678, 8765-4321`: up to twenty codes in a row, each with a digit and eight letters and digits or more, or in two halves.
fn codes(text: &str, end: usize, found: &mut Vec<Finding>) {
    const MOST: usize = 20;
    let bytes = text.as_bytes();
    let (mut at, _) = value_place(text, end);
    for _ in 0..MOST {
        let run = bytes[at..]
            .iter()
            .take(24)
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
            .count();
        let code = text[at..at + run].trim_end_matches('-');
        let is_code = (6..=23).contains(&code.len())
            && code.bytes().any(|byte| byte.is_ascii_digit())
            && (code.contains('-') || code.len() >= 8);
        if !is_code {
            return;
        }
        found.push(Finding {
            start: at,
            end: at + code.len(),
            kind: Kind::Secret,
        });
        at += code.len();
        at += bytes[at..]
            .iter()
            .take(4)
            .take_while(|byte| matches!(byte, b',' | b' ' | b';' | b'"' | b'\'' | b'\\'))
            .count();
    }
}

/// `at 52.520008,13.404954`: two of five decimals or more with nothing but a comma between them, behind a word for being
/// somewhere; `at` is the first digit.
pub(super) fn bare_pair(text: &str, at: usize, found: &mut Vec<Finding>) {
    const WORDS: [&str; 6] = ["at", "near", "from", "to", "around", "@"];
    let start = at - usize::from(before(text, at) == Some(b'-'));
    let Some(length) = degree_pair(text, start) else {
        return;
    };
    let value = &text[start..start + length];
    let are_fine = value.split_once(',').is_some_and(|pair| {
        [pair.0, pair.1].iter().all(|part| {
            !part.starts_with(' ')
                && part
                    .split_once('.')
                    .is_some_and(|(_, decimals)| decimals.len() >= 5)
        })
    });
    let word = text[..start].trim_end_matches([' ', '(']);
    let word = word.rsplit([' ', '=', ':']).next().unwrap_or("");
    if are_fine && WORDS.contains(&word) {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::Location,
        });
    }
}

/// The degrees behind `lat=` and its like.
pub(super) fn short_degrees(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return;
    }
    let marks = |at: usize| {
        at + text.as_bytes()[at..]
            .iter()
            .take(8)
            .take_while(|byte| {
                matches!(
                    byte,
                    b' ' | b':'
                        | b'"'
                        | b'\\'
                        | b'='
                        | b'>'
                        | b']'
                        | b'['
                        | b'\''
                        | b'`'
                        | b'|'
                        | b','
                )
            })
            .count()
    };
    let mut at = marks(end);
    for wrapper in ["Optional(", "Some(", "value"] {
        if text[at..].starts_with(wrapper) {
            at = marks(at + wrapper.len());
        }
    }
    // `lat 12.345` may be a latency as well.
    let is_bare = text[..end].ends_with(' ') && !text[..end].ends_with(['=', '|']);
    let fits = |length: usize| {
        let decimals = text[at..at + length].rsplit('.').next().unwrap_or("");
        !is_bare || decimals.len() >= 4
    };
    if let Some(length) = degrees(text, at).filter(|length| fits(*length)) {
        found.push(Finding {
            start: at,
            end: at + length,
            kind: Kind::Location,
        });
    }
}

#[cfg(test)]
mod tests;
