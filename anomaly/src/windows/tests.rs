use proptest::prelude::*;

use super::*;

const HOUR: Window = Window {
    minutes: 60.0,
    total: 100_000,
};

fn change(before: u64, after: u64) -> WindowChange {
    compare_windows(before, after, HOUR, HOUR).change
}

#[test]
fn counts_that_chance_explains_are_steady() {
    for (before, after) in [(0, 0), (3, 5), (100, 115), (1_000, 1_080), (2, 0), (5, 0)] {
        assert_eq!(
            change(before, after),
            WindowChange::Steady,
            "{before} {after}"
        );
    }
}

#[test]
fn what_is_only_in_one_window_is_new_or_vanished() {
    assert_eq!(change(0, 1), WindowChange::New);
    assert_eq!(change(0, 500), WindowChange::New);
    assert_eq!(change(200, 0), WindowChange::Vanished);
}

#[test]
fn a_rate_that_moves_far_surges_or_drops_and_a_little_is_of_no_interest() {
    assert_eq!(change(100, 400), WindowChange::Surged);
    assert_eq!(change(400, 100), WindowChange::Dropped);
    // Sure, but by a fifth only.
    assert_eq!(change(100_000, 120_000), WindowChange::Steady);
}

#[test]
fn windows_of_other_lengths_are_compared_by_their_rates() {
    let short = Window {
        minutes: 10.0,
        total: 17_000,
    };
    let same = compare_windows(600, 100, HOUR, short);
    assert_eq!(same.change, WindowChange::Steady);
    assert!((same.factor - 1.0).abs() < 0.05, "{}", same.factor);
    let more = compare_windows(600, 600, HOUR, short);
    assert_eq!(more.change, WindowChange::Surged);
    assert!((5.8..6.2).contains(&more.factor), "{}", more.factor);
}

#[test]
fn a_pattern_that_stays_while_everything_else_grows_loses_its_share() {
    let busy = Window {
        minutes: 60.0,
        total: 400_000,
    };
    let shift = compare_windows(1_000, 1_100, HOUR, busy);
    assert_eq!(shift.change, WindowChange::ShareDown);
    assert!((shift.share_before - 0.01).abs() < 1e-9);
    assert!((shift.share_after - 0.002_75).abs() < 1e-9);
    // And the other way round.
    assert_eq!(
        compare_windows(1_100, 1_000, busy, HOUR).change,
        WindowChange::ShareUp
    );
}

proptest! {
    #[test]
    fn any_two_counts_have_finite_numbers_and_swapping_them_turns_the_change_round(
        before in 0_u64..1_000_000,
        after in 0_u64..1_000_000,
    ) {
        let window = Window { minutes: 60.0, total: before + after };
        let one = compare_windows(before, after, window, window);
        let other = compare_windows(after, before, window, window);
        prop_assert!(one.surprise.is_finite() && one.surprise >= 0.0);
        prop_assert!(one.factor.is_finite() && one.factor > 0.0);
        let opposite = match one.change {
            WindowChange::Surged => Some(WindowChange::Dropped),
            WindowChange::Dropped => Some(WindowChange::Surged),
            WindowChange::Vanished => Some(WindowChange::New),
            _ => None,
        };
        if let Some(opposite) = opposite {
            prop_assert_eq!(other.change, opposite);
        }
    }
}
