//! Queries for numbers.

use super::{Parser, check_selector};
use crate::logql::ast::{
    AggregateOperator, Aggregation, Arithmetic, Binary, BinaryOperator, Comparison, Grouping,
    Metric, RangeAggregation, RangeFunction,
};
use crate::logql::error::Error;
use crate::logql::lexer::{Position, Token};

/// Functions of LogQL that are not there.
const UNSUPPORTED: [&str; 11] = [
    "absent_over_time",
    "rate_counter",
    "label_replace",
    "variants",
    "stddev",
    "stdvar",
    "sort",
    "sort_desc",
    "approx_topk",
    "group",
    "quantile",
];

/// How tightly an operator binds; all but the last from the left.
fn binding(operator: BinaryOperator) -> u8 {
    match operator {
        BinaryOperator::Or => 1,
        BinaryOperator::And | BinaryOperator::Unless => 2,
        BinaryOperator::Compare(_) => 3,
        BinaryOperator::Arithmetic(Arithmetic::Add | Arithmetic::Subtract) => 4,
        BinaryOperator::Arithmetic(
            Arithmetic::Multiply | Arithmetic::Divide | Arithmetic::Remainder,
        ) => 5,
        BinaryOperator::Arithmetic(Arithmetic::Power) => 6,
    }
}

impl Parser {
    pub(super) fn metric(&mut self) -> Result<Metric, Error> {
        self.nested(|parser| parser.operation(0))
    }

    /// Everything whose operators bind at least so tightly.
    fn operation(&mut self, least: u8) -> Result<Metric, Error> {
        let mut left = self.operand()?;
        while let Some(operator) = self.operator() {
            let tightness = binding(operator);
            if tightness < least {
                return Ok(left);
            }
            self.next();
            let is_bool = self.take_word("bool");
            if is_bool && !matches!(operator, BinaryOperator::Compare(_)) {
                return self.unexpected("");
            }
            for word in ["on", "ignoring", "group_left", "group_right"] {
                if self.is_word(word) {
                    return self.unsupported(self.position(), word);
                }
            }
            let is_power = operator == BinaryOperator::Arithmetic(Arithmetic::Power);
            let least = tightness + u8::from(!is_power);
            let right = self.nested(|parser| parser.operation(least))?;
            left = Metric::Binary(Box::new(Binary {
                operator,
                is_bool,
                left,
                right,
            }));
            self.count_operator()?;
        }
        Ok(left)
    }

    fn operator(&self) -> Option<BinaryOperator> {
        Some(match self.peek() {
            Token::Symbol("+") => BinaryOperator::Arithmetic(Arithmetic::Add),
            Token::Symbol("-") => BinaryOperator::Arithmetic(Arithmetic::Subtract),
            Token::Symbol("*") => BinaryOperator::Arithmetic(Arithmetic::Multiply),
            Token::Symbol("/") => BinaryOperator::Arithmetic(Arithmetic::Divide),
            Token::Symbol("%") => BinaryOperator::Arithmetic(Arithmetic::Remainder),
            Token::Symbol("^") => BinaryOperator::Arithmetic(Arithmetic::Power),
            Token::Symbol("==") => BinaryOperator::Compare(Comparison::Equal),
            Token::Symbol("!=") => BinaryOperator::Compare(Comparison::NotEqual),
            Token::Symbol(">") => BinaryOperator::Compare(Comparison::Greater),
            Token::Symbol(">=") => BinaryOperator::Compare(Comparison::GreaterOrEqual),
            Token::Symbol("<") => BinaryOperator::Compare(Comparison::Less),
            Token::Symbol("<=") => BinaryOperator::Compare(Comparison::LessOrEqual),
            Token::Identifier(word) => match word.as_str() {
                "and" => BinaryOperator::And,
                "or" => BinaryOperator::Or,
                "unless" => BinaryOperator::Unless,
                _ => return None,
            },
            _ => return None,
        })
    }

    fn operand(&mut self) -> Result<Metric, Error> {
        let position = self.position();
        if self.take_symbol("(") {
            let metric = self.metric()?;
            self.expect(")")?;
            return Ok(metric);
        }
        if let Some(number) = self.number()? {
            return Ok(Metric::Scalar(number));
        }
        let Token::Identifier(name) = self.peek().clone() else {
            return self.unexpected("");
        };
        if name == "vector" {
            self.next();
            self.expect("(")?;
            let Some(number) = self.number()? else {
                return self.unexpected("NUMBER");
            };
            self.expect(")")?;
            return Ok(Metric::Vector(number));
        }
        if let Some((_, function)) = RangeFunction::ALL.iter().find(|(known, _)| *known == name) {
            self.next();
            return self.range(*function, position);
        }
        let known = AggregateOperator::ALL.iter();
        if let Some((_, operator)) = { known }.find(|(known, _)| *known == name) {
            self.next();
            return self.aggregation(*operator, position);
        }
        if UNSUPPORTED.contains(&name.as_str()) {
            return self.unsupported(position, &format!("the function {name}"));
        }
        self.unexpected("")
    }

