use std::collections::HashSet;
use std::sync::Mutex;

use domain::{JobId, ProjectId};

use super::make::job;
use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON, SECOND, project};
use crate::{
    Error, JobLease, JobOutcome, JobQueue, JobState, LeaseRequest, LeasedJob, NewJob, Store,
};

fn request(owner: &str) -> LeaseRequest {
    LeaseRequest {
        kinds: vec!["notify".to_owned()],
        owner: owner.to_owned(),
        duration_ns: MINUTE,
        limit: 10,
    }
}

fn add(store: &Store, project_id: ProjectId, key: Option<&str>) -> JobId {
    store.enqueue(&[job(project_id, key)], NOON).unwrap()[0].id
}

fn lease_one(store: &Store, owner: &str, now_ns: i64) -> Option<LeasedJob> {
    let one = LeaseRequest {
        limit: 1,
        ..request(owner)
    };
    store.lease_jobs(&one, now_ns).unwrap().pop()
}

fn retry(at_ns: i64) -> JobOutcome {
    JobOutcome::Retry {
        at_ns,
        error: "503".to_owned(),
    }
}

fn assert_lost(store: &Store, lease: &JobLease, now_ns: i64) {
    for outcome in [JobOutcome::Done, retry(now_ns)] {
        let refused = store.finish_job(lease, &outcome, now_ns).unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    }
    store.extend_lease(lease, MINUTE, now_ns).unwrap_err();
}

pub(super) fn a_job_is_leased_when_due_and_done_once(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let id = add(store, shop, None);
    assert_eq!(lease_one(store, "a", NOON - 1), None);
    let leased = lease_one(store, "a", NOON).unwrap();
    assert_eq!(leased.job.id, id);
    assert_eq!(leased.job.payload, r#"{"to":"slack:#ops"}"#);
    assert_eq!(
        (leased.lease.attempt, leased.lease.expires_at_ns),
        (1, NOON + MINUTE)
    );
    assert_eq!(lease_one(store, "b", NOON), None);
    assert_eq!(
        store
            .finish_job(&leased.lease, &JobOutcome::Done, NOON + 1)
            .unwrap(),
        JobState::Done
    );
    assert_lost(store, &leased.lease, NOON + 2);
    assert_eq!(lease_one(store, "b", NOON + 10 * MINUTE), None);
}

pub(super) fn a_job_of_a_live_key_is_not_added_twice(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let id = add(store, shop, Some("k"));
    let again = store
        .enqueue(&[job(shop, Some("k")), job(shop, Some("k2"))], NOON)
        .unwrap();
    assert_eq!((again[0].id, again[0].is_new), (id, false));
    assert!(again[1].is_new);
    lease_one(store, "a", NOON).unwrap();
    assert_eq!(add(store, shop, Some("k")), id, "also while it is leased");
    assert_ne!(add(store, project(), Some("k")), id);
    let other_kind = NewJob {
        kind: "summarise".to_owned(),
        ..job(shop, Some("k"))
    };
    assert!(store.enqueue(&[other_kind], NOON).unwrap()[0].is_new);
    assert_ne!(add(store, shop, None), add(store, shop, None));
}

pub(super) fn a_key_is_free_again_when_its_job_is_done_or_dead(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let first = add(store, shop, Some("k"));
    let leased = lease_one(store, "a", NOON).unwrap();
    store
        .finish_job(&leased.lease, &JobOutcome::Done, NOON)
        .unwrap();
    let second = add(store, shop, Some("k"));
    assert_ne!(first, second);
    let leased = lease_one(store, "a", NOON).unwrap();
    let dead = JobOutcome::Dead {
        error: "410".to_owned(),
    };
    store.finish_job(&leased.lease, &dead, NOON).unwrap();
    assert_ne!(add(store, shop, Some("k")), second);
}

pub(super) fn jobs_are_leased_by_kind_the_longest_due_first(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut jobs: Vec<_> = (0..4)
        .map(|n| NewJob {
            run_at_ns: NOON - n,
            ..job(shop, None)
        })
        .collect();
    jobs[1].kind = "summarise".to_owned();
    let ids: Vec<_> = store
        .enqueue(&jobs, NOON)
        .unwrap()
        .iter()
        .map(|job| job.id)
        .collect();
    let mut both = request("a");
    both.limit = 2;
    let leased = |request: &LeaseRequest| {
        let jobs = store.lease_jobs(request, NOON).unwrap();
        jobs.iter().map(|leased| leased.job.id).collect::<Vec<_>>()
    };
    assert_eq!(leased(&both), [ids[3], ids[2]]);
    both.kinds.push("summarise".to_owned());
    assert_eq!(leased(&both), [ids[1], ids[0]]);
}

pub(super) fn two_workers_never_get_the_same_job(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let jobs: Vec<_> = (0..200).map(|_| job(shop, None)).collect();
    store.enqueue(&jobs, NOON).unwrap();
    let seen = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let seen = &seen;
            scope.spawn(move || {
                let mut three = request(&format!("w{worker}"));
                three.limit = 3;
                loop {
                    let leased = store.lease_jobs(&three, NOON).unwrap();
                    // Somebody else may hold the rest for a moment; the queue is empty when nothing is ready.
                    let ready = |count: &crate::JobCount| count.state == JobState::Ready;
                    if leased.is_empty() && !store.job_counts().unwrap().iter().any(ready) {
                        return;
                    }
                    for one in leased {
                        seen.lock().unwrap().push(one.job.id);
                        store
                            .finish_job(&one.lease, &JobOutcome::Done, NOON)
                            .unwrap();
                    }
                }
            });
        }
    });
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen.len(), 200);
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 200);
}

