use std::collections::BTreeSet;

use testkit::Door;

use super::{RARE_WORD, Rows, SERVICES, Shape, Texts};

fn shape(has_trace: bool) -> Shape {
    Shape {
        seed: 7,
        has_trace,
        start_ns: 1_795_506_261_000_000_000,
        step_ns: 100_000,
        rare_every: 1_000,
    }
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    let take = || Rows::new(shape(true), Texts::BuiltIn).take(500);
    assert_eq!(take(), take());
}

#[test]
fn rows_are_of_the_size_and_the_shape_that_is_measured() {
    let rows = Rows::new(shape(true), Texts::BuiltIn).take(5_000);
    let bytes = Door::Ndjson.encode(&rows).len() / rows.len();
    assert!((310..=350).contains(&bytes), "{bytes} bytes a row");
    let services: BTreeSet<_> = rows.iter().map(|row| row.service.as_ref()).collect();
    assert_eq!(services, BTreeSet::from(SERVICES));
    let hosts: BTreeSet<_> = rows.iter().map(|row| row.host.as_ref()).collect();
    assert_eq!(hosts.len(), 20);
    let traces: BTreeSet<_> = rows.iter().map(|row| row.trace_id.as_deref()).collect();
    assert_eq!(traces.len(), rows.len());
    assert!(rows.is_sorted_by_key(|row| row.timestamp_ns));
    let rare = rows.iter().filter(|row| row.body.contains(RARE_WORD));
    assert_eq!(rare.count(), 5);
}

#[test]
fn without_a_trace_nothing_of_it_is_there() {
    let rows = Rows::new(shape(false), Texts::BuiltIn).take(10);
    assert!(rows.iter().all(|row| row.trace_id.is_none()));
}

#[test]
fn lines_of_files_keep_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.log"), "took 12345 ms\n\n").unwrap();
    let texts = Texts::of_folder(folder.path()).unwrap();
    let rows = Rows::new(shape(true), texts).take(100);
    let bodies: BTreeSet<_> = rows
        .iter()
        .map(|row| row.body.trim_end_matches(RARE_WORD).trim_end())
        .collect();
    assert!(bodies.len() > 20, "{bodies:?}");
    assert!(bodies.contains("took 12345 ms"));
    assert!(
        bodies
            .iter()
            .all(|body| body.len() == 13 && body.starts_with("took "))
    );
}
