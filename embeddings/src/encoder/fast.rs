//! The only module with `unsafe`: choosing vector instructions at run time, and calling `gemm`.
//!
//! Everything it offers is safe to call; the checks that make it so are beside each `unsafe`.

use super::kernels;

/// The instruction set that the loops run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Level {
    /// The best that this machine has.
    pub(super) fn detect() -> Self {
        Self::available().next().unwrap_or(Self(Set::Portable))
    }

    /// All that this machine has, best first. A `Level` of an instruction set that the machine
    /// lacks cannot be made: that is what the wrappers below rely on.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let mut levels = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
            {
                levels.push(Self(Set::Avx512));
            }
            if avx2 {
                levels.push(Self(Set::Avx2));
            }
        }
        levels.push(Self(Set::Portable));
        levels.into_iter()
    }

    /// Its name, for the log and the speed example.
    pub(super) fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            Set::Portable => "portable",
        }
    }
}

/// One safe function per kernel that jumps to its copy for the instruction set.
macro_rules! on_every_set {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*)) => {
        $(#[$doc])*
        pub(super) fn $name(level: Level, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
            fn avx512($($argument: $type),*) {
                kernels::$name::<true>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $type),*) {
                kernels::$name::<true>($($argument),*);
            }
            match level.0 {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::available` gives out `Avx512` only where all six features are present.
                Set::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: `Level::available` gives out `Avx2` only where AVX2 and FMA are present.
                Set::Avx2 => unsafe { avx2($($argument),*) },
                Set::Portable => kernels::$name::<false>($($argument),*),
            }
        }
    };
}

on_every_set!(
    /// See [`kernels::bias_gelu`].
    bias_gelu(rows: &mut [f32], bias: &[f32])
);
on_every_set!(
    /// See [`kernels::layer_norm`].
    layer_norm(rows: &mut [f32], gain: &[f32], shift: &[f32], epsilon: f32)
);
on_every_set!(
    /// See [`kernels::add_layer_norm`].
    add_layer_norm(
        rows: &mut [f32],
        added: &[f32],
        bias: &[f32],
        gain: &[f32],
        shift: &[f32],
        epsilon: f32
    )
);
on_every_set!(
    /// See [`kernels::softmax`].
    softmax(rows: &mut [f32], stride: usize, width: usize)
);

/// A matrix inside a slice: element (r, c) is `data[r * row_stride + c * col_stride]`.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a> Matrix<'a> {
    /// `rows` x `cols` values in rows that start `row_stride` apart.
    ///
    /// # Panics
    /// When the slice is too short for them.
    pub(super) fn new(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        assert!(
            span(rows, cols, row_stride) <= data.len(),
            "matrix outside its slice"
        );
        Self {
            data,
            rows,
            cols,
            row_stride,
            col_stride: 1,
        }
    }

    /// The same values with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }
}

/// Values from the first to the last element, both included; 0 when there is none.
fn span(rows: usize, cols: usize, row_stride: usize) -> usize {
    if rows == 0 || cols == 0 {
        return 0;
    }
    (rows - 1)
        .checked_mul(row_stride)
        .and_then(|last_row| last_row.checked_add(cols))
        .unwrap_or(usize::MAX)
}

/// `target = left * right`, or `target += left * right` with `accumulate`, on the calling thread.
///
/// `target` holds `left.rows` rows of `right.cols` values that start `stride` apart.
///
/// # Panics
/// When the shapes do not fit together or the target slice is too short.
pub(super) fn multiply(
    target: &mut [f32],
    stride: usize,
    left: Matrix<'_>,
    right: Matrix<'_>,
    accumulate: bool,
) {
    let (rows, cols, depth) = (left.rows, right.cols, left.cols);
    assert_eq!(depth, right.rows, "inner dimensions differ");
    assert!(stride >= cols, "rows of the target overlap");
    assert!(
        span(rows, cols, stride) <= target.len(),
        "target outside its slice"
    );
    // Slices hold at most isize::MAX bytes, and every stride that is used is below its slice's
    // length, so the conversions cannot wrap.
    // SAFETY: the asserts here and in `Matrix::new` keep every element inside its slice; the
    // target is borrowed mutably, so it overlaps neither input, and its rows do not overlap each
    // other; f32 has no invalid values.
    unsafe {
        gemm::gemm(
            rows,
            cols,
            depth,
            target.as_mut_ptr(),
            1,
            stride as isize,
            accumulate,
            left.data.as_ptr(),
            left.col_stride as isize,
            left.row_stride as isize,
            right.data.as_ptr(),
            right.col_stride as isize,
            right.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
