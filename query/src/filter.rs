//! The language of the search box.

mod fields;
mod lexer;
mod text;

use domain::{LogFilter, Severity, TextTerm, TimeRange};

use crate::context::QuestionContext;
use crate::error::Error;
use crate::time::DAY_NS;
use lexer::{Op, Term, TermKind};
pub use text::filter_text;

/// Longest filter, in bytes.
const MAX_BYTES: usize = 4_096;
/// Most terms of one filter.
const MAX_TERMS: usize = 64;

/// Reads a filter such as `service:checkout level>=warn "connection refused" -heartbeat since:1h`.
///
/// The crate's text describes the language. An empty text is everything in the default range.
///
/// # Errors
/// Fails with the position of the first thing that is not understood, or when a limit is
/// exceeded (4,096 bytes, 64 terms).
pub fn parse_filter(text: &str, context: &QuestionContext) -> Result<LogFilter, Error> {
    let limit = |what: &'static str, value: usize, limit: usize| {
        let wide = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        if value > limit {
            Err(Error::Limit {
                what,
                value: wide(value),
                limit: wide(limit),
            })
        } else {
            Ok(())
        }
    };
    limit("length of the filter in bytes", text.len(), MAX_BYTES)?;
    let terms = lexer::terms(text)?;
    limit("number of filter terms", terms.len(), MAX_TERMS)?;
    let mut draft = Draft::new(context);
    let mut negate_next: Option<usize> = None;
    for mut term in terms {
        let word = match &term.kind {
            TermKind::Text {
                text,
                quoted: false,
            } if !term.negated => text.as_str(),
            _ => "",
        };
        match word {
            "AND" | "and" if draft.has_terms => continue,
            "OR" | "||" => {
                return Err(fail(
                    term.position,
                    "'OR' between terms is not supported; list values with commas (service:a,b) or search twice",
                ));
            }
            "NOT" => {
                negate_next = Some(term.position);
                continue;
            }
            _ => {}
        }
        if negate_next.take().is_some() {
            term.negated = !term.negated;
        }
        draft.has_terms = true;
        draft.add(term)?;
    }
    match negate_next {
        Some(position) => Err(fail(position, "'NOT' needs a term after it")),
        None => Ok(draft.finish()),
    }
}

fn fail(position: usize, message: impl Into<String>) -> Error {
    Error::Filter {
        position,
        message: message.into(),
    }
}

/// A filter on its way.
struct Draft<'context> {
    context: &'context QuestionContext,
    filter: LogFilter,
    since_ns: Option<i64>,
    until_ns: Option<i64>,
    severities: Option<Vec<Severity>>,
    has_terms: bool,
}

impl<'context> Draft<'context> {
    fn new(context: &'context QuestionContext) -> Self {
        let range = context
            .default_range
            .unwrap_or(TimeRange::last(context.now_ns, DAY_NS));
        Self {
            context,
            filter: LogFilter::in_range(range),
            since_ns: None,
            until_ns: None,
            severities: None,
            has_terms: false,
        }
    }

    fn add(&mut self, term: Term) -> Result<(), Error> {
        match term.kind {
            TermKind::Text { text, .. } => self.text(text, term.negated),
            TermKind::Field {
                key,
                op,
                value,
                value_position,
            } => {
                let field = fields::Field {
                    key,
                    op,
                    value,
                    value_position,
                    position: term.position,
                    negated: term.negated,
                };
                return field.apply(self);
            }
        }
        Ok(())
    }

    fn text(&mut self, term: String, negated: bool) {
        let term = TextTerm {
            term,
            negated,
            template_ids: Vec::new(),
        };
        if !self.filter.text.contains(&term) {
            self.filter.text.push(term);
        }
    }

    /// Keeps only severities that every severity term allows.
    fn allow(&mut self, allowed: &[Severity]) {
        let kept = self
            .severities
            .get_or_insert_with(|| Severity::ALL.to_vec());
        kept.retain(|severity| allowed.contains(severity));
    }

    fn finish(mut self) -> LogFilter {
        let default = self.filter.range;
        self.filter.range = match (self.since_ns, self.until_ns) {
            (None, None) => default,
            (Some(since), None) => TimeRange::new(since, self.context.now_ns.max(since)),
            (None, Some(until)) => TimeRange::last(until, default.duration_ns()),
            (Some(since), Some(until)) => TimeRange::new(since, until),
        };
        if let Some(severities) = self.severities {
            self.filter.severities = severities;
        }
        self.filter
    }
}
