//! The benchmark's own baseline, so that a reader can tell the scorer is right: it publishes 39.6 for it, on all 58 series.

/// Values in the window, and how many it moves at once.
const WINDOW: usize = 6_400;
const STEP: usize = 100;
/// From here on one minus the tail probability is 1 in a double.
const FAR: f64 = 8.3;

/// Windowed Gaussian: how many standard deviations a value is from the mean of the window, monotone in the
/// tail probability that the benchmark takes.
pub fn windowed_gaussian(values: &[f64]) -> Vec<f64> {
    let (mut mean, mut deviation) = (0.0, 1.0);
    let mut end = 0;
    values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let score = if i == 0 {
                0.0
            } else {
                ((value - mean) / deviation).abs().min(FAR)
            };
            // It grows value by value, and then moves in steps.
            if i < WINDOW || i + 1 == end + STEP {
                end = i + 1;
                let window = &values[end.saturating_sub(WINDOW)..end];
                let n = window.len() as f64;
                mean = window.iter().sum::<f64>() / n;
                let variance = window.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                deviation = variance.sqrt();
                if deviation == 0.0 {
                    deviation = 1e-6;
                }
            }
            score
        })
        .collect()
}
