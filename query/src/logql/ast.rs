//! What a LogQL query says.

mod field;
mod format;
mod range;
mod stage;

pub use field::{FieldChoice, FieldPath, Step};
pub use range::{RangeAggregation, RangeFunction};
pub use stage::{Conversion, LabelChange, LabelChoice, LabelSource, Unwrap};

use super::address::Addresses;
use super::extract::Extraction;
use super::template::Template;

use regex::{Regex, RegexBuilder};

/// Memory that one compiled expression may take, bytes.
const REGEX_BYTES: usize = 1024 * 1024;

/// A query.
#[derive(Debug, Clone)]
pub enum Expression {
    /// It asks for lines.
    Logs(LogQuery),
    /// It asks for numbers.
    Metric(Metric),
}

/// A selector and what happens to the lines.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// All of these must hold.
    pub selector: Vec<Matcher>,
    /// One after the other.
    pub stages: Vec<Stage>,
}

impl LogQuery {
    /// All lines.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            selector: Vec::new(),
            stages: Vec::new(),
        }
    }
}

/// A condition on a label.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// The condition.
    pub test: TextTest,
}

/// A condition on a text.
#[derive(Debug, Clone)]
pub enum TextTest {
    /// The same text.
    Equal(String),
    /// Another text.
    NotEqual(String),
    /// The whole text matches.
    Regex(Pattern),
    /// The whole text does not match.
    NotRegex(Pattern),
}

impl TextTest {
    /// Whether it holds; a label that is missing is the empty text.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::Equal(value) => text == value,
            Self::NotEqual(value) => text != value,
            Self::Regex(pattern) => pattern.is_match(text),
            Self::NotRegex(pattern) => !pattern.is_match(text),
        }
    }

    /// Whether it is one of the two that exclude.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        matches!(self, Self::NotEqual(_) | Self::NotRegex(_))
    }
}

/// A regular expression with its text.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// One that must match the whole text, as those of labels do.
    pub(super) fn whole(text: &str) -> Result<Self, String> {
        Self::new(text, &format!("^(?s:{text})$"))
    }

    /// One that must match somewhere in the text, as those of lines do.
    pub(super) fn anywhere(text: &str) -> Result<Self, String> {
        Self::new(text, text)
    }

    /// A text with gaps `<_>` that must match the whole line.
    pub(super) fn shape(text: &str) -> Result<Self, String> {
        let pieces: Vec<String> = text.split("<_>").map(regex::escape).collect();
        Self::new(text, &format!("^(?s:{})$", pieces.join(".*")))
    }

    fn new(text: &str, expression: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(expression)
            .size_limit(REGEX_BYTES)
            .build()
            .map_err(|error| {
                let shown = error.to_string();
                let reason = shown.lines().last().unwrap_or_default();
                format!("error parsing regexp: {}", reason.trim())
            })?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text matches.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// One step of a pipeline.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Keeps lines.
    Line(LineFilter),
    /// Takes a JSON object apart: these fields, or all.
    Json(Vec<FieldChoice>),
    /// Takes `key=value` pairs apart: these, or all.
    Logfmt(Vec<FieldChoice>),
    /// Keeps lines by their labels.
    Label(LabelFilter),
    /// Takes the line apart by a pattern or an expression.
    Extract(Extraction),
    /// Takes labels away.
    Drop(Vec<LabelChoice>),
    /// Takes all other labels away.
    Keep(Vec<LabelChoice>),
    /// Writes the line anew.
    LineFormat(Template),
    /// Sets labels.
    LabelFormat(Vec<LabelChange>),
    /// Takes the colours of terminals out of the line.
    Decolorize,
    /// Takes the number of a label.
    Unwrap(Unwrap),
}

/// Which lines are kept.
#[derive(Debug, Clone)]
pub struct LineFilter {
    /// True for `!=`, `!~` and `!>`: none of the alternatives may be found.
    pub is_negated: bool,
    /// What is looked for: any of these.
    pub alternatives: Vec<Needle>,
}

