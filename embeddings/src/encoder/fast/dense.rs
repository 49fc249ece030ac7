//! Dense layers: weights packed once, products tile by tile.

use super::aligned::Aligned;
use super::instructions::Instructions;
use super::rows::{FixedRows, scale_of};
use super::{Level, ROW_GROUP, apply_dense, maths, tile, to_fixed};

/// A dense layer: `y = x W + b`.
///
/// The weights lie in panels of as many columns (outputs) as a tile has, so that the innermost loop reads them in one
/// go. Either as `f32`, or as 16-bit integers with a step per output; then `x` is turned into integers too, with a step
/// per row, and the sums are exact. A value of middling size keeps about 11 bits, where bfloat16, with as many products
/// per instruction, keeps 8.
pub(in super::super) struct Dense {
    level: Level,
    inputs: usize,
    weights: Weights,
    /// As long as all panels are wide; what is beyond the outputs is 0.
    bias: Aligned<f32>,
}

enum Weights {
    /// `[panel][input][column]`.
    Floats(Aligned<f32>),
    Fixed {
        /// `[panel][pair of inputs][column]`.
        values: Aligned<[i16; 2]>,
        /// One per output, padded as the bias is.
        steps: Aligned<f32>,
    },
}

/// What happens to the result of a dense layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Then {
    Nothing,
    Gelu,
}

/// Rows of activations in the form that the weights want.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    Floats { values: &'a [f32], stride: usize },
    Fixed(&'a FixedRows),
}

impl Dense {
    /// Packs `weights`, `[outputs, inputs]` as PyTorch stores them, with one `bias` per output.
    ///
    /// # Panics
    /// When the slices do not fit together.
    pub(in super::super) fn pack(
        level: Level,
        fixed: bool,
        inputs: usize,
        weights: &[f32],
        bias: &[f32],
    ) -> Self {
        let outputs = bias.len();
        assert_eq!(
            weights.len(),
            inputs * outputs,
            "weights do not fit the bias"
        );
        let columns = level.panel_columns();
        let padded = outputs.next_multiple_of(columns);
        let mut all_bias = Aligned::zeros(padded);
        all_bias[..outputs].copy_from_slice(bias);
        let weights = if fixed {
            pack_fixed(weights, inputs, padded, columns)
        } else {
            pack_floats(weights, inputs, padded, columns)
        };
        Self {
            level,
            inputs,
            weights,
            bias: all_bias,
        }
    }

    /// Values from one row of the result to the next; those beyond the outputs are 0 or mean nothing.
    pub(in super::super) fn stride(&self) -> usize {
        self.bias.len()
    }

    /// `output = then(input W + b)` for `rows` rows of `input`, which start `stride` apart; those of the output start
    /// [`Dense::stride`] apart. `integers` is only room to work in.
    ///
    /// # Panics
    /// When `rows` is not a multiple of [`ROW_GROUP`], or a slice is too short.
    pub(in super::super) fn apply(
        &self,
        (input, stride): (&[f32], usize),
        rows: usize,
        integers: &mut FixedRows,
        then: Then,
        output: &mut [f32],
    ) {
        assert!(
            rows.is_multiple_of(ROW_GROUP) && output.len() >= rows * self.stride(),
            "{rows} rows do not fit into {} values",
            output.len()
        );
        let input = match self.weights {
            Weights::Floats(_) => Input::Floats {
                values: input,
                stride,
            },
            Weights::Fixed { .. } => {
                integers.prepare(rows, self.inputs);
                to_fixed(self.level, input, stride, integers);
                Input::Fixed(integers)
            }
        };
        apply_dense(self.level, self, input, rows, then, output);
    }
}

fn pack_floats(weights: &[f32], inputs: usize, padded: usize, columns: usize) -> Weights {
    let mut values = Aligned::zeros(inputs * padded);
    for (output, row) in weights.chunks_exact(inputs).enumerate() {
        let (panel, column) = (output / columns, output % columns);
        let panel = &mut values[panel * inputs * columns..][..inputs * columns];
        for (to, value) in panel.chunks_exact_mut(columns).zip(row) {
            to[column] = *value;
        }
    }
    Weights::Floats(values)
}

