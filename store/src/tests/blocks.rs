//! What happens to records on their way from row to block to colder storage, and when some are deleted.

use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use domain::{
    LogFilter, LogReader, LogRecord, PageRequest, ProjectId, RecordId, RecordScanner, ScanColumns,
    Severity, TextTerm, TimeRange,
};

use super::Fixture;
use super::fixture::{MINUTE, NOON, SECOND, commit, project, record};
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Deletion, LogStore, Store};

const HOUR: i64 = 60 * MINUTE;

fn everything() -> LogFilter {
    LogFilter::in_range(TimeRange::ALL)
}

/// All records of a project, page by page.
fn all(store: &Store, project_id: ProjectId) -> Vec<LogRecord> {
    let (mut records, mut page) = (Vec::new(), PageRequest::first(7));
    loop {
        let read = store
            .search(project_id, &everything(), &page)
            .expect("a page");
        records.extend(read.items);
        match read.next {
            Some(next) => page.after = Some(next),
            None => return records,
        }
    }
}

fn some(project_id: ProjectId, count: i64) -> Vec<LogRecord> {
    (0..count)
        .map(|n| LogRecord {
            severity: [Severity::Info, Severity::Error][(n % 2) as usize],
            service: ["shop", "pay"][(n / 2 % 2) as usize].to_owned(),
            attributes: format!("{{\"n\":{n}}}"),
            ..record(project_id, NOON + n * SECOND, &format!("order {n} done"))
        })
        .collect()
}

fn sorted(mut records: Vec<LogRecord>) -> Vec<LogRecord> {
    records.sort_by_key(|record| std::cmp::Reverse((record.timestamp_ns, record.id)));
    records
}

fn rows(store: &Store, table: &'static str) -> i64 {
    let mut statement = Statement::new("SELECT CAST(COUNT(*) AS BIGINT) FROM ");
    statement.sql(table);
    let rows = statement.returning::<(BigInt,)>();
    let rows: Vec<(i64,)> = store
        .read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
        .expect("counted");
    rows[0].0
}

pub(crate) fn rows_that_have_rested_become_blocks(fixture: &Fixture) {
    let store = &fixture.store;
    let (mine, other) = (project(), project());
    let records = some(mine, 60);
    for chunk in records.chunks(20) {
        commit(store, chunk);
    }
    commit(store, &some(other, 5));
    store
        .seal(NOON + SECOND, false)
        .expect("nothing has rested");
    // Few rows wait for an hour.
    store.seal(NOON + 30 * MINUTE, false).expect("sealed");
    let before = rows(store, "log_tail");
    assert!(before == 65 || before == 0, "{before} rows are left");
    store.seal(NOON + 2 * HOUR, false).expect("sealed");
    assert_eq!(rows(store, "log_tail"), 0);
    assert_eq!(all(store, mine), sorted(records.clone()));
    assert_eq!(store.count(other, &everything()).expect("count"), 5);
    let found = store.record(mine, records[17].id).expect("read");
    assert_eq!(found.as_ref(), Some(&records[17]));
    assert_eq!(store.record(other, records[17].id).expect("read"), None);
    // A repeated commit finds its records in the block.
    assert_eq!(commit(store, &records[..20]).stored, 0);
    assert_eq!(store.seal(NOON + 2 * HOUR, true).expect("nothing to do"), 0);
}

pub(crate) fn small_blocks_become_large_ones(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 90);
    for chunk in records.chunks(9) {
        commit(store, chunk);
        store.seal(NOON, true).expect("sealed");
    }
    assert_eq!(rows(store, "log_blocks"), 10);
    assert_eq!(store.compact(mine, NOON).expect("compacted"), 10);
    for table in ["log_blocks", "log_block_data", "log_block_index"] {
        assert_eq!(rows(store, table), 1, "{table}");
    }
    assert_eq!(all(store, mine), sorted(records));
    assert_eq!(store.compact(mine, NOON).expect("nothing to do"), 0);
}

pub(crate) fn blocks_move_to_a_folder_and_are_read_from_there(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 40);
    for chunk in records.chunks(20) {
        commit(store, chunk);
        store.seal(NOON, true).expect("sealed");
    }
    let moved = store.tier(mine, NOON + 20 * SECOND, NOON).expect("moved");
    assert_eq!((moved.blocks, moved.records), (1, 20));
    assert!(moved.bytes > 0);
    assert_eq!(rows(store, "log_block_data"), 1);
    // Another process has nothing of it in memory.
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(all(&fresh, mine), sorted(records.clone()));
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged, []);
    // Records of the moved block that are deleted leave an object behind, for an hour.
    let mut early = everything();
    early.range.end_ns = NOON + 5 * SECOND;
    assert_eq!(
        fresh.delete_matching(mine, &early, NOON).expect("deleted"),
        5
    );
    assert_eq!(all(&fresh, mine), sorted(records[5..].to_vec()));
    assert_eq!(fresh.sweep(NOON + MINUTE).expect("not yet"), 0);
    assert_eq!(fresh.sweep(NOON + 2 * HOUR).expect("swept"), 1);
    let folder = fixture
        .folder
        .path()
        .join("objects")
        .join(mine.0.simple().to_string());
    assert_eq!(std::fs::read_dir(folder).expect("the folder").count(), 0);
}

