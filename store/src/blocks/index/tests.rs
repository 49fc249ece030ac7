use domain::{AttributeFilter, AttributeOp, LogFilter, TemplateId, TextTerm, TimeRange};
use proptest::prelude::*;

use super::{BlockIndex, IndexBuilder, Needles};

fn index(build: impl FnOnce(&mut IndexBuilder)) -> BlockIndex {
    let mut builder = IndexBuilder::default();
    build(&mut builder);
    BlockIndex::read(&builder.finish()).expect("what was built is read")
}

fn asking(term: &str) -> LogFilter {
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    filter.text.push(TextTerm {
        term: term.to_owned(),
        negated: false,
        template_ids: vec![TemplateId(9)],
    });
    filter
}

fn may(index: &BlockIndex, filter: &LogFilter) -> bool {
    Needles::of(filter).may_match(index, &[1, 2])
}

#[test]
fn words_and_long_ids_rule_blocks_out() {
    let index = index(|builder| {
        builder.add_body("Connection reset by peer, id 4bf92f3577b34da6a3ce929d0e0e4736");
    });
    for held in [
        "RESET",
        "nnect",
        "reset by",
        "77b34da6a3ce929d0e0e",
        "id",
        "peer, id 4bf9",
    ] {
        assert!(may(&index, &asking(held)), "{held}");
    }
    for other in ["timeout", "77b34da6a3ce929d0eee", "reset timeout"] {
        assert!(!may(&index, &asking(other)), "{other}");
        // A template that holds the term makes the block worth a look.
        assert!(Needles::of(&asking(other)).may_match(&index, &[9]));
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let mut builder = IndexBuilder::default();
    builder.add_body("Connection reset by peer, id 4bf92f3577b34da6a3ce929d0e0e4736");
    let bytes = builder.finish();
    // All but the version, which another version may read.
    for at in 1..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        assert!(BlockIndex::read(&changed).is_err(), "byte {at}");
        assert!(BlockIndex::read(&bytes[..at]).is_err(), "{at} bytes");
    }
    assert!(BlockIndex::read(&bytes).is_ok());
}

#[test]
fn traces_and_attributes_rule_blocks_out() {
    let index = index(|builder| {
        builder.add_trace("abc");
        builder.add_attribute("user", "\"jos\\u00e9\"");
        builder.add_attribute("status", "503");
    });
    let mut filter = LogFilter::in_range(TimeRange::ALL);
    for (trace, expected) in [("abc", true), ("abd", false)] {
        filter.trace_id = Some(trace.to_owned());
        assert_eq!(may(&index, &filter), expected);
    }
    filter.trace_id = None;
    for (key, value, expected) in [
        ("user", "josé", true),
        ("status", "503", true),
        ("status", "504", false),
        ("user", "503", false),
    ] {
        filter.attributes = vec![AttributeFilter {
            key: key.to_owned(),
            op: AttributeOp::Equal,
            value: value.to_owned(),
        }];
        assert_eq!(may(&index, &filter), expected, "{key} {value}");
    }
}

proptest! {
    /// The promise: whatever piece of a body is asked for, its block is never ruled out.
    #[test]
    fn no_piece_of_a_body_is_ruled_out(body in "[a-fA-F0-9éx :=-]{1,80}", cuts in (0.0..1.0_f64, 0.0..1.0_f64), ends in prop::collection::vec(0.0..1.0_f64, 0..6)) {
        let place = |part: f64| body.floor_char_boundary((part * body.len() as f64) as usize);
        let (a, b) = (place(cuts.0), place(cuts.1));
        let term = &body[a.min(b)..a.max(b)];
        prop_assume!(!term.is_empty());
        // Split at random places, as a template would.
        let mut ends: Vec<usize> = ends.into_iter().map(place).collect();
        ends.sort_unstable();
        let mut values = Vec::new();
        let mut constants = Vec::new();
        let mut start = 0;
        for (number, end) in ends.iter().chain([&body.len()]).enumerate() {
            let piece = &body[start..*end];
            if number % 2 == 0 { constants.push(piece) } else { values.push(piece) }
            start = *end;
        }
        let index = index(|builder| {
            for constant in &constants {
                builder.add_body(constant);
            }
            builder.add_split(&body, &values);
        });
        prop_assert!(may(&index, &asking(term)), "{term:?}");
    }
}
