//! The small amount of statistics the detectors share: robust location and spread, and tail
//! probabilities expressed as *surprise*, `-log10 p`, so that they neither underflow nor overflow.

mod chi_square;
mod tails;

#[cfg(test)]
mod tests;

pub(crate) use chi_square::chi_square_surprise;
pub(crate) use tails::{count_surprise_high, count_surprise_low, share_surprise};

/// 1 / Phi^-1(3/4): makes the MAD of normal data estimate its standard deviation.
/// Source: Rousseeuw and Croux 1993, "Alternatives to the median absolute deviation".
pub(crate) const MAD_TO_SIGMA: f64 = 1.482_602_218_505_602;

/// The value below which the share `q` (0 to 1) of the finite values lies, interpolated; 0 for none.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, q)
}

/// As [`quantile`], for values that are sorted already.
pub(crate) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let position = q.clamp(0.0, 1.0) * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// Median and scaled median absolute deviation of the finite values; zeros for none.
pub(crate) fn median_and_spread(values: &[f64]) -> (f64, f64) {
    let median = quantile(values, 0.5);
    let deviations: Vec<f64> = values.iter().map(|v| (v - median).abs()).collect();
    (median, MAD_TO_SIGMA * quantile(&deviations, 0.5))
}

/// A finite number or the other one.
pub(crate) fn finite_or(value: f64, otherwise: f64) -> f64 {
    if value.is_finite() { value } else { otherwise }
}
