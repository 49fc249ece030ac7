//! From the words of a query to what it says, within limits.

mod metric;
mod pipeline;

use super::ast::{Expression, LogQuery, Matcher, Pattern, Stage, TextTest};
use super::error::Error;
use super::lexer::{Position, Token, Word, words};

/// Longest query, bytes: as long as Loki takes.
pub const MAX_QUERY_BYTES: usize = 5_120;
/// Brackets and operators that may stand within each other.
const MAX_DEPTH: usize = 64;
/// Matchers, stages, alternatives and names of one list.
const MAX_ITEMS: usize = 128;

/// Reads a query.
///
/// # Errors
/// Fails with the place of the first thing that is not understood, or that is and cannot be done here.
pub fn parse(text: &str) -> Result<Expression, Error> {
    let mut parser = Parser::new(text)?;
    let expression = if parser.is_log_query() {
        Expression::Logs(parser.log_query()?)
    } else {
        Expression::Metric(parser.metric()?)
    };
    parser.end()?;
    if let Expression::Logs(query) = &expression {
        check_selector(query)?;
        if query
            .stages
            .iter()
            .any(|stage| matches!(stage, Stage::Unwrap(_)))
        {
            return Err(Error::Rule(
                "| unwrap needs a function over a window, such as sum_over_time".to_owned(),
            ));
        }
    }
    Ok(expression)
}

/// Reads a selector alone; an empty text and `{}` are everything.
///
/// # Errors
/// Fails as [`parse`] does.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, Error> {
    let mut parser = Parser::new(text)?;
    if parser.peek() == &Token::End {
        return Ok(Vec::new());
    }
    // Clients send whole queries where only the selector counts.
    let query = parser.log_query()?;
    parser.end()?;
    Ok(query.selector)
}

/// Loki's rule, which keeps people from asking for everything by mistake.
fn check_selector(query: &LogQuery) -> Result<(), Error> {
    let is_narrow = |matcher: &Matcher| match &matcher.test {
        TextTest::Equal(value) => !value.is_empty(),
        TextTest::Regex(pattern) => !pattern.is_match(""),
        TextTest::NotEqual(value) => value.is_empty(),
        TextTest::NotRegex(pattern) => pattern.is_match(""),
    };
    if query.selector.iter().any(is_narrow) {
        return Ok(());
    }
    Err(Error::Rule(
        "queries require at least one regexp or equality matcher that does not have an empty-compatible value. \
         For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will"
            .to_owned(),
    ))
}

struct Parser {
    words: Vec<Word>,
    at: usize,
    depth: usize,
    operators: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_QUERY_BYTES {
            return Err(Error::Rule(format!(
                "input size too long ({} > {MAX_QUERY_BYTES})",
                text.len()
            )));
        }
        Ok(Self {
            words: words(text)?,
            at: 0,
            depth: 0,
            operators: 0,
        })
    }

    fn word(&self) -> &Word {
        // The last one is the end, which is never passed.
        &self.words[self.at.min(self.words.len() - 1)]
    }

    fn peek(&self) -> &Token {
        &self.word().token
    }

    fn position(&self) -> Position {
        self.word().position
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.words.len() - 1);
        token
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(found) if *found == symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Identifier(found) if found == word)
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let is_there = self.is_symbol(symbol);
        if is_there {
            self.next();
        }
        is_there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.is_word(word);
        if is_there {
            self.next();
        }
        is_there
    }

    /// The word that stands here is none of those that may.
    fn unexpected<T>(&self, expected: &str) -> Result<T, Error> {
        let expected = if expected.is_empty() {
            String::new()
        } else {
            format!(", expecting {expected}")
        };
        Err(Error::parse(
            self.position(),
            format!("syntax error: unexpected {}{expected}", self.peek().name()),
        ))
    }

    /// What stands here is LogQL and cannot be done.
    fn unsupported<T>(&self, position: Position, what: &str) -> Result<T, Error> {
        Err(Error::parse(position, format!("{what} is not supported")))
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Error> {
        if self.take_symbol(symbol) {
            Ok(())
        } else {
            self.unexpected(symbol)
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        match self.peek() {
            Token::End => Ok(()),
            _ => self.unexpected(""),
        }
    }

    fn identifier(&mut self) -> Result<String, Error> {
        match self.peek() {
            Token::Identifier(_) => match self.next() {
                Token::Identifier(name) => Ok(name),
                _ => self.unexpected("IDENTIFIER"),
            },
            _ => self.unexpected("IDENTIFIER"),
        }
    }

    fn text(&mut self) -> Result<String, Error> {
        match self.peek() {
            Token::Text(text) => {
                let text = text.clone();
                self.next();
                Ok(text)
            }
            _ => self.unexpected("STRING"),
        }
    }

    /// One level deeper, for as long as `read` takes.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= MAX_DEPTH {
            return Err(Error::parse(
                self.position(),
                format!("nested more than {MAX_DEPTH} levels deep"),
            ));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn check_items(&self, count: usize, what: &str) -> Result<(), Error> {
        if count <= MAX_ITEMS {
            return Ok(());
        }
        Err(Error::parse(
            self.position(),
            format!("more than {MAX_ITEMS} {what}"),
        ))
    }

    /// Every operator makes the tree one level deeper, and whoever walks it has a stack.
    fn count_operator(&mut self) -> Result<(), Error> {
        self.operators += 1;
        self.check_items(self.operators, "operators")
    }

    fn is_log_query(&self) -> bool {
        let first = self.words[self.at..]
            .iter()
            .find(|word| word.token != Token::Symbol("("));
        first.is_some_and(|word| word.token == Token::Symbol("{"))
    }

    /// `{..} | ..`, also in brackets.
    fn log_query(&mut self) -> Result<LogQuery, Error> {
        let mut query = if self.take_symbol("(") {
            let query = self.nested(Self::log_query)?;
            self.expect(")")?;
            query
        } else {
            LogQuery {
                selector: self.selector()?,
                stages: Vec::new(),
            }
        };
        self.stages(&mut query.stages)?;
        Ok(query)
    }

    fn selector(&mut self) -> Result<Vec<Matcher>, Error> {
        self.expect("{")?;
        let mut matchers = Vec::new();
        if self.take_symbol("}") {
            return Ok(matchers);
        }
        loop {
            matchers.push(self.matcher()?);
            self.check_items(matchers.len(), "matchers")?;
            if self.take_symbol("}") {
                return Ok(matchers);
            }
            if !self.take_symbol(",") {
                return self.unexpected("} or ,");
            }
            // A comma at the end is Prometheus' habit.
            if self.take_symbol("}") {
                return Ok(matchers);
            }
        }
    }

    fn matcher(&mut self) -> Result<Matcher, Error> {
        let name = self.identifier()?;
        let symbol = match self.peek() {
            Token::Symbol(symbol @ ("=" | "!=" | "=~" | "!~")) => *symbol,
            _ => return self.unexpected("= or =~ or !~ or !="),
        };
        self.next();
        let position = self.position();
        let value = self.text()?;
        Ok(Matcher {
            name,
            test: text_test(symbol, value, position)?,
        })
    }
}

fn text_test(symbol: &str, value: String, position: Position) -> Result<TextTest, Error> {
    let pattern =
        |value: &str| Pattern::whole(value).map_err(|reason| Error::parse(position, reason));
    Ok(match symbol {
        "=~" => TextTest::Regex(pattern(&value)?),
        "!~" => TextTest::NotRegex(pattern(&value)?),
        "!=" => TextTest::NotEqual(value),
        _ => TextTest::Equal(value),
    })
}
