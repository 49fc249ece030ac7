use testkit::Door;

use super::{Ledger, Stored, compare};
use crate::faults::batch::{Batch, name_in, text_of};

fn batch(key: &str, count: usize) -> Batch {
    Batch {
        key: key.to_owned(),
        door: Door::Ndjson,
        is_grpc: false,
        count,
        service: "shop".to_owned(),
        made_at_ns: 1,
    }
}

fn ledger() -> Ledger {
    Ledger {
        acknowledged: vec![batch("a", 2)],
        unknown: vec![batch("u", 2)],
        unpromised: vec!["s1".to_owned()],
        ..Ledger::default()
    }
}

fn stored(names: &[&str]) -> Stored {
    let mut stored = Stored::default();
    for name in names {
        stored.take(&text_of(name));
    }
    stored
}

#[test]
fn promises_that_were_kept_are_clean() {
    let tally = compare(&ledger(), &stored(&["ar0", "ar1"]));
    assert!(tally.is_clean(), "{tally:?}");
    assert_eq!((tally.acknowledged, tally.unknown, tally.stored), (2, 3, 2));
    // What nobody knows about may be there.
    assert!(compare(&ledger(), &stored(&["ar0", "ar1", "ur0", "ur1", "s1"])).is_clean());
}

#[test]
fn an_acknowledged_record_that_is_missing_is_lost() {
    assert_eq!(compare(&ledger(), &stored(&["ar1", "ur0"])).lost, ["ar0"]);
}

#[test]
fn a_record_that_is_there_twice_is_doubled_whether_or_not_it_was_promised() {
    let tally = compare(
        &ledger(),
        &stored(&["ar0", "ar1", "ar1", "ur0", "ur0", "s1", "s1"]),
    );
    assert_eq!(
        tally.doubled,
        ["ar1 (2 times)", "s1 (2 times)", "ur0 (2 times)"]
    );
    assert!(!tally.is_clean());
}

#[test]
fn a_text_that_is_not_what_was_sent_is_altered_and_its_record_lost() {
    let mut stored = stored(&["ar0"]);
    stored.take(&text_of("ar1").to_uppercase());
    let tally = compare(&ledger(), &stored);
    assert_eq!(
        (tally.altered.len(), tally.lost.as_slice()),
        (1, &["ar1".to_owned()][..])
    );
}

#[test]
fn a_record_that_nobody_sent_is_noticed() {
    let tally = compare(&ledger(), &stored(&["ar0", "ar1", "zr0"]));
    assert_eq!(tally.altered, ["zr0 was never sent"]);
}

#[test]
fn the_name_of_every_text_is_found_again() {
    for number in 0..500 {
        let name = format!("t1s{number}b{number}r0");
        assert_eq!(name_in(&text_of(&name)), Some((name.as_str(), true)));
    }
}
