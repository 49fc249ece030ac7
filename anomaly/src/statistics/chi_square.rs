//! Tails of the chi-square distribution.

use super::tails::{ln_gamma, to_surprise};

/// Steps of the series and of the continued fraction; both need about the root of the larger argument.
const STEPS: usize = 2_000;

/// Surprise of a chi-square value of `value` or more with so many degrees of freedom.
/// Source: Numerical Recipes, 3rd edition, section 6.2 (the incomplete gamma function).
pub(crate) fn chi_square_surprise(value: f64, degrees: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 || degrees.is_nan() || degrees <= 0.0 {
        return 0.0;
    }
    let (a, x) = (degrees / 2.0, value / 2.0);
    let front = a * x.ln() - x - ln_gamma(a);
    if x < a + 1.0 {
        let lower = (front + series(a, x).ln()).exp();
        to_surprise((-lower.min(1.0)).ln_1p())
    } else {
        to_surprise(front + fraction(a, x).ln())
    }
}

fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0 / a, 1.0 / a);
    for step in 1..STEPS {
        term *= x / (a + step as f64);
        sum += term;
        if term < sum * 1e-15 {
            break;
        }
    }
    sum
}

fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / guard(b);
    let mut value = d;
    for step in 1..STEPS {
        let i = step as f64;
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / guard(numerator * d + b);
        c = guard(b + numerator / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    value
}
