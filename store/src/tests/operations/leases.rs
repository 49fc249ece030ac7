use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON};
use crate::{Leadership, LeaseStore, Store};

fn acquire(store: &Store, owner: &str, now_ns: i64) -> Option<Leadership> {
    store
        .acquire_lease("detect", owner, MINUTE, now_ns)
        .unwrap()
}

pub(super) fn one_owner_leads_until_the_lease_expires(fixture: &Fixture) {
    let store = &fixture.store;
    let held = acquire(store, "a", NOON).unwrap();
    assert_eq!((held.token, held.expires_at_ns), (1, NOON + MINUTE));
    assert_eq!(store.lease("detect", NOON).unwrap(), Some(held.clone()));
    assert_eq!(acquire(store, "b", NOON + MINUTE - 1), None);
    let renewed = store.renew_lease(&held, MINUTE, NOON + 1).unwrap().unwrap();
    assert_eq!(renewed.expires_at_ns, NOON + MINUTE + 1);
    assert_eq!(acquire(store, "b", NOON + MINUTE), None);
    assert_eq!(store.lease("detect", NOON + MINUTE + 1).unwrap(), None);
    let taken = acquire(store, "b", NOON + MINUTE + 1).unwrap();
    assert_eq!(taken.token, 2);
    assert_eq!(
        store
            .renew_lease(&renewed, MINUTE, NOON + MINUTE + 2)
            .unwrap(),
        None
    );
    assert!(
        store
            .acquire_lease("other", "a", MINUTE, NOON)
            .unwrap()
            .is_some()
    );
}

pub(super) fn the_token_grows_with_every_change_of_owner(fixture: &Fixture) {
    let store = &fixture.store;
    let mut now = NOON;
    let mut last = 0;
    for owner in ["a", "b", "a", "b"] {
        let held = acquire(store, owner, now).unwrap();
        assert_eq!(held.token, last + 1);
        last = held.token;
        let again = acquire(store, owner, now + 1).unwrap();
        assert_eq!(again.token, last, "taking one's own again changes nothing");
        now += 2 * MINUTE;
    }
}

pub(super) fn a_released_lease_is_free_at_once_and_cannot_be_renewed(fixture: &Fixture) {
    let store = &fixture.store;
    let held = acquire(store, "a", NOON).unwrap();
    store.release_lease(&held, NOON + 1).unwrap();
    assert_eq!(store.renew_lease(&held, MINUTE, NOON + 2).unwrap(), None);
    let next = acquire(store, "b", NOON + 2).unwrap();
    assert_eq!(next.token, 2);
    // The old holder's late release does not touch the new one.
    store.release_lease(&held, NOON + 3).unwrap();
    assert_eq!(store.lease("detect", NOON + 3).unwrap(), Some(next));
}

pub(super) fn of_many_that_come_together_one_leads(fixture: &Fixture) {
    let store = &fixture.store;
    let leaders: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|n| scope.spawn(move || acquire(store, &format!("node-{n}"), NOON)))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(leaders.len(), 1);
    assert_eq!(leaders[0].token, 1);
}