/// What is looked for in a line.
#[derive(Debug, Clone)]
pub enum Needle {
    /// A text, as it is.
    Text(String),
    /// A regular expression.
    Regex(Pattern),
    /// A pattern of lines.
    Shape(Pattern),
    /// An address.
    Address(Addresses),
}

impl Needle {
    /// Whether the line holds it.
    #[must_use]
    pub fn is_in(&self, line: &str) -> bool {
        match self {
            Self::Text(text) => line.contains(text.as_str()),
            Self::Regex(pattern) | Self::Shape(pattern) => pattern.is_match(line),
            Self::Address(addresses) => addresses.is_in(line),
        }
    }
}

impl LineFilter {
    /// Whether the line is kept.
    #[must_use]
    pub fn keeps(&self, line: &str) -> bool {
        self.alternatives.iter().any(|needle| needle.is_in(line)) != self.is_negated
    }
}

/// A condition on labels behind a `|`.
#[derive(Debug, Clone)]
pub enum LabelFilter {
    /// Both.
    And(Box<LabelFilter>, Box<LabelFilter>),
    /// One of both, or both.
    Or(Box<LabelFilter>, Box<LabelFilter>),
    /// A label as text.
    Text(Matcher),
    /// A label as number, duration or size.
    Number(NumberFilter),
    /// A label as address; `true` wants all others.
    Address(String, Addresses, bool),
}

/// A label compared with a quantity.
#[derive(Debug, Clone)]
pub struct NumberFilter {
    /// The label's name.
    pub name: String,
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub quantity: Quantity,
}

/// What a label is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// A number.
    Number(f64),
    /// A duration, nanoseconds.
    Duration(i64),
    /// A size, bytes.
    Bytes(f64),
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// Whether it holds.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// A question for numbers.
#[derive(Debug, Clone)]
pub enum Metric {
    /// A number.
    Scalar(f64),
    /// `vector(n)`: a series without labels.
    Vector(f64),
    /// A function over a window.
    Range(RangeAggregation),
    /// Series made fewer.
    Aggregate(Aggregation),
    /// Two sides calculated with each other.
    Binary(Box<Binary>),
}

/// Series made fewer at every instant.
#[derive(Debug, Clone)]
pub struct Aggregation {
    /// How.
    pub operator: AggregateOperator,
    /// Which labels tell the groups; none makes one group.
    pub grouping: Option<Grouping>,
    /// How many `topk` and `bottomk` keep.
    pub count: usize,
    /// Of what.
    pub inner: Box<Metric>,
}

/// How series are made fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateOperator {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// How many.
    Count,
    /// The largest ones.
    Top,
    /// The smallest ones.
    Bottom,
}

impl AggregateOperator {
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 7] = [
        ("sum", Self::Sum),
        ("avg", Self::Average),
        ("min", Self::Minimum),
        ("max", Self::Maximum),
        ("count", Self::Count),
        ("topk", Self::Top),
        ("bottomk", Self::Bottom),
    ];

    /// Whether it keeps series as they are.
    #[must_use]
    pub fn is_choice(self) -> bool {
        matches!(self, Self::Top | Self::Bottom)
    }
}

/// Which labels stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// True when the named ones go and all others stay.
    pub is_without: bool,
    /// The names.
    pub labels: Vec<String>,
}

/// Two sides and what is done with them.
#[derive(Debug, Clone)]
pub struct Binary {
    /// What is done.
    pub operator: BinaryOperator,
    /// Whether a comparison answers 1 and 0 in place of leaving out.
    pub is_bool: bool,
    /// Left side.
    pub left: Metric,
    /// Right side.
    pub right: Metric,
}

/// What is done with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// Both are calculated to one number.
    Arithmetic(Arithmetic),
    /// The left one stays where it holds.
    Compare(Comparison),
    /// The left one stays where the right one is.
    And,
    /// The right one where the left one is not.
    Or,
    /// The left one stays where the right one is not.
    Unless,
}

/// How two numbers become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `^`
    Power,
}

impl Arithmetic {
    /// The number; not a number and infinite ones as floating point has them.
    #[must_use]
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
            Self::Power => left.powf(right),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "^",
        }
    }
}
