//! Tail probabilities as surprise (`-log10 p`), from 0 (nothing odd) to [`MOST_SURPRISE`].

use std::f64::consts::{LN_10, PI};

/// Larger surprises are cut here: beyond one in 10^300 the number means nothing.
const MOST_SURPRISE: f64 = 300.0;
/// Steps of the continued fraction; it needs about sqrt(max(a, b)), so this serves counts to 10^7.
const FRACTION_STEPS: usize = 6_000;

/// `ln Gamma(x)` for `x > 0`, Lanczos approximation (g = 7, n = 9), relative error below 1e-14.
/// Source: <https://en.wikipedia.org/wiki/Lanczos_approximation>.
pub(super) fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let t = x + 7.5;
    let series = COEFFICIENTS
        .iter()
        .enumerate()
        .skip(1)
        .fold(COEFFICIENTS[0], |sum, (i, c)| sum + c / (x + i as f64));
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + series.ln()
}

/// The continued fraction of the incomplete beta function (modified Lentz).
/// Source: Numerical Recipes, 3rd edition, section 6.4.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for step in 1..FRACTION_STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() < 1e-13 {
            break;
        }
    }
    value
}

/// `ln I_x(a, b)`, the regularised incomplete beta function; `complement` is `1 - x`, given apart
/// because `x` is often within rounding of 1.
fn ln_incomplete_beta(a: f64, b: f64, x: f64, complement: f64) -> f64 {
    let front = a * x.ln() + b * complement.ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    if x < (a + 1.0) / (a + b + 2.0) {
        front - a.ln() + beta_fraction(a, b, x).ln()
    } else {
        let other = front - b.ln() + beta_fraction(b, a, complement).ln();
        (-other.exp().min(1.0)).ln_1p()
    }
}

pub(super) fn to_surprise(ln_p: f64) -> f64 {
    if ln_p.is_nan() {
        return 0.0;
    }
    (-ln_p / LN_10).clamp(0.0, MOST_SURPRISE)
}

/// Negative binomial parameters `(r, q)` of a mean and variance; close to Poisson when the variance
/// is the mean. `None` when there is no usable mean.
fn negative_binomial(mean: f64, variance: f64) -> Option<(f64, f64, f64)> {
    if !mean.is_finite() || !variance.is_finite() || mean <= 0.0 {
        return None;
    }
    let excess = (variance - mean).max(mean * 1e-4);
    let r = mean * mean / excess;
    let q = excess / (mean + excess);
    Some((r, q, mean / (mean + excess)))
}

/// Surprise of a count of `observed` or more when `mean` and `variance` (negative binomial) are usual.
pub(crate) fn count_surprise_high(observed: f64, mean: f64, variance: f64) -> f64 {
    let Some((r, q, complement)) = negative_binomial(mean.max(1e-9), variance.max(1e-9)) else {
        return 0.0;
    };
    if observed.is_nan() || observed <= 0.0 {
        return 0.0;
    }
    // P(X >= x) = I_q(x, r)
    to_surprise(ln_incomplete_beta(observed.min(1e9), r, q, complement))
}

/// Surprise of a count of `observed` or fewer when `mean` and `variance` (negative binomial) are usual.
pub(crate) fn count_surprise_low(observed: f64, mean: f64, variance: f64) -> f64 {
    let Some((r, q, complement)) = negative_binomial(mean, variance) else {
        return 0.0;
    };
    if !observed.is_finite() {
        return 0.0;
    }
    // P(X <= x) = I_{1-q}(r, x + 1)
    to_surprise(ln_incomplete_beta(
        r,
        observed.max(0.0) + 1.0,
        complement,
        q,
    ))
}

/// Surprise of a standard normal value at or beyond `z` (one-sided); 0.3 at `z = 0`.
/// Source: Abramowitz and Stegun 7.1.26 below 3, the asymptotic series 7.1.23 above.
pub(super) fn normal_surprise(z: f64) -> f64 {
    if z.is_nan() {
        return 0.0;
    }
    if z < 3.0 {
        let x = z.abs() / std::f64::consts::SQRT_2;
        let t = 1.0 / (1.0 + 0.327_591_1 * x);
        let poly = t
            * (0.254_829_592
                + t * (-0.284_496_736
                    + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        let tail = 0.5 * poly * (-x * x).exp();
        let p = if z >= 0.0 { tail } else { 1.0 - tail };
        return to_surprise(p.ln());
    }
    let z = z.min(1e6);
    let square = z * z;
    let series = 1.0 - 1.0 / square + 3.0 / (square * square) - 15.0 / square.powi(3)
        + 105.0 / square.powi(4);
    to_surprise(-0.5 * square - (z * (2.0 * PI).sqrt()).ln() + series.ln())
}

/// Surprise of `hits` of `total` being that much above the usual share: a one-sided likelihood-ratio
/// test (G-test), divided by `dispersion` (>= 1, how much more the share varies than coin flips would).
/// Source: Dunning 1993, "Accurate methods for the statistics of surprise and coincidence".
pub(crate) fn share_surprise(hits: f64, total: f64, usual_share: f64, dispersion: f64) -> f64 {
    if !total.is_finite() || total <= 0.0 || hits.is_nan() || hits <= 0.0 {
        return 0.0;
    }
    let hits = hits.min(total);
    let usual = usual_share.clamp(1e-9, 1.0 - 1e-9);
    if hits / total <= usual {
        return 0.0;
    }
    let misses = total - hits;
    let term = |observed: f64, expected: f64| {
        if observed > 0.0 {
            observed * (observed / expected).ln()
        } else {
            0.0
        }
    };
    let g = 2.0 * (term(hits, total * usual) + term(misses, total * (1.0 - usual)));
    normal_surprise((g.max(0.0) / dispersion.max(1.0)).sqrt())
}
