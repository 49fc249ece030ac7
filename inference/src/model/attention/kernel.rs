//! The products of attention: some rows of queries against the keys and values of one head.
//!
//! Each product is compiled for each instruction set, like those of [`rows`].
#![expect(
    unsafe_code,
    reason = "run-time dispatch to functions for instructions that the processor has been seen to have"
)]

use std::ops::Range;

use super::vector::{Plain, Vector};
use crate::model::rows;
#[cfg(target_arch = "x86_64")]
use crate::model::rows::{Level, level};

/// Keys of a block.
pub(super) const KEYS: usize = 16;
/// Values unpacked at a time.
const VALUES: usize = 64;

/// Rows of queries, and which tokens each of them sees.
pub(super) struct Rows {
    head_dim: usize,
    /// `[rows][head_dim]`, scaled.
    queries: Vec<f32>,
    seen: Vec<Range<usize>>,
}

impl Rows {
    /// Takes rows, multiplied by `scale`, and the tokens that they see.
    pub(super) fn new<'a>(
        rows: impl ExactSizeIterator<Item = (&'a [f32], Range<usize>)>,
        head_dim: usize,
        scale: f32,
    ) -> Self {
        let mut this = Self {
            head_dim,
            queries: Vec::with_capacity(rows.len() * head_dim),
            seen: Vec::with_capacity(rows.len()),
        };
        for (query, seen) in rows {
            this.queries.extend(query.iter().map(|x| x * scale));
            this.seen.push(seen);
        }
        this
    }

    /// `softmax(queries * keys) * values` into `mixed`, `[rows][head_dim]`. `keys` is `[blocks][head_dim][16]`, `values`
    /// `[tokens][head_dim]`, both half floats and long enough for what is seen.
    pub(super) fn attend(&self, keys: &[u16], values: &[u16], mixed: &mut [f32]) {
        // What lies before the first token that any row sees is left out, in whole blocks.
        let first = self.seen.iter().map(|seen| seen.start).min().unwrap_or(0) / KEYS;
        let end = self.seen.iter().map(|seen| seen.end).max().unwrap_or(0);
        let blocks = end.div_ceil(KEYS) - first;
        let width = blocks * KEYS;
        let block = KEYS * self.head_dim;
        let mut scores = vec![0.0f32; self.seen.len() * width];
        let keys = &keys[first * block..(first + blocks) * block];
        score(&self.queries, keys, self.head_dim, &mut scores);
        let base = first * KEYS;
        for (row, seen) in scores.chunks_exact_mut(width).zip(&self.seen) {
            let (hidden, row) = row.split_at_mut(seen.start - base);
            hidden.fill(0.0);
            rows::softmax(row, seen.len());
        }
        let values = &values[base * self.head_dim..end * self.head_dim];
        mix(&scores, values, self.head_dim, mixed);
    }
}

/// Compiles `$body` for each instruction set and picks one when called.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident, $body:ident, ($($arg:ident : $type:ty),*)) => {
        $(#[$doc])*
        fn $name($($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512bw,fma")]
                fn avx512($($arg: $type),*) {
                    // SAFETY: compiled for these instructions.
                    unsafe { $body::<std::arch::x86_64::__m512>($($arg),*) }
                }
                #[target_feature(enable = "avx2,fma")]
                fn avx2($($arg: $type),*) {
                    // SAFETY: compiled for these instructions.
                    unsafe { $body::<std::arch::x86_64::__m256>($($arg),*) }
                }
                match level() {
                    // SAFETY: `level` has just said that the processor has these instructions, which
                    // is all that calling such a function asks for.
                    Level::Avx512 => return unsafe { avx512($($arg),*) },
                    // SAFETY: as above.
                    Level::Avx2 => return unsafe { avx2($($arg),*) },
                    Level::Portable => {}
                }
            }
            // SAFETY: plain code.
            unsafe { $body::<Plain>($($arg),*) }
        }
    };
}

