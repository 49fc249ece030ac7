use super::make::{anomaly, entry, incident, job, write};
use crate::tests::Fixture;
use crate::tests::fixture::{NOON, SECOND, project};
use crate::{
    AlertStateWrite, AlertStore, AlertTransaction, AnomalyFilter, AnomalyStore, CursorStore, Error,
    Expected, IncidentStore, JobOutcome, JobQueue, JobState, LeaseRequest, LeaseStore, Store,
};
use domain::{PageRequest, ProjectId, TimeRange};

fn state(expected_version: i64, document: &str) -> AlertStateWrite {
    AlertStateWrite {
        name: "machine".to_owned(),
        expected_version,
        document: document.to_owned(),
    }
}

fn step(project_id: ProjectId, expected_version: i64) -> AlertTransaction {
    let mut transaction = AlertTransaction::new(project_id);
    transaction.states.push(state(
        expected_version,
        &format!("{{\"n\":{expected_version}}}"),
    ));
    transaction
}

/// A step with one effect of every kind.
fn full_step(store: &Store, project_id: ProjectId, expected_version: i64) -> AlertTransaction {
    let mut transaction = step(project_id, expected_version);
    let opened = incident(project_id, "k");
    let found = anomaly(project_id, "checkout", NOON);
    let recorded = store.record_anomalies(project_id, &[found]).unwrap();
    transaction.anomalies.push((recorded[0].id, opened.id));
    transaction.timeline.push((opened.id, entry("opened")));
    transaction.incidents.push(write(&opened, Expected::Absent));
    transaction.jobs.push(job(project_id, Some("delivery-1")));
    transaction.cursors.push(("anomalies".to_owned(), 7));
    transaction
}

fn assert_untouched(store: &Store, project_id: ProjectId, transaction: &AlertTransaction) {
    let id = transaction.incidents[0].incident.id;
    assert_eq!(store.incident(project_id, id).unwrap(), None);
    assert!(store.timeline(project_id, id).unwrap().is_empty());
    assert!(store.job_counts().unwrap().is_empty());
    assert_eq!(store.cursor(project_id, "anomalies").unwrap(), None);
    let mut filter = AnomalyFilter::in_range(TimeRange::ALL);
    filter.incident_id = Some(id);
    let linked = store
        .anomalies(project_id, &filter, &PageRequest::first(5))
        .unwrap();
    assert!(linked.items.is_empty());
}

