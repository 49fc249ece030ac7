use domain::{IncidentSeverity, IncidentState, TimelineEntry, TimelineKind};
use store::{Expected, IncidentWrite};

use super::*;
use crate::testing::{Bench, NOON};

fn digest_in(bench: &Bench, zone: &str) -> Digest {
    let zone = TimeZone::get(zone).unwrap();
    bench.inner.digest(bench.project_id, 7, &zone).unwrap()
}

#[test]
fn a_week_is_set_beside_the_week_before() {
    let bench = Bench::new();
    bench.minute(0, 1, "shop", 100);
    bench.minute(1, 100, "shop", 10);
    // A week later: more errors, of another kind, and an incident.
    let week = 7 * 24 * 60;
    bench.minute(week, 1, "shop", 120);
    bench.minute(week, 101, "shop", 400);
    bench.minute(week, 2, "mail", 3);
    let mut incident = bench.incident(IncidentSeverity::Critical, IncidentState::Resolved);
    let at_ns = NOON + week * NANOS_PER_MINUTE;
    incident.started_at_ns = at_ns;
    incident.opened_at_ns = at_ns + NANOS_PER_MINUTE;
    incident.acknowledged_at_ns = Some(at_ns + 4 * NANOS_PER_MINUTE);
    incident.resolved_at_ns = Some(at_ns + 31 * NANOS_PER_MINUTE);
    incident.title = "shop [fails](http://evil.example)".to_owned();
    let write = IncidentWrite {
        incident,
        expected: Expected::Absent,
    };
    bench.inner.store.write_incident(&write, &[]).unwrap();
    bench.clock.advance(week * NANOS_PER_MINUTE + DAY_NS);
    let digest = digest_in(&bench, "UTC");
    let pair = |now, before| Pair { now, before };
    assert_eq!(digest.records, pair(523, 110));
    assert_eq!(digest.errors, pair(400, 10));
    assert_eq!(digest.incidents, pair(1, 0));
    assert_eq!(digest.time_to_acknowledge_ns, Some(3 * NANOS_PER_MINUTE));
    assert_eq!(digest.time_to_resolve_ns, Some(30 * NANOS_PER_MINUTE));
    let changes: Vec<(u64, &str)> = digest
        .patterns
        .iter()
        .map(|row| (row.template.id.0, row.shift.change.as_str()))
        .collect();
    assert!(changes.contains(&(101, "new")), "{changes:?}");
    for part in [
        "# Digest of 7 days\n\nTue 2026-11-24 14:00 to Tue 2026-12-01 14:00 (UTC)\n",
        "- 523 records, 375 % more than in the time before (110)\n",
        "- 400 errors, 40 times as many as in the time before (10)\n",
        "- 1 incident, none in the time before\n",
        "- Time to acknowledge: 3 min (median); 1 of 1 taken\n- Time to resolve: 30 min (median)\n",
        "critical, 2026-11-30 14:00:00 UTC, 31 min: shop \\[fails\\](http:\u{200b}//evil.example)\n",
        "| shop | worse | 400 | 10 | 520 | 110 |\n| mail | new | 0 | 0 | 3 | 0 |\n",
        "## New warnings and errors\n\n- shop: `pattern 101` (400 records)",
        "## Warnings and errors that got better\n\n- shop: `pattern 100` (gone, 10 records before)",
    ] {
        assert!(
            digest.markdown.contains(part),
            "{part}\n{}",
            digest.markdown
        );
    }
}

#[test]
fn a_project_without_anything_has_a_digest_as_well() {
    let bench = Bench::new();
    let digest = digest_in(&bench, "UTC");
    assert!(
        digest.markdown.contains("- 0 records\n"),
        "{}",
        digest.markdown
    );
    assert!(digest.markdown.contains("No incident was opened."));
}

/// An incident of a minute, with what its timeline says.
fn opened(bench: &Bench, minute: i64, change: impl FnOnce(&mut Incident), kinds: &[TimelineKind]) {
    let mut incident = bench.incident(IncidentSeverity::Error, IncidentState::Resolved);
    let at_ns = NOON + minute * NANOS_PER_MINUTE;
    incident.dedup_key = format!("at {minute}");
    incident.started_at_ns = at_ns;
    incident.opened_at_ns = at_ns;
    incident.resolved_at_ns = Some(at_ns + 10 * NANOS_PER_MINUTE);
    change(&mut incident);
    let write = IncidentWrite {
        incident,
        expected: Expected::Absent,
    };
    let lines: Vec<TimelineEntry> = kinds
        .iter()
        .map(|kind| TimelineEntry {
            at_ns,
            kind: *kind,
            text: "slack:#ops was told: opened".to_owned(),
            actor: None,
        })
        .collect();
    bench.inner.store.write_incident(&write, &lines).unwrap();
}

