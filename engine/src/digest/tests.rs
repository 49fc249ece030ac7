use domain::{IncidentSeverity, IncidentState};
use store::{Expected, IncidentWrite};

use super::*;
use crate::testing::{Bench, NOON};

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
    let digest = bench.inner.digest(bench.project_id, 7).unwrap();
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
        "# Digest of 7 days, 2026-11-24 to 2026-12-01\n",
        "- 523 records, 375 % more than in the time before (110)\n",
        "- 400 errors, 40 times as many as in the time before (10)\n",
        "- 1 incident, none in the time before\n",
        "critical, 2026-11-30 14:00:00 UTC, 31 min: shop \\[fails\\](http:\u{200b}//evil.example)\n",
        "| shop | 400 | 10 | 520 | 110 |\n",
        "- new, 400 records: `pattern 101`",
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
    let digest = bench.inner.digest(bench.project_id, 7).unwrap();
    assert!(
        digest.markdown.contains("- 0 records\n"),
        "{}",
        digest.markdown
    );
    assert!(digest.markdown.contains("No incident was opened."));
}
