use super::baseline::windowed_gaussian;
use super::score::{PROFILES, at, best, points, probation, sigmoid};
use super::series::{Series, series};

/// 100 values, a minute apart, with these windows.
fn hundred(windows: &[(usize, usize)]) -> Series {
    Series {
        name: "made/up.csv".to_owned(),
        at_s: (0..100).map(|i| 60 * i).collect(),
        values: vec![0.0; 100],
        windows: windows.to_vec(),
    }
}

/// Scores with these values at these places, 0 elsewhere.
fn alarms(at: &[(usize, f64)]) -> Vec<f64> {
    let mut scores = vec![0.0; 100];
    for (i, score) in at {
        scores[*i] = *score;
    }
    scores
}

#[track_caller]
fn check(windows: &[(usize, usize)], scores: &[(usize, f64)], profile: usize, raw: f64) {
    let outcome = at(
        &[&hundred(windows)],
        &[&alarms(scores)],
        0.5,
        PROFILES[profile],
    );
    assert!((outcome.raw - raw).abs() < 1e-6, "{outcome:?}, not {raw}");
}

#[test]
fn the_sigmoid_has_the_published_values() {
    for (position, value) in [
        (-1.0, 0.986_614_3),
        (-0.5, 0.848_283_6),
        (0.0, 0.0),
        (1.0, -0.986_614_3),
        (3.0, -1.0),
        (9.0, -1.0),
    ] {
        let found = sigmoid(position);
        assert!((found - value).abs() < 1e-6, "{position}: {found}");
    }
}

#[test]
fn the_probation_is_15_percent_and_at_most_750_values() {
    assert_eq!(
        [10, 99, 100, 5_000, 20_000].map(probation),
        [1, 14, 15, 750, 750]
    );
    let scored = points(&hundred(&[]), &alarms(&[]), 0);
    assert_eq!(scored.len(), 85);
}

#[test]
fn the_earliest_alarm_of_a_window_counts_and_only_once() {
    let window = [(50, 59)];
    check(&window, &[(50, 1.0)], 0, 1.0);
    // Half of the window is left: 0.84828364 / 0.98661430.
    check(&window, &[(55, 1.0)], 0, 0.859_792_5);
    check(&window, &[(59, 1.0)], 0, 0.248_241_5);
    check(&window, &[(55, 1.0), (56, 1.0), (59, 1.0)], 0, 0.859_792_5);
}

#[test]
fn misses_and_false_alarms_cost_what_the_profile_says() {
    let window = [(50, 59)];
    for (profile, missed, false_alarm) in [(0, -1.0, -0.11), (1, -1.0, -0.22), (2, -2.0, -0.11)] {
        check(&window, &[], profile, missed);
        check(&window, &[(20, 1.0)], profile, missed + false_alarm);
        // Just behind a window it is cheaper: sigmoid(5/9) = -0.88293.
        let near = -0.882_926_2 * -false_alarm;
        check(&window, &[(64, 1.0)], profile, missed + near);
        // Three widths behind it is not.
        check(&window, &[(86, 1.0)], profile, missed + false_alarm);
    }
}

#[test]
fn alarms_in_the_probation_are_ignored_and_so_are_windows_that_lie_in_it() {
    check(&[(50, 59)], &[(3, 1.0), (14, 1.0), (50, 1.0)], 0, 1.0);
    check(&[(3, 9)], &[(4, 1.0)], 0, 0.0);
}

#[test]
fn the_score_is_0_without_alarms_and_100_when_perfect() {
    let one = hundred(&[(30, 39), (60, 69)]);
    for profile in PROFILES {
        let nothing = at(&[&one], &[&alarms(&[])], 0.5, profile);
        assert_eq!((nothing.score, nothing.found), (0.0, 0));
        let perfect = at(&[&one], &[&alarms(&[(30, 1.0), (60, 1.0)])], 0.5, profile);
        assert_eq!((perfect.score, perfect.found), (100.0, 2));
    }
    // One of two windows at its first value, one far false alarm: (1 - 1 - 0.11 + 2) / 4.
    let half = at(
        &[&one],
        &[&alarms(&[(20, 1.0), (30, 1.0)])],
        0.5,
        PROFILES[0],
    );
    assert!((half.score - 47.25).abs() < 1e-9, "{half:?}");
}

#[test]
fn one_threshold_serves_all_series_and_is_the_best_and_highest_one() {
    let (one, two) = (hundred(&[(30, 39)]), hundred(&[(60, 69)]));
    // The second series' window is found at 0.6 only, at the price of ten false alarms of the first.
    let noisy: Vec<(usize, f64)> = (80..90).map(|i| (i, 0.7)).chain([(30, 0.9)]).collect();
    let (first, second) = (alarms(&noisy), alarms(&[(60, 0.6), (61, 0.3)]));
    let both = best(&[&one, &two], &[&first, &second], PROFILES[0]);
    assert_eq!(
        (both.threshold, both.found, both.false_alarms),
        (0.6, 2, 10)
    );
    // Where false alarms cost twice as much it is not worth it: ten of them cost 2.2, a window brings 2.
    let strict = best(&[&one, &two], &[&first, &second], PROFILES[1]);
    assert_eq!((strict.threshold, strict.found), (0.9, 1));
    let nothing = best(&[&hundred(&[])], &[&first], PROFILES[0]);
    assert_eq!((nothing.raw, nothing.threshold), (0.0, f64::INFINITY));
}

#[test]
fn a_series_is_read_with_its_windows_and_faults_are_named() {
    let text = "timestamp,value\n2014-04-01 00:00:00,1.5\n2014-04-01 00:05:00,2\n2014-04-01 00:10:00,-3e2\n";
    let window = |left: &str, right: &str| [(left.to_owned(), right.to_owned())];
    let read = series(
        "a/b.csv",
        text,
        &window("2014-04-01 00:00:00.000000", "2014-04-01 00:10:00.000000"),
    )
    .expect("a series");
    assert_eq!(read.at_s[1] - read.at_s[0], 300);
    assert_eq!(read.values, [1.5, 2.0, -300.0]);
    assert_eq!(
        (read.windows.as_slice(), read.family()),
        (&[(0, 2)][..], "a")
    );
    let off = series(
        "a",
        text,
        &window("2014-04-01 00:01:00", "2014-04-01 00:10:00"),
    );
    assert!(off.is_err_and(|reason| reason.contains("no value at 2014-04-01 00:01:00")));
    assert!(series("a", "h\n2014-04-01 00:00:00,x\n", &[]).is_err_and(|r| r.contains("\"x\"")));
}

#[test]
fn the_baseline_counts_standard_deviations_from_the_values_before() {
    let scores = windowed_gaussian(&[1.0, 3.0, 1.0, 3.0, 8.0]);
    // Mean 2 and deviation 1 of the four values before; at the second value the deviation is 0.
    assert_eq!((scores[0], scores[1], scores[4]), (0.0, 8.3, 6.0));
}
