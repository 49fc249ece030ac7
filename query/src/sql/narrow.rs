//! Conditions of a query as conditions of a read: what the store can decide itself need not be decoded.
//!
//! A read may give more than the query wants, never less: every condition is checked again on what it gave. So
//! what is not understood here is left out.

use datafusion::arrow::array::{Array, BooleanArray, Int32Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator};
use domain::{AttributeFilter, AttributeOp, LogFilter, Severity, TemplateId, TextTerm};
use std::sync::Arc;

use super::functions::ATTRIBUTE;
use crate::literals::required_literals;

/// Shortest text between the wildcards of a pattern that is worth looking for, bytes.
const MIN_TERM_BYTES: usize = 3;
/// Longest text that is looked for; longer ones are for the check, bytes.
const MAX_TERM_BYTES: usize = 4_096;
/// Text conditions of one read, and those on attributes.
const MAX_TERMS: usize = 16;
/// Services or templates that a read names; of longer lists the check takes care.
const MAX_VALUES: usize = 200;

/// A read that gives every record for which all conditions hold.
#[derive(Debug, Clone)]
pub(super) struct Narrowed {
    pub(super) filter: LogFilter,
    /// True when no record can fulfil all conditions.
    pub(super) is_empty: bool,
}

impl Narrowed {
    pub(super) fn new(filter: LogFilter) -> Self {
        Self {
            filter,
            is_empty: false,
        }
    }

