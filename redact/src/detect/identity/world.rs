//! The checks of more countries, by the rules that their authorities publish.

/// The sum of digits times weights.
fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum()
}

/// Month and day of `yymmdd` at the front.
fn has_date(digits: &[u8]) -> bool {
    let pair = |at: usize| digits[at] * 10 + digits[at + 1];
    (1..=12).contains(&pair(2)) && (1..=31).contains(&pair(4))
}

/// Whether a number passes the check of one of the countries whose numbers have no form of their own.
pub(super) fn is_of_some_country(digits: &[u8]) -> bool {
    use super::checksum;
    [
        checksum::german_tax as fn(&[u8]) -> bool,
        checksum::polish,
        checksum::dutch,
        checksum::luhn_nine,
        checksum::indian,
        checksum::brazilian_person,
        checksum::swedish,
        checksum::french,
        swiss,
        belgian,
        norwegian,
        czech,
        romanian,
        turkish,
        australian_tax,
        south_african,
        portuguese,
        argentine,
        korean,
    ]
    .iter()
    .any(|passes| passes(digits))
}

/// Switzerland, AHV number: 756 and the check digit of EAN-13.
pub(super) fn swiss(digits: &[u8]) -> bool {
    digits.len() == 13
        && digits.starts_with(&[7, 5, 6])
        && weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

/// Belgium, national register: 97 minus the rest of the first nine digits, with a 2 before them from 2000 on.
pub(super) fn belgian(digits: &[u8]) -> bool {
    if digits.len() != 11 {
        return false;
    }
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0_u64, |number, digit| number * 10 + u64::from(*digit))
    };
    let check = number(&digits[9..]);
    let head = number(&digits[..9]);
    [head, 2_000_000_000 + head]
        .iter()
        .any(|head| 97 - head % 97 == check)
}

