//! What stages do with labels.

use super::TextTest;
use crate::logql::template::Template;

/// A label that `| drop` takes away or `| keep` leaves.
#[derive(Debug, Clone)]
pub struct LabelChoice {
    /// Its name.
    pub name: String,
    /// Only when its value is so.
    pub test: Option<TextTest>,
}

/// One change of `| label_format`.
#[derive(Debug, Clone)]
pub struct LabelChange {
    /// The label that is set.
    pub name: String,
    /// To what.
    pub source: LabelSource,
}

/// Where the value of a label comes from.
#[derive(Debug, Clone)]
pub enum LabelSource {
    /// From another label, which goes.
    Label(String),
    /// From a template.
    Template(Template),
}

/// The number that a function over a window calculates with.
#[derive(Debug, Clone)]
pub struct Unwrap {
    /// The label that has it.
    pub label: String,
    /// How it is read.
    pub conversion: Conversion,
}

/// How a label becomes a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// It is one.
    Number,
    /// A duration, seconds.
    Duration,
    /// A size, bytes.
    Bytes,
}

impl Conversion {
    /// Those that have a name.
    pub const NAMED: [(&'static str, Self); 3] = [
        ("duration", Self::Duration),
        ("duration_seconds", Self::Duration),
        ("bytes", Self::Bytes),
    ];
}
