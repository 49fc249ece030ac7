//! Elasticsearch's `_bulk`: lines of actions, each with the line of its document.
//!
//! Source of the format: Elasticsearch 8 reference, "Bulk API". Elasticsearch refuses a whole request for one action line
//! that it cannot read; here it costs its own item only, and what follows is read from the next line that is an action.

use std::borrow::Cow;
use std::sync::Arc;

use domain::LogRecord;

use crate::context::Origin;
use crate::json::{Field, Kind, read_object};
use crate::logs::{body_text, draft_of_object, text_of};
use crate::wrapped::Beside;
use crate::{Context, Error};

/// Longest name of an index that is believed: Elasticsearch's own limit.
const INDEX_BYTES: usize = 255;
/// Longest document id: Elasticsearch's own limit.
const ID_BYTES: usize = 512;

/// What an item asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkAction {
    /// Add a document.
    Create,
    /// Add or replace a document; logs are only added.
    Index,
    /// Change a document: refused.
    Update,
    /// Delete a document: refused.
    Delete,
}

/// One item of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkItem {
    /// What it asked for.
    pub action: BulkAction,
    /// The index it named, or that of the request.
    pub index: Arc<str>,
    /// The id it named.
    pub id: Option<String>,
    /// Which of the records it became, or why it became none.
    pub outcome: Result<usize, String>,
}

/// A request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bulk {
    /// Every item, in order: the answer has one entry for each.
    pub items: Vec<BulkItem>,
    /// What was read.
    pub records: Vec<LogRecord>,
}

/// Reads a request; `index` is that of its address.
///
/// # Errors
/// The body as a whole is larger than `limits.body_bytes`, or holds more than `limits.records` items.
pub fn decode_bulk(index: Option<&str>, body: &[u8], context: &Context<'_>) -> Result<Bulk, Error> {
    let text = body_text(body, context)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = Reader {
        origin: Origin::from(context),
        default_index: Arc::from(index.unwrap_or_default()),
        last: None,
        fields: Vec::new(),
        bulk: Bulk::default(),
    };
    let mut lines = Lines { rest: text };
    while let Some(line) = lines.next() {
        if reader.bulk.items.len() >= context.limits.records {
            return Err(Error::TooManyRecords {
                limit: context.limits.records,
            });
        }
        match reader.action(line) {
            Some(head) => {
                let document = (head.action != BulkAction::Delete)
                    .then(|| lines.next())
                    .flatten();
                reader.item(head, document);
            }
            None => {
                reader.broken(line);
                // What belongs to it is not known: the next line that is an action goes on.
                let mut ahead = lines.clone();
                while ahead
                    .next()
                    .is_some_and(|line| reader.action(line).is_none())
                {
                    lines.next();
                }
            }
        }
    }
    Ok(reader.bulk)
}

/// The lines that hold something, without the blanks around it.
#[derive(Debug, Clone)]
struct Lines<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() {
            let end = memchr::memchr(b'\n', self.rest.as_bytes()).unwrap_or(self.rest.len());
            let line = self.rest[..end].trim_ascii();
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    }
}

/// An action line.
#[derive(Debug, Clone)]
struct Head {
    action: BulkAction,
    index: Arc<str>,
    id: Option<String>,
}

struct Reader<'a> {
    origin: Origin,
    default_index: Arc<str>,
    /// The action line before: most are the same.
    last: Option<(&'a str, Head)>,
    fields: Vec<Field<'a>>,
    bulk: Bulk,
}

impl<'a> Reader<'a> {
    fn action(&mut self, line: &'a str) -> Option<Head> {
        if let Some((known, head)) = &self.last
            && *known == line
        {
            return Some(head.clone());
        }
        let head = self.read_action(line)?;
        self.last = Some((line, head.clone()));
        Some(head)
    }

    fn read_action(&mut self, line: &'a str) -> Option<Head> {
        // An action line is short; a long one is a document that lost its action.
        if line.len() > 4 * 1024 {
            return None;
        }
        let limits = &self.origin.limits;
        read_object(line, limits, &mut self.fields).ok()?;
        let [field] = self.fields.as_slice() else {
            return None;
        };
        let action = match field.key.as_ref() {
            "create" => BulkAction::Create,
            "index" => BulkAction::Index,
            "update" => BulkAction::Update,
            "delete" => BulkAction::Delete,
            _ => return None,
        };
        if field.value.kind != Kind::Object {
            return None;
        }
        let raw = field.value.raw;
        read_object(raw, limits, &mut self.fields).ok()?;
        let member = |key: &str, limit_bytes: usize| {
            let field = self.fields.iter().rev().find(|field| field.key == key)?;
            let text = matches!(field.value.kind, Kind::String | Kind::Number)
                .then(|| text_of(&field.value))?;
            Some(crate::draft::cut(&text, limit_bytes).to_owned())
        };
        let index = member("_index", INDEX_BYTES)
            .map_or_else(|| Arc::clone(&self.default_index), Arc::from);
        let id = member("_id", ID_BYTES);
        Some(Head { action, index, id })
    }

    fn item(&mut self, head: Head, document: Option<&'a str>) {
        let record = match (head.action, document) {
            (BulkAction::Update | BulkAction::Delete, _) => {
                Err("logs are only added: use create or index".to_owned())
            }
            (_, None) => Err("the action has no document".to_owned()),
            (_, Some(document)) => self.record(&head, document),
        };
        let outcome = record.map(|record| {
            self.bulk.records.push(record);
            self.bulk.records.len() - 1
        });
        self.bulk.items.push(BulkItem {
            action: head.action,
            index: head.index,
            id: head.id,
            outcome,
        });
    }

    fn record(&mut self, head: &Head, document: &'a str) -> Result<LogRecord, String> {
        read_object(document, &self.origin.limits, &mut self.fields)?;
        let draft = draft_of_object(&mut self.fields, &self.origin)?;
        let index = Some(&*head.index).filter(|index| !index.is_empty());
        let mut defaults: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::with_capacity(2);
        defaults.extend(index.map(|index| ("_index".into(), index.into())));
        let id = head.id.as_deref();
        defaults.extend(id.map(|id| ("_id".into(), id.into())));
        let beside = Beside {
            defaults: &defaults,
            service_paths: &["host.name", "host.hostname", "host", "hostname"],
            service: index,
        };
        Ok(beside.finish(&self.fields, draft, &self.origin))
    }

    fn broken(&mut self, line: &str) {
        self.bulk.items.push(BulkItem {
            action: BulkAction::Index,
            index: Arc::clone(&self.default_index),
            id: None,
            outcome: Err(format!(
                "malformed action/metadata line, expected {{\"create\":{{}}}} or {{\"index\":{{}}}}: {}",
                crate::draft::cut(line, 64)
            )),
        });
    }
}

#[cfg(test)]
mod tests;
