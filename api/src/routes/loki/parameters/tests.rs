use super::*;

const NOW: i64 = 1_795_442_400 * NANOS_PER_SECOND;

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Parameters(pairs.iter().map(owned).collect())
}

#[test]
fn instants_are_seconds_nanoseconds_or_rfc_3339() {
    for (text, expected) in [
        ("1795442400", NOW),
        ("1795442400.5", NOW + NANOS_PER_SECOND / 2),
        ("1795442400000000000", NOW),
        ("2026-11-23T14:00:00Z", NOW),
        ("2026-11-23T15:00:00+01:00", NOW),
        ("-1", -NANOS_PER_SECOND),
    ] {
        let found = parameters(&[("start", text)]).instant("start").unwrap();
        assert_eq!(found, Some(expected), "{text}");
    }
    for text in ["yesterday", "1e300", "NaN", "99999999999999999999"] {
        assert!(
            parameters(&[("start", text)]).instant("start").is_err(),
            "{text}"
        );
    }
}

#[test]
fn the_range_ends_now_and_begins_an_hour_before() {
    let hour = 3_600 * NANOS_PER_SECOND;
    let range = |pairs: &[(&str, &str)]| parameters(pairs).range(NOW, hour).unwrap();
    assert_eq!(range(&[]), TimeRange::new(NOW - hour, NOW));
    assert_eq!(
        range(&[("since", "5m")]),
        TimeRange::new(NOW - hour / 12, NOW)
    );
    assert_eq!(range(&[("since", "60")]).duration_ns(), hour / 60);
    // Of an end that lies ahead only what has happened counts.
    assert_eq!(range(&[("end", "1795446000")]).start_ns, NOW - hour);
    assert_eq!(
        range(&[("start", "1"), ("since", "5m")]).start_ns,
        NANOS_PER_SECOND
    );
    let error = parameters(&[("start", "2"), ("end", "2")])
        .range(NOW, hour)
        .unwrap_err();
    assert_eq!(
        error.public_detail(),
        "end timestamp must not be before or equal to start time"
    );
}

#[test]
fn the_step_is_such_that_250_points_fit() {
    let range = TimeRange::new(0, 1_000 * NANOS_PER_SECOND);
    assert_eq!(parameters(&[]).step(range).unwrap(), 4 * NANOS_PER_SECOND);
    assert_eq!(
        parameters(&[("step", "1m")]).step(range).unwrap(),
        60 * NANOS_PER_SECOND
    );
    assert_eq!(
        parameters(&[("step", "0.5")]).step(range).unwrap(),
        NANOS_PER_SECOND / 2
    );
    let month = TimeRange::new(0, 30 * 24 * 60 * NANOS_PER_MINUTE);
    assert_eq!(parameters(&[]).step(month).unwrap(), 172 * NANOS_PER_MINUTE);
    let short = TimeRange::new(0, 1);
    assert_eq!(parameters(&[]).step(short).unwrap(), NANOS_PER_SECOND);
    assert!(parameters(&[("step", "soon")]).step(range).is_err());
}

#[test]
fn what_is_sent_twice_is_there_twice() {
    let parameters = parameters(&[
        ("match[]", "{a=\"b\"}"),
        ("match[]", ""),
        ("match[]", "{c=\"d\"}"),
    ]);
    assert_eq!(parameters.all("match[]").count(), 2);
    assert_eq!(parameters.direction().unwrap(), Order::NewestFirst);
}