pub(crate) fn a_damaged_block_is_reported_and_its_neighbours_stay(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 40);
    for chunk in records.chunks(20) {
        commit(store, chunk);
        store.seal(NOON, true).expect("sealed");
    }
    store
        .write(|connection| {
            let damage = Statement::new(
                "UPDATE log_block_data SET data = (SELECT sha256 FROM log_blocks LIMIT 1) WHERE block_id = \
                 (SELECT id FROM log_blocks ORDER BY min_ns LIMIT 1)",
            );
            on_both!(connection, concrete => damage.execute(concrete))?;
            Ok(())
        })
        .expect("damaged");
    let fresh = Store::open(&fixture.config).expect("opens");
    assert_eq!(all(&fresh, mine), sorted(records[20..].to_vec()));
    let damaged = fresh.check_blocks(mine).expect("checked").damaged;
    assert_eq!(damaged.len(), 1);
    assert_eq!((damaged[0].records, damaged[0].project_id), (20, mine));
    assert_eq!(
        damaged[0].range,
        TimeRange::new(NOON, NOON + 19 * SECOND + 1)
    );
    assert_eq!(damaged[0].services, ["pay", "shop"]);
    assert!(
        damaged[0].damage.contains("not those that were written"),
        "{}",
        damaged[0].damage
    );
    assert_eq!(fresh.damaged_blocks().expect("listed"), damaged);
}

