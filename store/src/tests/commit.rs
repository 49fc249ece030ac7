use domain::{
    LogFilter, LogReader, LogRecord, PageRequest, ProjectId, Severity, TemplateId, TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record, template};
use crate::{CommitBatch, IngestReceipt, LogStore, Store};

fn everything(store: &Store, project_id: ProjectId) -> Vec<LogRecord> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(1_000);
    loop {
        let got = store
            .search(project_id, &LogFilter::in_range(TimeRange::ALL), &page)
            .expect("the page is read");
        found.extend(got.items);
        match got.next {
            Some(next) => page.after = Some(next),
            None => return found,
        }
    }
}

fn count(store: &Store, project_id: ProjectId) -> u64 {
    store
        .count(project_id, &LogFilter::in_range(TimeRange::ALL))
        .expect("the count is read")
}

pub(crate) fn a_committed_batch_is_read_back_as_it_was(fixture: &Fixture) {
    let project_id = project();
    let mut full = record(project_id, NOON + 1, "payment <b>failed</b> für 漢字 🦀");
    full.severity = Severity::Fatal;
    full.attributes = r#"{"k":"v","n":1.50}"#.to_owned();
    full.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
    full.span_id = Some("00f067aa0ba902b7".to_owned());
    full.template_id = TemplateId(u64::MAX - 5);
    full.observed_at_ns = -3;
    let empty = record(project_id, NOON, "");
    let receipt = commit(&fixture.store, &[empty.clone(), full.clone()]);
    assert_eq!(receipt.stored, 2);
    assert!(receipt.sanitised.is_empty() && receipt.rejected.is_empty());
    assert_eq!(everything(&fixture.store, project_id), [full, empty]);
}

pub(crate) fn a_repeated_batch_is_not_stored_twice(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..700)
        .map(|n| record(project_id, NOON + n, "again"))
        .collect();
    assert_eq!(commit(&fixture.store, &records).stored, 700);
    let receipt = commit(&fixture.store, &records);
    assert_eq!((receipt.stored, receipt.duplicates), (0, 700));
    assert_eq!(everything(&fixture.store, project_id).len(), 700);
    assert_eq!(count(&fixture.store, project_id), 700);
}

pub(crate) fn a_batch_with_some_stored_records_adds_the_others(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..10)
        .map(|n| record(project_id, NOON + n, "part"))
        .collect();
    commit(&fixture.store, &records[2..5]);
    let receipt = commit(&fixture.store, &records);
    assert_eq!((receipt.stored, receipt.duplicates), (7, 3));
    assert_eq!(everything(&fixture.store, project_id).len(), 10);
    assert_eq!(count(&fixture.store, project_id), 10);
}

pub(crate) fn an_id_that_occurs_twice_in_a_batch_is_stored_once(fixture: &Fixture) {
    let project_id = project();
    let first = record(project_id, NOON, "first");
    let mut second = record(project_id, NOON + SECOND, "second");
    second.id = first.id;
    let receipt = commit(&fixture.store, &[first.clone(), second]);
    assert_eq!((receipt.stored, receipt.duplicates), (1, 1));
    assert_eq!(everything(&fixture.store, project_id), [first]);
}

pub(crate) fn a_record_of_another_project_is_refused_and_its_neighbours_stay(fixture: &Fixture) {
    let (mine, other) = (project(), project());
    let records = vec![
        record(mine, NOON, "a"),
        record(other, NOON, "stray"),
        record(mine, NOON, "b"),
    ];
    let receipt = fixture
        .store
        .append(&CommitBatch::new(mine, records))
        .expect("the batch commits");
    assert_eq!(receipt.stored, 2);
    assert_eq!(receipt.rejected.len(), 1);
    assert_eq!(receipt.rejected[0].index, 1);
    assert_eq!(count(&fixture.store, other), 0);
}

pub(crate) fn projects_never_see_each_other(fixture: &Fixture) {
    let (mine, other) = (project(), project());
    commit(&fixture.store, &[record(mine, NOON, "mine")]);
    let theirs = record(other, NOON, "theirs");
    commit(&fixture.store, std::slice::from_ref(&theirs));
    assert_eq!(
        everything(&fixture.store, other),
        std::slice::from_ref(&theirs)
    );
    assert_eq!(count(&fixture.store, mine), 1);
    let found = fixture.store.record(mine, theirs.id).expect("read");
    assert_eq!(found, None);
    let cells = fixture.store.rollups(mine, TimeRange::ALL).expect("read");
    assert_eq!(cells.len(), 1);
}

