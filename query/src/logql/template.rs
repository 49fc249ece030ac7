//! The texts of `| line_format` and `| label_format`: a part of Go's templates.
//!
//! Values `{{ .label }}`, functions `{{ upper .level }}`, pipes `{{ .a | trunc 5 }}`, brackets, `if`, `else`, `end`, comments,
//! `{{-` and `-}}`. Labels that are missing are empty. No variables, loops or definitions.
//!
//! Source: pkg.go.dev/text/template; grafana.com/docs/loki/latest/query/template_functions.

mod functions;
mod parser;
mod printf;
mod value;

use std::borrow::Cow;

use functions::Function;
use value::Value;

/// Longest text that a template or one of its functions makes, bytes: the longest body of a record. What comes after it
/// is cut.
pub(super) const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// What a template is filled in from.
pub(super) trait Fields {
    /// The value of a label.
    fn label(&self, name: &str) -> Option<Cow<'_, str>>;
    /// The line as it is now.
    fn line(&self) -> &str;
    /// When it happened, unix nanoseconds UTC.
    fn timestamp_ns(&self) -> i64;
}

/// A text with gaps.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Text(String),
    Value(Pipeline),
    If {
        /// The first that holds is written.
        branches: Vec<(Pipeline, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
}

/// Commands, each of which gets what the one before it made as its last argument.
#[derive(Debug, Clone)]
struct Pipeline(Vec<Command>);

#[derive(Debug, Clone)]
struct Command {
    /// None: the only argument is the value.
    function: Option<Function>,
    arguments: Vec<Operand>,
}

#[derive(Debug, Clone)]
enum Operand {
    Label(String),
    Constant(Value),
    Group(Pipeline),
}

impl Template {
    /// Reads a template.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        Ok(Self {
            text: text.to_owned(),
            nodes: parser::nodes(text)?,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text with its gaps filled in.
    pub(super) fn fill(&self, fields: &dyn Fields) -> String {
        let mut out = String::new();
        write(&self.nodes, fields, &mut out);
        out
    }
}

fn write(nodes: &[Node], fields: &dyn Fields, out: &mut String) {
    for node in nodes {
        match node {
            Node::Text(text) => push(out, text),
            Node::Value(pipeline) => push(out, &pipeline.evaluate(fields).text()),
            Node::If {
                branches,
                otherwise,
            } => {
                let chosen = branches
                    .iter()
                    .find(|(condition, _)| condition.evaluate(fields).is_true());
                write(chosen.map_or(otherwise, |(_, nodes)| nodes), fields, out);
            }
        }
    }
}

/// Adds a text as far as there is room.
fn push(out: &mut String, text: &str) {
    let room = MAX_TEXT_BYTES.saturating_sub(out.len());
    out.push_str(&text[..text.floor_char_boundary(room)]);
}

impl Pipeline {
    fn evaluate(&self, fields: &dyn Fields) -> Value {
        let mut last: Option<Value> = None;
        for command in &self.0 {
            let arguments = command.arguments.iter();
            let mut values: Vec<Value> = arguments
                .map(|operand| match operand {
                    Operand::Label(name) => {
                        let label = fields.label(name);
                        Value::Text(label.map(Cow::into_owned).unwrap_or_default())
                    }
                    Operand::Constant(value) => value.clone(),
                    Operand::Group(pipeline) => pipeline.evaluate(fields),
                })
                .collect();
            values.extend(last.take());
            last = match &command.function {
                None => values.pop(),
                Some(function) => Some(function.call(values, fields)),
            };
        }
        last.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