pub(crate) fn a_damaged_index_hides_nothing_and_is_made_again(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 40);
    for chunk in records.chunks(20) {
        commit(store, chunk);
        store.seal(NOON, true).expect("sealed");
    }
    let indexes = |store: &Store| {
        let statement = Statement::new("SELECT data FROM log_block_index ORDER BY block_id");
        let rows = statement.returning::<(diesel::sql_types::Binary,)>();
        let rows: Vec<(Vec<u8>,)> = store
            .read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
            .expect("read");
        rows
    };
    let before = indexes(store);
    // The filter of one block is empty, the index of the other is missing.
    let mut empty = before[0].0.clone();
    let end = empty.len() - 40;
    empty[6..end].fill(0);
    store
        .write(|connection| {
            let mut damage = Statement::new("UPDATE log_block_index SET data = ");
            damage.bytes(empty.as_slice());
            damage.sql(" WHERE block_id = (SELECT MIN(block_id) FROM log_block_index)");
            on_both!(&mut *connection, concrete => damage.execute(concrete))?;
            let gone = Statement::new(
                "DELETE FROM log_block_index WHERE block_id = (SELECT MAX(block_id) FROM log_block_index)",
            );
            on_both!(connection, concrete => gone.execute(concrete))?;
            Ok(())
        })
        .expect("damaged");
    let fresh = Store::open(&fixture.config).expect("opens");
    let mut filter = everything();
    filter.text.push(TextTerm {
        term: "order".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    assert_eq!(fresh.count(mine, &filter).expect("counted"), 40);
    assert_eq!(fresh.check_blocks(mine).expect("checked").damaged, []);
    assert_eq!(indexes(&fresh), before);
    assert_eq!(fresh.count(mine, &filter).expect("counted"), 40);
}

pub(crate) fn deleting_takes_records_and_counts(fixture: &Fixture) {
    let store = &fixture.store;
    let (mine, other) = (project(), project());
    let records = some(mine, 600);
    commit(store, &records);
    commit(store, &some(other, 10));
    let mut filter = everything();
    filter.severities.push(Severity::Error);
    filter.text.push(TextTerm {
        term: "ORDER 1".to_owned(),
        negated: false,
        template_ids: Vec::new(),
    });
    let goes = |record: &LogRecord| {
        record.severity == Severity::Error && record.body.starts_with("order 1")
    };
    let kept: Vec<LogRecord> = records.iter().filter(|r| !goes(r)).cloned().collect();
    let deleted = store.delete_matching(mine, &filter, NOON).expect("deleted");
    assert_eq!(deleted, (600 - kept.len()) as u64);
    assert!(deleted > 0);
    assert_eq!(all(store, mine), sorted(kept.clone()));
    // The rollups count what is left.
    assert_eq!(
        store.count(mine, &everything()).expect("count"),
        kept.len() as u64
    );
    let cells = store
        .rollups(mine, TimeRange::new(NOON, NOON + HOUR))
        .expect("cells");
    assert_eq!(
        cells.iter().map(|cell| cell.count).sum::<u64>(),
        kept.len() as u64
    );
    let counts = store
        .template_counts(mine, &everything(), 10)
        .expect("counts");
    assert_eq!(
        counts.iter().map(|c| c.count).sum::<u64>(),
        kept.len() as u64
    );
    assert_eq!(store.count(other, &everything()).expect("count"), 10);
    assert_eq!(
        store
            .delete_matching(mine, &filter, NOON)
            .expect("nothing left"),
        0
    );
    let deletion = Deletion {
        id: records[0].id,
        requested_by: "kim".to_owned(),
        filter: "order 1".to_owned(),
        records: deleted,
        created_at_ns: NOON,
    };
    store.note_deletion(mine, &deletion).expect("noted");
    assert_eq!(store.deletions(mine, 5).expect("listed"), [deletion]);
    assert_eq!(store.deletions(other, 5).expect("listed"), []);
}

pub(crate) fn a_service_has_its_own_retention(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records: Vec<LogRecord> = (0..8)
        .map(|n| LogRecord {
            service: ["shop", "pay"][n % 2].to_owned(),
            ..record(mine, NOON + n as i64 * HOUR, "x")
        })
        .collect();
    commit(store, &records);
    store.set_retention(mine, "pay", Some(HOUR)).expect("set");
    store.set_retention(mine, "", Some(9 * HOUR)).expect("set");
    store
        .set_retention(mine, "pay", Some(2 * HOUR))
        .expect("replaced");
    let rules = store.retention_rules(mine).expect("read");
    let named = |rule: &crate::RetentionRule| (rule.service.clone(), rule.keep_ns);
    assert_eq!(
        rules.iter().map(named).collect::<Vec<_>>(),
        [(String::new(), 9 * HOUR), ("pay".to_owned(), 2 * HOUR)]
    );
    let gone = store
        .delete_service_before(mine, "pay", NOON + 5 * HOUR + 1, NOON)
        .expect("deleted");
    assert_eq!(gone, 2);
    let left: Vec<_> = all(store, mine)
        .iter()
        .map(|r| (r.timestamp_ns - NOON) / HOUR)
        .collect();
    assert_eq!(left, [7, 6, 5, 4, 2, 0]);
    assert_eq!(store.count(mine, &everything()).expect("count"), 6);
    store.set_retention(mine, "pay", None).expect("taken away");
    assert_eq!(store.retention_rules(mine).expect("read").len(), 1);
}

pub(crate) fn batches_that_overlap_are_stored_once(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 30);
    commit(store, &records[..20]);
    let receipt = commit(store, &records[10..]);
    assert_eq!((receipt.stored, receipt.duplicates), (10, 10));
    let receipt = commit(store, &records[5..15]);
    assert_eq!((receipt.stored, receipt.duplicates), (0, 10));
    // Ids between those of others are no doubles.
    let between = LogRecord {
        id: RecordId(uuid::Uuid::from_u128(records[3].id.0.as_u128() ^ 1 << 40)),
        ..records[3].clone()
    };
    assert_eq!(commit(store, &[between]).stored, 1);
    assert_eq!(store.count(mine, &everything()).expect("count"), 31);
    assert_eq!(all(store, mine).len(), 31);
}

pub(crate) fn a_scan_sees_everything_once(fixture: &Fixture) {
    let store = &fixture.store;
    let mine = project();
    let records = some(mine, 700);
    commit(store, &records[..300]);
    store.seal(NOON, true).expect("sealed");
    commit(store, &records[300..]);
    commit(store, &some(project(), 10));
    let mut bodies = Vec::new();
    let columns = ScanColumns {
        body: true,
        ..ScanColumns::default()
    };
    store
        .scan(mine, &everything(), columns, &mut |batch| {
            assert_eq!(
                (
                    batch.bodies.len(),
                    batch.timestamps_ns.len(),
                    batch.ids.len()
                ),
                (batch.len, batch.len, 0)
            );
            bodies.extend(batch.bodies);
            ControlFlow::Continue(())
        })
        .expect("scanned");
    bodies.sort_unstable();
    let mut expected: Vec<String> = records.iter().map(|r| r.body.clone()).collect();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    let mut calls = 0;
    let mut filter = everything();
    filter.services.push("pay".to_owned());
    store
        .scan(mine, &filter, ScanColumns::ALL, &mut |batch| {
            calls += 1;
            assert!(
                batch
                    .services
                    .iter()
                    .all(|service| service.as_ref() == "pay")
            );
            ControlFlow::Break(())
        })
        .expect("stopped");
    assert_eq!(calls, 1);
}