dispatched!(
    /// `scores` (`[rows][blocks * 16]`) becomes the products of all queries and keys.
    score, score_body, (queries: &[f32], keys: &[u16], head_dim: usize, scores: &mut [f32])
);

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn score_body<V: Vector>(
    queries: &[f32],
    keys: &[u16],
    head_dim: usize,
    scores: &mut [f32],
) {
    let rows = queries.len() / head_dim;
    let width = scores.len() / rows;
    // `[group of rows][head_dim][rows of the group]`: read in order.
    let mut turned = vec![0.0f32; queries.len()];
    let mut from = 0;
    while from < rows {
        let count = group::<V>(rows - from);
        let turned = &mut turned[from * head_dim..(from + count) * head_dim];
        for (dim, turned) in turned.chunks_exact_mut(count).enumerate() {
            for (row, to) in turned.iter_mut().enumerate() {
                *to = queries[(from + row) * head_dim + dim];
            }
        }
        from += count;
    }
    let mut plain = vec![0.0f32; head_dim * KEYS];
    for (block, keys) in keys.chunks_exact(head_dim * KEYS).enumerate() {
        unpack(keys, &mut plain);
        let mut from = 0;
        while from < rows {
            let count = group::<V>(rows - from);
            let turned = &turned[from * head_dim..(from + count) * head_dim];
            let scores = &mut scores[from * width + block * KEYS..];
            // SAFETY: what the caller promises.
            unsafe {
                match count {
                    8 => score_rows::<V, 8>(turned, &plain, scores, width),
                    6 => score_rows::<V, 6>(turned, &plain, scores, width),
                    4 => score_rows::<V, 4>(turned, &plain, scores, width),
                    2 => score_rows::<V, 2>(turned, &plain, scores, width),
                    _ => score_rows::<V, 1>(turned, &plain, scores, width),
                }
            }
            from += count;
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn score_rows<V: Vector, const M: usize>(
    turned: &[f32],
    plain: &[f32],
    scores: &mut [f32],
    width: usize,
) {
    let (queries, _) = turned.as_chunks::<M>();
    let (keys, _) = plain.as_chunks::<KEYS>();
    let parts = KEYS / V::LANES;
    // SAFETY: what the caller promises.
    unsafe {
        let mut sums = [[V::splat(0.0); KEYS / 4]; M];
        for (query, key) in queries.iter().zip(keys) {
            for part in 0..parts {
                let key = V::load(&key[part * V::LANES..]);
                for (sums, x) in sums.iter_mut().zip(query) {
                    sums[part] = sums[part].add_product(V::splat(*x), key);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let scores = &mut scores[row * width..][..KEYS];
            for part in 0..parts {
                sums[part].store(&mut scores[part * V::LANES..]);
            }
        }
    }
}

dispatched!(
    /// `mixed` (`[rows][head_dim]`) becomes the values (`[tokens][head_dim]`) weighted by `scores` (`[rows][tokens or more]`).
    mix, mix_body, (scores: &[f32], values: &[u16], head_dim: usize, mixed: &mut [f32])
);

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn mix_body<V: Vector>(scores: &[f32], values: &[u16], head_dim: usize, mixed: &mut [f32]) {
    let rows = mixed.len() / head_dim;
    let width = scores.len() / rows;
    mixed.fill(0.0);
    let mut plain = vec![0.0f32; VALUES * head_dim];
    let mut turned = vec![0.0f32; VALUES * V::ROWS];
    for (block, values) in values.chunks(VALUES * head_dim).enumerate() {
        let tokens = values.len() / head_dim;
        let plain = &mut plain[..values.len()];
        unpack(values, plain);
        let mut from = 0;
        while from < rows {
            let count = group::<V>(rows - from);
            // `[token][row]`: read in order.
            for row in 0..count {
                let scores = &scores[(from + row) * width + block * VALUES..][..tokens];
                for (to, score) in turned[row..].iter_mut().step_by(count).zip(scores) {
                    *to = *score;
                }
            }
            let turned = &turned[..tokens * count];
            let mixed = &mut mixed[from * head_dim..(from + count) * head_dim];
            // SAFETY: what the caller promises.
            unsafe {
                match count {
                    8 => mix_rows::<V, 8>(turned, plain, head_dim, mixed),
                    6 => mix_rows::<V, 6>(turned, plain, head_dim, mixed),
                    4 => mix_rows::<V, 4>(turned, plain, head_dim, mixed),
                    2 => mix_rows::<V, 2>(turned, plain, head_dim, mixed),
                    _ => mix_rows::<V, 1>(turned, plain, head_dim, mixed),
                }
            }
            from += count;
        }
    }
}

/// # Safety
/// The processor has the instructions of `V`.
#[inline(always)]
unsafe fn mix_rows<V: Vector, const M: usize>(
    turned: &[f32],
    plain: &[f32],
    head_dim: usize,
    mixed: &mut [f32],
) {
    let (scores, _) = turned.as_chunks::<M>();
    let step = 2 * V::LANES;
    let whole = head_dim - head_dim % step;
    for at in (0..whole).step_by(step) {
        // SAFETY: what the caller promises.
        unsafe {
            let mut sums = [[V::splat(0.0); 2]; M];
            for (scores, value) in scores.iter().zip(plain.chunks_exact(head_dim)) {
                let value = &value[at..at + step];
                let (first, second) = (V::load(value), V::load(&value[V::LANES..]));
                for (sums, x) in sums.iter_mut().zip(scores) {
                    let x = V::splat(*x);
                    sums[0] = sums[0].add_product(x, first);
                    sums[1] = sums[1].add_product(x, second);
                }
            }
            for (mixed, [first, second]) in mixed.chunks_exact_mut(head_dim).zip(sums) {
                let mixed = &mut mixed[at..at + step];
                let one = V::splat(1.0);
                let held = (V::load(mixed), V::load(&mixed[V::LANES..]));
                held.0.add_product(first, one).store(mixed);
                held.1
                    .add_product(second, one)
                    .store(&mut mixed[V::LANES..]);
            }
        }
    }
    for (scores, value) in scores.iter().zip(plain.chunks_exact(head_dim)) {
        for (mixed, x) in mixed.chunks_exact_mut(head_dim).zip(scores) {
            for (to, v) in mixed[whole..].iter_mut().zip(&value[whole..]) {
                *to += *x * *v;
            }
        }
    }
}

/// How many of so many rows are taken together. (A closure for each group would be compiled without the instructions of
/// the function around it.)
#[inline(always)]
fn group<V: Vector>(rows: usize) -> usize {
    match rows.min(V::ROWS) {
        8.. => 8,
        6.. => 6,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

#[inline(always)]
fn unpack(halves: &[u16], floats: &mut [f32]) {
    for (float, half) in floats.iter_mut().zip(halves) {
        *float = half_to_float(*half);
    }
}

/// A half float: its bits at the place of a single's are the number times 2^-112, also where it has no leading one.
#[inline(always)]
fn half_to_float(bits: u16) -> f32 {
    let wide = u32::from(bits);
    let size = f32::from_bits((wide & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(size.to_bits() | (wide & 0x8000) << 16)
}

/// The nearest half float, even on a tie; at most 65,504 in size, so that nothing becomes infinite.
#[inline(always)]
pub(super) fn float_to_half(x: f32) -> u16 {
    let sign = (x.to_bits() >> 16) as u16 & 0x8000;
    let size = x.abs().min(65_504.0);
    let half = if size < f32::from_bits(0x3880_0000) {
        // Below 2^-14: added to 0.5, whose last bit is 2^-24, the number is rounded to what a half float can hold.
        (size + 0.5).to_bits() - 0.5f32.to_bits()
    } else {
        let bits = size.to_bits();
        let rounded = bits + 0xfff + (bits >> 13 & 1);
        // The exponent counts from -15 instead of -127.
        (rounded >> 13) - (112 << 10)
    };
    // At most 15 bits.
    half as u16 | sign
}

#[cfg(test)]
mod tests;
