//! A filter as SQL conditions, and the part of it that is decided outside SQL.

use domain::{LogFilter, Severity, TextTerm, TimeRange};

use super::batch::stored_trace_id;
use crate::statement::Statement;
use crate::{Backend, Error};

/// Conditions of one kind (services, severities, texts, attributes) that a filter may have.
const MAX_CONDITIONS: usize = 256;
/// Template ids that a filter may name. Each costs some 20 bytes of statement text.
const MAX_TEMPLATE_IDS: usize = 20_000;
/// Longest text term, bytes; SQLite refuses patterns above 50,000.
const MAX_TERM_BYTES: usize = 4_096;

/// Refuses filters beyond the written limits.
pub(crate) fn check(filter: &LogFilter) -> Result<(), Error> {
    let lists = [
        ("services", filter.services.len()),
        ("excluded services", filter.excluded_services.len()),
        ("severities", filter.severities.len()),
        ("text terms", filter.text.len()),
        ("attribute conditions", filter.attributes.len()),
    ];
    for (what, count) in lists {
        if count > MAX_CONDITIONS {
            return Err(Error::BadRequest {
                message: format!("filter has {count} {what}, limit is {MAX_CONDITIONS}"),
            });
        }
    }
    let terms = filter.text.iter().map(|term| term.template_ids.len());
    let ids = filter.template_ids.len() + terms.sum::<usize>();
    if ids > MAX_TEMPLATE_IDS {
        return Err(Error::BadRequest {
            message: format!("filter names {ids} templates, limit is {MAX_TEMPLATE_IDS}"),
        });
    }
    if let Some(term) = filter.text.iter().find(|t| t.term.len() > MAX_TERM_BYTES) {
        return Err(Error::BadRequest {
            message: format!(
                "text term is {} bytes, limit is {MAX_TERM_BYTES}",
                term.term.len()
            ),
        });
    }
    Ok(())
}

/// Whether the range is the only condition.
pub(crate) fn is_range_only(filter: &LogFilter) -> bool {
    filter.is_answered_by_rollups() && !has_cell_conditions(filter)
}

/// Whether there are conditions on what rollups know.
pub(crate) fn has_cell_conditions(filter: &LogFilter) -> bool {
    !(filter.services.is_empty()
        && filter.excluded_services.is_empty()
        && filter.severities.is_empty()
        && filter.template_ids.is_empty())
}

/// ` AND ..` for services, severities and templates: the columns that rows and rollups share.
pub(crate) fn cell_conditions<'a>(statement: &mut Statement<'a>, filter: &'a LogFilter) {
    if !filter.services.is_empty() {
        statement.sql(" AND ");
        statement.in_texts("service", &filter.services);
    }
    if !filter.excluded_services.is_empty() {
        statement.sql(" AND NOT ");
        statement.in_texts("service", &filter.excluded_services);
    }
    if !filter.severities.is_empty() {
        statement.sql(" AND ");
        let numbers = filter
            .severities
            .iter()
            .map(|s| i64::from(Severity::number(*s)));
        statement.in_ints("severity", numbers);
    }
    if !filter.template_ids.is_empty() {
        statement.sql(" AND ");
        let ids = filter.template_ids.iter().map(|id| id.to_i64());
        statement.in_ints("template_id", ids);
    }
}

/// ` AND ..` for trace, texts and (as far as SQL can tell) attributes. Nothing here can fail on any stored text.
pub(crate) fn row_conditions<'a>(
    statement: &mut Statement<'a>,
    filter: &'a LogFilter,
    backend: Backend,
) {
    if let Some(trace_id) = &filter.trace_id {
        statement
            .sql(" AND trace_id = ")
            .text(stored_trace_id(trace_id));
    }
    for term in &filter.text {
        text_condition(statement, term, backend);
    }
    for attribute in &filter.attributes {
        super::attributes::prefilter(statement, attribute);
    }
}

fn text_condition<'a>(statement: &mut Statement<'a>, term: &'a TextTerm, backend: Backend) {
    statement.sql(if term.negated { " AND NOT (" } else { " AND (" });
    if !term.template_ids.is_empty() {
        let ids = term.template_ids.iter().map(|id| id.to_i64());
        statement.in_ints("template_id", ids).sql(" OR ");
    }
    // Both fold ASCII letters only: SQLite's LIKE always, Postgres' under the C collation.
    statement.sql(match backend {
        Backend::Postgres => "body COLLATE \"C\" ILIKE ",
        Backend::Sqlite => "body LIKE ",
    });
    statement
        .text(contains_pattern(&term.term))
        .sql(" ESCAPE '\\')");
}

/// `%term%` with the wildcards of the term escaped. NUL is stored as U+FFFD, so it is looked for as that.
pub(crate) fn contains_pattern(term: &str) -> String {
    let mut pattern = String::with_capacity(term.len() + 2);
    pattern.push('%');
    for character in term.chars() {
        match character {
            '%' | '_' | '\\' => {
                pattern.push('\\');
                pattern.push(character);
            }
            '\0' => pattern.push('\u{fffd}'),
            other => pattern.push(other),
        }
    }
    pattern.push('%');
    pattern
}

/// ` AND timestamp_ns ..` for a half-open range; `i64::MAX` as its end means without end.
pub(crate) fn time_conditions(statement: &mut Statement<'_>, range: TimeRange) {
    if range.start_ns > i64::MIN {
        statement.sql(" AND timestamp_ns >= ").int(range.start_ns);
    }
    if range.end_ns < i64::MAX {
        statement.sql(" AND timestamp_ns < ").int(range.end_ns);
    }
}