    /// A number with its sign.
    fn number(&mut self) -> Result<Option<f64>, Error> {
        let is_negative = self.is_symbol("-");
        if is_negative || self.is_symbol("+") {
            self.next();
            let Token::Number(number) = *self.peek() else {
                return self.unexpected("NUMBER");
            };
            self.next();
            return Ok(Some(if is_negative { -number } else { number }));
        }
        let Token::Number(number) = *self.peek() else {
            return Ok(None);
        };
        self.next();
        Ok(Some(number))
    }

    /// `({..} | .. [5m] offset 1h)`; the window may also stand before the stages.
    fn range(&mut self, function: RangeFunction, position: Position) -> Result<Metric, Error> {
        self.expect("(")?;
        let mut quantile = 0.0;
        if function == RangeFunction::Quantile {
            let Some(number) = self.number()? else {
                return self.unexpected("NUMBER");
            };
            quantile = number;
            self.expect(",")?;
        }
        let mut query = self.nested(Self::log_query)?;
        if !self.is_symbol("[") {
            return self.unexpected("[");
        }
        let range_ns = self.window()?;
        let mut offset_ns = 0;
        if self.take_word("offset") {
            offset_ns = self.duration()?;
        }
        self.stages(&mut query.stages)?;
        if offset_ns == 0 && self.take_word("offset") {
            offset_ns = self.duration()?;
        }
        self.expect(")")?;
        check_selector(&query)?;
        let refused = |reason: &str| {
            let reason = format!("{reason} for {} aggregation", function.name());
            Err(Error::parse(position, reason))
        };
        if !function.takes_grouping() && (self.is_word("by") || self.is_word("without")) {
            return refused("grouping not allowed");
        }
        let grouping = self.grouping()?;
        let range = RangeAggregation {
            function,
            quantile,
            query,
            range_ns,
            offset_ns,
            grouping,
        };
        match range.unwrap() {
            None if function.is_of_values() => refused("| unwrap is missing"),
            Some(_) if !function.is_of_values() && function != RangeFunction::Rate => {
                refused("| unwrap is not allowed")
            }
            _ => Ok(Metric::Range(range)),
        }
    }

    fn window(&mut self) -> Result<i64, Error> {
        self.expect("[")?;
        let position = self.position();
        let range_ns = self.duration()?;
        if range_ns == 0 {
            return Err(Error::parse(position, "a window must not be empty"));
        }
        if self.is_symbol(":") {
            return self.unsupported(self.position(), "a subquery");
        }
        self.expect("]")?;
        Ok(range_ns)
    }

    fn duration(&mut self) -> Result<i64, Error> {
        let Token::Duration(duration_ns) = *self.peek() else {
            return self.unexpected("DURATION");
        };
        self.next();
        Ok(duration_ns)
    }

    fn aggregation(
        &mut self,
        operator: AggregateOperator,
        position: Position,
    ) -> Result<Metric, Error> {
        let mut grouping = self.grouping()?;
        self.expect("(")?;
        let mut count = 0;
        if operator.is_choice() {
            count = self.choice_count()?;
            self.expect(",")?;
        }
        let inner = self.metric()?;
        self.expect(")")?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        if matches!(inner, Metric::Scalar(_)) {
            return Err(Error::parse(position, "a number cannot be aggregated"));
        }
        Ok(Metric::Aggregate(Aggregation {
            operator,
            grouping,
            count,
            inner: Box::new(inner),
        }))
    }

    fn choice_count(&mut self) -> Result<usize, Error> {
        let position = self.position();
        let Some(number) = self.number()? else {
            return self.unexpected("NUMBER");
        };
        if !(1.0..=10_000.0).contains(&number) {
            return Err(Error::parse(
                position,
                format!("invalid parameter {number}, it must lie between 1 and 10000"),
            ));
        }
        Ok(number as usize)
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Error> {
        let is_without = self.is_word("without");
        if !is_without && !self.is_word("by") {
            return Ok(None);
        }
        self.next();
        self.expect("(")?;
        let mut labels = Vec::new();
        while !self.take_symbol(")") {
            labels.push(self.identifier()?);
            self.check_items(labels.len(), "labels")?;
            if !self.take_symbol(",") && !self.is_symbol(")") {
                return self.unexpected(", or )");
            }
        }
        Ok(Some(Grouping { is_without, labels }))
    }
}
