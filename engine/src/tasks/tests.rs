use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Counts how many of its kind are alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn the_hard_stop_ends_a_supervised_loop_that_does_not_listen() {
    let tasks = Tasks::new();
    let alive = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&alive);
    tasks.spawn_supervised("stuck", move || {
        let alive = Alive::new(&count);
        async move {
            std::future::pending::<()>().await;
            drop(alive);
        }
    });
    tokio::task::yield_now().await;
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    tasks.stop(Duration::from_millis(20)).await;
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_supervised_loop_starts_again_after_a_panic() {
    let tasks = Tasks::new();
    let rounds = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&rounds);
    let looped = tasks.spawn_supervised("poisoned", move || {
        let round = count.fetch_add(1, Ordering::SeqCst);
        async move { assert!(round >= 1, "poisoned item") }
    });
    looped.await.unwrap();
    assert_eq!(rounds.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_panic_in_one_task_leaves_the_others_alone() {
    let tasks = Tasks::new();
    let broken = tasks.spawn("broken", async { panic!("defect") });
    let well = tasks.spawn("well", async {});
    broken.await.unwrap();
    well.await.unwrap();
}