fn pack_fixed(weights: &[f32], inputs: usize, padded: usize, columns: usize) -> Weights {
    let pairs = inputs.div_ceil(2);
    let mut values = Aligned::<[i16; 2]>::zeros(pairs * padded);
    let mut steps = Aligned::zeros(padded);
    for (output, row) in weights.chunks_exact(inputs).enumerate() {
        let greatest = row
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        let squares = row.iter().map(|value| value * value).sum();
        let scale = scale_of(greatest, squares, inputs);
        steps[output] = 1.0 / scale;
        let (panel, column) = (output / columns, output % columns);
        let panel = &mut values[panel * pairs * columns..][..pairs * columns];
        for (to, pair) in panel.chunks_exact_mut(columns).zip(row.chunks(2)) {
            for (to, value) in to[column].iter_mut().zip(pair) {
                *to = (value * scale).round() as i16;
            }
        }
    }
    Weights::Fixed { values, steps }
}

/// [`Dense::apply`] with tiles of `ROWS` rows and `COLS` registers. A panel of weights stays in a near cache while all
/// rows pass by.
#[inline(always)]
pub(super) fn apply<S: Instructions, const ROWS: usize, const COLS: usize>(
    set: S,
    layer: &Dense,
    input: Input<'_>,
    rows: usize,
    then: Then,
    output: &mut [f32],
) {
    let columns = COLS * S::LANES;
    assert_eq!(
        columns,
        layer.level.panel_columns(),
        "columns of a tile and of a panel"
    );
    for first in (0..layer.bias.len()).step_by(columns) {
        let mut row = 0;
        while row < rows {
            let place = (row, first);
            row += match rows - row {
                left if left >= ROWS => {
                    block::<S, ROWS, COLS>(set, layer, input, place, then, output);
                    ROWS
                }
                left if left >= 4 => {
                    block::<S, 4, COLS>(set, layer, input, place, then, output);
                    4
                }
                _ => {
                    block::<S, ROW_GROUP, COLS>(set, layer, input, place, then, output);
                    ROW_GROUP
                }
            };
        }
    }
}

/// One tile, at `row` and column `first`.
#[inline(always)]
fn block<S: Instructions, const ROWS: usize, const COLS: usize>(
    set: S,
    layer: &Dense,
    input: Input<'_>,
    (row, first): (usize, usize),
    then: Then,
    output: &mut [f32],
) {
    let (stride, columns) = (layer.bias.len(), COLS * S::LANES);
    let bias = &layer.bias[first..first + columns];
    let output = &mut output[row * stride + first..];
    match (&layer.weights, input) {
        (
            Weights::Floats(weights),
            Input::Floats {
                values,
                stride: from,
            },
        ) => {
            let panel = &weights[first * layer.inputs..][..columns * layer.inputs];
            let left = (&values[row * from..], from);
            let sums = tile::floats::<S, ROWS, COLS>(set, left, (panel, columns), layer.inputs);
            for (sums, output) in sums.iter().zip(output.chunks_mut(stride)) {
                for (index, sum) in sums.iter().enumerate() {
                    let at = index * S::LANES;
                    set.store(set.add(*sum, set.load(&bias[at..])), &mut output[at..]);
                }
            }
        }
        (Weights::Fixed { values, steps }, Input::Fixed(input)) => {
            let pairs = layer.inputs.div_ceil(2);
            let panel = &values[first * pairs..][..columns * pairs];
            let left = (input.rows_from(row), input.stride());
            let sums = tile::fixed::<S, ROWS, COLS>(set, left, panel, pairs);
            let (steps, row_steps) = (&steps[first..first + columns], &input.steps()[row..]);
            let rows = sums.iter().zip(row_steps).zip(output.chunks_mut(stride));
            for ((sums, row_step), output) in rows {
                let row_step = set.splat(*row_step);
                for (index, sum) in sums.iter().enumerate() {
                    let at = index * S::LANES;
                    let step = set.multiply(row_step, set.load(&steps[at..]));
                    let value = set.multiply_add(set.to_floats(*sum), step, set.load(&bias[at..]));
                    set.store(value, &mut output[at..]);
                }
            }
        }
        // `Dense::apply` makes the input after the weights.
        _ => unreachable!("the input has another form than the weights"),
    }
    if then == Then::Gelu {
        for row in output.chunks_mut(stride).take(ROWS) {
            for part in row[..columns].chunks_exact_mut(S::LANES) {
                set.store(maths::gelu(set, set.load(part)), part);
            }
        }
    }
}
