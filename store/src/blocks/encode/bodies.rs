//! Bodies: split by their templates where that is exact, whole where not.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{LogRecord, TemplateId};

use super::super::index::IndexBuilder;
use super::super::layout::{self, JOINT, VALUE_COLUMNS};
use super::super::skeleton::Skeleton;
use super::columns::{Column, TextColumn};

pub(super) fn add(
    columns: &mut Vec<Column>,
    records: &[&LogRecord],
    skeletons: &HashMap<TemplateId, (Arc<str>, Skeleton)>,
    index: &mut IndexBuilder,
) {
    let rows = records.len();
    let mut templates = TextColumn::with_rows(rows);
    let mut slots: Vec<TextColumn> = Vec::new();
    let (mut more, mut rest) = (TextColumn::default(), TextColumn::default());
    let mut whole = TextColumn::default();
    let mut values: Vec<&str> = Vec::new();
    let mut joined = String::new();
    let mut indexed = None;
    for (row, record) in records.iter().enumerate() {
        let skeleton = skeletons.get(&record.template_id);
        let split = skeleton.filter(|(_, skeleton)| {
            skeleton.split(&record.body, &mut values).is_some()
                && !values.iter().skip(VALUE_COLUMNS).any(|v| v.contains(JOINT))
        });
        let Some((text, skeleton)) = split else {
            templates.push(None);
            whole.pad_to(row);
            whole.push(Some(&record.body));
            index.add_body(&record.body);
            continue;
        };
        // A word or id may reach from a constant part into a value: then the whole body has to be indexed. One look
        // at each template tells whether its slots are fenced off.
        templates.push(Some(text));
        if indexed != Some(record.template_id) {
            indexed = Some(record.template_id);
            for constant in skeleton.constants() {
                index.add_body(constant);
            }
        }
        index.add_split(&record.body, &values);
        // The last value is what follows the template.
        let after = values.pop().filter(|after| !after.is_empty());
        if let Some(after) = after {
            rest.pad_to(row);
            rest.push(Some(after));
        }
        for (slot, value) in values.iter().take(VALUE_COLUMNS).enumerate() {
            if slots.len() == slot {
                slots.push(TextColumn::with_rows(rows));
            }
            slots[slot].pad_to(row);
            slots[slot].push(Some(value));
        }
        if values.len() > VALUE_COLUMNS {
            joined.clear();
            for (number, value) in values[VALUE_COLUMNS..].iter().enumerate() {
                if number > 0 {
                    joined.push(JOINT);
                }
                joined.push_str(value);
            }
            more.pad_to(row);
            more.push(Some(&joined));
        }
    }
    templates.finish(layout::TEMPLATE, columns);
    for (slot, mut column) in slots.into_iter().enumerate() {
        column.pad_to(rows);
        column.finish(&format!("{}{slot}", layout::VALUE), columns);
    }
    for (name, mut column) in [
        (layout::VALUES_MORE, more),
        (layout::VALUES_REST, rest),
        (layout::BODY, whole),
    ] {
        column.pad_to(rows);
        column.finish(name, columns);
    }
}
