use crate::tests::Fixture;
use crate::tests::fixture::project;
use crate::{ModelSpending, SpendingStore, Store};

fn spent(project_id: Option<domain::ProjectId>, calls: u64, tokens: u64) -> ModelSpending {
    ModelSpending {
        project_id,
        calls,
        tokens,
        pico_dollars: tokens * 1_500_000,
    }
}

pub(super) fn what_is_spent_adds_up_by_day_provider_and_project(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = Some(project());
    assert_eq!(store.spending("claude", 20_000).unwrap(), []);
    store.add_spending("claude", 20_000, &[]).unwrap();
    let both = [spent(shop, 2, 300), spent(None, 1, 7)];
    store.add_spending("claude", 20_000, &both).unwrap();
    store
        .add_spending("claude", 20_000, &[spent(shop, 1, 50)])
        .unwrap();
    store
        .add_spending("claude", 20_001, &[spent(shop, 9, 9)])
        .unwrap();
    store
        .add_spending("house", 20_000, &[spent(shop, 5, 5)])
        .unwrap();
    assert_eq!(
        store.spending("claude", 20_000).unwrap(),
        [spent(None, 1, 7), spent(shop, 3, 350)]
    );
    // A process that starts again reads the same.
    let again = Store::open(&fixture.config).unwrap();
    assert_eq!(
        again.spending("claude", 20_001).unwrap(),
        [spent(shop, 9, 9)]
    );
    assert_eq!(store.forget_spending(20_001).unwrap(), 3);
    assert_eq!(store.spending("house", 20_000).unwrap(), []);
    assert_eq!(store.spending("claude", 20_001).unwrap().len(), 1);
    store.add_spending("", 20_000, &both).unwrap_err();
    store.add_spending("a\0b", 20_000, &both).unwrap_err();
}

pub(super) fn nodes_that_spend_together_lose_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let projects = [Some(project()), Some(project()), None];
    std::thread::scope(|scope| {
        for node in 0..4 {
            scope.spawn(move || {
                for _ in 0..10 {
                    let mut rows: Vec<_> = projects.iter().map(|id| spent(*id, 1, 3)).collect();
                    // Each in another order.
                    rows.rotate_left(node % 3);
                    store.add_spending("claude", 20_000, &rows).unwrap();
                }
            });
        }
    });
    let rows = store.spending("claude", 20_000).unwrap();
    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter().all(|row| (row.calls, row.tokens) == (40, 120)),
        "{rows:?}"
    );
}
