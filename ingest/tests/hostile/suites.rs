//! Public suites, where they are on this machine: JSONTestSuite and the big list of naughty strings.

use std::path::PathBuf;

use crate::damage::neighbours;
use crate::doors::{Line, doors};
use crate::json::between;
use crate::oracle::check;
use crate::shapes::check_exact;

fn shared_data(folder: &str) -> Option<PathBuf> {
    let all = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let folder = all.join(folder);
    folder.is_dir().then_some(folder)
}

/// The files of JSONTestSuite: name and content.
fn json_files() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = shared_data("jsontestsuite/test_parsing") else {
        return Vec::new();
    };
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| {
            let entry = entry.expect("the entry can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            (
                name,
                std::fs::read(entry.path()).expect("the file can be read"),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() > 300, "{} files", files.len());
    files
}

/// What the reader forgives on purpose: control characters inside strings.
const FORGIVEN: [&str; 3] = [
    "n_string_unescaped_ctrl_char.json",
    "n_string_unescaped_newline.json",
    "n_string_unescaped_tab.json",
];
/// As a whole body they hold no record: nothing, or arrays of nothing behind each other.
const EMPTY: [&str; 4] = [
    "n_single_space.json",
    "n_structure_no_data.json",
    "n_structure_UTF8_BOM_no_data.json",
    "n_structure_double_array.json",
];

#[test]
fn json_that_is_none_is_refused_and_json_is_read() {
    let all = doors();
    let door = all
        .iter()
        .find(|door| door.name == "json")
        .expect("there is one");
    let (elements, alone) = neighbours(door).expect("it has parts");
    for (name, content) in json_files() {
        // As the value of a member of a record between two good ones.
        let element = between(
            b"{\"message\":\"m\",\"v\":",
            std::slice::from_ref(&content),
            b"",
            b"}",
        );
        let body = between(
            b"[",
            &[elements[0].clone(), element, elements[1].clone()],
            b",",
            b"]",
        );
        let inside = check(door, &body).expect("it is small");
        assert_eq!(inside.kept.first(), alone.first(), "{name}");
        let whole = check(door, &content).expect("it is small");
        let told = |word: &str| whole.rejected.iter().any(|item| item.reason.contains(word));
        match &name[..2] {
            "y_" => {
                assert_eq!(
                    (inside.kept.len(), inside.rejected_count),
                    (3, 0),
                    "{name}: {inside:?}"
                );
                assert!(!told("invalid JSON"), "{name}: {whole:?}");
            }
            "n_" if FORGIVEN.contains(&&*name) => assert_eq!(inside.kept.len(), 3, "{name}"),
            "n_" => {
                assert!(inside.rejected_count > 0, "{name}: {inside:?}");
                let is_empty = EMPTY.contains(&&*name);
                assert_eq!(whole.rejected_count == 0, is_empty, "{name}: {whole:?}");
                assert!(!is_empty || whole.kept.is_empty(), "{name}");
            }
            _ => {}
        }
    }
}

#[test]
fn every_file_of_the_json_suite_is_survived_by_every_door() {
    for (_, content) in json_files() {
        for door in doors() {
            check(&door, &content).ok();
            let Some(body) = door.request(&[Line::new("b", "k", "HOLE")]) else {
                continue;
            };
            for hole in ["\"HOLE\"", "HOLE"] {
                if let Some(at) = body
                    .windows(hole.len())
                    .position(|part| part == hole.as_bytes())
                {
                    let filled = [&body[..at], &content, &body[at + hole.len()..]].concat();
                    check(&door, &filled).ok();
                }
            }
        }
    }
}

#[test]
fn every_naughty_string_arrives_as_it_was_sent() {
    let Some(folder) = shared_data("naughty-strings") else {
        return;
    };
    let text = std::fs::read(folder.join("blns.json")).expect("the list can be read");
    let strings: Vec<String> = serde_json::from_slice(&text).expect("the list is JSON");
    assert!(strings.len() > 500, "{} strings", strings.len());
    for door in doors() {
        for text in &strings {
            check_exact(&door, &Line::new(text, "k", "v"));
            check_exact(&door, &Line::new("b", "k", text));
            check_exact(&door, &Line::new("b", text, "v"));
            check(&door, text.as_bytes()).ok();
        }
    }
}
