//! Reading `concepts.txt`.

use std::collections::HashMap;

/// One idea.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    /// What only people say for it.
    pub(super) said: Vec<String>,
    /// What programs print for it.
    pub(super) printed: Vec<String>,
    /// Numbers of the groups that say the opposite.
    pub(super) against: Vec<usize>,
    /// Numbers of the groups that are broader: who asks for one of them means this one too.
    pub(super) under: Vec<usize>,
    /// Nearly every line has it.
    pub(super) is_common: bool,
}

/// The groups in the order of the file. Lines that say nothing known are passed over; a test reads the file and
/// allows none.
pub(super) fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut against: Vec<(usize, Vec<String>)> = Vec::new();
    let mut under: Vec<(usize, Vec<String>)> = Vec::new();
    for line in lines(text) {
        let Some((key, value)) = line.trim_start().split_once(':') else {
            groups.push(Group {
                name: line.trim_end().to_owned(),
                ..Group::default()
            });
            continue;
        };
        let number = groups.len().saturating_sub(1);
        let Some(group) = groups.last_mut() else {
            continue;
        };
        match key {
            "said" => group.said = phrases(value),
            "printed" => group.printed = phrases(value),
            "against" => against.push((number, phrases(value))),
            "under" => under.push((number, phrases(value))),
            "kind" => group.is_common = value.trim() == "common",
            _ => {}
        }
    }
    let places: HashMap<String, usize> = groups
        .iter()
        .enumerate()
        .map(|(number, group)| (group.name.clone(), number))
        .collect();
    let numbers = |names: Vec<String>| -> Vec<usize> {
        names
            .iter()
            .filter_map(|name| places.get(name).copied())
            .collect()
    };
    for (number, names) in against {
        groups[number].against = numbers(names);
    }
    for (number, names) in under {
        groups[number].under = numbers(names);
    }
    groups
}

/// The lines that are not empty and no remarks.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

pub(super) fn phrases(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(str::trim)
        .filter(|phrase| !phrase.is_empty())
        .map(str::to_owned)
        .collect()
}
