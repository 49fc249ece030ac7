//! From the text of a template to its parts.

use super::functions::Function;
use super::value::Value;
use super::{Command, Node, Operand, Pipeline};

/// Brackets and conditions that may stand within each other.
const MAX_DEPTH: usize = 16;
/// Words of Go's templates that are understood and not done.
const UNSUPPORTED: [&str; 7] = [
    "range", "with", "define", "template", "block", "break", "continue",
];

/// The parts of a template.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, String> {
    let mut reader = Reader {
        rest: text,
        is_trimmed: false,
    };
    let (nodes, end) = reader.nodes(0)?;
    match end {
        End::Text => Ok(nodes),
        End::Else(_) => Err("unexpected {{else}} in a template".to_owned()),
        End::Block => Err("unexpected {{end}} in a template".to_owned()),
    }
}

/// What ended a list of parts.
enum End {
    Text,
    /// `else`, with the condition of an `else if`.
    Else(Option<Pipeline>),
    /// `end`.
    Block,
}

struct Reader<'t> {
    rest: &'t str,
    /// The action before ended with `-}}`.
    is_trimmed: bool,
}

impl Reader<'_> {
    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End), String> {
        if depth > MAX_DEPTH {
            return Err(format!(
                "a template is nested more than {MAX_DEPTH} levels deep"
            ));
        }
        let mut nodes = Vec::new();
        loop {
            let start = self.rest.find("{{");
            let mut text = &self.rest[..start.unwrap_or(self.rest.len())];
            if self.is_trimmed {
                text = text.trim_start();
            }
            let Some(start) = start else {
                push_text(&mut nodes, text);
                self.rest = "";
                return Ok((nodes, End::Text));
            };
            self.rest = &self.rest[start + 2..];
            if let Some(after) = self.rest.strip_prefix("- ") {
                text = text.trim_end();
                self.rest = after;
            }
            push_text(&mut nodes, text);
            let Some(tokens) = self.action()? else {
                continue;
            };
            let mut action = Action { tokens, at: 0 };
            match action.keyword() {
                Some("end") => {
                    action.finish()?;
                    return Ok((nodes, End::Block));
                }
                Some("else") => {
                    let is_if = action.keyword() == Some("if");
                    let condition = is_if.then(|| action.pipeline(0)).transpose()?;
                    action.finish()?;
                    return Ok((nodes, End::Else(condition)));
                }
                Some("if") => {
                    let condition = action.pipeline(0)?;
                    action.finish()?;
                    nodes.push(self.branches(condition, depth)?);
                }
                _ => {
                    let pipeline = action.pipeline(0)?;
                    action.finish()?;
                    nodes.push(Node::Value(pipeline));
                }
            }
        }
    }

    fn branches(&mut self, condition: Pipeline, depth: usize) -> Result<Node, String> {
        let mut branches = Vec::new();
        let mut condition = Some(condition);
        loop {
            let (nodes, end) = self.nodes(depth + 1)?;
            let is_last = condition.is_none();
            let otherwise = match condition.take() {
                Some(condition) => {
                    branches.push((condition, nodes));
                    Vec::new()
                }
                None => nodes,
            };
            match end {
                End::Block => {
                    return Ok(Node::If {
                        branches,
                        otherwise,
                    });
                }
                End::Else(next) if !is_last => condition = next,
                End::Else(_) => return Err("two {{else}} in a template".to_owned()),
                End::Text => return Err("{{if}} without {{end}} in a template".to_owned()),
            }
        }
    }

    /// The words up to `}}`; `None` for a comment.
    fn action(&mut self) -> Result<Option<Vec<Token>>, String> {
        if let Some(comment) = self.rest.trim_start().strip_prefix("/*") {
            let unclosed = "a comment in a template is not closed";
            let (_, after) = comment.split_once("*/").ok_or(unclosed)?;
            self.rest = after.trim_start();
            self.close().ok_or(unclosed)?;
            return Ok(None);
        }
        let mut tokens = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.close().is_some() {
                return Ok(Some(tokens));
            }
            if self.rest.is_empty() {
                return Err("{{ without }} in a template".to_owned());
            }
            let (token, rest) = token(self.rest)?;
            tokens.push(token);
            self.rest = rest;
        }
    }

    fn close(&mut self) -> Option<()> {
        let trimmed = self.rest.strip_prefix("-}}");
        self.is_trimmed = trimmed.is_some();
        self.rest = trimmed.or_else(|| self.rest.strip_prefix("}}"))?;
        Some(())
    }
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if !text.is_empty() {
        nodes.push(Node::Text(text.to_owned()));
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Label(String),
    Name(String),
    Constant(Value),
    Pipe,
    Open,
    Close,
}

