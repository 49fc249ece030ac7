//! A filter in the language of the search box.

use domain::{AttributeOp, LogFilter, TimeRange};

/// Ids of patterns that are written out; a filter with more is written with the first ones only.
const MOST_TEMPLATES: usize = 40;

/// Writes a filter so that [`super::parse_filter`] reads it: `service:checkout level:error,fatal "refused"
/// since:2026-11-22T14:00:00Z until:2026-11-22T15:00:00Z`.
#[must_use]
pub fn filter_text(filter: &LogFilter) -> String {
    let mut terms: Vec<String> = Vec::new();
    let mut list = |key: &str, values: &[String]| {
        if !values.is_empty() {
            terms.push(format!("{key}:{}", quoted(&values.join(","))));
        }
    };
    list("service", &filter.services);
    list("-service", &filter.excluded_services);
    let levels: Vec<String> = filter.severities.iter().map(ToString::to_string).collect();
    list("level", &levels);
    let templates: Vec<String> = filter
        .template_ids
        .iter()
        .take(MOST_TEMPLATES)
        .map(ToString::to_string)
        .collect();
    list("template", &templates);
    for term in &filter.text {
        let sign = if term.negated { "-" } else { "" };
        terms.push(format!(
            "{sign}\"{}\"",
            term.term.replace('\\', "\\\\").replace('"', "\\\"")
        ));
    }
    for condition in &filter.attributes {
        // `attr.service=x` is an attribute that is named like a field.
        let prefix = if super::fields::is_known(&condition.key) {
            "attr."
        } else {
            ""
        };
        let key = format!("{prefix}{}", condition.key);
        terms.push(match condition.op {
            AttributeOp::Equal => format!("{key}={}", quoted(&condition.value)),
            AttributeOp::NotEqual => format!("{key}!={}", quoted(&condition.value)),
            AttributeOp::Exists => format!("has:{}", quoted(&condition.key)),
        });
    }
    if let Some(trace) = &filter.trace_id {
        terms.push(format!("trace_id:{}", quoted(trace)));
    }
    if filter.range != TimeRange::ALL {
        terms.push(format!(
            "since:{}",
            domain::format_timestamp(filter.range.start_ns)
        ));
        terms.push(format!(
            "until:{}",
            domain::format_timestamp(filter.range.end_ns)
        ));
    }
    terms.join(" ")
}

/// In quotes where a blank or a quote would end it.
fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.,/:@*".contains(c));
    if is_plain {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use domain::{AttributeFilter, Severity, TemplateId, TextTerm};

    use super::*;
    use crate::{QuestionContext, parse_filter};

    #[test]
    fn what_is_written_is_read_back() {
        let at = 1_795_442_400_000_000_000;
        let mut filter = LogFilter::in_range(TimeRange::new(at, at + 3_600_000_000_000));
        filter.services = vec!["checkout".to_owned(), "payments-api".to_owned()];
        filter.excluded_services = vec!["auth".to_owned()];
        filter.severities = vec![Severity::Error, Severity::Fatal];
        filter.template_ids = vec![TemplateId(0x00ab_cdef_0000_1111)];
        for (term, negated) in [("connection refused", false), ("heartbeat", true)] {
            filter.text.push(TextTerm {
                term: term.to_owned(),
                negated,
                template_ids: Vec::new(),
            });
        }
        let condition = |key: &str, value: &str| AttributeFilter {
            key: key.to_owned(),
            op: AttributeOp::Equal,
            value: value.to_owned(),
        };
        filter.attributes = vec![
            condition("region", "eu-west"),
            condition("http.route", "/a b"),
        ];
        let context = QuestionContext::at(at + 7_200_000_000_000, jiff::tz::TimeZone::UTC);
        assert_eq!(
            parse_filter(&filter_text(&filter), &context).unwrap(),
            filter
        );
    }
}
