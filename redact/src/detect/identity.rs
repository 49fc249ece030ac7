//! Numbers of people: identity documents, tax and insurance numbers, devices, dates of birth, places on earth.
//!
//! What has a form or a checksum of its own is found anywhere; a plain number counts after a word that says what it is.

mod checksum;
mod date;
mod form;
mod world;

use super::Finding;
use super::shape::{before, is_word};
use crate::Kind;
use date::{date, degree_pair, degrees};
pub(super) use form::{with_digits, with_letters};

/// What a word announces.
#[derive(Debug, Clone, Copy)]
pub(super) enum Announced {
    /// Six to twelve capitals and digits.
    Document,
    /// The same, when a number is spoken of: `license number`, `driver's license`.
    Licence,
    /// Digits that pass the check of their country.
    Checked(fn(&[u8]) -> bool),
    /// Nine digits that have no check.
    Nine,
    /// Ten digits, six and four, that have no check any more.
    Ten,
    /// Four to eight digits that open a door once.
    Code,
    /// Seventeen capitals and digits of a vehicle.
    Vehicle,
    Device,
    Bank,
    Birth,
    Degrees,
    /// Two of them with four decimals or more.
    Pair,
}

/// Words and what they announce. Those of up to four letters count only as words of their own.
pub(super) const WORDS: [(&str, Announced); 98] = [
    ("passport", Announced::Document),
    ("identity card", Announced::Document),
    ("id card", Announced::Document),
    ("national id", Announced::Document),
    ("national_id", Announced::Document),
    ("nationalid", Announced::Document),
    ("personalausweis", Announced::Document),
    ("reisepass", Announced::Document),
    ("driver license", Announced::Document),
    ("driver_license", Announced::Document),
    ("driverlicense", Announced::Document),
    ("driver's license", Announced::Document),
    ("drivers license", Announced::Document),
    ("driving licence", Announced::Document),
    ("driving_licence", Announced::Document),
    ("license", Announced::Licence),
    ("licence", Announced::Licence),
    ("steuer-id", Announced::Checked(checksum::german_tax)),
    ("steuerid", Announced::Checked(checksum::german_tax)),
    ("steuer_id", Announced::Checked(checksum::german_tax)),
    (
        "identifikationsnummer",
        Announced::Checked(checksum::german_tax),
    ),
    ("idnr", Announced::Checked(checksum::german_tax)),
    ("pesel", Announced::Checked(checksum::polish)),
    ("bsn", Announced::Checked(checksum::dutch)),
    ("burgerservice", Announced::Checked(checksum::dutch)),
    ("nhs", Announced::Checked(checksum::british_health)),
    ("sin", Announced::Checked(checksum::luhn_nine)),
    ("social insurance", Announced::Checked(checksum::luhn_nine)),
    ("aadhaar", Announced::Checked(checksum::indian)),
    ("aadhar", Announced::Checked(checksum::indian)),
    ("cpf", Announced::Checked(checksum::brazilian_person)),
    ("cnpj", Announced::Checked(checksum::brazilian_company)),
    ("personnummer", Announced::Checked(checksum::swedish)),
    ("personal number", Announced::Checked(checksum::swedish)),
    ("ein", Announced::Nine),
    ("employer identification", Announced::Nine),
    ("taxpayer", Announced::Nine),
    ("imei", Announced::Device),
    ("bic", Announced::Bank),
    ("swift", Announced::Bank),
    ("birth", Announced::Birth),
    ("born", Announced::Birth),
    ("dob", Announced::Birth),
    ("latitude", Announced::Degrees),
    ("longitude", Announced::Degrees),
    ("coordinates", Announced::Degrees),
    ("gps", Announced::Degrees),
    ("geo:", Announced::Pair),
    ("location", Announced::Pair),
    ("position", Announced::Pair),
    ("point(", Announced::Pair),
    ("latlng", Announced::Pair),
    ("latlon", Announced::Pair),
    ("coords", Announced::Pair),
    ("coord=", Announced::Pair),
    ("your code", Announced::Code),
    ("your pin", Announced::Code),
    ("otp", Announced::Code),
    ("verification code", Announced::Code),
    ("verification_code", Announced::Code),
    ("security code", Announced::Code),
    ("one-time code", Announced::Code),
    ("one time code", Announced::Code),
    ("one-time password", Announced::Code),
    ("one time password", Announced::Code),
    ("passcode", Announced::Code),
    ("2fa code", Announced::Code),
    ("mfa code", Announced::Code),
    ("mfa_code", Announced::Code),
    ("login code", Announced::Code),
    ("pin code", Announced::Code),
    ("confirmation code", Announced::Code),
    ("sms code", Announced::Code),
    ("sms_code", Announced::Code),
    ("vin", Announced::Vehicle),
    ("vehicle identification", Announced::Vehicle),
    ("fodselsnummer", Announced::Checked(world::norwegian)),
    ("fødselsnummer", Announced::Checked(world::norwegian)),
    ("cpr", Announced::Ten),
    ("rodne cislo", Announced::Checked(world::czech)),
    ("rodné číslo", Announced::Checked(world::czech)),
    ("rodne_cislo", Announced::Checked(world::czech)),
    ("cnp", Announced::Checked(world::romanian)),
    ("tckn", Announced::Checked(world::turkish)),
    ("tc kimlik", Announced::Checked(world::turkish)),
    ("tc no", Announced::Checked(world::turkish)),
    ("tfn", Announced::Checked(world::australian_tax)),
    ("tax file", Announced::Checked(world::australian_tax)),
    ("medicare", Announced::Checked(world::australian_health)),
    ("sa id", Announced::Checked(world::south_african)),
    ("id number", Announced::Checked(world::south_african)),
    ("id_number", Announced::Checked(world::south_african)),
    ("nif", Announced::Checked(world::portuguese)),
    ("contribuinte", Announced::Checked(world::portuguese)),
    ("cuit", Announced::Checked(world::argentine)),
    ("cuil", Announced::Checked(world::argentine)),
    ("ahv", Announced::Checked(world::swiss)),
    ("rijksregister", Announced::Checked(world::belgian)),
];

