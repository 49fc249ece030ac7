//! The fields of the filter language.

use domain::{AttributeFilter, AttributeOp, Severity, TemplateId};

use super::{Draft, Op, fail};
use crate::error::Error;
use crate::time;
use crate::understand::service;

/// Field names and their other names.
const FIELDS: [(&str, &str); 24] = [
    ("service", "service"),
    ("svc", "service"),
    ("app", "service"),
    ("service.name", "service"),
    ("level", "level"),
    ("severity", "level"),
    ("lvl", "level"),
    ("trace_id", "trace_id"),
    ("trace", "trace_id"),
    ("traceid", "trace_id"),
    ("template", "template"),
    ("pattern", "template"),
    ("template_id", "template"),
    ("since", "since"),
    ("after", "since"),
    ("from", "since"),
    ("last", "since"),
    ("until", "until"),
    ("before", "until"),
    ("to", "until"),
    ("has", "has"),
    ("text", "text"),
    ("body", "text"),
    ("message", "text"),
];

/// Whether a name before a colon is a field.
pub(super) fn is_known(key: &str) -> bool {
    canonical(key).is_some()
}

fn canonical(key: &str) -> Option<&'static str> {
    FIELDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))
        .map(|(_, field)| *field)
}

/// One `key op value`.
pub(super) struct Field {
    pub(super) key: String,
    pub(super) op: Op,
    pub(super) value: String,
    pub(super) value_position: usize,
    pub(super) position: usize,
    pub(super) negated: bool,
}

impl Field {
    /// Adds what it says to the draft.
    pub(super) fn apply(self, draft: &mut Draft<'_>) -> Result<(), Error> {
        match canonical(&self.key) {
            Some("service") => self.service(draft),
            Some("level") => self.level(draft),
            Some("trace_id") => {
                self.positive("trace_id")?;
                draft.filter.trace_id = Some(normal_trace_id(&self.value));
                Ok(())
            }
            Some("template") => self.template(draft),
            Some(edge @ ("since" | "until")) => self.time(draft, edge == "since"),
            Some("has") => {
                self.positive("has")?;
                self.attribute(
                    draft,
                    self.value.clone(),
                    AttributeOp::Exists,
                    String::new(),
                );
                Ok(())
            }
            Some("text") if matches!(self.op, Op::Colon | Op::Equal | Op::NotEqual) => {
                let negated = self.is_negative();
                draft.text(self.value, negated);
                Ok(())
            }
            _ => self.other(draft),
        }
    }

    fn is_negative(&self) -> bool {
        self.negated != (self.op == Op::NotEqual)
    }

    /// Fails when the field is negated or compared in another way than for equality.
    fn positive(&self, name: &str) -> Result<(), Error> {
        if self.is_negative() {
            return Err(fail(self.position, format!("'{name}' cannot be negated")));
        }
        self.equality(name)
    }

    fn equality(&self, name: &str) -> Result<(), Error> {
        if matches!(self.op, Op::Colon | Op::Equal | Op::NotEqual) {
            return Ok(());
        }
        Err(fail(
            self.position,
            format!("'{name}' can only be compared with ':', '=' or '!='"),
        ))
    }

    /// The values between commas, none of them empty.
    fn values(&self) -> Result<Vec<&str>, Error> {
        let values: Vec<&str> = self.value.split(',').map(str::trim).collect();
        if values.iter().any(|value| value.is_empty()) {
            return Err(fail(
                self.value_position,
                format!("'{}' has an empty value between commas", self.key),
            ));
        }
        Ok(values)
    }

