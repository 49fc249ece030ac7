//! Attributes: a column per key where the object can be put together again exactly, whole where not.

use std::collections::HashMap;

use super::super::index::IndexBuilder;
use super::super::layout::{self, JOINT, KEY_COLUMNS, MAX_KEY_BYTES};
use super::super::object;
use super::columns::{Column, TextColumn};

/// The members of all records one after the other.
#[derive(Default)]
struct Members<'r> {
    keys: Vec<&'r str>,
    /// Records that have the key.
    counts: Vec<usize>,
    numbers: HashMap<&'r str, usize>,
    /// (number of the key, raw value).
    all: Vec<(usize, &'r str)>,
    /// Where the members of each record end in `all`.
    ends: Vec<usize>,
    /// The row that a key was last seen in, plus one.
    last_seen: Vec<usize>,
}

impl<'r> Members<'r> {
    fn of(objects: impl Iterator<Item = &'r str>) -> Self {
        let mut members = Self::default();
        for (row, text) in objects.enumerate() {
            members.add(row, text);
        }
        members
    }

    fn add(&mut self, row: usize, text: &'r str) {
        let start = self.all.len();
        // Keys come in the order of the record before; asking the map costs more than comparing.
        let before = match self.ends.len() {
            0 | 1 => 0,
            n => self.ends[n - 2],
        };
        let mut expected = before;
        let mut has_joint = false;
        let is_exact = !text.is_empty()
            && object::members(text, |key, value| {
                has_joint |= key.contains(JOINT);
                let guess = self.all.get(expected).map(|(number, _)| *number);
                expected += 1;
                let number = match guess {
                    Some(number) if self.keys[number] == key => number,
                    _ => self.number(key),
                };
                if self.last_seen[number] == row + 1 {
                    return false;
                }
                self.last_seen[number] = row + 1;
                self.all.push((number, value));
                true
            });
        if !is_exact || has_joint {
            self.all.truncate(start);
        }
        for (number, _) in &self.all[start..] {
            self.counts[*number] += 1;
        }
        self.ends.push(self.all.len());
    }

    fn number(&mut self, key: &'r str) -> usize {
        let next = self.keys.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.keys.push(key);
            self.counts.push(0);
            self.last_seen.push(0);
        }
        number
    }

    /// The column of each key: the most frequent ones get one.
    fn places(&self) -> Vec<Option<usize>> {
        let mut by_count: Vec<usize> = (0..self.keys.len())
            .filter(|number| self.counts[*number] > 0 && self.keys[*number].len() <= MAX_KEY_BYTES)
            .collect();
        by_count.sort_by_key(|number| std::cmp::Reverse(self.counts[*number]));
        by_count.truncate(KEY_COLUMNS);
        let mut places = vec![None; self.keys.len()];
        for (place, number) in by_count.into_iter().enumerate() {
            places[number] = Some(place);
        }
        places
    }
}

/// Adds the columns of the JSON objects of all rows (`""` for none), and the pairs of key and value to an index.
pub(crate) fn add<'r>(
    columns: &mut Vec<Column>,
    objects: impl ExactSizeIterator<Item = &'r str> + Clone,
    mut index: Option<&mut IndexBuilder>,
) {
    let rows = objects.len();
    let members = Members::of(objects.clone());
    let places = members.places();
    let count = places.iter().flatten().count();
    let mut values: Vec<TextColumn> = (0..count).map(|_| TextColumn::with_rows(rows)).collect();
    let (mut keys, mut more) = (TextColumn::with_rows(rows), TextColumn::default());
    let mut whole = TextColumn::default();
    // What each key was last seen with: neighbours are alike, and need not be indexed twice.
    let mut last: Vec<&'r str> = vec![""; members.keys.len()];
    let (mut key_list, mut list_of) = (String::new(), None);
    let mut joined = String::new();
    let mut start = 0;
    for (row, object) in objects.enumerate() {
        let own = &members.all[start..members.ends[row]];
        let range = start..members.ends[row];
        start = range.end;
        joined.clear();
        let mut rare = 0;
        let mut has_joint = false;
        for (number, value) in own {
            if places[*number].is_none() {
                has_joint |= value.contains(JOINT);
                if rare > 0 {
                    joined.push(JOINT);
                }
                rare += 1;
                joined.push_str(value);
            }
        }
        if own.is_empty() || has_joint {
            keys.push(None);
            if !object.is_empty() {
                whole.pad_to(row);
                whole.push(Some(object));
                if let Some(index) = &mut index {
                    index.add_opaque_attributes();
                }
            }
            continue;
        }
        for (number, value) in own {
            if last[*number] != *value {
                last[*number] = value;
                if let Some(index) = &mut index {
                    index.add_attribute(members.keys[*number], value);
                }
            }
            if let Some(place) = places[*number] {
                values[place].pad_to(row);
                values[place].push(Some(value));
            }
        }
        let same = |before: &std::ops::Range<usize>| {
            let numbers = |range: std::ops::Range<usize>| members.all[range].iter().map(|m| m.0);
            numbers(before.clone()).eq(numbers(range.clone()))
        };
        if !list_of.as_ref().is_some_and(same) {
            key_list.clear();
            for (position, (number, _)) in own.iter().enumerate() {
                if position > 0 {
                    key_list.push(JOINT);
                }
                key_list.push_str(members.keys[*number]);
            }
            list_of = Some(range);
        }
        keys.push(Some(&key_list));
        if rare > 0 {
            more.pad_to(row);
            more.push(Some(&joined));
        }
    }
    keys.finish(layout::KEYS, columns);
    for (number, place) in places.iter().enumerate() {
        if let Some(place) = place {
            let mut column = std::mem::take(&mut values[*place]);
            column.pad_to(rows);
            let name = format!("{}{}", layout::ATTRIBUTE, members.keys[number]);
            column.finish(&name, columns);
        }
    }
    for (name, mut column) in [(layout::ATTRIBUTES_MORE, more), (layout::ATTRIBUTES, whole)] {
        column.pad_to(rows);
        column.finish(name, columns);
    }
}
