//! Attention inside one text.

use super::aligned::Aligned;
use super::instructions::Instructions;
use super::{Level, maths, tile};

/// Rows of a tile of scores, and of what they gather.
const ROWS_TOGETHER: usize = 4;

/// What attention has to know about a text.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Attention {
    pub(in super::super) heads: usize,
    /// Values of a head.
    pub(in super::super) size: usize,
    /// Tokens of the text.
    pub(in super::super) length: usize,
    /// Values from one row of queries, keys and values to the next.
    pub(in super::super) stride: usize,
}

/// Room for one head of one text.
#[derive(Debug, Default)]
pub(in super::super) struct Buffers {
    /// `[size, length rounded up]`: the keys, transposed.
    keys: Aligned<f32>,
    /// `[length, size rounded up]`.
    values: Aligned<f32>,
    /// `[ROWS_TOGETHER, length rounded up]`.
    scores: Aligned<f32>,
    /// `[ROWS_TOGETHER, size rounded up]`.
    gathered: Aligned<f32>,
}

impl Buffers {
    /// Makes room for texts of up to `longest` tokens.
    pub(in super::super) fn prepare(&mut self, level: Level, longest: usize, size: usize) {
        let wide = longest.next_multiple_of(level.lanes());
        let padded = size.next_multiple_of(level.lanes());
        self.keys.reserve(size * wide);
        self.values.reserve(longest * padded);
        self.scores.reserve(ROWS_TOGETHER * wide);
        self.gathered.reserve(ROWS_TOGETHER * padded);
    }
}

/// `context = softmax(Q K^T) V` head by head, for one text.
///
/// `qkv` holds the text's rows of queries (already scaled), keys and values side by side; `context` its rows of
/// `heads * size` values.
///
/// # Panics
/// When `buffers` were not prepared for a text as long, or a slice is too short.
#[inline(always)]
pub(super) fn attend<S: Instructions>(
    set: S,
    shape: &Attention,
    qkv: &[f32],
    buffers: &mut Buffers,
    context: &mut [f32],
) {
    let hidden = shape.heads * shape.size;
    for head in 0..shape.heads {
        let first = head * shape.size;
        lay_out::<S>(
            shape,
            &qkv[hidden + first..],
            &qkv[2 * hidden + first..],
            buffers,
        );
        let mut row = 0;
        while row < shape.length {
            let queries = &qkv[row * shape.stride + first..];
            let target = &mut context[row * hidden + first..];
            row += if shape.length - row >= ROWS_TOGETHER {
                rows::<S, ROWS_TOGETHER>(set, shape, queries, buffers, target);
                ROWS_TOGETHER
            } else {
                rows::<S, 1>(set, shape, queries, buffers, target);
                1
            };
        }
    }
}

/// Copies the keys (transposed) and the values of a head.
#[inline(always)]
fn lay_out<S: Instructions>(
    shape: &Attention,
    keys: &[f32],
    values: &[f32],
    buffers: &mut Buffers,
) {
    let wide = shape.length.next_multiple_of(S::LANES);
    let padded = shape.size.next_multiple_of(S::LANES);
    let rows = keys
        .chunks(shape.stride)
        .zip(values.chunks(shape.stride))
        .take(shape.length)
        .enumerate();
    for (token, (keys, values)) in rows {
        let columns = buffers.keys[token..].iter_mut().step_by(wide);
        for (to, key) in columns.zip(&keys[..shape.size]) {
            *to = *key;
        }
        buffers.values[token * padded..][..shape.size].copy_from_slice(&values[..shape.size]);
    }
}

