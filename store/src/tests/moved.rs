//! Blocks that are not where they were when they were listed, and pages that are cut by their bytes.

use domain::{LogFilter, LogReader, LogRecord, PageRequest, ProjectId, TimeRange};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record};
use crate::blocks::decode::Wanted;
use crate::blocks::{catalogue, visit};
use crate::{Error, LogStore, Store};

const HOUR: i64 = 60 * MINUTE;

/// Records in one sealed block.
fn sealed(store: &Store, project_id: ProjectId, count: i64) -> Vec<LogRecord> {
    let records: Vec<LogRecord> = (0..count)
        .map(|n| record(project_id, NOON + n * SECOND, &format!("order {n} done")))
        .collect();
    commit(store, &records);
    store.seal(NOON, true).expect("sealed");
    records
}

fn read(store: &Store, project_id: ProjectId) -> usize {
    let filter = LogFilter::in_range(TimeRange::ALL);
    let page = PageRequest::first(1_000);
    let read = store.search(project_id, &filter, &page).expect("a page");
    read.items.len()
}

fn object_folder(fixture: &Fixture, project_id: ProjectId) -> std::path::PathBuf {
    let objects = fixture.folder.path().join("objects");
    objects.join(project_id.0.simple().to_string())
}

pub(crate) fn a_block_that_moved_since_it_was_listed_is_not_taken_for_damaged(fixture: &Fixture) {
    let (store, mine) = (&fixture.store, project());
    sealed(store, mine, 20);
    let listed = store
        .read(|c| catalogue::in_range(c, mine, TimeRange::ALL))
        .expect("listed");
    store.tier(mine, NOON + HOUR, NOON).expect("moved");
    let other = Store::open(&fixture.config).expect("opens");
    let looked = other.read(|c| visit::read(&other, c, &listed[0], &Wanted::ids(), vec![0]));
    assert!(
        matches!(looked, Err(Error::Contention { .. })),
        "{:?}",
        looked.map(|rows| rows.is_some())
    );
    assert_eq!(other.damaged_blocks().expect("listed"), []);
    assert_eq!(read(&other, mine), 20);
}

pub(crate) fn a_page_is_full_though_a_block_that_was_known_is_missing(fixture: &Fixture) {
    let (store, mine) = (&fixture.store, project());
    let old = sealed(store, mine, 20);
    store.tier(mine, NOON + HOUR, NOON).expect("moved");
    let new: Vec<LogRecord> = (0..20)
        .map(|n| record(mine, NOON + HOUR + n * SECOND, &format!("order {n} paid")))
        .collect();
    commit(store, &new);
    store.seal(NOON, true).expect("sealed");
    let request = PageRequest {
        limit: 5,
        after: None,
        order: domain::Order::OldestFirst,
    };
    let ids =
        |records: &[LogRecord]| -> Vec<_> { records.iter().map(|record| record.id).collect() };
    let filter = LogFilter::in_range(TimeRange::ALL);
    let page = store.search(mine, &filter, &request).expect("a page");
    assert_eq!(ids(&page.items), ids(&old[..5]));
    // What its rows are is still in memory, the block itself is not.
    store.caches().blocks.clear();
    let folder = object_folder(fixture, mine);
    std::fs::rename(&folder, fixture.folder.path().join("away")).expect("taken away");
    let page = store.search(mine, &filter, &request).expect("a page");
    assert_eq!(ids(&page.items), ids(&new[..5]));
    assert!(page.next.is_some());
}

pub(crate) fn a_missing_object_is_left_out_until_it_is_there_again(fixture: &Fixture) {
    let (store, mine) = (&fixture.store, project());
    sealed(store, mine, 20);
    store.tier(mine, NOON + HOUR, NOON).expect("moved");
    let folder = object_folder(fixture, mine);
    let away = fixture.folder.path().join("away");
    std::fs::rename(&folder, &away).expect("taken away");
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(read(&fresh, mine), 0);
    assert_eq!(fresh.damaged_blocks().expect("listed"), []);
    // A deletion must not say that it is done.
    let mut some = LogFilter::in_range(TimeRange::ALL);
    some.range.end_ns = NOON + 5 * SECOND;
    let refused = fresh.delete_matching(mine, &some, NOON);
    assert!(
        matches!(refused, Err(Error::Unavailable { .. })),
        "{refused:?}"
    );
    // Whoever asks is told, and it is a mark that goes again.
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged.len(), 1);
    std::fs::rename(&away, &folder).expect("put back");
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged, []);
    assert_eq!(read(&fresh, mine), 20);
}

pub(crate) fn damaged_blocks_go_with_what_is_too_old(fixture: &Fixture) {
    let (store, mine) = (&fixture.store, project());
    sealed(store, mine, 20);
    store.tier(mine, NOON + HOUR, NOON).expect("moved");
    std::fs::remove_dir_all(object_folder(fixture, mine)).expect("removed");
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged.len(), 1);
    fresh
        .delete_before(mine, NOON + 2 * HOUR, NOON + 48 * HOUR)
        .expect("deleted");
    assert_eq!(fresh.damaged_blocks().expect("listed"), []);
}

pub(crate) fn a_page_ends_when_it_has_enough_bytes(fixture: &Fixture) {
    let (store, mine) = (&fixture.store, project());
    let long = "x".repeat(900_000);
    let mut expected = Vec::new();
    for chunk in 0..4 {
        let records: Vec<LogRecord> = (0..25)
            .map(|n| {
                // Neighbours in time lie in different blocks.
                let at = NOON + (n * 4 + chunk) * SECOND;
                record(mine, at, &format!("{n} {chunk} {long}"))
            })
            .collect();
        expected.extend(records.iter().map(|r| r.id));
        commit(store, &records);
        if chunk < 3 {
            store.seal(NOON, true).expect("sealed");
        }
    }
    let filter = LogFilter::in_range(TimeRange::ALL);
    let (mut found, mut last) = (Vec::new(), i64::MAX);
    let mut page = PageRequest::first(1_000);
    loop {
        let read = store.search(mine, &filter, &page).expect("a page");
        let bytes: usize = read.items.iter().map(|r| r.body.len()).sum();
        assert!(bytes < 36 << 20, "{bytes} bytes");
        for record in &read.items {
            assert!(record.timestamp_ns < last, "out of order or twice");
            last = record.timestamp_ns;
            found.push(record.id);
        }
        match read.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
