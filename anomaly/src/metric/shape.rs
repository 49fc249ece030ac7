//! Courses of values that were not seen before.

use super::method::{Method, Seen};

/// Values of a course.
const LENGTH: usize = 20;
/// Every how many values a course begins that is compared with.
const STRIDE: usize = 4;
/// Values that are kept: 512 courses, of a day and a half when there is one a minute.
const KEPT: usize = 2_048;
/// Values over `KEPT` before the oldest go; a multiple of `STRIDE`.
const SLACK: usize = 256;
/// Nearest courses whose distances are averaged.
const NEAREST: usize = 3;

/// How far the last values, as a point in space, are from the nearest ones before. Source: Burnaev and Ishimtsev
/// 2016, "Conformalized density- and distance-based anomaly detection in time-series data" (KNN-CAD);
/// Yeh and others 2016, "Matrix profile I".
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    /// Oldest first, relative to the first value ever, so that single precision suffices. A gap is one
    /// value that is not a number: no course over it is near anything.
    values: Vec<f32>,
    anchor: Option<f64>,
}

impl Shape {
    /// Nothing is known of what was between the last value and the next.
    pub(super) fn gap(&mut self) {
        self.push(f32::NAN);
    }

    fn push(&mut self, value: f32) {
        if self.values.len() >= KEPT + SLACK {
            self.values.drain(..SLACK);
        }
        if self.values.len() == self.values.capacity() {
            self.values.reserve_exact(SLACK);
        }
        self.values.push(value);
    }

    /// Mean distance to the nearest earlier courses, per root of the length.
    fn distance(&self) -> Option<f32> {
        let begin = self.values.len().checked_sub(LENGTH)?;
        let course: &[f32; LENGTH] = self.values[begin..].first_chunk()?;
        let mut nearest = [f32::INFINITY; NEAREST];
        let mut compared = 0;
        let oldest = begin.saturating_sub(KEPT).next_multiple_of(STRIDE);
        for earlier in self.values[oldest..begin].windows(LENGTH).step_by(STRIDE) {
            let Some(earlier) = earlier.first_chunk() else {
                continue;
            };
            let distance = squared(course, earlier);
            if distance.is_nan() {
                continue;
            }
            compared += 1;
            if distance < nearest[NEAREST - 1] {
                nearest[NEAREST - 1] = distance;
                nearest.sort_unstable_by(f32::total_cmp);
            }
        }
        let mean = nearest.iter().map(|d| d.sqrt()).sum::<f32>() / NEAREST as f32;
        (compared >= 2 * NEAREST && mean.is_finite()).then(|| mean / (LENGTH as f32).sqrt())
    }
}

/// Squared Euclidean distance, in four sums that can be added side by side.
fn squared(a: &[f32; LENGTH], b: &[f32; LENGTH]) -> f32 {
    let mut sums = [0.0_f32; 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        for i in 0..4 {
            sums[i] += (a[i] - b[i]) * (a[i] - b[i]);
        }
    }
    sums.iter().sum()
}

impl Method for Shape {
    fn deviation(&mut self, seen: &Seen) -> Option<f64> {
        let anchor = *self.anchor.get_or_insert(seen.value);
        self.push((seen.value - anchor) as f32);
        if seen.run < LENGTH {
            return None;
        }
        Some(f64::from(self.distance()?) / seen.scale)
    }
}
