//! The words of a LogQL query.

use super::error::Error;
use super::value::{parse_bytes, parse_duration};

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Identifier(String),
    /// A quoted text, already unquoted.
    Text(String),
    /// A plain number.
    Number(f64),
    /// Such as `1h30m`, nanoseconds.
    Duration(i64),
    /// Such as `5KiB`, bytes.
    Bytes(f64),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// After the last word.
    End,
}

impl Token {
    /// The word as Loki's parser names it in an error.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Identifier(name) => keyword(name).unwrap_or("IDENTIFIER"),
            Self::Text(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Duration(_) => "DURATION",
            Self::Bytes(_) => "BYTES",
            Self::Symbol(symbol) => symbol,
            Self::End => "$end",
        }
    }
}

/// The word itself when it is one of the language, which no label may be called in an error.
fn keyword(name: &str) -> Option<&str> {
    const KEYWORDS: [&str; 22] = [
        "and",
        "or",
        "unless",
        "by",
        "without",
        "bool",
        "offset",
        "on",
        "ignoring",
        "json",
        "logfmt",
        "sum",
        "avg",
        "min",
        "max",
        "count",
        "topk",
        "bottomk",
        "rate",
        "count_over_time",
        "bytes_rate",
        "bytes_over_time",
    ];
    KEYWORDS.contains(&name).then_some(name)
}

/// A word and where it begins.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub token: Token,
    pub position: Position,
}

/// Line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub line: usize,
    pub column: usize,
}

/// The longest first, so that `|=` is not read as `|` and `=`.
const SYMBOLS: [&str; 29] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "{", "}", "(", ")", "[", "]", ",",
    "|", "=", ">", "<", "+", "-", "*", "/", "%", "^", ".", ":",
];

/// The words of a query, the last one [`Token::End`].
pub(super) fn words(text: &str) -> Result<Vec<Word>, Error> {
    let mut lexer = Lexer {
        rest: text,
        position: Position { line: 1, column: 1 },
    };
    let mut words = Vec::new();
    loop {
        lexer.skip_space();
        let position = lexer.position;
        let token = lexer.next()?;
        let is_end = token == Token::End;
        words.push(Word { token, position });
        if is_end {
            return Ok(words);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    position: Position,
}

impl Lexer<'_> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Error> {
        Err(Error::parse(self.position, message))
    }

    /// Goes on by so many bytes, which end at a character.
    fn advance(&mut self, bytes: usize) {
        for character in self.rest[..bytes].chars() {
            if character == '\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else {
                self.position.column += 1;
            }
        }
        self.rest = &self.rest[bytes..];
    }

    fn skip_space(&mut self) {
        loop {
            let length = self.rest.len() - self.rest.trim_start().len();
            self.advance(length);
            if !self.rest.starts_with('#') {
                return;
            }
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.advance(end);
        }
    }

    fn next(&mut self) -> Result<Token, Error> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token::End);
        };
        if first == '"' || first == '`' {
            return self.text(first);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let end = end_of(self.rest, |character| {
                character.is_ascii_alphanumeric() || character == '_'
            });
            let name = self.rest[..end].to_owned();
            self.advance(end);
            return Ok(Token::Identifier(name));
        }
        if first.is_ascii_digit() || is_fraction(self.rest) {
            return self.number();
        }
        for symbol in SYMBOLS {
            if self.rest.starts_with(symbol) {
                self.advance(symbol.len());
                return Ok(Token::Symbol(symbol));
            }
        }
        self.fail(format!("syntax error: unexpected character '{first}'"))
    }

    fn number(&mut self) -> Result<Token, Error> {
        let is_part = |character: char| character.is_alphanumeric() || character == '.';
        let mut end = end_of(self.rest, is_part);
        // The sign of an exponent: 1e-3.
        let word = &self.rest[..end];
        if word.ends_with(['e', 'E'])
            && word[..word.len() - 1].parse::<f64>().is_ok()
            && self.rest[end..].starts_with(['-', '+'])
        {
            end += 1 + end_of(&self.rest[end + 1..], |character| {
                character.is_ascii_digit()
            });
        }
        let word = &self.rest[..end];
        let is_plain = word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
        let plain = word.parse::<f64>().ok().filter(|_| is_plain);
        let token = if let Some(number) = plain.filter(|number| number.is_finite()) {
            Token::Number(number)
        } else if let Some(duration_ns) = parse_duration(word) {
            Token::Duration(duration_ns)
        } else if let Some(bytes) = parse_bytes(word) {
            Token::Bytes(bytes)
        } else {
            let shown: String = word.chars().take(40).collect();
            return self.fail(format!(
                "syntax error: '{shown}' is no number, duration or size"
            ));
        };
        self.advance(end);
        Ok(token)
    }

    fn text(&mut self, quote: char) -> Result<Token, Error> {
        let inner = &self.rest[1..];
        if quote == '`' {
            let Some(end) = inner.find('`') else {
                return self.fail("literal not terminated");
            };
            let text = inner[..end].to_owned();
            self.advance(end + 2);
            return Ok(Token::Text(text));
        }
        let mut text = String::new();
        let mut characters = inner.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.advance(at + 2);
                    return Ok(Token::Text(text));
                }
                '\n' => break,
                '\\' => match escape(&mut characters) {
                    Some(character) => text.push(character),
                    None => return self.fail("invalid char escape"),
                },
                other => text.push(other),
            }
        }
        self.fail("literal not terminated")
    }
}

/// `.5`.
fn is_fraction(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'.') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

fn end_of(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|character| !is_part(character))
        .unwrap_or(text.len())
}

/// What stands behind a backslash, as in Go: go.dev/ref/spec, "Rune literals". Bytes above 127 become the character of
/// that number, because texts are UTF-8 here.
fn escape(characters: &mut std::str::CharIndices<'_>) -> Option<char> {
    let (_, character) = characters.next()?;
    let mut number = |first: u32, radix: u32, digits: usize| {
        let mut value = first;
        for _ in 0..digits {
            let (_, digit) = characters.next()?;
            value = value * radix + digit.to_digit(radix)?;
        }
        char::from_u32(value)
    };
    match character {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'v' => Some('\u{b}'),
        '\\' | '"' | '\'' => Some(character),
        'x' => number(0, 16, 2),
        'u' => number(0, 16, 4),
        'U' => number(0, 16, 8),
        '0'..='7' => number(character.to_digit(8)?, 8, 2),
        _ => None,
    }
}
