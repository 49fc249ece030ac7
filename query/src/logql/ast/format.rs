//! A query written down again, the same one for the same meaning.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{
    AggregateOperator, Aggregation, Binary, BinaryOperator, Conversion, Expression, FieldChoice,
    Grouping, LabelChange, LabelChoice, LabelFilter, LabelSource, LineFilter, LogQuery, Matcher,
    Metric, Needle, Quantity, RangeAggregation, RangeFunction, Stage, TextTest, Unwrap,
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
        tested(f, &self.name, &self.test)
    }
}

fn tested(f: &mut Formatter<'_>, name: &str, test: &TextTest) -> fmt::Result {
    let (symbol, value) = match test {
        TextTest::Equal(value) => ("=", value.as_str()),
        TextTest::NotEqual(value) => ("!=", value.as_str()),
        TextTest::Regex(pattern) => ("=~", pattern.text()),
        TextTest::NotRegex(pattern) => ("!~", pattern.text()),
    };
    write!(f, "{name}{symbol}{}", Quoted(value))
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
            Self::Json(choices) => {
                f.write_str(" | json")?;
                list(f, " ", choices)
            }
            Self::Logfmt(choices) => {
                f.write_str(" | logfmt")?;
                list(f, " ", choices)
            }
            Self::Label(filter) => write!(f, " | {filter}"),
            Self::Extract(extraction) => {
                write!(f, " | {} {}", extraction.stage(), Quoted(extraction.text()))
            }
            Self::Drop(choices) => list(f, " | drop ", choices),
            Self::Keep(choices) => list(f, " | keep ", choices),
            Self::LineFormat(template) => {
                write!(f, " | line_format {}", Quoted(template.text()))
            }
            Self::LabelFormat(changes) => list(f, " | label_format ", changes),
            Self::Decolorize => f.write_str(" | decolorize"),
            Self::Unwrap(unwrap) => write!(f, " | unwrap {unwrap}"),
        }
    }
}

fn list(f: &mut Formatter<'_>, begin: &str, items: &[impl Display]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { begin } else { ", " })?;
        item.fmt(f)?;
    }
    Ok(())
}

impl Display for FieldChoice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.path.text() == self.name {
            return f.write_str(&self.name);
        }
        write!(f, "{}={}", self.name, Quoted(self.path.text()))
    }
}

impl Display for LabelChoice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.test {
            None => f.write_str(&self.name),
            Some(test) => tested(f, &self.name, test),
        }
    }
}

impl Display for LabelChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.source {
            LabelSource::Label(label) => write!(f, "{}={label}", self.name),
            LabelSource::Template(template) => {
                write!(f, "{}={}", self.name, Quoted(template.text()))
            }
        }
    }
}

impl Display for Unwrap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut named = Conversion::NAMED.iter();
        match named.find(|(_, conversion)| *conversion == self.conversion) {
            None => f.write_str(&self.label),
            Some((name, _)) => write!(f, "{name}({})", self.label),
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
                (Needle::Address(addresses), false) => ("|=", addresses.text()),
                (Needle::Address(addresses), true) => ("!=", addresses.text()),
            };
            let symbol = if index == 0 { symbol } else { "or" };
            if matches!(needle, Needle::Address(_)) {
                write!(f, " {symbol} ip({})", Quoted(text))?;
            } else {
                write!(f, " {symbol} {}", Quoted(text))?;
            }
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
            Self::Address(name, addresses, is_negated) => {
                let symbol = if *is_negated { "!=" } else { "=" };
                write!(f, "{name}{symbol}ip({})", Quoted(addresses.text()))
            }
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
        let range = format_duration(self.range_ns);
        write!(f, "{}(", self.function.name())?;
        if self.function == RangeFunction::Quantile {
            write!(f, "{}, ", self.quantile)?;
        }
        write!(f, "{}[{range}]", self.query)?;
        if self.offset_ns != 0 {
            write!(f, " offset {}", format_duration(self.offset_ns))?;
        }
        f.write_char(')')?;
        match &self.grouping {
            None => Ok(()),
            Some(grouping) => {
                let word = if grouping.is_without { "without" } else { "by" };
                write!(f, " {word} ({})", grouping.labels.join(", "))
            }
        }
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
