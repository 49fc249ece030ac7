//! Numbers that a seed decides.

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `limit` without it.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// 0 to 1 without it.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How often something happens that happens this often on average (Knuth, 1969).
    pub fn poisson(&mut self, mean: f64) -> usize {
        let least = (-mean).exp();
        let mut product = self.share();
        let mut count = 0;
        while product > least && count < 100 {
            product *= self.share();
            count += 1;
        }
        count
    }

    /// One of these; each half as likely again as the next.
    pub fn skewed<T: Copy>(&mut self, items: &[T]) -> T {
        let weight = |place: usize| 1.5_f64.powi(-(place as i32));
        let all: f64 = (0..items.len()).map(weight).sum();
        let mut left = self.share() * all;
        for (place, item) in items.iter().enumerate() {
            left -= weight(place);
            if left < 0.0 {
                return *item;
            }
        }
        items[items.len() - 1]
    }
}
