//! Which points are neighbours, worked out with one matrix product.

use std::sync::Arc;

use linfa::Float;
use linfa_nn::distance::Distance;
use ndarray::{Array2, ArrayView, Axis, Dimension};

/// A distance over row numbers: 0 between neighbours, 1 between others.
///
/// linfa's neighbour search asks pair by pair; over 384 dimensions that is the whole cost, and a tree
/// does not help at so many. A blocked matrix product answers all pairs 20 times faster beforehand.
#[derive(Debug, Clone)]
pub(super) struct Near {
    bits: Arc<Vec<u64>>,
    /// Words to a row.
    stride: usize,
}

/// Rows to a product, so that the products stay small.
const SLAB: usize = 256;

impl Near {
    /// Neighbours among unit vectors `[n, dim]`: cosine similarity of `similarity` or more.
    pub(super) fn of(units: &Array2<f32>, similarity: f32) -> Self {
        let n = units.nrows();
        let stride = n.div_ceil(64);
        let mut bits = vec![0_u64; n * stride];
        for (slab, rows) in units.axis_chunks_iter(Axis(0), SLAB).enumerate() {
            let products = rows.dot(&units.t());
            for (row, values) in products.rows().into_iter().enumerate() {
                let start = (slab * SLAB + row) * stride;
                for (column, value) in values.iter().enumerate() {
                    // A point is its own neighbour whatever rounding says.
                    if *value >= similarity || column == slab * SLAB + row {
                        bits[start + column / 64] |= 1 << (column % 64);
                    }
                }
            }
        }
        Self {
            bits: Arc::new(bits),
            stride,
        }
    }

    fn is_near(&self, a: usize, b: usize) -> bool {
        let word = self.bits.get(a * self.stride + b / 64);
        word.is_some_and(|w| w >> (b % 64) & 1 == 1)
    }
}

impl<F: Float> Distance<F> for Near {
    fn distance<D: Dimension>(&self, a: ArrayView<F, D>, b: ArrayView<F, D>) -> F {
        let number = |v: ArrayView<F, D>| v.first().and_then(|x| x.to_usize());
        match (number(a), number(b)) {
            (Some(a), Some(b)) if self.is_near(a, b) => F::zero(),
            _ => F::one(),
        }
    }
}
