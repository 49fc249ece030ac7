//! PetShop's data made worse, to see what the ranking depends on.

/// How the data are made worse, to see what the ranking depends on.
#[derive(Clone, Copy)]
pub(super) struct Stress {
    /// Every value is multiplied by the exponential of a normal number with this deviation.
    pub noise: f64,
    /// Share of the values that are taken away.
    pub missing: f64,
    /// Share of the edges that are taken away.
    pub cut: f64,
}

pub(super) const STRESSES: [(&str, Stress); 3] = [
    (
        "a fifth of noise on every value",
        Stress {
            noise: 0.2,
            missing: 0.0,
            cut: 0.0,
        },
    ),
    (
        "a fifth of the values missing",
        Stress {
            noise: 0.0,
            missing: 0.2,
            cut: 0.0,
        },
    ),
    (
        "a tenth of the calls unknown",
        Stress {
            noise: 0.0,
            missing: 0.0,
            cut: 0.1,
        },
    ),
];
/// Times that each is tried.
pub(super) const STRESS_SEEDS: u64 = 5;

/// Chance that can be repeated (SplitMix64).
pub(super) struct Chance(pub u64);

impl Chance {
    /// Evenly between 0 and 1.
    pub(super) fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A value under stress.
    pub(super) fn worse(&mut self, value: Option<f64>, stress: Stress) -> Option<f64> {
        let normal = (-2.0 * self.even().ln()).sqrt() * (std::f64::consts::TAU * self.even()).cos();
        let is_kept = self.even() >= stress.missing;
        value
            .filter(|_| is_kept)
            .map(|value| value * (stress.noise * normal).exp())
    }
}
