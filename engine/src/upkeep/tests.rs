use domain::{Clock as _, LogFilter, LogReader as _, NANOS_PER_SECOND, Severity, TimeRange};

use super::*;
use crate::testing::{Bench, NOON};

#[tokio::test]
async fn the_lease_is_held_for_as_long_as_the_work_takes() {
    let bench = Bench::new();
    assert!(bench.inner.lead().unwrap());
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let work = while_leading(&bench.inner, Duration::from_millis(5), async {
        finished.await.unwrap();
    });
    let watch = async {
        // Five times most of the lease: without being prolonged it would be over after the first.
        for _ in 0..5 {
            bench.clock.advance(100 * NANOS_PER_SECOND);
            let now_ns = bench.clock.now_ns();
            while !is_held_until(&bench, now_ns + LEASE_NS) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let store = &bench.inner.store;
            let other = store.acquire_lease(LEASE, "other", LEASE_NS, now_ns);
            assert_eq!(other.unwrap(), None);
        }
        finish.send(()).unwrap();
    };
    let both = async { tokio::join!(work, watch) };
    tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .expect("the lease is prolonged");
}

fn is_held_until(bench: &Bench, at_ns: i64) -> bool {
    let lease = bench.inner.store.lease(LEASE, at_ns - 1).unwrap();
    lease.is_some_and(|lease| lease.expires_at_ns == at_ns)
}

#[tokio::test]
async fn who_does_not_lead_leaves_the_records_alone() {
    let bench = Bench::new();
    let other = bench
        .inner
        .store
        .acquire_lease(LEASE, "other", LEASE_NS, NOON);
    assert!(other.unwrap().is_some());
    let old = bench.record(1, "shop", Severity::Info, NOON, "text");
    bench.append(vec![bench.template(1, "text", NOON)], vec![old]);
    bench.clock.advance(100 * NANOS_PER_SECOND);
    bench.inner.look_after(true).unwrap();
    let blocks = bench.inner.store.check_blocks(bench.project_id).unwrap();
    assert_eq!(blocks.blocks, 0);
    // The other one has been silent for so long, and the row has rested for an hour.
    bench.clock.advance(2 * 3_600 * NANOS_PER_SECOND);
    bench.inner.look_after(true).unwrap();
    let blocks = bench.inner.store.check_blocks(bench.project_id).unwrap();
    assert_eq!((blocks.blocks, blocks.records), (1, 1));
    let all = LogFilter::in_range(TimeRange::ALL);
    assert_eq!(bench.inner.store.count(bench.project_id, &all).unwrap(), 1);
}