pub(super) fn state_and_effects_are_written_together(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let transaction = full_step(store, shop, 0);
    let receipt = store.apply_alerts(&transaction, NOON).unwrap();
    assert_eq!(receipt.versions, [1]);
    assert_eq!(receipt.incidents[0].number, 1);
    assert!(receipt.jobs[0].is_new);
    let read = store.alert_state(shop, "machine").unwrap().unwrap();
    assert_eq!((read.version, read.document.as_str()), (1, r#"{"n":0}"#));
    let id = transaction.incidents[0].incident.id;
    assert_eq!(store.timeline(shop, id).unwrap(), [entry("opened")]);
    assert!(store.job(receipt.jobs[0].id).unwrap().is_some());
    assert_eq!(store.cursor(shop, "anomalies").unwrap(), Some(7));
    let next = store.apply_alerts(&step(shop, 1), NOON).unwrap();
    assert_eq!(next.versions, [2]);
}

pub(super) fn a_version_conflict_leaves_nothing_behind(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    store.apply_alerts(&step(shop, 0), NOON).unwrap();
    for wrong in [0, 2] {
        let transaction = full_step(store, shop, wrong);
        let refused = store.apply_alerts(&transaction, NOON).unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
        assert_untouched(store, shop, &transaction);
    }
    assert_eq!(
        store.alert_state(shop, "machine").unwrap().unwrap().version,
        1
    );
}

pub(super) fn a_failing_effect_leaves_the_state_as_it_was(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    store.apply_alerts(&step(shop, 0), NOON).unwrap();
    let mut late = full_step(store, shop, 1);
    // The last effect of all is not valid.
    late.cursors.push((String::new(), 1));
    let refused = store.apply_alerts(&late, NOON).unwrap_err();
    assert!(matches!(refused, Error::BadRequest { .. }), "{refused}");
    assert_untouched(store, shop, &late);
    let mut stray = full_step(store, shop, 1);
    stray
        .timeline
        .push((incident(shop, "x").id, entry("of nothing")));
    let refused = store.apply_alerts(&stray, NOON).unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
    assert_untouched(store, shop, &stray);
    assert_eq!(
        store.alert_state(shop, "machine").unwrap().unwrap().version,
        1
    );
}

pub(super) fn of_two_first_steps_one_wins(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| store.apply_alerts(&step(shop, 0), NOON)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for error in results.into_iter().filter_map(Result::err) {
        assert!(matches!(error, Error::Conflict { .. }), "{error}");
    }
}

pub(super) fn racing_steps_are_serialised_by_their_version(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    store.apply_alerts(&step(shop, 0), NOON).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut done = 0;
                while done < 5 {
                    let version = store.alert_state(shop, "machine").unwrap().unwrap().version;
                    let mut transaction = step(shop, version);
                    transaction.jobs.push(job(shop, None));
                    match store.apply_alerts(&transaction, NOON) {
                        Ok(_) => done += 1,
                        Err(error) => assert!(matches!(error, Error::Conflict { .. }), "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(
        store.alert_state(shop, "machine").unwrap().unwrap().version,
        21
    );
    assert_eq!(store.job_counts().unwrap()[0].count, 20);
}

pub(super) fn a_leader_that_lost_its_lease_changes_nothing(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let first = store
        .acquire_lease("alert", "a", SECOND, NOON)
        .unwrap()
        .unwrap();
    let mut transaction = full_step(store, shop, 0);
    transaction.leadership = Some(first.clone());
    // It was paused; another took over, even by the name of the same owner after a restart in between.
    let second = store
        .acquire_lease("alert", "b", SECOND, NOON + 2 * SECOND)
        .unwrap()
        .unwrap();
    let refused = store.apply_alerts(&transaction, NOON).unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    assert_untouched(store, shop, &transaction);
    transaction.leadership = Some(second);
    store.apply_alerts(&transaction, NOON).unwrap();
}

pub(super) fn the_end_of_a_job_and_the_step_it_caused_are_one(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let id = store.enqueue(&[job(shop, None)], NOON).unwrap()[0].id;
    let request = LeaseRequest {
        kinds: vec!["notify".to_owned()],
        owner: "worker".to_owned(),
        duration_ns: SECOND,
        limit: 1,
    };
    let leased = store.lease_jobs(&request, NOON).unwrap().remove(0);
    let mut wrong = step(shop, 5);
    wrong
        .finished_jobs
        .push((leased.lease.clone(), JobOutcome::Done));
    store.apply_alerts(&wrong, NOON).unwrap_err();
    assert_eq!(store.job(id).unwrap().unwrap().state, JobState::Leased);
    let mut right = step(shop, 0);
    right
        .finished_jobs
        .push((leased.lease.clone(), JobOutcome::Done));
    let receipt = store.apply_alerts(&right, NOON).unwrap();
    assert_eq!(receipt.finished_jobs, [JobState::Done]);
    assert_eq!(store.job(id).unwrap().unwrap().state, JobState::Done);
    let mut twice = step(shop, 1);
    twice.finished_jobs.push((leased.lease, JobOutcome::Done));
    store.apply_alerts(&twice, NOON).unwrap_err();
    assert_eq!(
        store.alert_state(shop, "machine").unwrap().unwrap().version,
        1
    );
}

pub(super) fn nothing_of_another_project_gets_in(fixture: &Fixture) {
    let store = &fixture.store;
    let (shop, bank) = (project(), project());
    let mut foreign = step(shop, 0);
    foreign.jobs.push(job(bank, None));
    let refused = store.apply_alerts(&foreign, NOON).unwrap_err();
    assert!(matches!(refused, Error::BadRequest { .. }), "{refused}");
    let mut foreign = step(shop, 0);
    foreign
        .incidents
        .push(write(&incident(bank, "k"), Expected::Absent));
    store.apply_alerts(&foreign, NOON).unwrap_err();
    assert_eq!(store.alert_state(shop, "machine").unwrap(), None);
}

pub(super) fn states_of_all_projects_are_listed(fixture: &Fixture) {
    let store = &fixture.store;
    let (shop, bank) = (project(), project());
    store.apply_alerts(&step(shop, 0), NOON).unwrap();
    store.apply_alerts(&step(bank, 0), NOON).unwrap();
    let mut projects: Vec<_> = store
        .alert_states("machine")
        .unwrap()
        .iter()
        .map(|state| state.project_id)
        .collect();
    projects.sort();
    let mut expected = [shop, bank];
    expected.sort();
    assert_eq!(projects, expected);
    assert!(store.alert_states("other").unwrap().is_empty());
}
