use domain::{
    AttributeFilter, AttributeOp, ErrorKind, LogFilter, LogReader, LogRecord, Order, PageRequest,
    ProjectId, Severity, TemplateId, TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record};
use crate::{LogStore, MAX_PAGE, Store};

fn all() -> LogFilter {
    LogFilter::in_range(TimeRange::ALL)
}

fn term(text: &str) -> TextTerm {
    TextTerm {
        term: text.to_owned(),
        negated: false,
        template_ids: Vec::new(),
    }
}

/// The bodies that match, newest first, checked against the count.
fn bodies(store: &Store, project_id: ProjectId, filter: &LogFilter) -> Vec<String> {
    let page = store
        .search(project_id, filter, &PageRequest::first(MAX_PAGE))
        .expect("the search works");
    let count = store.count(project_id, filter).expect("the count works");
    assert_eq!(page.items.len() as u64, count, "search and count agree");
    page.items.into_iter().map(|record| record.body).collect()
}

fn changed(project_id: ProjectId, at: i64, body: &str, change: fn(&mut LogRecord)) -> LogRecord {
    let mut one = record(project_id, NOON + at * SECOND, body);
    change(&mut one);
    one
}

pub(crate) fn each_condition_selects_its_records(fixture: &Fixture) {
    let project_id = project();
    commit(
        &fixture.store,
        &[
            changed(project_id, 0, "plain", |_| ()),
            changed(project_id, 70, "error", |r| r.severity = Severity::Error),
            changed(project_id, 140, "api", |r| r.service = "api".to_owned()),
            changed(project_id, 210, "nine", |r| r.template_id = TemplateId(9)),
            changed(project_id, 280, "traced", |r| {
                r.trace_id = Some("abc".to_owned())
            }),
        ],
    );
    let check = |change: fn(&mut LogFilter), expected: &[&str]| {
        let mut filter = all();
        change(&mut filter);
        assert_eq!(bodies(&fixture.store, project_id, &filter), expected);
    };
    check(|_| (), &["traced", "nine", "api", "error", "plain"]);
    check(
        |f| f.severities = vec![Severity::Error, Severity::Fatal],
        &["error"],
    );
    check(
        |f| f.services = vec!["api".to_owned(), "none".to_owned()],
        &["api"],
    );
    check(|f| f.excluded_services = vec!["shop".to_owned()], &["api"]);
    check(|f| f.template_ids = vec![TemplateId(9)], &["nine"]);
    check(|f| f.trace_id = Some("abc".to_owned()), &["traced"]);
    check(
        |f| f.range = TimeRange::new(NOON + 70 * SECOND, NOON + 210 * SECOND),
        &["api", "error"],
    );
    check(
        |f| {
            f.services = vec!["shop".to_owned()];
            f.severities = vec![Severity::Info];
            f.text = vec![term("N")];
        },
        &["nine", "plain"],
    );
    check(|f| f.range = TimeRange::new(NOON, NOON), &[]);
}

pub(crate) fn text_terms_take_wildcards_literally_and_ignore_ascii_case(fixture: &Fixture) {
    let project_id = project();
    let texts = [
        "100% done",
        "1000 done",
        r"a_b \ c",
        "axb / c",
        "Größe 漢字",
        "it's 'quoted'",
    ];
    let records: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, body)| record(project_id, NOON - n, body))
        .collect();
    commit(&fixture.store, &records);
    let check = |text: &str, negated: bool, expected: &[&str]| {
        let mut filter = all();
        filter.text.push(TextTerm {
            negated,
            ..term(text)
        });
        assert_eq!(
            bodies(&fixture.store, project_id, &filter),
            expected,
            "{text}"
        );
    };
    check("0% DONE", false, &["100% done"]);
    check("A_B", false, &[r"a_b \ c"]);
    check(r"\", false, &[r"a_b \ c"]);
    check("größe", false, &["Größe 漢字"]);
    check("GRÖSSE", false, &[]);
    check("字", false, &["Größe 漢字"]);
    check("t's 'Q", false, &["it's 'quoted'"]);
    check(
        "done",
        true,
        &[r"a_b \ c", "axb / c", "Größe 漢字", "it's 'quoted'"],
    );
}

