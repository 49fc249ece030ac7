//! What stands behind a selector.

use super::{Parser, text_test};
use crate::logql::ast::{
    Comparison, LabelFilter, LineFilter, Matcher, Needle, NumberFilter, Pattern, Quantity, Stage,
};
use crate::logql::error::Error;
use crate::logql::lexer::Token;

/// Stages of LogQL that change lines or values: what they make could not be filtered or counted before it is read.
const UNSUPPORTED: [&str; 8] = [
    "line_format",
    "label_format",
    "unwrap",
    "unpack",
    "pattern",
    "regexp",
    "decolorize",
    "distinct",
];

impl Parser {
    /// Adds the stages that stand here.
    pub(super) fn stages(&mut self, stages: &mut Vec<Stage>) -> Result<(), Error> {
        loop {
            match self.peek() {
                Token::Symbol(symbol @ ("|=" | "!=" | "|~" | "!~" | "|>" | "!>")) => {
                    let symbol = *symbol;
                    stages.push(self.line_filter(symbol)?);
                }
                Token::Symbol("|") => {
                    self.next();
                    stages.push(self.stage()?);
                }
                _ => return Ok(()),
            }
            self.check_items(stages.len(), "stages")?;
        }
    }

    fn line_filter(&mut self, symbol: &str) -> Result<Stage, Error> {
        self.next();
        let mut alternatives = Vec::new();
        loop {
            let position = self.position();
            if self.is_word("ip") {
                return self.unsupported(position, "the line filter ip(..)");
            }
            let text = self.text()?;
            let needle = match symbol {
                "|~" | "!~" => Pattern::anywhere(&text).map(Needle::Regex),
                "|>" | "!>" => Pattern::shape(&text).map(Needle::Shape),
                _ => Ok(Needle::Text(text)),
            };
            alternatives.push(needle.map_err(|reason| Error::parse(position, reason))?);
            self.check_items(alternatives.len(), "alternatives")?;
            if !self.take_word("or") {
                return Ok(Stage::Line(LineFilter {
                    is_negated: symbol.starts_with('!'),
                    alternatives,
                }));
            }
        }
    }

    fn stage(&mut self) -> Result<Stage, Error> {
        let position = self.position();
        let name = match self.peek() {
            Token::Identifier(name) => name.clone(),
            Token::Symbol("(") => return Ok(Stage::Label(self.label_filter()?)),
            _ => {
                return self.unexpected("json, logfmt, drop, keep or a label");
            }
        };
        if self.is_comparison(1) {
            return Ok(Stage::Label(self.label_filter()?));
        }
        match name.as_str() {
            "json" | "logfmt" => {
                self.next();
                self.parser_options(&name)?;
                Ok(if name == "json" {
                    Stage::Json
                } else {
                    Stage::Logfmt
                })
            }
            "drop" | "keep" => {
                self.next();
                let names = self.label_names(&name)?;
                Ok(if name == "drop" {
                    Stage::Drop(names)
                } else {
                    Stage::Keep(names)
                })
            }
            other if UNSUPPORTED.contains(&other) => {
                self.unsupported(position, &format!("the stage | {other}"))
            }
            _ => {
                self.next();
                self.unexpected("= or == or != or =~ or !~ or > or >= or < or <=")
            }
        }
    }

    /// `--strict` and `--keep-empty` change nothing here; single fields cannot be chosen.
    fn parser_options(&mut self, name: &str) -> Result<(), Error> {
        while self.take_symbol("-") {
            self.expect("-")?;
            self.identifier()?;
            // The next option begins with two of them.
            while self.is_symbol("-") && !self.is_symbol_ahead("-") {
                self.next();
                self.identifier()?;
            }
        }
        match self.peek() {
            Token::Identifier(_) => {
                let position = self.position();
                self.unsupported(
                    position,
                    &format!("choosing fields with | {name} (leave the fields out, all are taken)"),
                )
            }
            _ => Ok(()),
        }
    }

