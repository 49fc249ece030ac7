//! What is asked of a number: which one, and how much.

use serde::{Deserialize, Serialize};

/// The name of the number of records of a group.
pub(in crate::understand) const RECORDS: &str = "records";

/// What a number measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// A length of time, milliseconds.
    Duration,
    /// An amount of data, bytes.
    Size,
    /// Per cent.
    Percent,
    /// The number of the attribute with this key, or the one beside this word.
    Named(String),
    /// The length of time beside this word, where a record tells several; milliseconds.
    DurationOf(String),
    /// The amount of data beside this word: what was `received`, and not what was sent; bytes.
    SizeOf(String),
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberOp {
    /// Greater.
    Above,
    /// Greater or equal.
    AtLeast,
    /// Less.
    Below,
    /// Less or equal.
    AtMost,
    /// Equal.
    Equal,
}

/// A number that records must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberCondition {
    /// What is compared.
    pub quantity: Quantity,
    /// How.
    pub op: NumberOp,
    /// With what, in the unit of the quantity.
    pub value: f64,
}

impl NumberCondition {
    /// Whether a number fulfils it.
    #[must_use]
    pub fn holds(&self, number: f64) -> bool {
        match self.op {
            NumberOp::Above => number > self.value,
            NumberOp::AtLeast => number >= self.value,
            NumberOp::Below => number < self.value,
            NumberOp::AtMost => number <= self.value,
            NumberOp::Equal => (number - self.value).abs() < 1e-9,
        }
    }

    /// Whether it is about how many records a group has.
    #[must_use]
    pub fn is_of_groups(&self) -> bool {
        matches!(&self.quantity, Quantity::Named(name) if name == RECORDS)
    }

    /// For people: `duration > 2000 ms`.
    #[must_use]
    pub fn label(&self) -> String {
        let op = match self.op {
            NumberOp::Above => ">",
            NumberOp::AtLeast => ">=",
            NumberOp::Below => "<",
            NumberOp::AtMost => "<=",
            NumberOp::Equal => "=",
        };
        format!(
            "{} {op} {}{}",
            self.quantity.name(),
            self.value,
            self.quantity.unit()
        )
    }
}

impl Quantity {
    /// The same one beside a word, where it has a unit.
    pub(in crate::understand) fn beside(self, word: &str) -> Self {
        match self {
            Self::Duration => Self::DurationOf(word.to_owned()),
            Self::Size => Self::SizeOf(word.to_owned()),
            other => other,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Percent => "share",
            Self::Named(name) | Self::DurationOf(name) | Self::SizeOf(name) => name,
        }
    }

    /// Its unit after a number, with a blank before it.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Duration | Self::DurationOf(_) => " ms",
            Self::Size | Self::SizeOf(_) => " bytes",
            Self::Percent => " %",
            Self::Named(_) => "",
        }
    }
}