    /// One more condition.
    pub(super) fn and(&mut self, condition: &Expr, state: &dyn Session) {
        if let Some(allowed) = severities(condition, state) {
            return self.severities(&allowed);
        }
        match condition {
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::And,
                right,
            }) => {
                self.and(left, state);
                self.and(right, state);
            }
            Expr::BinaryExpr(BinaryExpr {
                left,
                op: Operator::RegexMatch,
                right,
            }) => self.expression(left, right),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op.swap() {
                _ if self.compared(left, *op, right) => {}
                Some(swapped) => {
                    self.compared(right, swapped, left);
                }
                None => {}
            },
            Expr::Between(between) if !between.negated => {
                self.compared(&between.expr, Operator::GtEq, &between.low);
                self.compared(&between.expr, Operator::LtEq, &between.high);
            }
            Expr::InList(list) => self.listed(list),
            Expr::Like(like) if !like.negated => self.like(like),
            Expr::ScalarFunction(call) if call.name() == "contains" => self.contains(call),
            Expr::ScalarFunction(call) if call.name() == "regexp_like" => {
                if let [place, expression] = call.args.as_slice() {
                    self.expression(place, expression);
                }
            }
            Expr::IsNotNull(inner) => {
                if let Some(key) = attribute(inner) {
                    self.attribute(key, AttributeOp::Exists, "");
                }
            }
            _ => {}
        }
        // `service = 'a' OR service = 'b'`: the planner makes a list of few only.
        if let Some(names) = alternatives(condition, "service") {
            self.services(names);
        }
        if let Some(names) = alternatives(condition, "template_id") {
            self.templates(&names);
        }
    }

    /// `left op right`; false when it is no comparison of a column with a constant.
    fn compared(&mut self, left: &Expr, op: Operator, right: &Expr) -> bool {
        let Expr::Literal(value, _) = right else {
            return false;
        };
        if let Some(key) = attribute(left) {
            if let Some(text) = text(value) {
                match op {
                    Operator::Eq => self.attribute(key, AttributeOp::Equal, text),
                    Operator::NotEq => self.attribute(key, AttributeOp::NotEqual, text),
                    _ => {}
                }
            }
            return true;
        }
        match (column(left), text(value)) {
            (Some("timestamp"), _) => self.instant(op, value),
            (Some("service"), Some(name)) if op == Operator::NotEq => self.exclude(name),
            (Some("trace_id"), Some(id)) if op == Operator::Eq => self.trace(id),
            (Some("body"), Some(body)) if op == Operator::Eq => self.term(body),
            (Some(_), _) => {}
            (None, _) => return false,
        }
        true
    }

    fn instant(&mut self, op: Operator, value: &ScalarValue) {
        let ScalarValue::TimestampNanosecond(Some(at_ns), _) = value else {
            return;
        };
        let after_ns = at_ns.saturating_add(1);
        let range = &mut self.filter.range;
        match op {
            Operator::GtEq => range.start_ns = range.start_ns.max(*at_ns),
            Operator::Gt => range.start_ns = range.start_ns.max(after_ns),
            Operator::Lt => range.end_ns = range.end_ns.min(*at_ns),
            Operator::LtEq => range.end_ns = range.end_ns.min(after_ns),
            Operator::Eq => {
                range.start_ns = range.start_ns.max(*at_ns);
                range.end_ns = range.end_ns.min(after_ns);
            }
            _ => {}
        }
        self.is_empty |= range.start_ns >= range.end_ns;
    }

    fn listed(&mut self, list: &InList) {
        let Some("service") = column(&list.expr) else {
            return;
        };
        if !list.negated {
            return;
        }
        // With a null in it nothing is known not to be in the list; that is for the check above.
        for name in list.list.iter().filter_map(literal_text) {
            self.exclude(name);
        }
    }

    fn exclude(&mut self, service: &str) {
        if self.filter.excluded_services.len() < MAX_VALUES {
            self.filter.excluded_services.push(service.to_owned());
        }
    }

    fn services(&mut self, names: Vec<String>) {
        if names.len() > MAX_VALUES {
            return;
        }
        if self.filter.services.is_empty() {
            self.filter.services = names;
        } else {
            self.filter.services.retain(|name| names.contains(name));
        }
        self.is_empty |= self.filter.services.is_empty();
    }

    fn templates(&mut self, names: &[String]) {
        if names.len() > MAX_VALUES {
            return;
        }
        // Only the spelling of ours names a template.
        let named: Vec<TemplateId> = names
            .iter()
            .filter_map(|name| {
                let id: TemplateId = name.parse().ok()?;
                (id.to_string() == *name).then_some(id)
            })
            .collect();
        if self.filter.template_ids.is_empty() {
            self.filter.template_ids = named;
        } else {
            self.filter.template_ids.retain(|id| named.contains(id));
        }
        self.is_empty |= self.filter.template_ids.is_empty();
    }

    fn severities(&mut self, allowed: &[Severity]) {
        if self.filter.severities.is_empty() {
            self.filter.severities = allowed.to_vec();
        } else {
            self.filter
                .severities
                .retain(|severity| allowed.contains(severity));
        }
        self.is_empty |= self.filter.severities.is_empty();
    }

    fn trace(&mut self, id: &str) {
        match &self.filter.trace_id {
            Some(named) if named != id => self.is_empty = true,
            _ => self.filter.trace_id = Some(id.to_owned()),
        }
    }

    fn attribute(&mut self, key: &str, op: AttributeOp, value: &str) {
        if key.contains('\0') || value.contains('\0') || self.filter.attributes.len() >= MAX_TERMS {
            return;
        }
        let filter = AttributeFilter {
            key: key.to_owned(),
            op,
            value: value.to_owned(),
        };
        if !self.filter.attributes.contains(&filter) {
            self.filter.attributes.push(filter);
        }
    }

    /// The body holds this text.
    fn term(&mut self, text: &str) {
        if !(1..=MAX_TERM_BYTES).contains(&text.len())
            || text.contains('\0')
            || self.filter.text.len() >= MAX_TERMS
        {
            return;
        }
        self.filter.text.push(TextTerm {
            term: text.to_owned(),
            negated: false,
            template_ids: Vec::new(),
        });
    }

    fn like(&mut self, like: &Like) {
        let (Some("body"), Some(pattern)) = (column(&like.expr), literal_text(&like.pattern))
        else {
            return;
        };
        if like.escape_char.is_some() || pattern.contains('\\') {
            return;
        }
        for piece in pattern.split(['%', '_']) {
            if like.case_insensitive {
                // Of what ILIKE holds for equal, the store knows the ASCII letters only; besides those, k and s
                // have one more form each (the Kelvin sign, the long s).
                let plain = |c: char| !c.is_ascii() || matches!(c, 'k' | 'K' | 's' | 'S');
                let longest = piece.split(plain).max_by_key(|part| part.len());
                self.worthy(longest.unwrap_or_default());
            } else {
                self.worthy(piece);
            }
        }
    }

    fn worthy(&mut self, piece: &str) {
        if piece.len() >= MIN_TERM_BYTES {
            self.term(piece);
        }
    }

    /// The body matches a regular expression.
    fn expression(&mut self, place: &Expr, expression: &Expr) {
        if let (Some("body"), Some(expression)) = (column(place), literal_text(expression)) {
            for literal in required_literals(expression, MIN_TERM_BYTES) {
                self.term(&literal);
            }
        }
    }

    fn contains(&mut self, call: &ScalarFunction) {
        if let [place, wanted] = call.args.as_slice()
            && let (Some("body"), Some(wanted)) = (column(place), literal_text(wanted))
        {
            self.term(wanted);
        }
    }
}

