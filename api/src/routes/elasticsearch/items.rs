//! The answer to `_bulk`: one entry for each item. Written piece by piece, for an entry costs as much as a small record
//! otherwise.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use ingest::{BulkAction, BulkItem};

/// Bytes of an entry without names.
const ENTRY_BYTES: usize = 128;

/// The answer as JSON. `refused` says which records were not stored, and why; an item without an id gets one of
/// `request_id` and its place, for nobody asks for a document by its id here: within an answer they differ.
pub(super) fn answer(
    items: &[BulkItem],
    refused: &HashMap<usize, String>,
    request_id: &str,
    took_ms: u128,
) -> String {
    let mut index = Name::default();
    let mut errors = false;
    let mut entries = String::with_capacity(items.len() * ENTRY_BYTES);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            entries.push(',');
        }
        let reason = match &item.outcome {
            Ok(record) => refused.get(record),
            Err(reason) => Some(reason),
        };
        errors |= reason.is_some();
        let action = match item.action {
            BulkAction::Create => "create",
            BulkAction::Index => "index",
            BulkAction::Update => "update",
            BulkAction::Delete => "delete",
        };
        let index = index.json(&item.index);
        entries.extend(["{\"", action, "\":{\"_index\":", index, ",\"_id\":"]);
        match &item.id {
            Some(id) => entries.push_str(&quoted(id)),
            None => {
                entries.extend(["\"", request_id, "-"]);
                // Writing to a string never fails.
                let _ = write!(entries, "{at}\"");
            }
        }
        match reason {
            None => entries.push_str(",\"_version\":1,\"result\":\"created\",\"status\":201}}"),
            Some(reason) => {
                let kind = match item.action {
                    BulkAction::Create | BulkAction::Index => "document_parsing_exception",
                    BulkAction::Update | BulkAction::Delete => "illegal_argument_exception",
                };
                let reason = quoted(reason);
                let error = [
                    ",\"status\":400,\"error\":{\"type\":\"",
                    kind,
                    "\",\"reason\":",
                ];
                entries.extend(error);
                entries.extend([&reason, "}}}"]);
            }
        }
    }
    format!("{{\"took\":{took_ms},\"errors\":{errors},\"items\":[{entries}]}}")
}

/// A name as JSON, kept for the next item: most have the same.
#[derive(Default)]
struct Name {
    name: Option<Arc<str>>,
    json: String,
}

impl Name {
    fn json(&mut self, name: &Arc<str>) -> &str {
        let known = self.name.as_ref();
        if !known.is_some_and(|known| Arc::ptr_eq(known, name) || known == name) {
            self.json = quoted(name);
            self.name = Some(Arc::clone(name));
        }
        &self.json
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
