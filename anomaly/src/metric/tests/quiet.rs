//! What a score means: how often it comes when nothing happens.

use super::*;

/// A small generator of repeatable random numbers (Steele and others 2014, "SplitMix").
struct Random(u64);

impl Random {
    /// Above 0, at most 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    }

    /// Mean 0, deviation 1 (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        let (radius, turn) = (self.uniform(), self.uniform());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        let (mut count, mut product) = (0.0, self.uniform());
        while product > (-mean).exp() {
            count += 1.0;
            product *= self.uniform();
        }
        count
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    White,
    Autoregressive,
    Daily,
    Counts,
    Rare,
    Walk,
    Lognormal,
    HeavyTails,
}

use Kind::*;

/// The next value of a series in which nothing happens.
fn next(kind: Kind, random: &mut Random, state: &mut f64, at_ns: i64) -> f64 {
    let turn = (at_ns % 86_400_000_000_000) as f64 / 86_400e9 * std::f64::consts::TAU;
    let normal = random.normal();
    match kind {
        White => normal,
        Autoregressive => {
            *state = 0.9 * *state + normal;
            *state
        }
        Daily => 100.0 + 50.0 * turn.sin() + 5.0 * normal,
        Counts => random.poisson(20.0 + 10.0 * turn.sin()),
        Rare => random.poisson(0.05),
        Walk => {
            *state += normal;
            *state
        }
        Lognormal => normal.exp(),
        // Student's t with three degrees of freedom.
        HeavyTails => {
            let squares: f64 = (0..3).map(|_| random.normal().powi(2)).sum();
            normal / (squares / 3.0).sqrt()
        }
    }
}

/// How many of 1,000 values reach each of these scores, after the first 1,000 of each series.
fn in_a_thousand(kind: Kind, interval_s: i64, scores: [f64; 4]) -> [f64; 4] {
    const SERIES: u64 = 6;
    const VALUES: i64 = 8_000;
    let mut reached = [0.0; 4];
    for series in 0..SERIES {
        let mut random = Random(series * 7_919 + kind as u64);
        let mut detector = detector();
        let mut state = 0.0;
        for i in 0..VALUES {
            let at_ns = START + i * interval_s * NANOS_PER_SECOND;
            let value = next(kind, &mut random, &mut state, at_ns);
            let score = detector
                .judge(&point(MetricKind::Gauge, at_ns, value))
                .score;
            if i < 1_000 {
                assert!(score < 0.9, "warm-up of {kind:?} {series}: {score} at {i}");
                continue;
            }
            for (count, least) in reached.iter_mut().zip(scores) {
                *count += f64::from(u8::from(score >= least));
            }
        }
    }
    reached.map(|count| count / (SERIES as f64 * (VALUES - 1_000) as f64 / 1_000.0))
}

#[test]
fn quiet_series_reach_a_score_as_seldom_as_it_says() {
    for kind in [
        White,
        Autoregressive,
        Daily,
        Counts,
        Rare,
        Walk,
        Lognormal,
        HeavyTails,
    ] {
        for interval_s in [60, 300] {
            let found = in_a_thousand(kind, interval_s, [0.2, 0.5, 0.75, 0.9]);
            println!("{kind:?} every {interval_s} s: {found:.3?}");
            // What the table of `MetricVerdict::score` says, and a half more, since few are expected here.
            let said = match kind {
                Lognormal | HeavyTails => [1.0, 0.35, 0.2, 0.05],
                Rare => [1.0, 0.1, 0.03, 0.0],
                _ => [1.0, 0.1, 0.01, 0.0],
            };
            let most = said.map(|rate| 1.5 * rate);
            let is_kept = found.iter().zip(most).all(|(found, most)| *found <= most);
            assert!(
                is_kept,
                "{kind:?} every {interval_s} s: {found:?}, not {most:?}"
            );
        }
    }
}

#[test]
fn the_first_hours_of_a_series_are_quiet() {
    let mut early = 0;
    for kind in [White, Autoregressive, Daily, Counts, Rare, Walk] {
        for series in 0..30 {
            let mut random = Random(series * 104_729 + kind as u64);
            let mut detector = detector();
            let mut state = 0.0;
            for i in 0..180 {
                let at_ns = START + i * NANOS_PER_MINUTE;
                let value = next(kind, &mut random, &mut state, at_ns);
                let found = detector.observe(&point(MetricKind::Gauge, at_ns, value));
                early += u32::from(found.is_some());
            }
        }
    }
    assert!(early <= 2, "{early} in 180 series of three hours");
}
