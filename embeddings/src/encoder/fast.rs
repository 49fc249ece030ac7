//! The only module with `unsafe`: vector instructions that are chosen at run time, and the loops over them.
//!
//! Everything it offers is safe to call. A loop is written once, over [`instructions::Instructions`], and is
//! compiled once per instruction set by [`on_every_set`]. Why it is sound: a value of an instruction set's type is
//! made only where the processor was seen to have it, so whoever holds one may use it; raw pointers appear in
//! [`tile`] only, behind checks of all lengths.

mod aligned;
mod attention;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod dense;
mod instructions;
mod maths;
mod portable;
mod rows;
#[cfg(test)]
mod tests;
mod tile;

pub(super) use aligned::Aligned;
pub(super) use attention::{Attention, Buffers};
#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
use dense::Input;
pub(super) use dense::{Dense, Then};
use portable::Portable;
pub(super) use rows::FixedRows;

/// Rows of a matrix of activations come in groups of so many; what is missing is filled with rows of zeros.
pub(super) const ROW_GROUP: usize = 2;

/// The instruction set that the loops run on. One that the machine lacks cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// With the integer dot products of VNNI.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// With fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// What the compiler makes of plain loops for the target that it was told.
    Portable(Portable),
}

impl Level {
    /// The best that this machine has.
    pub(super) fn detect() -> Self {
        Self::available().next().unwrap_or(Self::Portable(Portable))
    }

    /// All that this machine has, best first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let mut levels = Vec::with_capacity(3);
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(Avx512::detect().map(Self::Avx512));
            levels.extend(Avx2::detect().map(Self::Avx2));
        }
        levels.push(Self::Portable(Portable));
        levels.into_iter()
    }

    /// Its name, for the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            Self::Portable(_) => "portable",
        }
    }

    /// Whether products of 16-bit integers are faster than those of `f32` here.
    pub(super) fn prefers_fixed(self) -> bool {
        !matches!(self, Self::Portable(_))
    }

    /// Columns of a panel of weights, see [`Dense`].
    fn panel_columns(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 32,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 16,
            Self::Portable(_) => 24,
        }
    }

    /// Values of one vector register.
    fn lanes(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => 16,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => 8,
            Self::Portable(_) => 8,
        }
    }
}

/// One safe function per loop that jumps to its copy for the instruction set. The numbers are the shape of a tile
/// (rows, vectors of columns) on AVX-512, AVX2 and elsewhere, for the loops that have one.
macro_rules! on_every_set {
    ($(#[$doc:meta])* $visible:vis fn $name:ident = $module:ident :: $body:ident [$($large:tt)*] [$($medium:tt)*] [$($small:tt)*]
        ($($argument:ident: $type:ty),* $(,)?)) => {
        $(#[$doc])*
        $visible fn $name(level: Level, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma")]
            fn avx512(set: Avx512, $($argument: $type),*) {
                $module::$body::<Avx512 $($large)*>(set, $($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(set: Avx2, $($argument: $type),*) {
                $module::$body::<Avx2 $($medium)*>(set, $($argument),*);
            }
            match level {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: an `Avx512` exists only where all seven features are present.
                Level::Avx512(set) => unsafe { avx512(set, $($argument),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: an `Avx2` exists only where AVX2 and FMA are present.
                Level::Avx2(set) => unsafe { avx2(set, $($argument),*) },
                Level::Portable(set) => $module::$body::<Portable $($small)*>(set, $($argument),*),
            }
        }
    };
}

on_every_set!(
    /// See [`rows::layer_norm`].
    pub(super) fn layer_norm = rows::layer_norm [] [] [] (
        rows: &mut [f32],
        gain: &[f32],
        shift: &[f32],
        epsilon: f32,
    )
);
on_every_set!(
    /// See [`rows::add_layer_norm`].
    pub(super) fn add_layer_norm = rows::add_layer_norm [] [] [] (
        rows: &mut [f32],
        added: &[f32],
        stride: usize,
        gain: &[f32],
        shift: &[f32],
        epsilon: f32,
    )
);
on_every_set!(
    /// See [`rows::to_fixed`].
    pub(super) fn to_fixed = rows::to_fixed [] [] [] (
        values: &[f32],
        stride: usize,
        target: &mut FixedRows,
    )
);
on_every_set!(
    /// See [`dense::apply`].
    fn apply_dense = dense::apply [, 12, 2] [, 6, 2] [, 4, 3] (
        layer: &Dense,
        input: Input<'_>,
        rows: usize,
        then: Then,
        output: &mut [f32],
    )
);
on_every_set!(
    /// See [`attention::attend`].
    pub(super) fn attend = attention::attend [] [] [] (
        shape: &Attention,
        qkv: &[f32],
        buffers: &mut Buffers,
        context: &mut [f32],
    )
);
