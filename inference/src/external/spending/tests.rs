use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ManualClock;

use super::*;

/// 86,400 seconds.
const DAY: i64 = PERIOD_NS;

/// A ledger in memory that can be away.
#[derive(Default)]
struct Book {
    rows: Mutex<BTreeMap<(i64, Option<ProjectId>), Spent>>,
    is_away: AtomicBool,
    is_unreadable: AtomicBool,
}

impl SpendingLedger for Book {
    fn add(&self, day: i64, spent: &[(Option<ProjectId>, Spent)]) -> Result<(), String> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err("the database is away".to_owned());
        }
        let mut rows = self.rows.lock().unwrap();
        for (project_id, spent) in spent {
            let row = rows.entry((day, *project_id)).or_default();
            *row = row.plus(*spent);
        }
        Ok(())
    }

    fn read(&self, day: i64) -> Result<Vec<(Option<ProjectId>, Spent)>, String> {
        if self.is_away.load(Ordering::Relaxed) || self.is_unreadable.load(Ordering::Relaxed) {
            return Err("the database is away".to_owned());
        }
        let rows = self.rows.lock().unwrap();
        let of_day = rows.iter().filter(|((of, _), _)| *of == day);
        Ok(of_day
            .map(|((_, project_id), spent)| (*project_id, *spent))
            .collect())
    }
}

fn project(n: u8) -> Option<ProjectId> {
    Some(ProjectId::from_parts(0, [n; 10]))
}

fn limits() -> SpendingLimits {
    SpendingLimits {
        calls_per_day: 10,
        tokens_per_day: 1_000,
        project_tokens_per_day: Some(100),
        input_price: 1_000_000,
        ..SpendingLimits::default()
    }
}

fn process(clock: &Arc<ManualClock>) -> Spending {
    Spending::new(limits(), Arc::clone(clock) as Arc<dyn Clock>).in_ledger()
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(20_000 * DAY + DAY / 2))
}

#[test]
fn a_process_that_starts_again_knows_what_was_spent_and_calls_nobody_before() {
    let (book, clock) = (Book::default(), clock());
    let first = process(&clock);
    let too_early = first.reserve(project(1), 1, 1).err().unwrap();
    assert!(
        too_early.to_string().contains("not known yet"),
        "{too_early}"
    );
    first.sync(&book).unwrap();
    first.reserve(project(1), 5, 5).unwrap().settle(60, 30);
    first.reserve(None, 5, 5).unwrap().settle(7, 0);
    assert!(!first.is_settled());
    first.sync(&book).unwrap();
    assert!(first.is_settled());
    assert_eq!(first.today(), (2, 97, 67));
    drop(first);
    let second = process(&clock);
    second.sync(&book).unwrap();
    assert_eq!(second.today(), (2, 97, 67));
    assert_eq!(second.today_of(project(1).unwrap()), (1, 90, 60));
    second.reserve(project(1), 1, 1).unwrap().settle(10, 0);
    // Ten more are over its limit of a hundred, though this process alone spent ten.
    let refused = second.reserve(project(1), 1, 1).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "100 tokens of this project spent in this period, the limit is 100"
    );
    second.reserve(project(2), 1, 1).unwrap();
}

#[test]
fn what_several_processes_spend_adds_up() {
    let (book, clock) = (Book::default(), clock());
    let nodes = [process(&clock), process(&clock)];
    for node in &nodes {
        node.sync(&book).unwrap();
    }
    std::thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(|| {
                for _ in 0..5 {
                    node.reserve(project(1), 1, 1).unwrap().settle(2, 2);
                    node.sync(&book).unwrap();
                }
            });
        }
    });
    for node in &nodes {
        node.sync(&book).unwrap();
        assert_eq!(node.today(), (10, 40, 20));
        let refused = node.reserve(project(2), 1, 1).err().unwrap();
        assert_eq!(
            refused.to_string(),
            "10 calls spent in this period, the limit is 10"
        );
    }
}

#[test]
fn a_new_day_begins_at_midnight_and_the_rest_of_the_old_one_is_written_to_it() {
    let (book, clock) = (Book::default(), clock());
    let node = process(&clock);
    node.sync(&book).unwrap();
    node.reserve(project(1), 5, 5).unwrap().settle(99, 0);
    let over_midnight = node.reserve(project(2), 5, 5).unwrap();
    clock.advance(DAY / 2 - 1);
    assert_eq!(node.today(), (2, 109, 104));
    clock.advance(1);
    assert_eq!(node.today(), (0, 0, 0));
    over_midnight.settle(4, 0);
    node.reserve(project(1), 5, 5).unwrap().settle(3, 0);
    node.sync(&book).unwrap();
    assert_eq!(node.today(), (1, 7, 7));
    let figures: Vec<_> = book.rows.lock().unwrap().clone().into_iter().collect();
    let spent = |calls, tokens| Spent {
        calls,
        tokens,
        pico_dollars: tokens * 1_000_000,
    };
    assert_eq!(
        figures,
        [
            ((20_000, project(1)), spent(1, 99)),
            ((20_000, project(2)), spent(1, 0)),
            ((20_001, project(1)), spent(1, 3)),
            ((20_001, project(2)), spent(0, 4)),
        ]
    );
}

#[test]
fn nothing_is_lost_or_told_twice_while_the_ledger_is_away() {
    let (book, clock) = (Book::default(), clock());
    let node = process(&clock);
    node.sync(&book).unwrap();
    node.reserve(project(1), 5, 5).unwrap().settle(50, 0);
    book.is_away.store(true, Ordering::Relaxed);
    node.sync(&book).unwrap_err();
    // Calls go on, and are limited by what this process knows.
    assert_eq!(node.today(), (1, 50, 50));
    node.reserve(project(1), 5, 5).unwrap().settle(20, 0);
    node.sync(&book).unwrap_err();
    assert_eq!(node.today(), (2, 70, 70));
    book.is_away.store(false, Ordering::Relaxed);
    // It is written, and then it cannot be read.
    book.is_unreadable.store(true, Ordering::Relaxed);
    node.sync(&book).unwrap_err();
    assert_eq!(node.today(), (2, 70, 70));
    book.is_unreadable.store(false, Ordering::Relaxed);
    node.sync(&book).unwrap();
    assert_eq!(node.today(), (2, 70, 70));
    assert_eq!(book.rows.lock().unwrap().len(), 1);
    clock.advance(DAY);
    book.is_away.store(true, Ordering::Relaxed);
    node.sync(&book).unwrap_err();
    assert_eq!(node.today(), (0, 0, 0));
}
