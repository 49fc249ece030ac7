//! Numbers of people that have a form of their own and are found anywhere.

use super::super::Finding;
use super::super::shape::is_word;
use super::{checksum, world};
use crate::Kind;

/// Numbers that begin with capitals and have a form of their own; `at` begins a word.
pub(in super::super) fn with_letters(text: &str, at: usize, found: &mut Vec<Finding>) {
    let bytes = text.as_bytes();
    let run = bytes[at..]
        .iter()
        .take(19)
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
            && (checksum::is_british_insurance(word)
                || checksum::is_spanish_foreigner(word)
                || world::is_singaporean(word)) =>
        {
            push(9)
        }
        10 if is_whole(10) && checksum::is_indian_tax(word) => push(10),
        16 if is_whole(16) && checksum::is_italian(word) => push(16),
        18 if is_whole(18) && world::is_mexican(word) => push(18),
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
pub(in super::super) fn with_digits(
    text: &str,
    start: usize,
    found: &mut Vec<Finding>,
) -> Option<usize> {
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
            && !(start >= 2 && bytes[start - 1] == b' ' && bytes[start - 2].is_ascii_digit())
            && checksum::indian(&digits(14)?) =>
        {
            push(14)
        }
        // Switzerland: 756.0000.0000.00.
        3 if marks(&[(3, b'.'), (8, b'.'), (13, b'.')])
            && is_whole(16)
            && world::swiss(&digits(16)?) =>
        {
            push(16)
        }
        // Belgium: 00.00.00-000.00.
        2 if marks(&[(2, b'.'), (5, b'.'), (8, b'-'), (12, b'.')])
            && is_whole(15)
            && world::belgian(&digits(15)?) =>
        {
            push(15)
        }
        // Chile: 00.000.000-K.
        1 | 2
            if marks(&[(run, b'.'), (run + 4, b'.'), (run + 8, b'-')])
                && is_whole(run + 10)
                && world::is_chilean(bytes.get(start..start + run + 10)?) =>
        {
            push(run + 10)
        }
        // Argentina: 00-00000000-0.
        2 if marks(&[(2, b'-'), (11, b'-')]) && is_whole(13) && world::argentine(&digits(13)?) => {
            push(13)
        }
        // Finland: 000000-000X; Korea: 000000-0000000.
        6 if is_whole(11) && world::is_finnish(bytes.get(start..start + 11)?) => push(11),
        6 if marks(&[(6, b'-')]) && is_whole(14) && world::korean(&digits(14)?) => push(14),
        // China: seventeen digits and a digit or X.
        16 if is_whole(18) && world::is_chinese(bytes.get(start..start + 18)?) => push(18),
        // France: thirteen digits and a key of two, also `1 70 03 65 191 525 04`.
        1 if marks(&[
            (1, b' '),
            (4, b' '),
            (7, b' '),
            (10, b' '),
            (14, b' '),
            (18, b' '),
        ]) && is_whole(21)
            && digits(21).is_some_and(|digits| checksum::french(&digits)) =>
        {
            push(21)
        }
        15 if is_whole(15) && checksum::french(&digits(15)?) => push(15),
        _ => None,
    }
}
