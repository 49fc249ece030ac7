//! Records that a protocol wraps: fields of the protocol's own around a line of text or an object.

use std::borrow::Cow;

use domain::LogRecord;

use crate::Error;
use crate::context::Origin;
use crate::draft::Draft;
use crate::json::{Field, Kind, Value, read_object};
use crate::line::draft_of_text;
use crate::logs::{draft_of_object, text_at, text_of};
use crate::otlp::REPEATED_BYTES;

/// Where shippers put what comes closest to a service, when a record names none.
const SERVICE_PATHS: [&str; 8] = [
    "kubernetes.labels.app",
    "kubernetes.labels.app_kubernetes_io/name",
    "kubernetes.labels.k8s-app",
    "kubernetes.container.name",
    "kubernetes.container_name",
    "container.name",
    "container_name",
    "syslog.appname",
];

/// The parts of one record.
#[derive(Debug, Default)]
pub(crate) struct Wrapped<'a> {
    /// The protocol's fields. Where the payload has one of the same key, the payload's counts.
    pub outer: Vec<Field<'a>>,
    /// What is wrapped.
    pub payload: Option<Value<'a>>,
    /// Attributes of the whole request, for records that have none of their key.
    pub defaults: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Where the service stands if neither the record nor [`SERVICE_PATHS`] name one.
    pub service_paths: &'static [&'static str],
    /// The service if nothing else names one.
    pub service: Option<Cow<'a, str>>,
}

impl<'a> Wrapped<'a> {
    /// The record.
    ///
    /// # Errors
    /// The reason for rejecting it.
    pub fn record(mut self, origin: &Origin) -> Result<LogRecord, String> {
        match self.payload.take() {
            None => {
                let mut fields = std::mem::take(&mut self.outer);
                let draft = draft_of_object(&mut fields, origin)?;
                Ok(self.finish(&fields, draft, origin))
            }
            Some(payload) if payload.kind == Kind::Object => self.object(payload.raw, origin),
            Some(payload) if payload.kind == Kind::String => {
                let text = text_of(&payload);
                let trimmed = text.trim();
                let mut inner = Vec::new();
                // An object without members says nothing: it is the text that it is.
                if trimmed.starts_with('{')
                    && read_object(trimmed, &origin.limits, &mut inner).is_ok()
                    && !inner.is_empty()
                {
                    // The parts live as long as the text that was unwrapped here.
                    return self.object(trimmed, origin);
                }
                self.text(payload, &text, origin)
            }
            Some(payload) => {
                let text = text_of(&payload).into_owned();
                self.text(payload, &text, origin)
            }
        }
    }

    fn object(mut self, raw: &'a str, origin: &Origin) -> Result<LogRecord, String> {
        let mut inner = Vec::new();
        read_object(raw, &origin.limits, &mut inner)?;
        let mut fields = std::mem::take(&mut self.outer);
        fields.append(&mut inner);
        let draft = draft_of_object(&mut fields, origin)?;
        Ok(self.finish(&fields, draft, origin))
    }

    fn text(
        mut self,
        payload: Value<'a>,
        text: &str,
        origin: &Origin,
    ) -> Result<LogRecord, String> {
        let mut fields = std::mem::take(&mut self.outer);
        fields.push(Field {
            key: Cow::Borrowed("message"),
            value: payload,
        });
        let outer = draft_of_object(&mut fields, origin)?;
        let text = text.trim_end();
        let mut draft = draft_of_text(text, origin);
        if outer.timestamp_ns.is_some() || outer.timestamp_text.is_some() {
            draft.timestamp_ns = outer.timestamp_ns;
            draft.timestamp_text = outer.timestamp_text;
        }
        draft.severity = outer.severity.or(draft.severity);
        draft.service = outer.service.or(draft.service);
        draft.trace_id = outer.trace_id.or(draft.trace_id);
        draft.span_id = outer.span_id.or(draft.span_id);
        let inner = std::mem::replace(&mut draft.attributes, outer.attributes);
        draft.attributes.push_missing(inner);
        Ok(self.finish(&fields, draft, origin))
    }

    fn finish(self, fields: &[Field<'_>], draft: Draft<'_>, origin: &Origin) -> LogRecord {
        let beside = Beside {
            defaults: &self.defaults,
            service_paths: self.service_paths,
            service: self.service.as_deref(),
        };
        beside.finish(fields, draft, origin)
    }
}

/// What a request says beside the fields of a record, as in [`Wrapped`].
#[derive(Debug)]
pub(crate) struct Beside<'b> {
    pub defaults: &'b [(Cow<'b, str>, Cow<'b, str>)],
    pub service_paths: &'static [&'static str],
    pub service: Option<&'b str>,
}

impl Beside<'_> {
    /// The record of these fields.
    pub fn finish(&self, fields: &[Field<'_>], mut draft: Draft<'_>, origin: &Origin) -> LogRecord {
        if draft.service.is_none() {
            draft.service = SERVICE_PATHS
                .iter()
                .chain(self.service_paths)
                .find_map(|path| text_at(fields, path))
                .filter(|name| !name.trim().is_empty())
                .map(|name| Cow::Owned(name.into_owned()))
                .or_else(|| self.service.map(|name| Cow::Owned(name.to_owned())));
        }
        draft.attributes.push_missing_texts(self.defaults);
        draft.finish(origin)
    }
}

/// What a request says once and every record of it repeats: a header line beside a hundred thousand records of two
/// bytes is no honest request.
#[derive(Debug)]
pub(crate) struct Repeated {
    each_bytes: usize,
    bytes: usize,
}

impl Repeated {
    /// Of parts of these sizes.
    pub fn new(parts_bytes: impl Iterator<Item = usize>) -> Self {
        Self {
            each_bytes: parts_bytes.sum(),
            bytes: 0,
        }
    }

    /// Counts one more record; false when all of them together repeat more than they may.
    pub fn has_room(&mut self) -> bool {
        self.bytes = self.bytes.saturating_add(self.each_bytes);
        self.bytes <= REPEATED_BYTES
    }

    /// The refusal of a request that repeats too much.
    pub fn check(&self) -> Result<(), Error> {
        match self.bytes <= REPEATED_BYTES {
            true => Ok(()),
            false => Err(Error::GrowsTooLarge {
                limit_bytes: REPEATED_BYTES,
            }),
        }
    }
}

/// Takes the last field with this key out of the fields, and drops the others of that key.
pub(crate) fn take_field<'a>(fields: &mut Vec<Field<'a>>, key: &str) -> Option<Value<'a>> {
    let at = fields.iter().rposition(|field| field.key == key)?;
    let value = fields[at].value;
    fields.retain(|field| field.key != key);
    Some(value)
}
