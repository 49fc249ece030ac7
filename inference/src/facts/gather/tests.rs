use super::*;

const NOON: i64 = 1_795_442_400_000_000_000;

fn count(id: u64, severity: Severity, count: u64) -> TemplateCount {
    TemplateCount {
        template_id: TemplateId(id),
        service: "checkout".to_owned(),
        severity,
        count,
        first_minute_ns: NOON,
        last_minute_ns: NOON,
    }
}

fn service(name: &str, count: u64, errors: u64) -> ServiceCount {
    ServiceCount {
        service: name.to_owned(),
        count,
        errors,
    }
}

#[test]
fn a_window_begins_with_the_minute_of_the_first_symptom_and_has_an_end() {
    let window = |resolved: Option<i64>, now: i64| {
        let range = incident_window(NOON + 7, resolved, now);
        (
            range.start_ns - NOON,
            range.duration_ns() / NANOS_PER_MINUTE,
        )
    };
    assert_eq!(window(None, NOON + 9), (0, 1));
    assert_eq!(window(None, NOON + 5 * NANOS_PER_MINUTE), (0, 5));
    let later = NOON + 1_000 * NANOS_PER_MINUTE;
    assert_eq!(window(Some(NOON + 2 * NANOS_PER_MINUTE), later), (0, 2));
    assert_eq!(window(None, later), (0, 360));
}

#[test]
fn a_few_errors_above_their_usual_tell_more_than_many_requests() {
    let window = TimeRange::new(NOON, NOON + 6 * NANOS_PER_MINUTE);
    let now = vec![
        count(1, Severity::Info, 50_000),
        count(2, Severity::Error, 40),
        count(3, Severity::Warn, 100),
        count(4, Severity::Error, 10),
    ];
    // An hour before: ten times the window.
    let before = vec![
        count(1, Severity::Info, 20_000),
        count(3, Severity::Warn, 950),
        count(4, Severity::Error, 100),
    ];
    let own = HashSet::from([TemplateId(1)]);
    let told = telling_patterns(window, now, &before, &own, 8);
    let ids: Vec<u64> = told.iter().map(|p| p.count.template_id.0).collect();
    assert_eq!(ids, [2, 1], "what is as frequent as usual is left out");
    assert_eq!((told[0].expected, told[1].expected), (0.0, 2_000.0));
}

#[test]
fn a_service_with_its_usual_few_errors_is_not_affected() {
    let window = TimeRange::new(NOON, NOON + 6 * NANOS_PER_MINUTE);
    let now = vec![
        service("web", 900, 12),
        service("cart", 900, 40),
        service("mail", 5, 0),
        service("idle", 5, 0),
    ];
    let before = vec![service("web", 9_000, 100), service("cart", 9_000, 20)];
    let affected = affected_services(window, now, &before, &["mail".to_owned()]);
    let names: Vec<&str> = affected.iter().map(|s| s.service.as_str()).collect();
    assert_eq!(names, ["cart", "mail"]);
    assert_eq!(affected[0].expected_errors, Some(2.0));
}
