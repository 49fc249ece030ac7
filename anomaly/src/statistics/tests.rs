use proptest::prelude::*;

use super::tails::{ln_gamma, normal_surprise};
use super::*;

fn close(a: f64, b: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance,
        "{a} is not within {tolerance} of {b}"
    );
}

#[test]
fn gamma_agrees_with_factorials() {
    close(ln_gamma(5.0), 24f64.ln(), 1e-12);
    close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-12);
    close(ln_gamma(101.0), 363.739_375_555_563_5, 1e-9);
}

#[test]
fn poisson_tails_agree_with_the_tables() {
    // P(X >= 10 | mean 1) = 1.1142547e-7; P(X = 0 | mean 20) = 2.0611536e-9
    close(count_surprise_high(10.0, 1.0, 1.0), 6.953, 0.01);
    close(count_surprise_low(0.0, 20.0, 20.0), 8.686, 0.01);
}

#[test]
fn chi_square_tails_agree_with_the_tables() {
    // P(X >= 3.841 | 1) = P(X >= 18.307 | 10) = 0.05; P(X >= 29.588 | 10) = 0.001
    close(chi_square_surprise(3.841_459, 1.0), 1.301, 0.001);
    close(chi_square_surprise(18.307_038, 10.0), 1.301, 0.001);
    close(chi_square_surprise(29.588_298, 10.0), 3.0, 0.001);
    // With two degrees the tail is exp(-x / 2).
    for x in [0.5_f64, 3.0, 40.0, 900.0] {
        close(
            chi_square_surprise(x, 2.0),
            x / 2.0 / std::f64::consts::LN_10,
            1e-6,
        );
    }
    close(chi_square_surprise(0.0, 5.0), 0.0, 1e-12);
}

#[test]
fn more_variance_means_less_surprise() {
    assert!(count_surprise_high(40.0, 10.0, 10.0) > count_surprise_high(40.0, 10.0, 60.0));
    assert!(count_surprise_low(0.0, 10.0, 10.0) > count_surprise_low(0.0, 10.0, 60.0));
}

#[test]
fn normal_tail_agrees_with_the_tables_on_both_sides_of_the_seam() {
    close(normal_surprise(0.0), 0.301, 0.001);
    close(normal_surprise(2.999), 2.868, 0.005);
    close(normal_surprise(3.001), 2.871, 0.005);
    close(normal_surprise(6.0), 9.006, 0.01);
}

#[test]
fn a_share_above_the_usual_surprises_and_one_below_does_not() {
    assert!(share_surprise(30.0, 100.0, 0.02, 1.0) > 10.0);
    close(share_surprise(1.0, 100.0, 0.02, 1.0), 0.0, 0.0);
    assert!(share_surprise(30.0, 100.0, 0.02, 4.0) < share_surprise(30.0, 100.0, 0.02, 1.0));
}

#[test]
fn median_and_spread_ignore_outliers() {
    let (median, spread) = median_and_spread(&[1.0, 2.0, 3.0, 4.0, 1e9]);
    close(median, 3.0, 0.0);
    close(spread, MAD_TO_SIGMA, 1e-12);
    assert_eq!(median_and_spread(&[]), (0.0, 0.0));
}

proptest! {
    #[test]
    fn surprises_are_bounded_for_any_input(x in any::<f64>(), m in any::<f64>(), v in any::<f64>()) {
        for s in [
            count_surprise_high(x, m, v),
            count_surprise_low(x, m, v),
            normal_surprise(x),
            share_surprise(x, m, v, 1.0),
        ] {
            prop_assert!((0.0..=300.0).contains(&s), "{s}");
        }
    }

    #[test]
    fn a_larger_count_never_surprises_less(
        mean in 0.01f64..5_000.0, fano in 1.0f64..50.0, x in 0u32..20_000, more in 1u32..5_000,
    ) {
        let low = count_surprise_high(f64::from(x), mean, mean * fano);
        let high = count_surprise_high(f64::from(x + more), mean, mean * fano);
        prop_assert!(high >= low - 1e-6, "{low} {high}");
    }
}
