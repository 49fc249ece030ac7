//! Texts without which a regular expression cannot match: what is looked for before the expression is.

use regex_syntax::hir::{Hir, HirKind};

/// Texts each of which every match of a regular expression holds, exactly as they are, at least `min_bytes` long. None when
/// the expression cannot be read.
pub(crate) fn required_literals(expression: &str, min_bytes: usize) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(expression) else {
        return Vec::new();
    };
    let mut walk = Walk {
        min_bytes,
        run: Vec::new(),
        found: Vec::new(),
    };
    walk.part(&hir);
    walk.end_run();
    walk.found
}

struct Walk {
    min_bytes: usize,
    /// Literal bytes that follow each other.
    run: Vec<u8>,
    found: Vec<String>,
}

impl Walk {
    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.len() >= self.min_bytes
            && let Ok(text) = String::from_utf8(run)
            && !self.found.contains(&text)
        {
            self.found.push(text);
        }
    }

    fn part(&mut self, hir: &Hir) {
        match hir.kind() {
            // Nothing lies between what stands before and after these.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => self.run.extend_from_slice(&literal.0),
            HirKind::Capture(capture) => self.part(&capture.sub),
            HirKind::Concat(parts) => parts.iter().for_each(|part| self.part(part)),
            HirKind::Repetition(repetition) => {
                self.end_run();
                if repetition.min > 0 {
                    self.part(&repetition.sub);
                    self.end_run();
                }
            }
            HirKind::Class(_) | HirKind::Alternation(_) => self.end_run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::required_literals;

    #[test]
    fn what_every_match_holds_is_found() {
        let of = |expression| required_literals(expression, 3);
        assert_eq!(of("took [0-9]*7 ms.*[a-f]3"), ["took ", "7 ms"]);
        assert_eq!(of("^(user) (?:\\w+ )?failed$"), ["user ", "failed"]);
        assert_eq!(of("(abc)+x"), ["abc"]);
        assert_eq!(of("(abc)*xyz|def"), [""; 0]);
        assert_eq!(of("(?i)abc 123"), [" 123"]);
        assert_eq!(of("größer"), ["größer"]);
        assert_eq!(of("(unclosed"), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_match_holds_them(
            expression in "(a|b|ab|\\(ab\\)|\\(a\\|b\\)|[ab]|a\\+|b\\?|\\(ab\\)\\*|\\.|\\^|\\$|c|\\\\b){1,6}",
            text in "[abc ]{0,12}",
        ) {
            if let Ok(regex) = Regex::new(&expression)
                && regex.is_match(&text)
            {
                for literal in required_literals(&expression, 1) {
                    prop_assert!(text.contains(&literal), "{expression} {text} {literal}");
                }
            }
        }
    }
}
