//! Every anomaly that is handed out ends, under its own key.

use super::*;

/// Minutes of trouble after quiet ones, then quiet again: what was found and what ended.
fn story(
    before: i64,
    trouble: i64,
    lines: impl Fn(i64) -> Vec<Line<'static>>,
) -> (Vec<Anomaly>, Vec<crate::Ended>) {
    let mut bench = Bench::new();
    bench.run(before, quiet);
    let mut found = Vec::new();
    let mut ended = Vec::new();
    for m in 0..trouble + 60 {
        let seen = bench.step(&if m < trouble { lines(m) } else { quiet(m) });
        found.extend(seen.anomalies);
        ended.extend(seen.ended);
    }
    (found, ended)
}

#[test]
fn an_end_has_the_key_of_its_anomaly_for_every_kind() {
    let error = |id: u64, each: u64| (id, "checkout", Severity::Error, each);
    let beat = |m: i64| (50, "cart", Severity::Info, u64::from(m % 5 == 0));
    let stories = [
        story(180, 20, |m| with(m, &[error(REFUSED, 412)])),
        story(180, 20, |m| with(m, &[error(100, 20)])),
        story(180, 20, |m| with(m, &[(101, "cart", Severity::Info, 9)])),
        story(180, 20, |_| vec![(10, "cart", Severity::Info, 40)]),
        story(180, 20, |_| Vec::new()),
        story(0, 255, |m| {
            let (m, each) = match m {
                0..240 => (m / 4 * 4, u64::from(m % 4 == 0)),
                _ => (m, 5),
            };
            let scattered: Vec<Line> = (200..212)
                .map(|id| error(id, each * u64::from((m + id as i64 - 200) % 3 == 0)))
                .collect();
            with(m, &scattered)
        }),
        story(0, 1_860, |m| {
            let is_gone = (1_600..1_800).contains(&m);
            with(m, &if is_gone { Vec::new() } else { vec![beat(m)] })
        }),
    ];
    let mut kinds = std::collections::BTreeSet::new();
    for (found, ended) in stories {
        assert!(!ended.is_empty(), "{found:#?}");
        for end in ended {
            assert!(
                found.iter().any(|a| AnomalyKey::of(a) == end.key),
                "{end:#?} of {found:#?}"
            );
            kinds.insert(end.key.kind().as_str());
        }
    }
    for kind in [
        "surge",
        "drop",
        "new_template",
        "vanished_template",
        "level_change",
    ] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
}

#[test]
fn the_anomaly_of_a_series_that_is_forgotten_ends() {
    let mut bench = Bench::new();
    bench.detector = LogDetector::new(
        project(),
        LogConfig {
            max_series: 1,
            ..LogConfig::default()
        },
    );
    let only = |count| move |_| vec![(REFUSED, "checkout", Severity::Error, count)];
    bench.run(120, only(1));
    let found = bench.run(5, only(400));
    assert!(
        found
            .iter()
            .any(|a| a.template_id == Some(TemplateId(REFUSED))),
        "{found:#?}"
    );
    let ended = bench.step(&[(900, "checkout", Severity::Error, 400)]).ended;
    let lost: Vec<_> = ended
        .iter()
        .filter(|end| end.reason == EndReason::Lost)
        .collect();
    assert_eq!(lost.len(), 1, "{ended:#?}");
    assert_eq!(lost[0].key.template_id, Some(TemplateId(REFUSED)));
    assert!(found.iter().any(|a| AnomalyKey::of(a) == lost[0].key));
}
