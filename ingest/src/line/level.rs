//! Severity words at the beginning of text.

use domain::Severity;

/// The severity of a word that stands where log headers have their level: three letters or more, any case.
pub(super) fn level_word(word: &str) -> Option<Severity> {
    if !(3..=13).contains(&word.len()) || !word.as_bytes()[0].is_ascii_alphabetic() {
        return None;
    }
    match word {
        "LOG" | "NOTE" | "Note" | "System" | "STATEMENT" | "DETAIL" | "HINT" | "CONTEXT"
        | "SUCCESS" => {
            return Some(Severity::Info);
        }
        "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" | "dbug" => {
            return Some(Severity::Debug);
        }
        "trce" => return Some(Severity::Trace),
        "fail" | "FAIL" => return Some(Severity::Error),
        // Words of prose and of configuration.
        "fine" | "Fine" | "config" | "Config" | "alert" | "Alert" | "failure" | "Failure"
        | "panic" | "Panic" | "trace" | "Trace" => {
            return short_list(word);
        }
        _ => {}
    }
    Severity::from_word(word)
}

fn short_list(word: &str) -> Option<Severity> {
    match word {
        "alert" | "Alert" => Some(Severity::Fatal),
        "trace" | "Trace" => Some(Severity::Trace),
        _ => None,
    }
}

/// How a level word is written, which says how much company it needs to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Upper,
    Lower,
    Title,
}

/// The level word that `text` begins with: its severity, length and spelling.
pub(super) fn leading_level(text: &str) -> Option<(Severity, usize, Spelling)> {
    let length = text
        .bytes()
        .take(14)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let word = &text[..length];
    let severity = level_word(word)?;
    let first_is_upper = word.as_bytes()[0].is_ascii_uppercase();
    let has_lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let spelling = match (first_is_upper, has_lower) {
        (true, false) => Spelling::Upper,
        (true, true) => Spelling::Title,
        (false, _) => Spelling::Lower,
    };
    Some((severity, length, spelling))
}

/// The severity that a message shows by its first words, when nothing else said one. Only signs that are hardly ever
/// wrong: `ERROR ...`, `[warn] ...`, `fatal: ...`, `level=error ...`, and the first lines of stack traces.
pub(crate) fn severity_of_message(body: &str) -> Option<Severity> {
    let body = body.trim_start();
    let first = *body.as_bytes().first()?;
    if matches!(first, b'[' | b'<' | b'(') {
        let (severity, length, _) = leading_level(&body[1..])?;
        let closes = matches!(body.as_bytes().get(length + 1), Some(b']' | b'>' | b')'));
        return closes.then_some(severity);
    }
    if !first.is_ascii_alphabetic() {
        return None;
    }
    for key in ["level=", "lvl=", "severity="] {
        if let Some(rest) = body.strip_prefix(key) {
            return leading_level(rest.trim_start_matches('"')).map(|(severity, _, _)| severity);
        }
    }
    if let Some((severity, length, spelling)) = leading_level(body) {
        let next = body.as_bytes().get(length);
        let is_sign = match spelling {
            Spelling::Upper => matches!(next, Some(b':' | b' ' | b'\t' | b'|' | b',')),
            Spelling::Lower | Spelling::Title => next == Some(&b':'),
        };
        if is_sign {
            return Some(severity);
        }
    }
    stack_trace_severity(body)
}

fn stack_trace_severity(body: &str) -> Option<Severity> {
    const SIGNS: [(&str, Severity); 8] = [
        ("Traceback (most recent call last)", Severity::Error),
        ("Exception in thread ", Severity::Error),
        ("Unhandled exception", Severity::Error),
        ("Uncaught ", Severity::Error),
        ("panic: ", Severity::Fatal),
        ("fatal error: ", Severity::Fatal),
        ("Kernel panic", Severity::Fatal),
        ("Out of memory: Kill", Severity::Error),
    ];
    if let Some((_, severity)) = SIGNS.iter().find(|(sign, _)| body.starts_with(sign)) {
        return Some(*severity);
    }
    if body.starts_with("thread '") && body.contains("panicked at") {
        return Some(Severity::Fatal);
    }
    super::continuation::is_exception_line(body).then_some(Severity::Error)
}

#[cfg(test)]
mod tests;
