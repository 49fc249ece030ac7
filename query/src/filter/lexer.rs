//! A filter's text cut into terms.

use super::fail;
use crate::error::Error;

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// `:`
    Colon,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
}

/// What a term says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TermKind {
    /// A word or a quoted text.
    Text { text: String, quoted: bool },
    /// `key:value` and the like.
    Field {
        key: String,
        op: Op,
        value: String,
        value_position: usize,
    },
}

/// One term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// Its first character, from 1.
    pub(super) position: usize,
    /// A `-` stood before it.
    pub(super) negated: bool,
    /// What it says.
    pub(super) kind: TermKind,
}

/// Operators, longer ones first.
const OPS: [(&str, Op); 7] = [
    ("!=", Op::NotEqual),
    (">=", Op::AtLeast),
    ("<=", Op::AtMost),
    (":", Op::Colon),
    ("=", Op::Equal),
    (">", Op::Above),
    ("<", Op::Below),
];

/// All terms of a filter.
pub(super) fn terms(text: &str) -> Result<Vec<Term>, Error> {
    let mut scanner = Scanner { text, at: 0 };
    let mut terms = Vec::new();
    while scanner.skip_blanks() {
        terms.push(scanner.term()?);
    }
    Ok(terms)
}

struct Scanner<'text> {
    text: &'text str,
    at: usize,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The character at a byte offset, counted from 1.
    fn position(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    /// Goes to the next term; false at the end.
    fn skip_blanks(&mut self) -> bool {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.at < self.text.len()
    }

    fn term(&mut self) -> Result<Term, Error> {
        let position = self.position(self.at);
        let negated = self.rest().starts_with('-')
            && !self.rest()[1..].starts_with(|c: char| c.is_whitespace())
            && self.rest().len() > 1;
        self.at += usize::from(negated);
        let kind = if self.rest().starts_with('"') {
            TermKind::Text {
                text: self.quoted()?,
                quoted: true,
            }
        } else {
            match self.field()? {
                Some(field) => field,
                None => TermKind::Text {
                    text: self.bare(),
                    quoted: false,
                },
            }
        };
        if matches!(&kind, TermKind::Text { text, .. } if text.is_empty()) {
            return Err(fail(position, "a quoted text is empty"));
        }
        Ok(Term {
            position,
            negated,
            kind,
        })
    }

    fn bare(&mut self) -> String {
        let end = self
            .rest()
            .find(char::is_whitespace)
            .unwrap_or(self.rest().len());
        let text = self.rest()[..end].to_owned();
        self.at += end;
        text
    }

    /// A quoted text; `\"` and `\\` stand for themselves.
    fn quoted(&mut self) -> Result<String, Error> {
        let opened_at = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((offset, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += offset + 1;
                    return Ok(text);
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some((_, other)) => text.extend(['\\', other]),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err(fail(
            self.position(opened_at),
            "the quote that starts here is not closed",
        ))
    }

    /// `key`, an operator and a value; `None` when this is no field.
    fn field(&mut self) -> Result<Option<TermKind>, Error> {
        let rest = self.rest();
        let key_end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '@')))
            .unwrap_or(rest.len());
        let key = &rest[..key_end];
        let Some((spelling, op)) = OPS
            .iter()
            .find(|(spelling, _)| rest[key_end..].starts_with(spelling))
        else {
            return Ok(None);
        };
        let value = &rest[key_end + spelling.len()..];
        // "http://host", "10:05:00" and "a::b" are texts.
        let starts_like_key =
            key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@');
        if !starts_like_key || value.starts_with("//") || value.starts_with(':') {
            return Ok(None);
        }
        let key = key.to_owned();
        let value_at = self.at + key_end + spelling.len();
        if value.is_empty() || value.starts_with(char::is_whitespace) {
            if *op == Op::Colon && !super::fields::is_known(&key) {
                return Ok(None);
            }
            return Err(fail(
                self.position(value_at),
                format!("'{key}{spelling}' needs a value right after it"),
            ));
        }
        let is_quoted = value.starts_with('"');
        self.at = value_at;
        let value = if is_quoted {
            self.quoted()?
        } else {
            self.bare()
        };
        Ok(Some(TermKind::Field {
            key,
            op: *op,
            value,
            value_position: self.position(value_at),
        }))
    }
}
