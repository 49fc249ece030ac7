//! `printf`: the verbs that lines are written with.

use super::value::Value;
use super::{MAX_TEXT_BYTES, push};

/// Widest field.
const MAX_WIDTH: usize = 1_000;

/// Fills in `%s`, `%v`, `%q`, `%d`, `%f`, `%t`, `%x` and `%%`, with flags `-` and `0`, a width and a precision.
pub(super) fn format(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        push(&mut out, &rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let (verb, after) = Verb::read(rest);
        rest = after;
        let Some(letter) = verb.letter else {
            push(&mut out, "%!(NOVERB)");
            break;
        };
        match arguments.next() {
            Some(value) => push(&mut out, &verb.show(letter, value)),
            None => push(&mut out, &format!("%!{letter}(MISSING)")),
        }
        if out.len() >= MAX_TEXT_BYTES {
            break;
        }
    }
    push(&mut out, rest);
    out
}

#[derive(Default)]
struct Verb {
    is_left: bool,
    is_zero: bool,
    width: usize,
    precision: Option<usize>,
    letter: Option<char>,
}

impl Verb {
    fn read(text: &str) -> (Self, &str) {
        let mut verb = Self::default();
        let mut rest = text;
        loop {
            rest = match rest.as_bytes().first() {
                Some(b'-') => {
                    verb.is_left = true;
                    &rest[1..]
                }
                Some(b'0') => {
                    verb.is_zero = true;
                    &rest[1..]
                }
                Some(b'+' | b' ' | b'#') => &rest[1..],
                _ => break,
            };
        }
        let (width, after) = number(rest);
        verb.width = width.unwrap_or(0);
        rest = after;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = number(after);
            verb.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        let mut characters = rest.chars();
        verb.letter = characters.next();
        (verb, characters.as_str())
    }

    fn show(&self, letter: char, value: &Value) -> String {
        let cut = |text: String| match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        let text = match letter {
            's' | 'v' => cut(value.text()),
            'q' => format!("{:?}", cut(value.text())),
            'd' => value.int().to_string(),
            'x' => match value {
                Value::Text(text) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
                other => format!("{:x}", other.int()),
            },
            'f' => format!("{:.*}", self.precision.unwrap_or(6), value.float()),
            't' => value.is_true().to_string(),
            other => format!("%!{other}({})", value.text()),
        };
        let missing = self.width.saturating_sub(text.chars().count());
        let is_number = matches!(letter, 'd' | 'f' | 'x');
        if self.is_left {
            text + &" ".repeat(missing)
        } else if self.is_zero && is_number {
            match text.strip_prefix('-') {
                Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
                None => "0".repeat(missing) + &text,
            }
        } else {
            " ".repeat(missing) + &text
        }
    }
}

fn number(text: &str) -> (Option<usize>, &str) {
    let end = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let number = text[..end].parse().ok();
    (
        number.map(|number: usize| number.min(MAX_WIDTH)),
        &text[end..],
    )
}
