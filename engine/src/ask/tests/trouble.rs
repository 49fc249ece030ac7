//! Questions about the trouble at hand.

use domain::{Incident, IncidentId, IncidentSeverity, IncidentState};
use store::{Expected, IncidentStore, IncidentWrite};

use super::*;

impl Bed {
    /// An incident of checkout from 14:05 to 14:20, an hour ago.
    fn ended_incident(&self) {
        let started_at_ns = NOON + 5 * MINUTE;
        let incident = Incident {
            id: IncidentId(uuid::Uuid::from_u128(5)),
            project_id: self.project_id,
            number: 0,
            state: IncidentState::Resolved,
            severity: IncidentSeverity::Error,
            title: "cards are declined in checkout".to_owned(),
            dedup_key: "k".to_owned(),
            policy: None,
            services: vec!["checkout".to_owned()],
            anomaly_ids: Vec::new(),
            template_ids: Vec::new(),
            started_at_ns,
            opened_at_ns: started_at_ns + MINUTE,
            updated_at_ns: started_at_ns + MINUTE,
            acknowledged_at_ns: None,
            acknowledged_by: None,
            resolved_at_ns: Some(NOON + 20 * MINUTE),
            resolved_by: None,
            summary: None,
        };
        let write = IncidentWrite {
            incident,
            expected: Expected::Absent,
        };
        self.inner.store.write_incident(&write, &[]).unwrap();
    }
}

#[test]
fn it_is_what_the_last_incident_was_about() {
    let mut bed = Bed::new(&[]);
    // Somebody else's error long before, then the trouble.
    bed.write(NOON - 3 * HOUR, "web", 2, 2);
    bed.write(NOON + 5 * MINUTE + 7 * SECOND, "checkout", 4, 60);
    bed.write(NOON + 6 * MINUTE, "web", 2, 20);
    bed.ended_incident();
    let ended =
        "No incident is open; the last one, #1, began at 14:05 UTC and was resolved at 14:20 UTC.";
    let said = bed.said("when did it start?");
    assert!(
        said.starts_with("The first one was at 14:05:07 UTC"),
        "{said}"
    );
    assert!(said.contains(ended), "{said}");
    let facts = bed.facts("which services are affected?");
    assert_eq!(groups(&facts), [("checkout", 60), ("web", 20)]);
    let said = bed.said("is it over?");
    assert!(said.contains("Falling: 80 in the first half"), "{said}");
    assert!(said.contains("The latest was at 14:06:19 UTC"), "{said}");
    let said = bed.said("is checkout ok?");
    assert!(
        said.starts_with("No incident of checkout is open; the last one, #1")
            && said.contains("card was declined"),
        "{said}"
    );
    let said = bed.said("what incidents are open?");
    assert!(said.starts_with(ended), "{said}");
    // Who asks about something else is not told.
    let said = bed.said("how many errors in web today?");
    assert!(!said.contains("incident"), "{said}");
}

#[test]
fn where_nothing_is_wrong_that_is_said() {
    let mut bed = Bed::new(&[]);
    // An error of long ago is no trouble of today.
    bed.write(NOON - 80 * HOUR, "web", 2, 2);
    bed.tell("web", 5, "cache warmed", "", 3);
    for question in [
        "are we down?",
        "is it over?",
        "which services are affected?",
    ] {
        let found = bed.facts(question);
        assert_eq!(found.matching.unwrap_or(0), 0, "{question}");
        let said = inference::draft_answer(&found).text();
        assert!(
            said.starts_with("No incident is open. No error is recorded"),
            "{question}: {said}"
        );
    }
    let said = bed.said("is web ok?");
    assert!(
        said.starts_with("No incident of web is open. No error of web is recorded"),
        "{said}"
    );
    bed.write(NOON + 50 * MINUTE, "web", 2, 2);
    let said = bed.said("are we down?");
    assert!(
        said.starts_with("No incident is open. 2 matching records"),
        "{said}"
    );
}

#[test]
fn an_incident_of_others_is_not_told_with_a_topic() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON + 30 * MINUTE, "web", 2, 9);
    bed.ended_incident();
    bed.mean(Some(&[2]));
    let said = bed.said("why do connections time out?");
    assert!(!said.contains("ncident"), "{said}");
    let said = bed.said("is web ok?");
    assert!(
        said.starts_with("No incident of web is open. 9 matching"),
        "{said}"
    );
}

#[test]
fn numbers_of_two_times_are_compared() {
    let mut bed = Bed::new(&[]);
    let tell = |bed: &mut Bed, at_ns: i64, milliseconds: i64| {
        let body = format!("request to /cart answered 200 in {milliseconds} ms");
        bed.record(at_ns, "web", 1, &body)
    };
    let records = (0..20)
        .map(|n| tell(&mut bed, NOON + 40 * MINUTE + n * SECOND, 100))
        .collect();
    bed.commit(records, &[]);
    let records = (0..20)
        .map(|n| tell(&mut bed, NOON + 52 * MINUTE + n * SECOND, 400))
        .collect();
    bed.commit(records, &[]);
    let said = bed.said(
        "compare the average latency of web in the last 15 minutes with the 15 minutes before",
    );
    assert!(
        said.starts_with(
            "Average duration: 400 ms, against 100 ms in the other time: 4 times as much."
        ),
        "{said}"
    );
}