pub(super) fn an_expired_lease_goes_to_another_worker_and_the_first_is_refused(fixture: &Fixture) {
    let store = &fixture.store;
    add(store, project(), None);
    let first = lease_one(store, "a", NOON).unwrap();
    assert_eq!(lease_one(store, "b", NOON + MINUTE - 1), None);
    let second = lease_one(store, "b", NOON + MINUTE).unwrap();
    assert_eq!(second.job.id, first.job.id);
    assert_eq!(second.lease.attempt, 2);
    assert_lost(store, &first.lease, NOON + MINUTE + 1);
    // The same worker by name, but of an earlier attempt.
    let forged = JobLease {
        owner: "b".to_owned(),
        ..first.lease
    };
    assert_lost(store, &forged, NOON + MINUTE + 1);
    store
        .finish_job(&second.lease, &JobOutcome::Done, NOON + MINUTE + 2)
        .unwrap();
}

pub(super) fn a_late_worker_whose_job_nobody_took_may_still_finish_it(fixture: &Fixture) {
    let store = &fixture.store;
    let id = add(store, project(), None);
    let leased = lease_one(store, "a", NOON).unwrap();
    store
        .finish_job(&leased.lease, &JobOutcome::Done, NOON + 5 * MINUTE)
        .unwrap();
    assert_eq!(store.job(id).unwrap().unwrap().state, JobState::Done);
}

pub(super) fn an_extended_lease_is_not_given_away(fixture: &Fixture) {
    let store = &fixture.store;
    add(store, project(), None);
    let leased = lease_one(store, "a", NOON).unwrap();
    let extended = store
        .extend_lease(&leased.lease, 10 * MINUTE, NOON + 30 * SECOND)
        .unwrap();
    assert_eq!(extended.expires_at_ns, NOON + 30 * SECOND + 10 * MINUTE);
    assert_eq!(lease_one(store, "b", NOON + 5 * MINUTE), None);
    store
        .finish_job(&extended, &JobOutcome::Done, NOON + 6 * MINUTE)
        .unwrap();
}

pub(super) fn a_failed_job_waits_for_its_retry_and_dies_after_the_last(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let id = add(store, shop, None);
    let mut now = NOON;
    for attempt in 1..=3 {
        assert_eq!(lease_one(store, "a", now - 1), None);
        let leased = lease_one(store, "a", now).unwrap();
        assert_eq!(leased.lease.attempt, attempt);
        assert_eq!(leased.is_last_attempt(), attempt == 3);
        now += 10 * SECOND;
        let state = store
            .finish_job(&leased.lease, &retry(now), now - SECOND)
            .unwrap();
        let expected = if attempt == 3 {
            JobState::Dead
        } else {
            JobState::Ready
        };
        assert_eq!(state, expected);
    }
    assert_eq!(lease_one(store, "a", now + MINUTE), None);
    let dead = store.dead_jobs(shop, 10).unwrap();
    assert_eq!(dead[0].id, id);
    assert_eq!(dead[0].last_error.as_deref(), Some("503"));
    assert!(store.dead_jobs(project(), 10).unwrap().is_empty());
}