/// Keys of degrees that are too short to be looked for without their mark.
pub(super) const SHORT_DEGREES: [&str; 12] = [
    "lat\\", "lon\\", "lng\\", "lat=", "lat:", "lat\"", "lon=", "lon:", "lon\"", "lng=", "lng:",
    "lng\"",
];

/// Reads what stands behind a word that announces something.
pub(super) fn after_word(
    text: &str,
    start: usize,
    end: usize,
    what: Announced,
    found: &mut Vec<Finding>,
) {
    let is_short = end - start <= 4 && text.as_bytes()[end - 1].is_ascii_alphanumeric();
    let joins = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    if is_short && (joins(before(text, start)) || joins(text.as_bytes().get(end).copied())) {
        return;
    }
    let (at, said_number) = value_place(text, end);
    if matches!(what, Announced::Licence) && !said_number {
        return;
    }
    let Some((length, kind)) = value(text, at, what) else {
        return;
    };
    found.push(Finding {
        start: at,
        end: at + length,
        kind,
    });
}

/// Steps over the rest of the name, marks and filling words; says whether one of them spoke of a number.
fn value_place(text: &str, end: usize) -> (usize, bool) {
    const FILLING: [&str; 15] = [
        "number", "num", "no", "nr", "id", "is", "was", "code", "on", "date", "day", "at", "in",
        "fix", "lock",
    ];
    let bytes = text.as_bytes();
    let mut at = end;
    let mut said_number = false;
    for _ in 0..4 {
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
                        | b'['
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
        Announced::Nine => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 9).then_some((length, Kind::NationalId))
        }
        Announced::Ten => {
            let (length, digits) = grouped(text, at)?;
            (digits.len() == 10).then_some((length, Kind::NationalId))
        }
        Announced::Code => {
            let (length, digits) = grouped(text, at)?;
            ((4..=8).contains(&digits.len()) && length <= digits.len() + 1)
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

/// Six to twenty capitals, digits and dashes, five of them digits.
fn document(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = if bytes.get(at) == Some(&b'-') {
        return None;
    } else {
        at
    };
    let length = bytes[at..]
        .iter()
        .take(24)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'-')
        .count();
    let value = text[at..at + length].trim_end_matches('-');
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    ((6..=20).contains(&value.len()) && digits >= 5 && !goes_on).then_some(value.len())
}

/// Digits with single marks among them: their length in the text and the digits.
fn grouped(text: &str, at: usize) -> Option<(usize, Vec<u8>)> {
    let bytes = text.as_bytes();
    let mut digits = Vec::with_capacity(16);
    let mut end = at;
    let mut place = at;
    while let Some(byte) = bytes.get(place) {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
            end = place + 1;
        } else if !(matches!(byte, b' ' | b'-' | b'.' | b'/')
            && bytes.get(place + 1).is_some_and(u8::is_ascii_digit))
        {
            break;
        }
        if digits.len() > 18 {
            return None;
        }
        place += 1;
    }
    let goes_on = bytes.get(end).is_some_and(|byte| is_word(*byte));
    (!digits.is_empty() && !goes_on).then_some((end - at, digits))
}

/// ISO 3779: seventeen capitals and digits without I, O and Q.
fn vehicle(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take(18)
        .take_while(|byte| {
            (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O' | b'Q'))
                || byte.is_ascii_digit()
        })
        .count();
    let has_digit = bytes[at..at + length].iter().any(u8::is_ascii_digit);
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    (length == 17 && has_digit && !goes_on).then_some(length)
}

/// ISO 9362: four letters, a country, two or five more.
fn bank(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let length = bytes[at..]
        .iter()
        .take(12)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        .count();
    let code = &bytes[at..at + length];
    let goes_on = bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    (matches!(length, 8 | 11) && !goes_on && code[..6].iter().all(u8::is_ascii_uppercase))
        .then_some(length)
}

/// The degrees behind `lat=` and its like.
pub(super) fn short_degrees(text: &str, start: usize, end: usize, found: &mut Vec<Finding>) {
    if before(text, start).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return;
    }
    let gap = text.as_bytes()[end..]
        .iter()
        .take(4)
        .take_while(|byte| matches!(byte, b' ' | b':' | b'"' | b'\\'))
        .count();
    if let Some(length) = degrees(text, end + gap) {
        found.push(Finding {
            start: end + gap,
            end: end + gap + length,
            kind: Kind::Location,
        });
    }
}

#[cfg(test)]
mod tests;
