//! Loops over the rows between two products.

use super::aligned::Aligned;
use super::instructions::Instructions;

/// Rows of 16-bit integers, each with a step of its own: `value = integer * step`.
#[derive(Debug, Default)]
pub(in super::super) struct FixedRows {
    values: Aligned<[i16; 2]>,
    /// One per row.
    steps: Vec<f32>,
    /// Values of a row, as they were before the padding.
    width: usize,
}

impl FixedRows {
    /// Makes room for `rows` rows of `width` values.
    pub(super) fn prepare(&mut self, rows: usize, width: usize) {
        self.width = width;
        self.values.reserve(rows * self.stride());
        self.steps.clear();
        self.steps.resize(rows, 0.0);
    }

    /// Pairs of a row. Where the width is odd, the last is filled with 0.
    pub(super) fn stride(&self) -> usize {
        self.width.div_ceil(2)
    }

    /// The pairs of row `first` and of those after it.
    pub(super) fn rows_from(&self, first: usize) -> &[[i16; 2]] {
        &self.values[first * self.stride()..]
    }

    /// The step of each row.
    pub(super) fn steps(&self) -> &[f32] {
        &self.steps
    }
}

/// By what a row of `width` values is multiplied to become 16-bit integers; its step is the inverse.
///
/// `greatest` is the greatest magnitude of the row and `squares` the sum of its squares. Two limits hold: an integer
/// stays within 32,767, and the row within a length of about 2^15.5. By the inequality of Cauchy and Schwarz every
/// partial sum of the products of two such rows is below 2^31 then, so 32 bits never overflow.
pub(super) fn scale_of(greatest: f32, squares: f32, width: usize) -> f32 {
    // The square root of 2^31; rounding can lengthen a row by half a step in every direction, and 24 is
    // more than what `squares` can be wrong by.
    let longest = 46_340.0 - 0.5 * (width as f32).sqrt() - 24.0;
    let scale = (32_767.0 / greatest).min(longest / squares.sqrt());
    // A row of zeros has no scale of its own.
    if scale.is_finite() { scale } else { 1.0 }
}

/// Fills `target`, as it was prepared, with the values of rows that start `stride` apart.
///
/// # Panics
/// When there are fewer values than that.
#[inline(always)]
pub(super) fn to_fixed<S: Instructions>(
    set: S,
    values: &[f32],
    stride: usize,
    target: &mut FixedRows,
) {
    let (width, target_stride) = (target.width, target.stride());
    let count = target.steps.len();
    assert!(
        width > 0 && values.len() >= count.saturating_sub(1) * stride + width,
        "{count} rows are more than the {} values",
        values.len()
    );
    let rows = values
        .chunks(stride)
        .zip(target.values.chunks_exact_mut(target_stride))
        .zip(&mut target.steps);
    for ((row, integers), step) in rows {
        let (row, integers) = (&row[..width], integers.as_flattened_mut());
        let whole = width - width % S::LANES;
        let mut greatest = set.splat(0.0);
        let mut squares = set.splat(0.0);
        for part in row[..whole].chunks_exact(S::LANES) {
            let part = set.load(part);
            greatest = set.greatest(set.magnitude(part), greatest);
            squares = set.multiply_add(part, part, squares);
        }
        let (mut greatest, mut squares) = (set.maximum(greatest), set.total(squares));
        for value in &row[whole..] {
            greatest = greatest.max(value.abs());
            squares += value * value;
        }
        let scale = scale_of(greatest, squares, width);
        *step = 1.0 / scale;
        let wide = set.splat(scale);
        for (part, integers) in row[..whole]
            .chunks_exact(S::LANES)
            .zip(integers.chunks_exact_mut(S::LANES))
        {
            set.store_rounded(set.multiply(set.load(part), wide), integers);
        }
        for (value, integer) in row[whole..].iter().zip(&mut integers[whole..]) {
            *integer = (value * scale).round() as i16;
        }
        integers[width..].fill(0);
    }
}

/// Layer normalisation in place of every row of `gain.len()` values.
#[inline(always)]
pub(super) fn layer_norm<S: Instructions>(
    set: S,
    rows: &mut [f32],
    gain: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    for row in rows.chunks_exact_mut(gain.len()) {
        normalise(set, row, gain, shift, epsilon);
    }
}

/// `rows = layer_norm(rows + added)`, in one pass over memory; the rows of `added` start `stride` apart.
#[inline(always)]
pub(super) fn add_layer_norm<S: Instructions>(
    set: S,
    rows: &mut [f32],
    added: &[f32],
    stride: usize,
    gain: &[f32],
    shift: &[f32],
    epsilon: f32,
) {
    let width = gain.len();
    for (row, added) in rows.chunks_exact_mut(width).zip(added.chunks(stride)) {
        for (value, added) in row.iter_mut().zip(&added[..width]) {
            *value += *added;
        }
        normalise(set, row, gain, shift, epsilon);
    }
}

#[inline(always)]
fn normalise<S: Instructions>(set: S, row: &mut [f32], gain: &[f32], shift: &[f32], epsilon: f32) {
    let length = row.len() as f32;
    let whole = row.len() - row.len() % S::LANES;
    let mut sum = set.splat(0.0);
    for part in row[..whole].chunks_exact(S::LANES) {
        sum = set.add(sum, set.load(part));
    }
    let mean = (set.total(sum) + row[whole..].iter().sum::<f32>()) / length;
    let wide_mean = set.splat(mean);
    let mut squares = set.splat(0.0);
    for part in row[..whole].chunks_exact(S::LANES) {
        let distance = set.subtract(set.load(part), wide_mean);
        squares = set.multiply_add(distance, distance, squares);
    }
    let mut squares = set.total(squares);
    for value in &row[whole..] {
        squares += (value - mean) * (value - mean);
    }
    let scale = 1.0 / (squares / length + epsilon).sqrt();
    let wide_scale = set.splat(scale);
    for ((part, gain), shift) in row[..whole]
        .chunks_exact_mut(S::LANES)
        .zip(gain.chunks_exact(S::LANES))
        .zip(shift.chunks_exact(S::LANES))
    {
        let distance = set.subtract(set.load(part), wide_mean);
        let unit = set.multiply(distance, wide_scale);
        set.store(
            set.multiply_add(unit, set.load(gain), set.load(shift)),
            part,
        );
    }
    for ((value, gain), shift) in row[whole..]
        .iter_mut()
        .zip(&gain[whole..])
        .zip(&shift[whole..])
    {
        *value = (*value - mean) * scale * gain + shift;
    }
}
