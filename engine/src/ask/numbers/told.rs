//! Numbers that a text tells apart by words: `7 bytes (1 KB) received`, `paused 1 ms total 45 ms`, `lifetime 05:23`.

use super::{numbers, whole};

/// Words whose number is a length of time, though it has no unit: `lifetime 00:14`.
const CLOCKED: [&str; 6] = [
    "lifetime", "duration", "elapsed", "runtime", "lasted", "took",
];
/// What people write out and programs shorten, in either direction.
const SHORTENED: [(&str, &str); 14] = [
    ("length", "len"),
    ("temperature", "temp"),
    ("memory", "mem"),
    ("level", "lvl"),
    ("count", "cnt"),
    ("number", "num"),
    ("response", "resp"),
    ("request", "req"),
    ("duration", "dur"),
    ("latency", "lat"),
    ("average", "avg"),
    ("message", "msg"),
    ("frequency", "freq"),
    ("percentage", "pct"),
];

/// The other form of a word that programs shorten.
pub(super) fn other_form(word: &str) -> Option<&'static str> {
    SHORTENED.iter().find_map(|(long, short)| match word {
        word if word == *long => Some(*short),
        word if word == *short => Some(*long),
        _ => None,
    })
}

/// The number with a unit that belongs to a word: right behind it, else the first one of the part between commas that
/// holds the word, else the one of the only part that has any.
pub(super) fn of_word(
    text: &str,
    word: &str,
    factor: impl Fn(&str) -> Option<f64> + Copy,
) -> Option<f64> {
    let lower = text.to_lowercase();
    let plain = without_restated(&lower, factor);
    let behind = whole(&plain, word, &plain).find_map(|at| {
        let rest = plain[at + word.len()..].trim_start_matches([' ', ':', '=', '+']);
        let (number, before, unit) = numbers(rest).next()?;
        (before.is_empty()).then(|| scaled(number, unit, factor))?
    });
    behind.or_else(|| {
        plain
            .split([',', ';', '|'])
            .filter(|part| whole(part, word, part).next().is_some())
            .find_map(|part| {
                numbers(part).find_map(|(number, _, rest)| scaled(number, rest, factor))
            })
    })
}

/// A number times the unit that stands right behind it.
fn scaled(number: f64, rest: &str, factor: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let rest = rest.trim_start_matches(' ');
    let end = rest
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(rest.len());
    factor(&rest[..end]).map(|factor| number * factor)
}

/// A text without amounts that say again in brackets what stands before them: `2048 bytes (2.00 KB)`.
fn without_restated(text: &str, factor: impl Fn(&str) -> Option<f64>) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(" (") {
        let inside = &rest[start + 2..];
        let restated = inside.find(')').filter(|end| {
            let mut found = numbers(&inside[..*end]);
            found.next().is_some_and(|(number, before, rest)| {
                before.is_empty() && scaled(number, rest, &factor).is_some()
            })
        });
        match restated {
            Some(end) => {
                kept.push_str(&rest[..start]);
                rest = &inside[end + 1..];
            }
            None => {
                kept.push_str(&rest[..start + 2]);
                rest = inside;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// The length of time of `lifetime 05:23` or `duration=01:05:23`, in milliseconds: minutes and seconds, with three parts
/// hours as well.
pub(super) fn of_clock(text: &str) -> Option<f64> {
    let lower = text.to_lowercase();
    CLOCKED.iter().find_map(|word| {
        whole(&lower, word, text).find_map(|at| {
            let rest = lower[at + word.len()..].trim_start_matches([' ', ':', '=', '"']);
            let end = rest
                .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
                .unwrap_or(rest.len());
            clock(rest[..end].trim_end_matches(['.', ':']))
        })
    })
}

/// `05:23`, `1:05:23.5` in milliseconds.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut seconds = 0.0;
    for (place, part) in parts.iter().enumerate() {
        let number: f64 = part.parse().ok()?;
        if place > 0 && number >= 60.0 {
            return None;
        }
        seconds = seconds * 60.0 + number;
    }
    Some(seconds * 1e3)
}

#[cfg(test)]
mod tests {
    use super::super::{size_factor, time_factor};
    use super::*;

    #[test]
    fn an_amount_belongs_to_the_word_beside_it() {
        let both = "close, 846 bytes sent, 2048 bytes (2.00 KB) received, lifetime 00:14";
        let table = [
            (both, "sent", Some(846.0)),
            (both, "received", Some(2_048.0)),
            (both, "written", None),
            ("sent 2 kb, received 3 kb", "received", Some(3_072.0)),
            ("received=12 bytes sent=7 bytes", "sent", Some(7.0)),
            ("received nothing", "received", None),
        ];
        for (text, word, expected) in table {
            assert_eq!(
                of_word(text, word, size_factor),
                expected,
                "{word} of {text}"
            );
        }
        let pauses = "paused 1.5ms total 45.25ms";
        assert_eq!(of_word(pauses, "total", time_factor), Some(45.25));
        assert_eq!(of_word(pauses, "paused", time_factor), Some(1.5));
    }

    #[test]
    fn a_clock_behind_a_word_of_length_is_a_length() {
        let table = [
            ("lifetime 00:14", Some(14_000.0)),
            ("duration=01:05:23", Some(3_923_000.0)),
            ("started at 10:15", None),
            ("lifetime 00:75", None),
            ("lifetime <1 sec", None),
        ];
        for (text, expected) in table {
            assert_eq!(of_clock(text), expected, "{text}");
        }
    }

    #[test]
    fn shortened_words_have_another_form() {
        assert_eq!(other_form("length"), Some("len"));
        assert_eq!(other_form("temp"), Some("temperature"));
        assert_eq!(other_form("battery"), None);
    }
}
