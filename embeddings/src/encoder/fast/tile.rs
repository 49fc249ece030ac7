//! The two innermost loops: a tile of a product whose sums stay in registers.

use super::instructions::Instructions;

/// `ROWS` rows times `COLS` registers of columns of a product of `f32`.
///
/// `left` holds `ROWS` rows of `depth` values that start `left_stride` apart; `right` holds `depth` rows of
/// `COLS * LANES` values that start `right_stride` apart.
///
/// # Panics
/// When a slice is too short for that.
#[inline(always)]
pub(super) fn floats<S: Instructions, const ROWS: usize, const COLS: usize>(
    set: S,
    (left, left_stride): (&[f32], usize),
    (right, right_stride): (&[f32], usize),
    depth: usize,
) -> [[S::Floats; COLS]; ROWS] {
    assert!(
        depth == 0 || right.len() >= (depth - 1) * right_stride + COLS * S::LANES,
        "the right side has {} values",
        right.len()
    );
    let rows = rows_of::<f32, ROWS>(left, left_stride, depth);
    let mut sums = [[set.splat(0.0); COLS]; ROWS];
    for (at, right) in right.chunks(right_stride).take(depth).enumerate() {
        let mut columns = [set.splat(0.0); COLS];
        for (column, part) in columns
            .iter_mut()
            .zip(right[..COLS * S::LANES].chunks_exact(S::LANES))
        {
            *column = set.load(part);
        }
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let value = set.splat(row[at]);
            for (sum, column) in sums.iter_mut().zip(&columns) {
                *sum = set.multiply_add(value, *column, *sum);
            }
        }
    }
    sums
}

/// `ROWS` rows times `COLS` registers of columns of a product of 16-bit integers, summed in 32 bits.
///
/// `left` holds `ROWS` rows of `pairs` pairs that start `left_stride` pairs apart; `right` holds, for each of the
/// `pairs`, `COLS * LANES` pairs side by side.
///
/// # Panics
/// When a slice is too short for that.
#[inline(always)]
pub(super) fn fixed<S: Instructions, const ROWS: usize, const COLS: usize>(
    set: S,
    (left, left_stride): (&[[i16; 2]], usize),
    right: &[[i16; 2]],
    pairs: usize,
) -> [[S::Sums; COLS]; ROWS] {
    let width = COLS * S::LANES;
    assert!(
        right.len() >= pairs * width,
        "the right side has {} pairs",
        right.len()
    );
    let rows = rows_of::<[i16; 2], ROWS>(left, left_stride, pairs);
    let mut sums = [[set.no_sums(); COLS]; ROWS];
    for (at, right) in right.chunks_exact(width).take(pairs).enumerate() {
        let mut columns = [set.splat_pair([0; 2]); COLS];
        for (column, part) in columns.iter_mut().zip(right.chunks_exact(S::LANES)) {
            *column = set.pairs(part);
        }
        for (sums, row) in sums.iter_mut().zip(&rows) {
            let pair = set.splat_pair(row[at]);
            for (sum, column) in sums.iter_mut().zip(&columns) {
                *sum = set.add_products(*sum, pair, *column);
            }
        }
    }
    sums
}

/// `ROWS` rows of `length` values that start `stride` apart.
#[inline(always)]
fn rows_of<T, const ROWS: usize>(values: &[T], stride: usize, length: usize) -> [&[T]; ROWS] {
    let mut rows = [&values[..0]; ROWS];
    for (index, row) in rows.iter_mut().enumerate() {
        *row = &values[index * stride..][..length];
    }
    rows
}