/// `ROWS` rows of one head: `queries` and `target` begin at the first of them.
#[inline(always)]
fn rows<S: Instructions, const ROWS: usize>(
    set: S,
    shape: &Attention,
    queries: &[f32],
    buffers: &mut Buffers,
    target: &mut [f32],
) {
    let wide = shape.length.next_multiple_of(S::LANES);
    let padded = shape.size.next_multiple_of(S::LANES);
    let hidden = shape.heads * shape.size;
    let scores = &mut buffers.scores[..ROWS * wide];
    let keys = (&buffers.keys[..], wide);
    product::<S, ROWS>(
        set,
        (queries, shape.stride),
        keys,
        (shape.size, wide),
        &[1.0; ROWS],
        (&mut *scores, wide),
    );
    let mut shares = [0.0; ROWS];
    for (row, share) in scores.chunks_exact_mut(wide).zip(&mut shares) {
        *share = 1.0 / exponentials(set, row, shape.length);
    }
    let scores = (&*scores, wide);
    let values = (&buffers.values[..], padded);
    if padded == shape.size {
        let depth_and_width = (shape.length, padded);
        product::<S, ROWS>(
            set,
            scores,
            values,
            depth_and_width,
            &shares,
            (target, hidden),
        );
        return;
    }
    let gathered = &mut buffers.gathered[..ROWS * padded];
    let depth_and_width = (shape.length, padded);
    let room = (&mut *gathered, padded);
    product::<S, ROWS>(set, scores, values, depth_and_width, &shares, room);
    for (from, to) in gathered.chunks_exact(padded).zip(target.chunks_mut(hidden)) {
        to[..shape.size].copy_from_slice(&from[..shape.size]);
    }
}

/// `target = factors * (left * right)` with `ROWS` rows; `width` is a multiple of `LANES`.
#[inline(always)]
fn product<S: Instructions, const ROWS: usize>(
    set: S,
    left: (&[f32], usize),
    (right, right_stride): (&[f32], usize),
    (depth, width): (usize, usize),
    factors: &[f32; ROWS],
    (target, stride): (&mut [f32], usize),
) {
    let mut first = 0;
    while first < width {
        let right = (&right[first..], right_stride);
        let target = (&mut target[first..], stride);
        first += S::LANES
            * match (width - first) / S::LANES {
                1 => columns::<S, ROWS, 1>(set, left, right, depth, factors, target),
                2 | 4 => columns::<S, ROWS, 2>(set, left, right, depth, factors, target),
                _ => columns::<S, ROWS, 3>(set, left, right, depth, factors, target),
            };
    }
}

/// One tile of [`product`]; returns `COLS`.
#[inline(always)]
fn columns<S: Instructions, const ROWS: usize, const COLS: usize>(
    set: S,
    left: (&[f32], usize),
    right: (&[f32], usize),
    depth: usize,
    factors: &[f32; ROWS],
    (target, stride): (&mut [f32], usize),
) -> usize {
    let sums = tile::floats::<S, ROWS, COLS>(set, left, right, depth);
    for ((sums, factor), target) in sums.iter().zip(factors).zip(target.chunks_mut(stride)) {
        let factor = set.splat(*factor);
        for (index, sum) in sums.iter().enumerate() {
            set.store(set.multiply(*sum, factor), &mut target[index * S::LANES..]);
        }
    }
    COLS
}

/// Turns the first `length` scores of a row into `e^(score - greatest)` and returns their sum; the rest of the row,
/// whose length is a multiple of `LANES`, becomes next to nothing.
#[inline(always)]
fn exponentials<S: Instructions>(set: S, row: &mut [f32], length: usize) -> f32 {
    row[length..].fill(f32::NEG_INFINITY);
    let mut greatest = set.splat(f32::NEG_INFINITY);
    for part in row.chunks_exact(S::LANES) {
        greatest = set.greatest(set.load(part), greatest);
    }
    let greatest = set.splat(set.maximum(greatest));
    let mut sum = set.splat(0.0);
    for part in row.chunks_exact_mut(S::LANES) {
        let value = maths::exp(set, set.subtract(set.load(part), greatest));
        set.store(value, part);
        sum = set.add(sum, value);
    }
    set.total(sum)
}
