//! Each method by itself: what it finds, and what it leaves alone.

use super::super::calm::Calm;
use super::super::context::Context;
use super::super::daily::Daily;
use super::super::level::Level;
use super::super::method::{Method, Seen, Watched, Window};
use super::super::record::Record;
use super::super::shape::Shape;
use super::super::swing::Swing;
use super::*;

/// What a value is, with the middle 0 and the scale 1, five minutes after the last.
fn seen(window: &mut Window, i: i64, value: f64) -> Seen {
    let (level, swing, run) = window.add(value);
    Seen {
        now_s: i * 300,
        value,
        middle: 0.0,
        scale: 1.0,
        level,
        swing,
        run,
    }
}

/// The method says little (at most `usual`) in the 300 values before number 2,000, and much (at least `odd`) in the
/// 24 from it on.
#[track_caller]
fn check<M: Method + Default>(values: impl Fn(i64) -> f64, usual: f64, odd: f64) {
    let mut watched = Watched::<M>::default();
    let mut window = Window::default();
    let all: Vec<f64> = (0..2_024)
        .map(|i| {
            watched
                .step(&seen(&mut window, i, values(i)), 0.9999)
                .surprise
        })
        .collect();
    let most = |part: &[f64]| part.iter().fold(0.0_f64, |a, b| a.max(*b));
    let (before, after) = (most(&all[1_700..2_000]), most(&all[2_000..]));
    assert!(before <= usual, "{before} before, {after} after");
    assert!(after >= odd, "{before} before, {after} after");
}

/// A wave of 288 values, a day.
fn sine(i: i64) -> f64 {
    (i as f64 / 288.0 * std::f64::consts::TAU).sin() * 2.0
}

#[test]
fn a_record_is_a_value_beyond_all_before() {
    let values = |i| if i == 2_000 { 9.0 } else { noise(i) };
    check::<Record>(values, 3.4, 4.0);
}

#[test]
fn a_value_of_another_time_of_day_is_unusual_though_it_is_no_record() {
    let values = |i| {
        if i >= 2_000 {
            -sine(i)
        } else {
            sine(i) + 0.1 * noise(i)
        }
    };
    check::<Daily>(values, 3.4, 3.5);
    check::<Record>(values, 3.4, 0.0);
}

#[test]
fn a_small_change_that_lasts_is_a_level() {
    let values = |i| sine(i) + noise(i) + if i >= 2_000 { 1.2 } else { 0.0 };
    check::<Level>(values, 3.0, 3.4);
}

#[test]
fn a_series_that_begins_to_tremble_swings() {
    let values = |i| noise(i) * if i >= 2_000 { 3.0 } else { 1.0 };
    check::<Swing>(values, 3.4, 4.0);
}

#[test]
fn a_saw_among_waves_is_a_new_course_though_its_values_are_not() {
    let values = |i| {
        if i >= 2_000 {
            f64::from(u8::from(i % 4 < 2))
        } else {
            sine(12 * i) + 0.1 * noise(i)
        }
    };
    check::<Shape>(values, 3.0, 3.4);
    check::<Record>(values, 3.4, 0.0);
}

#[test]
fn a_course_over_a_gap_is_compared_with_nothing() {
    let mut shape = Shape::default();
    let mut window = Window::default();
    let mut known = Vec::new();
    for i in 0..400 {
        if i == 300 {
            shape.gap();
            window.restart();
        }
        if shape.deviation(&seen(&mut window, i, noise(i))).is_some() {
            known.push(i);
        }
    }
    // Twenty values, and six courses before them; after the gap twenty values.
    let expected: Vec<i64> = (59..300).chain(319..400).collect();
    assert_eq!(known, expected);
}

#[test]
fn a_stuck_value_is_calm() {
    let values = |i| noise(if i >= 2_000 { 2_000 } else { i });
    check::<Calm>(values, 3.4, 3.5);
}

#[test]
fn a_step_that_never_followed_another_is_out_of_context() {
    // Up and down the stairs; then two at once, to stairs that are usual by themselves.
    let stair = |i: i64| [-2.0, -1.0, 0.0, 1.0, 0.0, -1.0][i as usize % 6];
    let values = |i| stair(if i >= 2_000 { i * 2 } else { i });
    check::<Context>(values, 1.0, 3.0);
}