/// The severities for which a condition on nothing else holds; it is computed for all seven.
fn severities(condition: &Expr, state: &dyn Session) -> Option<Vec<Severity>> {
    let named = condition.column_refs();
    let is_about_severity = |name: &str| name == "severity" || name == "severity_number";
    if named.is_empty()
        || !named.iter().all(|column| is_about_severity(&column.name))
        || condition.is_volatile()
    {
        return None;
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("severity", DataType::Utf8, false),
        Field::new("severity_number", DataType::Int32, false),
    ]));
    let words = StringArray::from_iter_values(Severity::ALL.iter().map(|item| item.as_str()));
    let numbers =
        Int32Array::from_iter_values(Severity::ALL.iter().map(|item| i32::from(item.number())));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![Arc::new(words), Arc::new(numbers)],
    )
    .ok()?;
    let schema = DFSchema::try_from(schema.as_ref().clone()).ok()?;
    let computed = state
        .create_physical_expr(condition.clone(), &schema)
        .and_then(|condition| condition.evaluate(&batch))
        .and_then(|values| values.into_array(Severity::ALL.len()))
        .ok()?;
    let holds = computed.as_any().downcast_ref::<BooleanArray>()?;
    let allowed = Severity::ALL
        .into_iter()
        .enumerate()
        .filter(|(row, _)| holds.is_valid(*row) && holds.value(*row))
        .map(|(_, severity)| severity)
        .collect();
    Some(allowed)
}

/// The values of a column of which one must be there for the condition to hold.
fn alternatives(condition: &Expr, name: &str) -> Option<Vec<String>> {
    match condition {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let mut values = alternatives(left, name)?;
            values.extend(alternatives(right, name)?);
            Some(values)
        }
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let value = match (column(left), column(right)) {
                (Some(column), None) if column == name => literal_text(right),
                (None, Some(column)) if column == name => literal_text(left),
                _ => None,
            }?;
            Some(vec![value.to_owned()])
        }
        Expr::InList(list) if !list.negated && column(&list.expr) == Some(name) => list
            .list
            .iter()
            .map(|item| literal_text(item).map(str::to_owned))
            .collect(),
        _ => None,
    }
}

fn column(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Column(column) => Some(&column.name),
        _ => None,
    }
}

/// The key when the expression is `attr(attributes, 'key')`.
fn attribute(expression: &Expr) -> Option<&str> {
    let Expr::ScalarFunction(call) = expression else {
        return None;
    };
    match call.args.as_slice() {
        [place, key] if call.name() == ATTRIBUTE && column(place) == Some("attributes") => {
            literal_text(key)
        }
        _ => None,
    }
}

fn literal_text(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Literal(value, _) => text(value),
        _ => None,
    }
}

fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}