    fn service(&self, draft: &mut Draft<'_>) -> Result<(), Error> {
        self.equality("service")?;
        let mut names: Vec<String> = Vec::new();
        for value in self.values()? {
            let known = &draft.context.services;
            let before = names.len();
            match value.split_once('*') {
                Some((start, end)) => {
                    let fits = |name: &&String| {
                        name.len() >= start.len() + end.len()
                            && name.starts_with(start)
                            && name.ends_with(end)
                    };
                    names.extend(known.iter().filter(fits).cloned());
                    if names.len() == before {
                        return Err(fail(
                            self.value_position,
                            format!("no service matches '{value}'"),
                        ));
                    }
                }
                None => {
                    let same = known
                        .iter()
                        .find(|name| *name == value)
                        .or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(value)));
                    names.push(same.cloned().unwrap_or_else(|| value.to_owned()));
                }
            }
        }
        let list = if self.is_negative() {
            &mut draft.filter.excluded_services
        } else {
            &mut draft.filter.services
        };
        for name in names {
            if !list.contains(&name) {
                list.push(name);
            }
        }
        Ok(())
    }

    fn level(&self, draft: &mut Draft<'_>) -> Result<(), Error> {
        let mut named = Vec::new();
        for value in self.values()? {
            let severity: Severity = value
                .parse()
                .map_err(|error| fail(self.value_position, format!("{error}")))?;
            named.push(severity);
        }
        let fits = |severity: Severity| match self.op {
            Op::Colon | Op::Equal | Op::NotEqual => named.contains(&severity),
            Op::AtLeast => severity >= named[0],
            Op::Above => severity > named[0],
            Op::AtMost => severity <= named[0],
            Op::Below => severity < named[0],
        };
        if named.len() > 1 {
            self.equality("level")?;
        }
        let negative = self.is_negative();
        let allowed: Vec<Severity> = Severity::ALL
            .into_iter()
            .filter(|severity| fits(*severity) != negative)
            .collect();
        draft.allow(&allowed);
        if draft.severities.as_ref().is_some_and(Vec::is_empty) {
            return Err(fail(
                self.position,
                "no severity is left with this condition",
            ));
        }
        Ok(())
    }

    fn template(&self, draft: &mut Draft<'_>) -> Result<(), Error> {
        self.positive("template")?;
        for value in self.values()? {
            let id: TemplateId = value.trim_start_matches("0x").parse().map_err(|_| {
                fail(
                    self.value_position,
                    format!("'{value}' is not a template id (16 hexadecimal digits)"),
                )
            })?;
            draft.filter.template_ids.push(id);
        }
        Ok(())
    }

    fn time(&self, draft: &mut Draft<'_>, is_start: bool) -> Result<(), Error> {
        self.positive(&self.key)?;
        let Some(at_ns) = time::instant(&self.value, &draft.context.now()) else {
            let message = format!(
                "'{}' is not a time (1h, 30m, 2026-11-22T14:00, \"yesterday 3pm\")",
                self.value.chars().take(64).collect::<String>()
            );
            return Err(fail(self.value_position, message));
        };
        if is_start {
            draft.since_ns = Some(at_ns);
        } else {
            draft.until_ns = Some(at_ns);
        }
        Ok(())
    }

    fn attribute(&self, draft: &mut Draft<'_>, key: String, op: AttributeOp, value: String) {
        draft
            .filter
            .attributes
            .push(AttributeFilter { key, op, value });
    }

    /// Anything else: an attribute after `=`, a text or a typing error after `:`.
    fn other(self, draft: &mut Draft<'_>) -> Result<(), Error> {
        let explicit = self
            .key
            .strip_prefix("attr.")
            .or_else(|| self.key.strip_prefix('@'));
        let key = explicit.unwrap_or(&self.key).to_owned();
        match self.op {
            Op::Colon if explicit.is_none() => {
                if let Some((name, _)) = FIELDS.iter().find(|(name, _)| {
                    name.len() > 3 && service::distance(name, &self.key.to_lowercase()) == 1
                }) {
                    let message = format!(
                        "there is no field '{}'; did you mean '{name}'? quote the text to search for it",
                        self.key
                    );
                    return Err(fail(self.position, message));
                }
                draft.text(format!("{}:{}", self.key, self.value), self.negated);
                Ok(())
            }
            Op::Colon | Op::Equal | Op::NotEqual if key.is_empty() => {
                Err(fail(self.position, "the attribute has no name"))
            }
            Op::Colon | Op::Equal | Op::NotEqual => {
                let (op, value) = match (self.is_negative(), self.value.as_str()) {
                    (false, "*") => (AttributeOp::Exists, String::new()),
                    (true, "*") => {
                        return Err(fail(
                            self.position,
                            "that an attribute is missing cannot be asked for",
                        ));
                    }
                    (negative, value) => (
                        if negative {
                            AttributeOp::NotEqual
                        } else {
                            AttributeOp::Equal
                        },
                        value.to_owned(),
                    ),
                };
                self.attribute(draft, key, op, value);
                Ok(())
            }
            Op::AtLeast | Op::Above | Op::AtMost | Op::Below => {
                let message = format!(
                    "attributes can only be compared with '=' and '!='; '{}' is compared with an order",
                    self.key
                );
                Err(fail(self.position, message))
            }
        }
    }
}

/// W3C trace ids are stored in lower case; other ids as they came.
fn normal_trace_id(text: &str) -> String {
    let is_w3c = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_w3c {
        text.to_ascii_lowercase()
    } else {
        text.to_owned()
    }
}
