//! A Postgres server that dies under the store and comes back.

use domain::ErrorKind;

use super::make::job;
use crate::tests::fixture::{NOON, project};
use crate::{JobQueue, Store, StoreConfig};

#[test]
fn what_was_acknowledged_is_there_after_a_crash_of_the_server() {
    let server = testkit::Postgres::start().unwrap();
    let store = Store::open(&StoreConfig::new(server.database().unwrap())).unwrap();
    store.migrate().unwrap();
    let shop = project();
    let mut acknowledged = Vec::new();
    for _ in 0..3 {
        for _ in 0..20 {
            acknowledged.push(store.enqueue(&[job(shop, None)], NOON).unwrap()[0].id);
        }
        server.crash().unwrap();
        let down = store.enqueue(&[job(shop, None)], NOON).unwrap_err();
        assert_eq!(down.kind(), ErrorKind::Unavailable, "{down}");
        server.resume().unwrap();
        // The pools hold connections of the dead server; none of them may fail a call.
        store.job_counts().unwrap();
    }
    for id in acknowledged {
        assert!(store.job(id).unwrap().is_some(), "job {id} was lost");
    }
}
