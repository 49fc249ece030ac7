//! What the loops need of an instruction set.

/// What a loop says that is about to read or write beyond a slice.
pub(super) const TOO_SHORT: &str = "fewer values than lanes";

/// An instruction set. A value of such a type is proof that the machine has it, so the methods are safe to call.
///
/// All methods are inlined into the function that was compiled for the set (`on_every_set` in the module above); a
/// closure or a function without `inline(always)` between the two would be compiled without the set. Memory is read and written through arrays: the intrinsics for it check their
/// pointers in a build with debug assertions, which made the innermost loops twice as slow.
pub(super) trait Instructions: Copy {
    /// `LANES` values.
    type Floats: Copy;
    /// `LANES` pairs of 16-bit integers.
    type Pairs: Copy;
    /// `LANES` sums of 32 bits.
    type Sums: Copy;
    /// Values of a register.
    const LANES: usize;

    fn splat(self, value: f32) -> Self::Floats;
    /// The first `LANES` values.
    ///
    /// # Panics
    /// When the slice is shorter. So with `store`, `store_rounded` and `pairs`.
    fn load(self, from: &[f32]) -> Self::Floats;
    fn store(self, values: Self::Floats, to: &mut [f32]);
    /// Rounds to the nearest integers; what is beyond 16 bits becomes the nearest of those.
    fn store_rounded(self, values: Self::Floats, to: &mut [i16]);

    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn subtract(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn multiply(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn divide(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    /// The greater of each two; `b` where `a` is not a number. So with `least`.
    fn greatest(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn least(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn magnitude(self, a: Self::Floats) -> Self::Floats;
    /// `a * b + c`, rounded once where the set can.
    fn multiply_add(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;
    /// `2^n` for the whole number `n` of -126 to 127 that was left in the low bits of a mantissa by adding 1.5 * 2^23.
    fn power_of_two(self, shifted: Self::Floats) -> Self::Floats;
    /// All values added up.
    fn total(self, values: Self::Floats) -> f32;
    /// The greatest value.
    fn maximum(self, values: Self::Floats) -> f32;

    fn no_sums(self) -> Self::Sums;
    /// The first `LANES` pairs.
    fn pairs(self, from: &[[i16; 2]]) -> Self::Pairs;
    /// The same pair in all lanes.
    fn splat_pair(self, pair: [i16; 2]) -> Self::Pairs;
    /// `sums + a.0 * b.0 + a.1 * b.1` in each lane, wrapping around. No `a.0`, `a.1` may be -32768.
    fn add_products(self, sums: Self::Sums, a: Self::Pairs, b: Self::Pairs) -> Self::Sums;
    fn to_floats(self, sums: Self::Sums) -> Self::Floats;
}