#[test]
fn what_alerts_cost_people_is_counted_by_what_opened_them() {
    use TimelineKind as K;
    let bench = Bench::new();
    let disk = |incident: &mut Incident| incident.policy = Some("disk".to_owned());
    // 14:00 on a Monday, in Tokyo 23:00.
    opened(&bench, 0, disk, &[K::Notified, K::Notified, K::Escalated]);
    opened(&bench, 1, disk, &[K::Notified]);
    let taken = |incident: &mut Incident| {
        incident.services = vec!["cart".to_owned()];
        incident.acknowledged_at_ns = Some(incident.opened_at_ns + 6 * NANOS_PER_MINUTE);
        incident.acknowledged_by = Some("ada".to_owned());
        incident.resolved_at_ns = None;
        incident.state = IncidentState::Acknowledged;
    };
    // A Saturday at noon.
    opened(
        &bench,
        5 * 24 * 60 - 120,
        taken,
        &[K::Notified, K::NotifyFailed],
    );
    bench.clock.advance(6 * DAY_NS);
    let digest = digest_in(&bench, "UTC");
    let source = |name: &str, numbers: [u64; 4]| AlertSource {
        name: name.to_owned(),
        incidents: numbers[0],
        taken: numbers[1],
        unneeded: numbers[2],
        messages: numbers[3],
    };
    assert_eq!(
        digest.sources,
        [
            source("policy disk", [2, 0, 2, 3]),
            source("anomalies of cart", [1, 1, 0, 1])
        ]
    );
    assert_eq!(
        digest.load,
        OnCallLoad {
            messages: 4,
            failed: 1,
            escalations: 1,
            at_night: 0,
            at_weekend: 1,
            unneeded: 2,
            taken_by: vec![("ada".to_owned(), 1)],
            is_cut: false,
        }
    );
    for part in [
        "- 1 incident open now\n- Time to acknowledge: 6 min (median); 1 of 3 taken\n",
        "| policy disk | 2 | 0 | 2 | 3 |\n| anomalies of cart | 1 | 1 | 0 | 1 |\n",
        "- 4 messages sent, 1 could not be delivered; passed on once because nobody took it in time\n",
        "- 0 incidents at night (22:00 to 07:00), 1 at the weekend\n- Taken by: ada 1\n",
        "- 2 incidents ended without anybody",
    ] {
        assert!(
            digest.markdown.contains(part),
            "{part}\n{}",
            digest.markdown
        );
    }
    assert_eq!(digest_in(&bench, "Asia/Tokyo").load.at_night, 2);
}

#[test]
fn what_ended_alone_is_counted_of_all_that_opened_incidents() {
    let bench = Bench::new();
    for minute in 0..13 {
        let own = |incident: &mut Incident| incident.policy = Some(format!("disk {minute}"));
        opened(&bench, minute, own, &[]);
    }
    bench.clock.advance(DAY_NS);
    let digest = digest_in(&bench, "UTC");
    assert_eq!(digest.sources.len(), 10);
    assert_eq!(digest.load.unneeded, 13);
    let part = "- 13 incidents ended without anybody";
    assert!(digest.markdown.contains(part), "{}", digest.markdown);
}

#[test]
fn the_middle_of_an_even_number_of_times_lies_between_two() {
    let bench = Bench::new();
    for (minute, waited) in [(0, 2), (1, 10), (2, 4), (3, 20)] {
        let take = |incident: &mut Incident| {
            incident.acknowledged_at_ns = Some(incident.opened_at_ns + waited * NANOS_PER_MINUTE);
        };
        opened(&bench, minute, take, &[]);
    }
    bench.clock.advance(DAY_NS);
    let digest = digest_in(&bench, "UTC");
    assert_eq!(digest.time_to_acknowledge_ns, Some(7 * NANOS_PER_MINUTE));
}

#[test]
fn a_project_without_a_past_is_told_nothing_is_new() {
    let bench = Bench::new();
    bench.minute(0, 100, "shop", 10);
    bench.clock.advance(DAY_NS);
    let text = digest_in(&bench, "UTC").markdown;
    for part in [
        "- 10 records\n",
        "- There are no records of the time before to compare with\n",
        "## Warnings and errors\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("new"), "{text}");
}
