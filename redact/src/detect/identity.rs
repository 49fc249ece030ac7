//! Numbers of people: identity documents, tax and insurance numbers, devices, dates of birth, places on earth.
//!
//! What has a form or a checksum of its own is found anywhere; a plain number counts after a word that says what it is.

mod checksum;

use super::Finding;
use super::shape::{before, is_word};
use crate::Kind;

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
    Device,
    Bank,
    Birth,
    Degrees,
}

/// Words and what they announce. Those of up to four letters count only as words of their own.
pub(super) const WORDS: [(&str, Announced); 47] = [
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
];

/// Keys of degrees that are too short to be looked for without their mark.
pub(super) const SHORT_DEGREES: [&str; 9] = [
    "lat=", "lat:", "lat\"", "lon=", "lon:", "lon\"", "lng=", "lng:", "lng\"",
];

/// Reads what stands behind a word that announces something.
pub(super) fn after_word(
    text: &str,
    start: usize,
    end: usize,
    what: Announced,
    found: &mut Vec<Finding>,
) {
    let is_short = end - start <= 4;
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
    const FILLING: [&str; 13] = [
        "number", "num", "no", "nr", "id", "is", "was", "code", "on", "date", "day", "at", "in",
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
        Announced::Device => {
            let (length, digits) = grouped(text, at)?;
            (matches!(digits.len(), 15 | 16) && (digits.len() == 16 || checksum::luhn(&digits)))
                .then_some((length, Kind::Device))
        }
        Announced::Bank => bank(text, at).map(|length| (length, Kind::Bank)),
        Announced::Birth => date(text, at).map(|length| (length, Kind::BirthDate)),
        Announced::Degrees => degrees(text, at).map(|length| (length, Kind::Location)),
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

/// `1984-03-12`, `12/3/1984`, `12.03.84`, `12 March 1984`, `Mar 12, 1984`.
fn date(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize, limit: usize| {
        bytes.get(from..).map_or(0, |rest| {
            rest.iter()
                .take(limit)
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        })
    };
    let month = |from: usize| {
        const MONTHS: [&str; 12] = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ];
        let letters = bytes
            .get(from..)?
            .iter()
            .take(10)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let word = text[from..from + letters].to_ascii_lowercase();
        MONTHS
            .iter()
            .any(|month| word.starts_with(month))
            .then_some(from + letters)
    };
    let gap = |from: usize| {
        bytes.get(from..).map_or(0, |rest| {
            rest.iter()
                .take(2)
                .take_while(|byte| matches!(byte, b' ' | b',' | b'.'))
                .count()
        })
    };
    let first = digits(at, 4);
    let mark = bytes.get(at + first).copied();
    if first > 0 && matches!(mark, Some(b'-' | b'/' | b'.')) {
        let second_at = at + first + 1;
        let second = digits(second_at, 2);
        let third_at = second_at + second + 1;
        let third = digits(third_at, 4);
        let fits = second > 0
            && third > 0
            && bytes.get(third_at - 1).copied() == mark
            && (first == 4 || third == 4 || third == 2);
        return fits.then(|| third_at + third - at);
    }
    if (1..=2).contains(&first) {
        let after = month(at + first + gap(at + first))?;
        let year_at = after + gap(after);
        let year = digits(year_at, 4);
        return (year >= 2).then(|| year_at + year - at);
    }
    if first == 0 {
        let after = month(at)?;
        let day_at = after + gap(after);
        let day = digits(day_at, 2);
        let year_at = day_at + day + gap(day_at + day);
        let year = digits(year_at, 4);
        return (day > 0 && year == 4).then(|| year_at + year - at);
    }
    None
}

/// Degrees with three decimals or more, one or a pair.
pub(super) fn degrees(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let one = |from: usize| {
        let from = from + usize::from(matches!(bytes.get(from), Some(b'-' | b'+')));
        let whole = bytes
            .get(from..)?
            .iter()
            .take(3)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let point = from + whole;
        let decimals = bytes
            .get(point + 1..)?
            .iter()
            .take(16)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        (whole > 0 && bytes.get(point) == Some(&b'.') && decimals >= 3)
            .then_some(point + 1 + decimals)
    };
    let end = one(at)?;
    let gap = bytes[end..]
        .iter()
        .take(2)
        .take_while(|byte| matches!(byte, b',' | b' ' | b';' | b'/'))
        .count();
    let pair = (gap > 0).then(|| one(end + gap)).flatten();
    Some(pair.unwrap_or(end) - at)
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

/// Numbers that begin with capitals and have a form of their own; `at` begins a word.
pub(super) fn with_letters(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let run = bytes[at..]
        .iter()
        .take(18)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        .count();
    let is_whole = |length: usize| !bytes.get(at + length).is_some_and(|byte| is_word(*byte));
    let mut push = |length: usize| {
        found.push(Finding {
            start: at,
            end: at + length,
            kind: Kind::NationalId,
        })
    };
    let word = &bytes[at..at + run];
    match run {
        9 if is_whole(9)
            && (checksum::is_british_insurance(word) || checksum::is_spanish_foreigner(word)) =>
        {
            push(9)
        }
        10 if is_whole(10) && checksum::is_indian_tax(word) => push(10),
        16 if is_whole(16) && checksum::is_italian(word) => push(16),
        // `QQ 12 34 56 C`
        2 => {
            let spaced = bytes.get(at..at + 13).map(|part| {
                part.iter()
                    .copied()
                    .filter(|byte| *byte != b' ')
                    .collect::<Vec<u8>>()
            });
            let gaps = [2, 5, 8, 11]
                .iter()
                .all(|gap| bytes.get(at + gap) == Some(&b' '));
            if gaps
                && is_whole(13)
                && spaced.is_some_and(|word| checksum::is_british_insurance(&word))
            {
                push(13);
            }
        }
        _ => {}
    }
}

/// Numbers of digits that have a form of their own; `start..end` is a run of digits with marks among them.
pub(super) fn with_digits(text: &str, start: usize, found: &mut Vec<Finding>) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = bytes[start..]
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let is_whole = |length: usize| {
        !bytes.get(start + length).is_some_and(|byte| {
            is_word(*byte)
                || *byte == b'.'
                    && bytes
                        .get(start + length + 1)
                        .is_some_and(u8::is_ascii_digit)
        })
    };
    let mut push = |length: usize| {
        found.push(Finding {
            start,
            end: start + length,
            kind: Kind::NationalId,
        });
        Some(start + length)
    };
    let digits = |length: usize| -> Option<Vec<u8>> {
        Some(
            bytes
                .get(start..start + length)?
                .iter()
                .filter(|byte| byte.is_ascii_digit())
                .map(|byte| byte - b'0')
                .collect(),
        )
    };
    let marks = |places: &[(usize, u8)]| {
        places
            .iter()
            .all(|(place, mark)| bytes.get(start + place) == Some(mark))
    };
    match run {
        // Spain: eight digits and a letter of control.
        8 if is_whole(9) && checksum::is_spanish(bytes.get(start..start + 9)?) => push(9),
        // Brazil: 000.000.000-00 and 00.000.000/0000-00.
        3 if marks(&[(3, b'.'), (7, b'.'), (11, b'-')])
            && is_whole(14)
            && checksum::brazilian_person(&digits(14)?) =>
        {
            push(14)
        }
        2 if marks(&[(2, b'.'), (6, b'.'), (10, b'/'), (15, b'-')])
            && is_whole(18)
            && checksum::brazilian_company(&digits(18)?) =>
        {
            push(18)
        }
        // India: 0000 0000 0000.
        4 if marks(&[(4, b' '), (9, b' ')])
            && is_whole(14)
            && bytes.get(start + 14) != Some(&b' ')
            && checksum::indian(&digits(14)?) =>
        {
            push(14)
        }
        // France: thirteen digits and a key of two.
        15 if is_whole(15) && checksum::french(&digits(15)?) => push(15),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
