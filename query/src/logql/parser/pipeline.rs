//! What stands behind a selector.

use super::{Parser, text_test};
use crate::logql::address::Addresses;
use crate::logql::ast::{
    Comparison, Conversion, FieldChoice, FieldPath, LabelChange, LabelChoice, LabelFilter,
    LabelSource, LineFilter, Matcher, Needle, NumberFilter, Pattern, Quantity, Stage, Unwrap,
};
use crate::logql::error::Error;
use crate::logql::extract::Extraction;
use crate::logql::lexer::{Position, Token};
use crate::logql::template::Template;

/// Stages of LogQL that are not there.
const UNSUPPORTED: [&str; 2] = ["unpack", "distinct"];

/// Words that may follow a stage and are no fields of it.
const FOLLOWING: [&str; 6] = ["offset", "by", "without", "and", "or", "unless"];

impl Parser {
    /// Adds the stages that stand here.
    pub(super) fn stages(&mut self, stages: &mut Vec<Stage>) -> Result<(), Error> {
        loop {
            let position = self.position();
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
            let mut before = stages.iter().rev().skip(1);
            if before.any(|stage| matches!(stage, Stage::Unwrap(_)))
                && !matches!(stages.last(), Some(Stage::Label(_)))
            {
                return self.unsupported(
                    position,
                    "a stage other than a label filter behind | unwrap",
                );
            }
        }
    }

    fn line_filter(&mut self, symbol: &str) -> Result<Stage, Error> {
        self.next();
        let mut alternatives = Vec::new();
        loop {
            let position = self.position();
            let is_of_text = matches!(symbol, "|=" | "!=");
            if is_of_text && self.is_word("ip") {
                alternatives.push(Needle::Address(self.addresses()?));
            } else {
                let text = self.text()?;
                let needle = match symbol {
                    "|~" | "!~" => Pattern::anywhere(&text).map(Needle::Regex),
                    "|>" | "!>" => Pattern::shape(&text).map(Needle::Shape),
                    _ => Ok(Needle::Text(text)),
                };
                alternatives.push(needle.map_err(|reason| Error::parse(position, reason))?);
            }
            self.check_items(alternatives.len(), "alternatives")?;
            if !self.take_word("or") {
                return Ok(Stage::Line(LineFilter {
                    is_negated: symbol.starts_with('!'),
                    alternatives,
                }));
            }
        }
    }

    /// `ip("10.0.0.0/8")`.
    fn addresses(&mut self) -> Result<Addresses, Error> {
        self.next();
        self.expect("(")?;
        let position = self.position();
        let text = self.text()?;
        self.expect(")")?;
        Addresses::new(&text).map_err(|reason| Error::parse(position, reason))
    }