fn token(text: &str) -> Result<(Token, &str), String> {
    let mut characters = text.chars();
    let first = characters.next().unwrap_or_default();
    let after = characters.as_str();
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let word = |text: &'_ str| text.find(|c| !is_part(c)).unwrap_or(text.len());
    Ok(match first {
        '|' => (Token::Pipe, after),
        '(' => (Token::Open, after),
        ')' => (Token::Close, after),
        '.' if after.starts_with(is_part) => {
            let end = word(after);
            (Token::Label(after[..end].to_owned()), &after[end..])
        }
        '"' | '`' => quoted(first, after)?,
        '$' => return Err("variables in a template are not supported".to_owned()),
        '-' | '0'..='9' => {
            let is_digit = |character: char| character.is_ascii_digit() || character == '.';
            let end = after.find(|c| !is_digit(c)).unwrap_or(after.len());
            let number = &text[..end + 1];
            let value = number.parse().map(Value::Int).or_else(|_| {
                let float = number.parse().map(Value::Float);
                float.map_err(|_| format!("'{number}' in a template is no number"))
            });
            (Token::Constant(value?), &after[end..])
        }
        first if is_part(first) => {
            let end = word(text);
            let token = match &text[..end] {
                "true" => Token::Constant(Value::Bool(true)),
                "false" => Token::Constant(Value::Bool(false)),
                name => Token::Name(name.to_owned()),
            };
            (token, &text[end..])
        }
        other => return Err(format!("unexpected '{other}' in a template")),
    })
}

fn quoted(quote: char, text: &str) -> Result<(Token, &str), String> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Ok((Token::Constant(Value::Text(value)), &text[at + 1..]));
        }
        if character != '\\' || quote == '`' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some((_, 'n')) => value.push('\n'),
            Some((_, 't')) => value.push('\t'),
            Some((_, 'r')) => value.push('\r'),
            Some((_, other @ ('\\' | '"' | '\''))) => value.push(other),
            _ => return Err("an escape in a template is not understood".to_owned()),
        }
    }
    Err("a text in a template is not closed".to_owned())
}

struct Action {
    tokens: Vec<Token>,
    at: usize,
}

impl Action {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// The word of the language that stands here, which is passed.
    fn keyword(&mut self) -> Option<&'static str> {
        let Some(Token::Name(name)) = self.peek() else {
            return None;
        };
        let found = ["if", "else", "end"]
            .into_iter()
            .find(|known| known == name)?;
        self.at += 1;
        Some(found)
    }

    fn finish(&self) -> Result<(), String> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err("an action of a template has more words than it can have".to_owned()),
        }
    }

    fn pipeline(&mut self, depth: usize) -> Result<Pipeline, String> {
        if depth > MAX_DEPTH {
            return Err(format!(
                "a template is nested more than {MAX_DEPTH} levels deep"
            ));
        }
        let mut commands = Vec::new();
        loop {
            let is_first = commands.is_empty();
            commands.push(self.command(is_first, depth)?);
            if self.peek() != Some(&Token::Pipe) {
                return Ok(Pipeline(commands));
            }
            self.at += 1;
        }
    }

    fn command(&mut self, is_first: bool, depth: usize) -> Result<Command, String> {
        let Some(Token::Name(name)) = self.peek().cloned() else {
            let operand = self.operand(depth)?;
            let operand = operand.ok_or("a value is missing in a template")?;
            if !is_first {
                return Err("only a function may follow a | in a template".to_owned());
            }
            return Ok(Command {
                function: None,
                arguments: vec![operand],
            });
        };
        if UNSUPPORTED.contains(&name.as_str()) {
            return Err(format!("{name} in a template is not supported"));
        }
        self.at += 1;
        let mut arguments = Vec::new();
        while let Some(operand) = self.operand(depth)? {
            arguments.push(operand);
        }
        let literal = match arguments.first() {
            Some(Operand::Constant(Value::Text(text))) => Some(text.as_str()),
            _ => None,
        };
        let function = Function::named(&name, literal)?;
        let (least, most) = Function::arity(&name);
        let count = arguments.len() + usize::from(!is_first);
        if !(least..=most).contains(&count) {
            return Err(format!(
                "the function {name} in a template got {count} arguments"
            ));
        }
        Ok(Command {
            function: Some(function),
            arguments,
        })
    }

    /// A value, when one stands here. A function without arguments may stand for one.
    fn operand(&mut self, depth: usize) -> Result<Option<Operand>, String> {
        let operand = match self.peek().cloned() {
            Some(Token::Label(name)) => Operand::Label(name),
            Some(Token::Constant(value)) => Operand::Constant(value),
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.pipeline(depth + 1)?;
                if self.peek() != Some(&Token::Close) {
                    return Err("a ) is missing in a template".to_owned());
                }
                Operand::Group(inner)
            }
            Some(Token::Name(name)) => {
                let function = Function::named(&name, None)?;
                if Function::arity(&name) != (0, 0) {
                    return Err(format!(
                        "the function {name} in a template needs brackets around it"
                    ));
                }
                Operand::Group(Pipeline(vec![Command {
                    function: Some(function),
                    arguments: Vec::new(),
                }]))
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(operand))
    }
}
