//! Codes of post offices of many countries.

use super::super::shape::is_word;

/// A code that begins at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    pub end: usize,
    /// Whether its form is hardly ever anything else: `1015 CJ`, `00-590`, `SW1A 1AA`, `L1L 3M9`.
    pub has_form: bool,
}

fn digits(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).map_or(0, |rest| {
        rest.iter()
            .take(8)
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    })
}

fn ends(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'.') => !bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        Some(b':') => bytes.get(at + 1).is_none_or(|byte| *byte == b' '),
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

/// The code at `at`, of whatever country.
pub(super) fn at(bytes: &[u8], at: usize) -> Option<Code> {
    let first = digits(bytes, at);
    if first == 0 {
        if let Some(code) = behind_country(bytes, at) {
            return Some(code);
        }
        return british(bytes, at)
            .or_else(|| canadian(bytes, at))
            .map(|end| Code {
                end,
                has_form: true,
            });
    }
    let after = at + first;
    let mark = bytes.get(after).copied();
    let second = digits(bytes, after + 1);
    let form = |end: usize| {
        ends(bytes, end).then_some(Code {
            end,
            has_form: true,
        })
    };
    let capital = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_uppercase);
    let found = match (first, mark, second) {
        // Netherlands: 1015 CJ, 1015CJ.
        (4, Some(b' '), 0) if capital(after + 1) && capital(after + 2) => form(after + 3),
        (4, _, _) if capital(after) && capital(after + 1) => {
            // Models of machines are called so as well.
            ends(bytes, after + 2).then_some(Code {
                end: after + 2,
                has_form: false,
            })
        }
        // Poland, Portugal, Brazil, Japan, United States.
        (2, Some(b'-'), 3) | (3, Some(b'-'), 4) | (5, Some(b'-'), 3 | 4) => {
            form(after + 1 + second)
        }
        (4, Some(b'-'), 3) => form(after + 1 + second),
        // Czechia, Slovakia, Sweden, Greece: 110 00; India: 600 002.
        (3, Some(b' '), 2 | 3) => ends(bytes, after + 1 + second).then_some(Code {
            end: after + 1 + second,
            has_form: false,
        }),
        _ => None,
    };
    found.or_else(|| {
        ((4..=6).contains(&first) && ends(bytes, after)).then_some(Code {
            end: after,
            has_form: false,
        })
    })
}

/// `D-10115`, `H-3683`, `CH-8001`: the sign of the country before the code.
fn behind_country(bytes: &[u8], start: usize) -> Option<Code> {
    const COUNTRIES: [&[u8]; 14] = [
        b"A-", b"B-", b"D-", b"F-", b"H-", b"I-", b"L-", b"CH-", b"CZ-", b"DK-", b"FI-", b"LT-",
        b"LV-", b"SE-",
    ];
    let country = COUNTRIES.iter().find(|country| {
        bytes
            .get(start..)
            .is_some_and(|rest| rest.starts_with(country))
    })?;
    let from = start + country.len();
    let code = (digits(bytes, from) >= 3).then(|| at(bytes, from))??;
    Some(Code {
        has_form: true,
        ..code
    })
}

/// `SW1A 1AA`, `M1 4BT`: outward and inward part. The letters C, I, K, M, O and V never stand in the inward one (Royal Mail
/// PAF programmers' guide).
pub(super) fn british(bytes: &[u8], at: usize) -> Option<usize> {
    let outward = bytes
        .get(at..)?
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        .count();
    let part = &bytes[at..at + outward];
    let letters = part
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let fits = (2..=4).contains(&outward)
        && (1..=2).contains(&letters)
        && part.get(letters).is_some_and(u8::is_ascii_digit)
        && bytes.get(at + outward) == Some(&b' ');
    let from = at + outward + 1;
    let inward = bytes.get(from..from + 3)?;
    let is_letter = |byte: u8| {
        byte.is_ascii_uppercase() && !matches!(byte, b'C' | b'I' | b'K' | b'M' | b'O' | b'V')
    };
    (fits
        && ends(bytes, from + 3)
        && inward[0].is_ascii_digit()
        && is_letter(inward[1])
        && is_letter(inward[2]))
    .then_some(from + 3)
}

/// `K1A 0B1`, `L1L3M9`.
fn canadian(bytes: &[u8], at: usize) -> Option<usize> {
    let half = |from: usize, begins_with_letter: bool| {
        bytes.get(from..from + 3).is_some_and(|part| {
            part.iter().enumerate().all(|(place, byte)| {
                if (place % 2 == 0) == begins_with_letter {
                    byte.is_ascii_uppercase()
                } else {
                    byte.is_ascii_digit()
                }
            })
        })
    };
    if !half(at, true) {
        return None;
    }
    let from = at + 3 + usize::from(bytes.get(at + 3) == Some(&b' '));
    (half(from, false) && ends(bytes, from + 3)).then_some(from + 3)
}
