//! Checks of the numbers of countries. Digits are values 0 to 9; words are ASCII capitals and digits.

/// ISO/IEC 7812-1 annex B.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit) {
                (0, _) => digit,
                (_, 0..=4) => digit * 2,
                _ => digit * 2 - 9,
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

/// Canada, social insurance number: nine digits, Luhn.
pub(super) fn luhn_nine(digits: &[u8]) -> bool {
    digits.len() == 9 && luhn(digits)
}

/// Germany, tax identification number: eleven digits, ISO 7064 MOD 11,10.
pub(super) fn german_tax(digits: &[u8]) -> bool {
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    let product = digits[..10].iter().fold(10_u32, |product, digit| {
        let sum = (product + u32::from(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(digits[10])
}

/// Poland, PESEL: eleven digits, weights 1 3 7 9.
pub(super) fn polish(digits: &[u8]) -> bool {
    digits.len() == 11
        && (10 - weighted(&digits[..10], &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10
            == u32::from(digits[10])
}

/// Netherlands, citizen service number: nine digits, the eleven test with minus one at the end.
pub(super) fn dutch(digits: &[u8]) -> bool {
    digits.len() == 9 && {
        let sum = weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
        sum > 0 && (sum + 11 - u32::from(digits[8])).is_multiple_of(11)
    }
}

/// United Kingdom, NHS number: ten digits, modulo 11.
pub(super) fn british_health(digits: &[u8]) -> bool {
    digits.len() == 10 && {
        let check = 11 - weighted(&digits[..9], &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        check != 10 && check % 11 == u32::from(digits[9])
    }
}

/// Sweden, personal identity number: ten digits (of twelve the last ten), a date and Luhn.
pub(super) fn swedish(digits: &[u8]) -> bool {
    let short = match digits.len() {
        10 => digits,
        12 => &digits[2..],
        _ => return false,
    };
    let (month, day) = (short[2] * 10 + short[3], short[4] * 10 + short[5]);
    (1..=12).contains(&month) && (1..=31).contains(&day) && luhn(short)
}

fn brazilian(digits: &[u8], first: &[u32], second: &[u32]) -> bool {
    let check = |part: &[u8], weights: &[u32]| match weighted(part, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    let body = digits.len() - 2;
    digits.iter().any(|digit| *digit != digits[0])
        && check(&digits[..body], first) == u32::from(digits[body])
        && check(&digits[..=body], second) == u32::from(digits[body + 1])
}

/// Brazil, CPF: eleven digits, two of control.
pub(super) fn brazilian_person(digits: &[u8]) -> bool {
    digits.len() == 11
        && brazilian(
            digits,
            &[10, 9, 8, 7, 6, 5, 4, 3, 2],
            &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2],
        )
}

/// Brazil, CNPJ: fourteen digits, two of control.
pub(super) fn brazilian_company(digits: &[u8]) -> bool {
    digits.len() == 14
        && brazilian(
            digits,
            &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
            &[6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2],
        )
}

/// India, Aadhaar: twelve digits, the first 2 to 9, Verhoeff's check over the dihedral group of order ten.
pub(super) fn indian(digits: &[u8]) -> bool {
    const TIMES: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    if digits.len() != 12 || digits[0] < 2 {
        return false;
    }
    let moved =
        |digit: u8, times: usize| (0..times).fold(digit, |digit, _| STEP[usize::from(digit)]);
    digits
        .iter()
        .rev()
        .enumerate()
        .fold(0_u8, |check, (place, digit)| {
            TIMES[usize::from(check)][usize::from(moved(*digit, place % 8))]
        })
        == 0
}

/// France, NIR: sex, year, month, place, order and a key of 97 minus the rest.
pub(super) fn french(digits: &[u8]) -> bool {
    if digits.len() != 15 || !matches!(digits[0], 1 | 2) {
        return false;
    }
    let month = digits[3] * 10 + digits[4];
    let number = digits[..13]
        .iter()
        .fold(0_u64, |number, digit| number * 10 + u64::from(*digit));
    let key = u64::from(digits[13]) * 10 + u64::from(digits[14]);
    (matches!(month, 1..=12 | 20..=42 | 50..=99)) && key == 97 - number % 97
}

const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn spanish_letter(digits: &[u8]) -> Option<u8> {
    let number = digits.iter().try_fold(0_u32, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u32::from(byte - b'0'))
    })?;
    SPANISH.get(usize::try_from(number % 23).ok()?).copied()
}

/// Spain, DNI: eight digits and the letter of their remainder by 23.
pub(super) fn is_spanish(word: &[u8]) -> bool {
    word.len() == 9 && spanish_letter(&word[..8]) == Some(word[8])
}

/// Spain, NIE: X, Y or Z for 0, 1 or 2, seven digits and the letter.
pub(super) fn is_spanish_foreigner(word: &[u8]) -> bool {
    if word.len() != 9 || !matches!(word[0], b'X'..=b'Z') {
        return false;
    }
    let mut digits = word[..8].to_vec();
    digits[0] = b'0' + (word[0] - b'X');
    spanish_letter(&digits) == Some(word[8])
}

/// United Kingdom, national insurance number: two letters that are given out, six digits, A to D.
pub(super) fn is_british_insurance(word: &[u8]) -> bool {
    let letters = |byte: u8, not: &[u8]| byte.is_ascii_uppercase() && !not.contains(&byte);
    word.len() == 9
        && letters(word[0], b"DFIQUV")
        && letters(word[1], b"DFIOQUV")
        && !matches!(
            &word[..2],
            b"BG" | b"GB" | b"NK" | b"KN" | b"TN" | b"NT" | b"ZZ"
        )
        && word[2..8].iter().all(u8::is_ascii_digit)
        && matches!(word[8], b'A'..=b'D')
}

/// India, PAN: five letters of which the fourth says what the holder is, four digits, a letter.
pub(super) fn is_indian_tax(word: &[u8]) -> bool {
    word.len() == 10
        && word[..5].iter().all(u8::is_ascii_uppercase)
        && matches!(
            word[3],
            b'A' | b'B' | b'C' | b'F' | b'G' | b'H' | b'J' | b'L' | b'P' | b'T'
        )
        && word[5..9].iter().all(u8::is_ascii_digit)
        && word[9].is_ascii_uppercase()
}

/// Italy, codice fiscale: letters and digits in their places and a letter of control (decree of 12 March 1974).
pub(super) fn is_italian(word: &[u8]) -> bool {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let fits = word.len() == 16
        && word.iter().enumerate().all(|(place, byte)| match place {
            6 | 7 | 9 | 10 | 12..=14 => byte.is_ascii_digit(),
            _ => byte.is_ascii_uppercase(),
        });
    if !fits {
        return false;
    }
    let value = |byte: u8| {
        usize::from(if byte.is_ascii_digit() {
            byte - b'0'
        } else {
            byte - b'A'
        })
    };
    let sum: u32 = word[..15]
        .iter()
        .enumerate()
        .map(|(place, byte)| match place % 2 {
            0 => ODD[value(*byte)],
            _ => u32::try_from(value(*byte)).unwrap_or(0),
        })
        .sum();
    u32::from(word[15] - b'A') == sum % 26
}
