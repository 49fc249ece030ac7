//! The shapes of text, number and time that one database or the other refuses.

use domain::{
    AttributeFilter, AttributeOp, LogFilter, LogReader, LogRecord, PageRequest, ProjectId,
    TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{NOON, commit, project, record};
use crate::Store;

/// Each with a name for the failure message.
pub(super) fn shapes(project_id: ProjectId) -> Vec<(&'static str, LogRecord)> {
    let plain = || record(project_id, NOON, "poison");
    let attributes = |text: &str| LogRecord {
        attributes: text.to_owned(),
        ..plain()
    };
    let nested = |depth: usize| format!("{{\"deep\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let at = |timestamp_ns| LogRecord {
        timestamp_ns,
        ..plain()
    };
    let with = |change: fn(&mut LogRecord)| {
        let mut one = plain();
        change(&mut one);
        one
    };
    vec![
        (
            "NUL in the body",
            with(|r| r.body = "poison \0 nul".to_owned()),
        ),
        (
            "NUL in the service",
            with(|r| r.service = "sh\0op".to_owned()),
        ),
        (
            "NUL in the trace id",
            with(|r| r.trace_id = Some("a\0b".to_owned())),
        ),
        ("NUL in the attributes", attributes("{\"a\":\"\0\"}")),
        ("escaped NUL in a value", attributes(r#"{"a":"x\u0000y"}"#)),
        ("escaped NUL in a key", attributes(r#"{"a\u0000b":1}"#)),
        ("lone surrogate", attributes(r#"{"a":"\ud800"}"#)),
        ("reversed surrogates", attributes(r#"{"a":"\udc00\ud800"}"#)),
        ("20,000 levels", attributes(&nested(20_000))),
        ("1e100000", attributes(r#"{"n":1e100000}"#)),
        ("1e131071", attributes(r#"{"n":1e131071}"#)),
        ("1e400", attributes(r#"{"n":1e400}"#)),
        ("repeated keys", attributes(r#"{"a":1,"a":2}"#)),
        ("not JSON", attributes("{broken")),
        ("not an object", attributes("[1,2]")),
        ("the first instant", at(i64::MIN)),
        ("the last instant", at(i64::MAX)),
        ("year 294277", at(9_223_372_036_000_000_000)),
        ("before 1970", at(-1)),
        ("12.8 kB service", with(|r| r.service = "é".repeat(6_400))),
        (
            "12.8 kB trace id",
            with(|r| r.trace_id = Some("f".repeat(12_800))),
        ),
        ("1 MiB body", with(|r| r.body = "x".repeat(1 << 20))),
        (
            "backslashes",
            with(|r| r.body = r"C:\temp\N \. \x41".to_owned()),
        ),
        (
            "control and bidi characters",
            with(|r| r.body = "\u{1}\u{1b}[31m\u{202e}\u{feff}\u{ffff}".to_owned()),
        ),
    ]
}

fn stored(store: &Store, record: &LogRecord) -> LogRecord {
    store
        .record(record.project_id, record.id)
        .expect("the record is read")
        .expect("the record is there")
}

pub(crate) fn every_poison_shape_is_stored_alone(fixture: &Fixture) {
    let project_id = project();
    for (name, shape) in shapes(project_id) {
        let receipt = commit(&fixture.store, std::slice::from_ref(&shape));
        assert_eq!(receipt.stored, 1, "{name}");
        let found = stored(&fixture.store, &shape);
        assert_eq!(found.timestamp_ns, shape.timestamp_ns, "{name}");
        assert_eq!(found.body, shape.body.replace('\0', "\u{fffd}"), "{name}");
        assert_eq!(
            found.attributes,
            shape.attributes.replace('\0', "\u{fffd}"),
            "{name}"
        );
        assert!(
            shape
                .service
                .replace('\0', "\u{fffd}")
                .starts_with(&found.service),
            "{name}"
        );
    }
}

pub(crate) fn no_poison_shape_fails_its_batch(fixture: &Fixture) {
    let project_id = project();
    let mut records = Vec::new();
    let mut changed = Vec::new();
    for (name, shape) in shapes(project_id) {
        records.push(record(project_id, NOON, "neighbour"));
        let cut = name.contains("12.8 kB");
        if name.starts_with("NUL") || cut {
            changed.push(records.len());
        }
        records.push(shape);
    }
    let receipt = commit(&fixture.store, &records);
    assert_eq!(receipt.stored, records.len());
    assert_eq!(receipt.sanitised, changed);
    for one in &records {
        stored(&fixture.store, one);
    }
    let mut neighbours = LogFilter::in_range(TimeRange::ALL);
    neighbours.text.push(TextTerm {
        term: "NEIGHBOUR".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    let count = fixture.store.count(project_id, &neighbours).expect("count");
    assert_eq!(count, records.len() as u64 / 2);
    let mut nul = neighbours;
    nul.text[0].term = "poison \0".to_owned();
    let page = fixture
        .store
        .search(project_id, &nul, &PageRequest::first(5))
        .expect("a NUL can be searched for");
    assert_eq!(page.items.len(), 1);
}

pub(crate) fn attribute_conditions_survive_every_poison_shape(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = shapes(project_id).into_iter().map(|(_, r)| r).collect();
    commit(&fixture.store, &records);
    let matching = |key: &str, op, value: &str| {
        let mut filter = LogFilter::in_range(TimeRange::ALL);
        filter.attributes.push(AttributeFilter {
            key: key.to_owned(),
            op,
            value: value.to_owned(),
        });
        let found = fixture
            .store
            .search(project_id, &filter, &PageRequest::first(100))
            .expect("the condition never fails")
            .items
            .len();
        let counted = fixture.store.count(project_id, &filter).expect("count");
        assert_eq!(found as u64, counted);
        found
    };
    assert_eq!(matching("a", AttributeOp::Equal, "2"), 1);
    assert_eq!(matching("a", AttributeOp::Equal, "1"), 0);
    assert_eq!(matching("a", AttributeOp::Equal, "x\0y"), 1);
    assert_eq!(matching("a\0b", AttributeOp::Exists, ""), 1);
    assert_eq!(matching("a", AttributeOp::Equal, r"\ud800"), 1);
    assert_eq!(matching("n", AttributeOp::Equal, "1e131071"), 1);
    assert_eq!(matching("deep", AttributeOp::Exists, ""), 1);
    // Every record lacks it, also those whose attributes are no object.
    assert_eq!(matching("none", AttributeOp::NotEqual, "x"), records.len());
}