    fn stage(&mut self) -> Result<Stage, Error> {
        let position = self.position();
        let name = match self.peek() {
            Token::Identifier(name) => name.clone(),
            Token::Symbol("(") => return Ok(Stage::Label(self.label_filter()?)),
            _ => {
                return self.unexpected("a stage or a label");
            }
        };
        if self.is_comparison(1) {
            return Ok(Stage::Label(self.label_filter()?));
        }
        match name.as_str() {
            "json" | "logfmt" => {
                self.next();
                self.parser_options()?;
                Ok(if name == "json" {
                    Stage::Json(self.field_choices(FieldPath::new)?)
                } else {
                    Stage::Logfmt(self.field_choices(|text| Ok(FieldPath::key(text)))?)
                })
            }
            "drop" | "keep" => {
                self.next();
                let choices = self.label_choices()?;
                Ok(if name == "drop" {
                    Stage::Drop(choices)
                } else {
                    Stage::Keep(choices)
                })
            }
            "pattern" => self.made_of(Extraction::pattern).map(Stage::Extract),
            "regexp" => self.made_of(Extraction::regex).map(Stage::Extract),
            "line_format" => self.made_of(Template::new).map(Stage::LineFormat),
            "label_format" => {
                self.next();
                self.label_changes().map(Stage::LabelFormat)
            }
            "decolorize" => {
                self.next();
                Ok(Stage::Decolorize)
            }
            "unwrap" => {
                self.next();
                self.unwrap().map(Stage::Unwrap)
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

    /// `--strict` and `--keep-empty` change nothing here.
    fn parser_options(&mut self) -> Result<(), Error> {
        while self.take_symbol("-") {
            self.expect("-")?;
            self.identifier()?;
            // The next option begins with two of them.
            while self.is_symbol("-") && !self.is_symbol_ahead("-") {
                self.next();
                self.identifier()?;
            }
        }
        Ok(())
    }

    /// `a, b="c.d[0]"`; none is all.
    fn field_choices(
        &mut self,
        read: fn(&str) -> Result<FieldPath, String>,
    ) -> Result<Vec<FieldChoice>, Error> {
        let mut choices = Vec::new();
        while matches!(self.peek(), Token::Identifier(name) if !FOLLOWING.contains(&name.as_str()))
        {
            let name = self.identifier()?;
            let path = if self.is_symbol("=") {
                self.made_of(read)?
            } else {
                FieldPath::key(&name)
            };
            choices.push(FieldChoice { name, path });
            self.check_items(choices.len(), "fields")?;
            if !self.take_symbol(",") {
                break;
            }
        }
        Ok(choices)
    }

    fn is_symbol_ahead(&self, symbol: &str) -> bool {
        let word = self.words.get(self.at + 1);
        word.is_some_and(|word| matches!(word.token, Token::Symbol(found) if found == symbol))
    }

    /// The stage that stands here and the text behind it.
    fn made_of<T>(&mut self, make: fn(&str) -> Result<T, String>) -> Result<T, Error> {
        self.next();
        let position = self.position();
        let text = self.text()?;
        make(&text).map_err(|reason| Error::parse(position, reason))
    }

    /// `a, b="c"`.
    fn label_choices(&mut self) -> Result<Vec<LabelChoice>, Error> {
        let mut choices = Vec::new();
        loop {
            choices.push(if self.is_comparison(1) {
                let Matcher { name, test } = self.matcher()?;
                let test = Some(test);
                LabelChoice { name, test }
            } else {
                let name = self.identifier()?;
                LabelChoice { name, test: None }
            });
            self.check_items(choices.len(), "labels")?;
            if !self.take_symbol(",") {
                return Ok(choices);
            }
        }
    }

    /// `a=b, c="{{.d}}"`.
    fn label_changes(&mut self) -> Result<Vec<LabelChange>, Error> {
        let mut changes: Vec<LabelChange> = Vec::new();
        loop {
            let position = self.position();
            let name = self.identifier()?;
            if changes.iter().any(|change| change.name == name) {
                let reason = format!(
                    "multiple label name '{name}' not allowed in a single format operation"
                );
                return Err(Error::parse(position, reason));
            }
            if !self.is_symbol("=") {
                return self.unexpected("=");
            }
            let source = if matches!(self.words.get(self.at + 1), Some(word) if matches!(word.token, Token::Text(_)))
            {
                LabelSource::Template(self.made_of(Template::new)?)
            } else {
                self.next();
                LabelSource::Label(self.identifier()?)
            };
            changes.push(LabelChange { name, source });
            self.check_items(changes.len(), "labels")?;
            if !self.take_symbol(",") {
                return Ok(changes);
            }
        }
    }

    /// `label` or `duration(label)`.
    fn unwrap(&mut self) -> Result<Unwrap, Error> {
        let position: Position = self.position();
        let label = self.identifier()?;
        if !self.take_symbol("(") {
            let conversion = Conversion::Number;
            return Ok(Unwrap { label, conversion });
        }
        let mut named = Conversion::NAMED.iter();
        let Some((_, conversion)) = named.find(|(name, _)| *name == label) else {
            return self.unsupported(position, &format!("the conversion {label} of | unwrap"));
        };
        let label = self.identifier()?;
        self.expect(")")?;
        Ok(Unwrap {
            label,
            conversion: *conversion,
        })
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
        if self.is_word("ip") && matches!(symbol, "=" | "==" | "!=") {
            let addresses = self.addresses()?;
            return Ok(LabelFilter::Address(name, addresses, symbol == "!="));
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