pub(crate) fn an_empty_batch_commits_templates_only(fixture: &Fixture) {
    let project_id = project();
    let mut batch = CommitBatch::new(project_id, Vec::new());
    batch.new_templates.push(template(project_id, 7, "alone"));
    let receipt = fixture.store.append(&batch).expect("the batch commits");
    assert_eq!((receipt.stored, receipt.new_templates), (0, 1));
    let found = fixture.store.templates(project_id, 0, 10).expect("read");
    assert_eq!(found.len(), 1);
}

pub(crate) fn a_commit_is_there_after_the_store_is_opened_again(fixture: &Fixture) {
    let project_id = project();
    let kept = record(project_id, NOON, "kept");
    commit(&fixture.store, std::slice::from_ref(&kept));
    let again = Store::open(&fixture.config).expect("the store opens again");
    again.migrate().expect("nothing to migrate");
    assert_eq!(everything(&again, project_id), [kept]);
}

pub(crate) fn concurrent_commits_lose_and_double_nothing(fixture: &Fixture) {
    const THREADS: u64 = 8;
    const BATCHES: u64 = 12;
    const RECORDS: u64 = 50;
    let project_id = project();
    let batch = |thread: u64, number: u64| {
        let records = (0..RECORDS)
            .map(|n| {
                let mut one = record(
                    project_id,
                    NOON + i64::try_from(n).expect("small") * MINUTE / 10,
                    "crowd",
                );
                one.template_id = TemplateId(n % 7 + 1);
                one.service = format!("service-{}", (thread + n) % 5);
                one
            })
            .collect();
        let mut batch = CommitBatch::new(project_id, records);
        batch.new_templates = vec![template(project_id, number % 7 + 1, "crowd <num>")];
        batch
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for number in 0..BATCHES {
                    let batch = batch(thread, number);
                    fixture.store.append(&batch).expect("the batch commits");
                }
            });
        }
    });
    let all = THREADS * BATCHES * RECORDS;
    let rows = everything(&fixture.store, project_id);
    assert_eq!(rows.len() as u64, all);
    assert!(rows.windows(2).all(|pair| pair[0].id != pair[1].id));
    assert_eq!(count(&fixture.store, project_id), all);
    let templates = fixture.store.templates(project_id, 0, 100).expect("read");
    assert_eq!(templates.iter().map(|t| t.count).sum::<u64>(), all);
    let sequences: Vec<i64> = templates.iter().map(|t| t.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 7]);
    assert!(templates.iter().all(|t| t.services.len() == 5));
}

pub(crate) fn a_batch_larger_than_the_bind_limit_is_one_commit(fixture: &Fixture) {
    let project_id = project();
    let records: Vec<_> = (0..5_003)
        .map(|n| record(project_id, NOON + n * SECOND, "many"))
        .collect();
    assert_eq!(commit(&fixture.store, &records).stored, 5_003);
    assert_eq!(everything(&fixture.store, project_id).len(), 5_003);
}

pub(crate) fn a_receipt_is_found_until_it_is_forgotten(fixture: &Fixture) {
    let store = &fixture.store;
    let project_id = project();
    let receipt = IngestReceipt {
        key: [7; 32],
        accepted: 1,
        created_at_ns: NOON,
    };
    let mut batch = CommitBatch::new(project_id, vec![record(project_id, NOON, "once")]);
    batch.receipts.push(receipt);
    store.append(&batch).expect("stored");
    let find = |project_id, key| {
        store
            .ingest_receipts(project_id, &[[key; 32]])
            .expect("read")
    };
    assert_eq!(find(project_id, 7), [receipt]);
    assert!(find(project_id, 8).is_empty());
    assert!(find(project(), 7).is_empty());
    // Under the same key nothing more is stored, whatever the records.
    let mut again = CommitBatch::new(project_id, vec![record(project_id, NOON, "twice")]);
    again.receipts.push(receipt);
    let error = store.append(&again).expect_err("the key is taken");
    assert!(matches!(error, crate::Error::Duplicate { .. }), "{error}");
    assert_eq!(count(store, project_id), 1);
    assert_eq!(store.delete_ingest_receipts(NOON).expect("deleted"), 0);
    assert!(store.delete_ingest_receipts(NOON + 1).expect("deleted") >= 1);
    assert!(find(project_id, 7).is_empty());
}
