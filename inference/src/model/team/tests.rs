use super::*;

#[test]
fn each_item_is_worked_on_once_in_many_steps() {
    for threads in [1, 2, 3, 5] {
        let team = Team::new(threads).unwrap();
        assert_eq!(team.threads(), threads);
        for step in 0..2_000usize {
            let mut items = vec![0usize; step % 40];
            team.each(&mut items, |item| *item += step + 1);
            assert!(items.iter().all(|item| *item == step + 1));
        }
    }
}

#[test]
fn helpers_that_have_gone_to_sleep_are_woken() {
    let team = Team::new(3).unwrap();
    for _ in 0..3 {
        while team.shared.sleepers.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
        // Ends only when three threads are inside at once.
        let inside = AtomicUsize::new(0);
        let mut items = [0; 3];
        team.each(&mut items, |item| {
            inside.fetch_add(1, Ordering::SeqCst);
            while inside.load(Ordering::SeqCst) < 3 {
                std::thread::yield_now();
            }
            *item += 1;
        });
        assert_eq!(items, [1; 3]);
    }
}

#[test]
fn work_within_work_is_done_by_its_thread() {
    let team = Team::new(3).unwrap();
    let mut rows = vec![vec![1u32; 50]; 20];
    team.each(&mut rows, |row| team.each(row, |item| *item += 1));
    assert!(rows.iter().flatten().all(|item| *item == 2));
}

#[test]
fn a_panic_comes_back_to_the_caller_and_the_team_works_on() {
    let team = Team::new(2).unwrap();
    for round in 0..20 {
        let mut items: Vec<usize> = (0..64).collect();
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            team.each(&mut items, |item| assert!(*item != 3 * round, "on purpose"));
        }));
        assert!(outcome.is_err());
        let mut items = vec![1usize; 64];
        team.each(&mut items, |item| *item += 1);
        assert!(items.iter().all(|item| *item == 2));
    }
}

#[test]
fn a_team_ends_with_its_last_user() {
    let team = Team::new(4).unwrap();
    let shared = Arc::downgrade(&team.shared);
    drop(team);
    assert_eq!(shared.strong_count(), 0);
}
