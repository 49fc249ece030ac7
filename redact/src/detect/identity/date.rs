//! Dates of birth and degrees of places on earth.

/// `1984-03-12`, `12/3/1984`, `12.03.84`, `12 March 1984`, `Mar 12, 1984`.
pub(super) fn date(text: &str, at: usize) -> Option<usize> {
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

/// Two of them with four decimals or more each, as places are written and measures hardly ever.
pub(super) fn degree_pair(text: &str, at: usize) -> Option<usize> {
    let length = degrees(text, at)?;
    let value = &text[at..at + length];
    let (first, second) = value.split_once([',', ' ', ';', '/'])?;
    let has_decimals = |part: &str| {
        part.trim()
            .split_once('.')
            .is_some_and(|(_, decimals)| decimals.len() >= 4)
    };
    (has_decimals(first) && has_decimals(second)).then_some(length)
}