pub(crate) fn resolved_templates_match_without_the_body(fixture: &Fixture) {
    let project_id = project();
    commit(
        &fixture.store,
        &[
            changed(project_id, 3, "constant text", |r| {
                r.template_id = TemplateId(4)
            }),
            changed(project_id, 2, "a variable with timeout", |_| ()),
            changed(project_id, 1, "other", |_| ()),
        ],
    );
    let mut filter = all();
    filter.text.push(TextTerm {
        template_ids: vec![TemplateId(4), TemplateId(1 << 63)],
        ..term("timeout")
    });
    let found = bodies(&fixture.store, project_id, &filter);
    assert_eq!(found, ["constant text", "a variable with timeout"]);
    filter.text[0].negated = true;
    assert_eq!(bodies(&fixture.store, project_id, &filter), ["other"]);
}

pub(crate) fn attributes_are_compared_by_their_json_text(fixture: &Fixture) {
    let project_id = project();
    let texts = [
        ("text", r#"{"user":"ann","status":"500"}"#),
        ("number", r#"{"status":500,"ok":true,"none":null}"#),
        ("float", r#"{"status":500.0}"#),
        ("nested", r#"{"other":{"status":500},"user":"a\"b\\"}"#),
        ("escaped", r#"{"\u0075ser":"ann"}"#),
        ("empty", ""),
    ];
    let records: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, (body, attributes))| LogRecord {
            attributes: attributes.to_owned(),
            ..record(project_id, NOON - n, body)
        })
        .collect();
    commit(&fixture.store, &records);
    let check = |key: &str, op, value: &str, expected: &[&str]| {
        let mut filter = all();
        filter.attributes.push(AttributeFilter {
            key: key.to_owned(),
            op,
            value: value.to_owned(),
        });
        assert_eq!(
            bodies(&fixture.store, project_id, &filter),
            expected,
            "{key} {value}"
        );
    };
    check("status", AttributeOp::Equal, "500", &["text", "number"]);
    check(
        "status",
        AttributeOp::Exists,
        "",
        &["text", "number", "float"],
    );
    check(
        "status",
        AttributeOp::NotEqual,
        "500",
        &["float", "nested", "escaped", "empty"],
    );
    check("ok", AttributeOp::Equal, "true", &["number"]);
    check("none", AttributeOp::Exists, "", &["number"]);
    check("user", AttributeOp::Equal, "ann", &["text", "escaped"]);
    check("user", AttributeOp::Equal, "a\"b\\", &["nested"]);
    check("us%r", AttributeOp::Exists, "", &[]);
}

pub(crate) fn pages_are_newest_first_and_end(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..5)
        .map(|n| record(project_id, NOON + n / 2, &n.to_string()))
        .collect();
    commit(&fixture.store, &records);
    let mut page = PageRequest::first(2);
    let mut seen = Vec::new();
    loop {
        let got = fixture
            .store
            .search(project_id, &all(), &page)
            .expect("read");
        seen.push(got.items.iter().map(|r| r.body.clone()).collect::<Vec<_>>());
        match got.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, [vec!["4", "3"], vec!["2", "1"], vec!["0"]]);
}

pub(crate) fn pages_can_be_oldest_first(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..4)
        .map(|n| record(project_id, NOON + n * MINUTE, &n.to_string()))
        .collect();
    commit(&fixture.store, &records);
    let mut filter = all();
    filter.services = vec!["shop".to_owned()];
    let mut page = PageRequest {
        limit: 3,
        after: None,
        order: Order::OldestFirst,
    };
    let got = fixture
        .store
        .search(project_id, &filter, &page)
        .expect("read");
    let found: Vec<_> = got.items.iter().map(|r| r.body.as_str()).collect();
    assert_eq!(found, ["0", "1", "2"]);
    page.after = got.next;
    let got = fixture
        .store
        .search(project_id, &filter, &page)
        .expect("read");
    assert_eq!((got.items.len(), got.next), (1, None));
}

pub(crate) fn a_page_beyond_the_limit_is_refused(fixture: &Fixture) {
    for limit in [0, MAX_PAGE + 1] {
        let error = fixture
            .store
            .search(project(), &all(), &PageRequest::first(limit))
            .expect_err("refused");
        assert_eq!(error.kind, ErrorKind::BadRequest);
        assert!(error.message.contains(&limit.to_string()), "{error}");
    }
}

pub(crate) fn filters_beyond_their_limits_are_refused(fixture: &Fixture) {
    let refused = |change: fn(&mut LogFilter)| {
        let mut filter = all();
        change(&mut filter);
        let error = fixture
            .store
            .count(project(), &filter)
            .expect_err("refused");
        assert_eq!(error.kind, ErrorKind::BadRequest);
    };
    refused(|f| f.services = vec!["s".to_owned(); 257]);
    refused(|f| f.template_ids = vec![TemplateId(1); 20_001]);
    refused(|f| f.text = vec![term(&"x".repeat(4_097))]);
    let mut at_the_limit = all();
    at_the_limit.template_ids = (0..20_000).map(|n| TemplateId(u64::MAX - n)).collect();
    at_the_limit.text = vec![term(&"%".repeat(4_096)); 256];
    let count = fixture
        .store
        .count(project(), &at_the_limit)
        .expect("works");
    assert_eq!(count, 0);
}

pub(crate) fn a_rare_pattern_is_found_far_back(fixture: &Fixture) {
    let project_id = project();
    let mut records: Vec<_> = (0..3_000)
        .map(|n| record(project_id, NOON - n * MINUTE, "common"))
        .collect();
    for n in [2_500, 2_999] {
        let mut rare = record(project_id, NOON - n * MINUTE, "rare");
        rare.template_id = TemplateId(77);
        records.push(rare);
    }
    commit(&fixture.store, &records);
    let mut filter = all();
    filter.template_ids = vec![TemplateId(77)];
    assert_eq!(
        bodies(&fixture.store, project_id, &filter),
        ["rare", "rare"]
    );
    let mut by_text = all();
    by_text.text = vec![term("RARE")];
    assert_eq!(bodies(&fixture.store, project_id, &by_text).len(), 2);
}

pub(crate) fn a_record_is_found_by_its_id_in_its_project_only(fixture: &Fixture) {
    let project_id = project();
    let one = record(project_id, NOON, "one");
    commit(&fixture.store, std::slice::from_ref(&one));
    let found = |project_id| fixture.store.record(project_id, one.id).expect("read");
    assert_eq!(found(project_id), Some(one.clone()));
    assert_eq!(found(project()), None);
}

pub(crate) fn context_is_the_neighbours_of_the_same_service(fixture: &Fixture) {
    let project_id = project();
    let mut records: Vec<_> = (0..9)
        .map(|n| record(project_id, NOON + n / 3 * MINUTE, &n.to_string()))
        .collect();
    records[3].service = "other".to_owned();
    commit(&fixture.store, &records);
    let context = fixture
        .store
        .context(project_id, records[4].id, 2, 3)
        .expect("read")
        .expect("there");
    let bodies = |side: &[LogRecord]| side.iter().map(|r| r.body.clone()).collect::<Vec<_>>();
    assert_eq!(bodies(&context.before), ["1", "2"]);
    assert_eq!(context.record.body, "4");
    assert_eq!(bodies(&context.after), ["5", "6", "7"]);
    let alone = fixture.store.context(project_id, records[3].id, 5, 0);
    let alone = alone.expect("read").expect("there");
    assert!(alone.before.is_empty() && alone.after.is_empty());
    let unknown = super::fixture::record_id();
    let none = fixture.store.context(project_id, unknown, 1, 1);
    assert_eq!(none.expect("read"), None);
}

pub(crate) fn a_spent_budget_is_a_timeout(fixture: &Fixture) {
    let project_id = project();
    commit(&fixture.store, &[record(project_id, NOON, "one")]);
    let mut config = fixture.config.clone();
    config.read_timeout = std::time::Duration::ZERO;
    let store = Store::open(&config).expect("the store opens");
    let mut filter = all();
    filter.text = vec![term("one")];
    let error = store.count(project_id, &filter).expect_err("no time");
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(error.message.contains("limit is 0 ms"), "{error}");
    assert!(store.rollups(project_id, TimeRange::ALL).is_ok());
}