    fn is_symbol_ahead(&self, symbol: &str) -> bool {
        let word = self.words.get(self.at + 1);
        word.is_some_and(|word| matches!(word.token, Token::Symbol(found) if found == symbol))
    }

    fn label_names(&mut self, stage: &str) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        loop {
            names.push(self.identifier()?);
            self.check_items(names.len(), "labels")?;
            if self.is_comparison(0) {
                let position = self.position();
                return self.unsupported(position, &format!("a condition in | {stage}"));
            }
            if !self.take_symbol(",") {
                return Ok(names);
            }
        }
    }

    /// Whether the word so far ahead compares a label.
    fn is_comparison(&self, ahead: usize) -> bool {
        let word = self.words.get(self.at + ahead);
        word.is_some_and(|word| {
            matches!(
                word.token,
                Token::Symbol("=" | "==" | "!=" | "=~" | "!~" | ">" | ">=" | "<" | "<=")
            )
        })
    }

    /// `a or b`.
    fn label_filter(&mut self) -> Result<LabelFilter, Error> {
        self.nested(|parser| {
            let mut left = parser.label_filters()?;
            while parser.take_word("or") {
                let right = parser.label_filters()?;
                left = LabelFilter::Or(Box::new(left), Box::new(right));
                parser.count_operator()?;
            }
            Ok(left)
        })
    }

    /// `a and b`, `a, b`, `a b`.
    fn label_filters(&mut self) -> Result<LabelFilter, Error> {
        let mut left = self.one_label_filter()?;
        loop {
            let is_joined = self.take_word("and") || self.take_symbol(",");
            let is_label = matches!(self.peek(), Token::Identifier(_)) && self.is_comparison(1);
            if !is_joined && !is_label && !self.is_symbol("(") {
                return Ok(left);
            }
            let right = self.one_label_filter()?;
            left = LabelFilter::And(Box::new(left), Box::new(right));
            self.count_operator()?;
        }
    }

    fn one_label_filter(&mut self) -> Result<LabelFilter, Error> {
        if self.take_symbol("(") {
            let filter = self.label_filter()?;
            self.expect(")")?;
            return Ok(filter);
        }
        let name = self.identifier()?;
        let symbol = match self.peek() {
            Token::Symbol(symbol @ ("=" | "==" | "!=" | "=~" | "!~" | ">" | ">=" | "<" | "<=")) => {
                *symbol
            }
            _ => {
                return self.unexpected("= or == or != or =~ or !~ or > or >= or < or <=");
            }
        };
        self.next();
        let position = self.position();
        if self.is_word("ip") {
            return self.unsupported(position, "the label filter ip(..)");
        }
        if let Token::Text(value) = self.peek() {
            let value = value.clone();
            if matches!(symbol, ">" | ">=" | "<" | "<=") {
                return self.unexpected("NUMBER or DURATION or BYTES");
            }
            self.next();
            let symbol = if symbol == "==" { "=" } else { symbol };
            return Ok(LabelFilter::Text(Matcher {
                name,
                test: text_test(symbol, value, position)?,
            }));
        }
        let comparison = match symbol {
            "=" | "==" => Comparison::Equal,
            "!=" => Comparison::NotEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            _ => return self.unexpected("STRING"),
        };
        Ok(LabelFilter::Number(NumberFilter {
            name,
            comparison,
            quantity: self.quantity()?,
        }))
    }

    fn quantity(&mut self) -> Result<Quantity, Error> {
        let is_negative = self.take_symbol("-");
        let quantity = match self.peek() {
            Token::Number(number) if is_negative => Quantity::Number(-number),
            Token::Number(number) => Quantity::Number(*number),
            Token::Duration(duration_ns) if !is_negative => Quantity::Duration(*duration_ns),
            Token::Bytes(bytes) if !is_negative => Quantity::Bytes(*bytes),
            _ => return self.unexpected("STRING or NUMBER or DURATION or BYTES"),
        };
        self.next();
        Ok(quantity)
    }
}