/// Norway: two check digits modulo 11.
pub(super) fn norwegian(digits: &[u8]) -> bool {
    digits.len() == 11
        && weighted(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
        && weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// Czechia and Slovakia: a date and a number that is a multiple of 11.
pub(super) fn czech(digits: &[u8]) -> bool {
    let rest = digits
        .iter()
        .fold(0_u32, |rest, digit| (rest * 10 + u32::from(*digit)) % 11);
    digits.len() == 10 && rest == 0
}

/// Romania, CNP: weights 279146358279 modulo 11, 10 counts as 1.
pub(super) fn romanian(digits: &[u8]) -> bool {
    digits.len() == 13
        && digits[0] != 0
        && match weighted(&digits[..12], &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
            10 => digits[12] == 1,
            check => u32::from(digits[12]) == check,
        }
}

/// Turkey: two check digits out of the odd and even places.
pub(super) fn turkish(digits: &[u8]) -> bool {
    if digits.len() != 11 || digits[0] == 0 {
        return false;
    }
    let sum = |places: &[usize]| places.iter().map(|at| u32::from(digits[*at])).sum::<u32>();
    let (odd, even) = (sum(&[0, 2, 4, 6, 8]), sum(&[1, 3, 5, 7]));
    let first = (odd * 7 + 100 - even) % 10;
    let second = (odd + even + u32::from(digits[9])) % 10;
    u32::from(digits[9]) == first && u32::from(digits[10]) == second
}

/// Australia, tax file number: weights modulo 11.
pub(super) fn australian_tax(digits: &[u8]) -> bool {
    digits.len() == 9 && weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// Australia, Medicare: a first digit of 2 to 6 and the ninth as check digit.
pub(super) fn australian_health(digits: &[u8]) -> bool {
    matches!(digits.len(), 10 | 11)
        && (2..=6).contains(&digits[0])
        && weighted(&digits[..8], &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(digits[8])
}

/// South Africa: a date of birth and the Luhn check.
pub(super) fn south_african(digits: &[u8]) -> bool {
    digits.len() == 13 && has_date(digits) && super::checksum::luhn(digits)
}

/// Portugal, NIF: weights 9 to 2 modulo 11.
pub(super) fn portuguese(digits: &[u8]) -> bool {
    if digits.len() != 9 {
        return false;
    }
    let check = 11 - weighted(&digits[..8], &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    u32::from(digits[8]) == if check > 9 { 0 } else { check }
}

/// Argentina, CUIT: weights 5432765432 modulo 11.
pub(super) fn argentine(digits: &[u8]) -> bool {
    if digits.len() != 11 || !matches!(digits[0], 2 | 3) {
        return false;
    }
    let check = (11 - weighted(&digits[..10], &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    u32::from(digits[10]) == check
}

/// Korea, resident registration number of those born before the check was given up in 2020.
pub(super) fn korean(digits: &[u8]) -> bool {
    digits.len() == 13
        && has_date(digits)
        && (1..=8).contains(&digits[6])
        && (11 - weighted(&digits[..12], &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10
            == u32::from(digits[12])
}

/// Finland: a date, a sign for the century, three digits and the check character of the rest by 31.
pub(super) fn is_finnish(word: &[u8]) -> bool {
    const CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    if word.len() != 11 || !matches!(word[6], b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y') {
        return false;
    }
    let number = word[..6]
        .iter()
        .chain(&word[7..10])
        .try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u32::from(byte - b'0'))
        });
    let day = u32::from(word[0].wrapping_sub(b'0')) * 10 + u32::from(word[1].wrapping_sub(b'0'));
    let month = u32::from(word[2].wrapping_sub(b'0')) * 10 + u32::from(word[3].wrapping_sub(b'0'));
    (1..=31).contains(&day)
        && (1..=12).contains(&month)
        && number
            .and_then(|number| usize::try_from(number % 31).ok())
            .is_some_and(|rest| CHECKS[rest] == word[10])
}

/// Chile, RUT: weights 2 to 7 from the right modulo 11, K for 10.
pub(super) fn is_chilean(word: &[u8]) -> bool {
    let Some((last, head)) = word.split_last() else {
        return false;
    };
    let digits: Vec<u8> = head
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect();
    if !matches!(digits.len(), 7 | 8) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    match 11 - sum % 11 {
        11 => *last == b'0',
        10 => matches!(last, b'K' | b'k'),
        check => u32::from(last.wrapping_sub(b'0')) == check,
    }
}

/// China: a place, a date of birth of 1900 to 2099, an order and the check character of ISO 7064 MOD 11-2.
pub(super) fn is_chinese(word: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    if word.len() != 18 || !word[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits: Vec<u8> = word[..17].iter().map(|byte| byte - b'0').collect();
    let century = digits[6] * 10 + digits[7];
    let rest = weighted(&digits, &WEIGHTS) % 11;
    matches!(digits[0], 1..=8)
        && matches!(century, 19 | 20)
        && has_date(&digits[8..])
        && usize::try_from(rest).is_ok_and(|rest| CHECKS[rest] == word[17].to_ascii_uppercase())
}

/// Singapore, NRIC and FIN: weights 2765432 modulo 11 and a letter of the series.
pub(super) fn is_singaporean(word: &[u8]) -> bool {
    if word.len() != 9 || !word[1..8].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits: Vec<u8> = word[1..8].iter().map(|byte| byte - b'0').collect();
    let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]);
    let (letters, more): (&[u8; 11], u32) = match word[0] {
        b'S' => (b"JZIHGFEDCBA", 0),
        b'T' => (b"JZIHGFEDCBA", 4),
        b'F' => (b"XWUTRQPNMLK", 0),
        b'G' => (b"XWUTRQPNMLK", 4),
        _ => return false,
    };
    usize::try_from((sum + more) % 11).is_ok_and(|rest| letters[rest] == word[8])
}

/// Mexico, CURP: letters of the name, a date, H or M, a state, consonants, an order.
pub(super) fn is_mexican(word: &[u8]) -> bool {
    word.len() == 18
        && word.iter().enumerate().all(|(place, byte)| match place {
            0..=3 | 11..=15 => byte.is_ascii_uppercase(),
            4..=9 | 17 => byte.is_ascii_digit(),
            10 => matches!(byte, b'H' | b'M' | b'X'),
            _ => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        })
}
