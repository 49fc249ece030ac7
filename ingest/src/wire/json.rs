//! The JSON mapping of protobuf messages.

use super::{Item, Malformed, Names};
use crate::json::{Kind, ScanError, Scanner};

/// Steps through the members of an object. Containers are framed by their brackets only, so that what is broken in one
/// is found when it is read, if it is read.
pub(super) fn fields<'a>(
    text: &'a str,
    names: Names,
    visit: &mut dyn FnMut(u32, Item<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut scanner = Scanner::new(text);
    scanner.whitespace();
    scanner.expect(b'{', "'{'").map_err(explain)?;
    scanner.whitespace();
    if scanner.peek() == Some(b'}') {
        return end(&mut scanner);
    }
    loop {
        scanner.whitespace();
        let key = scanner.key().map_err(explain)?;
        scanner.whitespace();
        scanner.expect(b':', "':' after a key").map_err(explain)?;
        scanner.whitespace();
        let known = names
            .iter()
            .find(|(_, name)| is_same_name(&key, name))
            .map(|(number, _)| *number);
        match (known, scanner.peek()) {
            (Some(number), Some(b'[')) => elements(&mut scanner, &mut |item| visit(number, item))?,
            (known, _) => {
                if let (Some(item), Some(number)) = (framed(&mut scanner)?, known) {
                    visit(number, item)?;
                }
            }
        }
        scanner.whitespace();
        match scanner.peek() {
            Some(b',') => scanner.at += 1,
            Some(b'}') => return end(&mut scanner),
            _ => return Err(expected(scanner.at, "',' or '}' in an object")),
        }
    }
}

/// Steps over the closing brace. What stands behind it would be lost without a word.
fn end(scanner: &mut Scanner<'_>) -> Result<(), Malformed> {
    scanner.at += 1;
    scanner.whitespace();
    match scanner.peek() {
        None => Ok(()),
        Some(_) => Err(expected(scanner.at, "nothing behind the object")),
    }
}

/// Steps through the elements of the array that begins here.
pub(super) fn elements<'a>(
    scanner: &mut Scanner<'a>,
    visit: &mut dyn FnMut(Item<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    scanner.expect(b'[', "'['").map_err(explain)?;
    scanner.whitespace();
    if scanner.peek() == Some(b']') {
        scanner.at += 1;
        return Ok(());
    }
    loop {
        scanner.whitespace();
        if let Some(item) = framed(scanner)? {
            visit(item)?;
        }
        scanner.whitespace();
        match scanner.peek() {
            Some(b',') => scanner.at += 1,
            Some(b']') => {
                scanner.at += 1;
                return Ok(());
            }
            _ => return Err(expected(scanner.at, "',' or ']' in an array")),
        }
    }
}

/// The value that begins here; `None` when it is null, which means the same as a field that is not there.
fn framed<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Item<'a>>, Malformed> {
    let start = scanner.at;
    if let Some(b'{' | b'[') = scanner.peek() {
        if scanner.resync(start).is_none() {
            return Err(expected(start, "a value with its closing bracket"));
        }
        return Ok(Some(Item::Json(scanner.slice_from(start))));
    }
    let value = scanner.value(0).map_err(explain)?;
    Ok((value.kind != Kind::Null).then_some(Item::Json(value.raw)))
}

/// Readers of the mapping take a field under its lowerCamelCase name and under its name in the definition.
fn is_same_name(key: &str, name: &str) -> bool {
    let lowered = || name.bytes().map(|byte| byte.to_ascii_lowercase());
    key == name || (key.contains('_') && key.bytes().filter(|byte| *byte != b'_').eq(lowered()))
}

fn explain(error: ScanError) -> Malformed {
    match error {
        ScanError::Syntax { at, expected: what } => expected(at, what),
        ScanError::TooDeep => "a value is nested too deep".to_owned(),
    }
}

fn expected(at: usize, what: &str) -> Malformed {
    format!("invalid JSON at byte {at}: expected {what}")
}
