//! A query written down again, the same one for the same meaning.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{
    AggregateOperator, Aggregation, Binary, BinaryOperator, Expression, Grouping, LabelFilter,
    LineFilter, LogQuery, Matcher, Metric, Needle, Quantity, RangeAggregation, RangeFunction,
    Stage, TextTest,
};
use crate::logql::value::format_duration;

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Logs(query) => query.fmt(f),
            Self::Metric(metric) => metric.fmt(f),
        }
    }
}

impl Display for LogQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (index, matcher) in self.selector.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            matcher.fmt(f)?;
        }
        f.write_char('}')?;
        self.stages.iter().try_for_each(|stage| stage.fmt(f))
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (symbol, value) = match &self.test {
            TextTest::Equal(value) => ("=", value.as_str()),
            TextTest::NotEqual(value) => ("!=", value.as_str()),
            TextTest::Regex(pattern) => ("=~", pattern.text()),
            TextTest::NotRegex(pattern) => ("!~", pattern.text()),
        };
        write!(f, "{}{symbol}{}", self.name, Quoted(value))
    }
}

/// A text in quotes, escaped as the lexer reads it.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                other if other.is_control() => write!(f, "\\u{:04x}", u32::from(other))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(filter) => filter.fmt(f),
            Self::Json => f.write_str(" | json"),
            Self::Logfmt => f.write_str(" | logfmt"),
            Self::Label(filter) => write!(f, " | {filter}"),
            Self::Drop(names) => write!(f, " | drop {}", names.join(", ")),
            Self::Keep(names) => write!(f, " | keep {}", names.join(", ")),
        }
    }
}

impl Display for LineFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, needle) in self.alternatives.iter().enumerate() {
            let (symbol, text) = match (needle, self.is_negated) {
                (Needle::Text(text), false) => ("|=", text.as_str()),
                (Needle::Text(text), true) => ("!=", text.as_str()),
                (Needle::Regex(pattern), false) => ("|~", pattern.text()),
                (Needle::Regex(pattern), true) => ("!~", pattern.text()),
                (Needle::Shape(pattern), false) => ("|>", pattern.text()),
                (Needle::Shape(pattern), true) => ("!>", pattern.text()),
            };
            let symbol = if index == 0 { symbol } else { "or" };
            write!(f, " {symbol} {}", Quoted(text))?;
        }
        Ok(())
    }
}

impl Display for LabelFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(left, right) => write!(f, "({left} and {right})"),
            Self::Or(left, right) => write!(f, "({left} or {right})"),
            Self::Text(matcher) => matcher.fmt(f),
            Self::Number(filter) => {
                write!(f, "{}{}", filter.name, filter.comparison.symbol())?;
                match filter.quantity {
                    Quantity::Number(number) => write!(f, "{number}"),
                    Quantity::Duration(duration_ns) => f.write_str(&format_duration(duration_ns)),
                    Quantity::Bytes(bytes) => write!(f, "{bytes}B"),
                }
            }
        }
    }
}

impl Display for Metric {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(number) => write!(f, "{number}"),
            Self::Vector(number) => write!(f, "vector({number})"),
            Self::Range(range) => range.fmt(f),
            Self::Aggregate(aggregation) => aggregation.fmt(f),
            Self::Binary(binary) => binary.fmt(f),
        }
    }
}

impl Display for RangeAggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = RangeFunction::ALL
            .iter()
            .find(|(_, function)| *function == self.function)
            .map_or("", |(name, _)| *name);
        let range = format_duration(self.range_ns);
        write!(f, "{name}({}[{range}]", self.query)?;
        if self.offset_ns != 0 {
            write!(f, " offset {}", format_duration(self.offset_ns))?;
        }
        f.write_char(')')
    }
}

impl Display for Aggregation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = AggregateOperator::ALL
            .iter()
            .find(|(_, operator)| *operator == self.operator)
            .map_or("", |(name, _)| *name);
        f.write_str(name)?;
        if let Some(grouping) = &self.grouping {
            grouping.fmt(f)?;
        }
        f.write_char('(')?;
        if self.operator.is_choice() {
            write!(f, "{}, ", self.count)?;
        }
        write!(f, "{})", self.inner)
    }
}

impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = if self.is_without { "without" } else { "by" };
        write!(f, " {word} ({}) ", self.labels.join(", "))
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let symbol = match self.operator {
            BinaryOperator::Arithmetic(arithmetic) => arithmetic.symbol(),
            BinaryOperator::Compare(comparison) => comparison.symbol(),
            BinaryOperator::And => "and",
            BinaryOperator::Or => "or",
            BinaryOperator::Unless => "unless",
        };
        let word = if self.is_bool { " bool" } else { "" };
        write!(f, "({} {symbol}{word} {})", self.left, self.right)
    }
}