pub(super) fn a_job_whose_workers_all_vanish_is_handed_out_once_more_to_be_ended(
    fixture: &Fixture,
) {
    let store = &fixture.store;
    let id = add(store, project(), None);
    let mut now = NOON;
    for _ in 0..3 {
        assert!(!lease_one(store, "a", now).unwrap().is_spent());
        now += MINUTE;
    }
    assert_eq!(store.reap_leases(now - 1).unwrap(), 0);
    assert_eq!(store.reap_leases(now).unwrap(), 1);
    let spent = lease_one(store, "b", now).unwrap();
    assert_eq!((spent.job.id, spent.lease.attempt), (id, 4));
    assert!(spent.is_spent() && spent.is_last_attempt());
    assert_eq!(
        spent.job.last_error.as_deref(),
        Some("the worker's lease expired")
    );
    let state = store.finish_job(&spent.lease, &retry(now), now).unwrap();
    assert_eq!(state, JobState::Dead, "it is not tried again");
    assert_eq!(lease_one(store, "b", now + MINUTE), None);
}

pub(super) fn a_dead_job_can_be_retried_unless_its_key_is_taken(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let id = add(store, shop, Some("k"));
    let leased = lease_one(store, "a", NOON).unwrap();
    let dead = JobOutcome::Dead {
        error: "410".to_owned(),
    };
    store.finish_job(&leased.lease, &dead, NOON).unwrap();
    let stranger = store.retry_dead_job(project(), id, NOON).unwrap_err();
    assert!(matches!(stranger, Error::NotFound { .. }), "{stranger}");
    store.retry_dead_job(shop, id, NOON + 1).unwrap();
    let leased = lease_one(store, "a", NOON + 1).unwrap();
    assert_eq!(leased.lease.attempt, 1);
    store.finish_job(&leased.lease, &dead, NOON + 2).unwrap();
    add(store, shop, Some("k"));
    let taken = store.retry_dead_job(shop, id, NOON + 3).unwrap_err();
    assert!(matches!(taken, Error::Duplicate { .. }), "{taken}");
}

pub(super) fn counts_tell_the_state_of_the_queue(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    for n in 0..3 {
        let later = NewJob {
            run_at_ns: NOON + n,
            ..job(shop, None)
        };
        store.enqueue(&[later], NOON).unwrap();
    }
    lease_one(store, "a", NOON).unwrap();
    let counts = store.job_counts().unwrap();
    let of = |state| counts.iter().find(|count| count.state == state).unwrap();
    assert_eq!(of(JobState::Leased).count, 1);
    assert_eq!(
        (
            of(JobState::Ready).count,
            of(JobState::Ready).oldest_run_at_ns
        ),
        (2, NOON + 1)
    );
}

pub(super) fn finished_jobs_are_deleted_after_a_while(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    add(store, shop, None);
    let leased = lease_one(store, "a", NOON).unwrap();
    let waiting = add(store, shop, None);
    store
        .finish_job(&leased.lease, &JobOutcome::Done, NOON + 5)
        .unwrap();
    assert_eq!(store.delete_finished_jobs(NOON + 5).unwrap(), 0);
    assert_eq!(store.delete_finished_jobs(NOON + 6).unwrap(), 1);
    assert!(store.job(waiting).unwrap().is_some());
}

pub(super) fn overlong_and_poisonous_texts_are_refused_or_cut(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let large = NewJob {
        payload: "x".repeat(2 << 20),
        ..job(shop, None)
    };
    let refused = store
        .enqueue(&[job(shop, Some("first")), large], NOON)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "job payload is 2097152 bytes, limit is 1048576"
    );
    assert!(store.job_counts().unwrap().is_empty(), "all or nothing");
    let long_key = "k\0".repeat(4_000);
    let id = add(store, shop, Some(&long_key));
    assert_eq!(add(store, shop, Some(&long_key)), id);
    let leased = lease_one(store, "a", NOON).unwrap();
    let error = JobOutcome::Retry {
        at_ns: NOON,
        error: "é\0".repeat(3_000),
    };
    store.finish_job(&leased.lease, &error, NOON).unwrap();
    let stored = store.job(id).unwrap().unwrap().last_error.unwrap();
    assert!(
        stored.starts_with("é\u{fffd}é") && stored.len() < 4_000,
        "{} bytes",
        stored.len()
    );
}

pub(super) fn work_survives_that_the_store_is_opened_again(fixture: &Fixture) {
    let id = add(&fixture.store, project(), None);
    let leased = lease_one(&fixture.store, "a", NOON).unwrap();
    let reopened = Store::open(&fixture.config).unwrap();
    assert_eq!(lease_one(&reopened, "b", NOON + 1), None);
    let taken = lease_one(&reopened, "b", NOON + MINUTE).unwrap();
    assert_eq!(taken.job.id, id);
    assert_lost(&fixture.store, &leased.lease, NOON + MINUTE);
}
