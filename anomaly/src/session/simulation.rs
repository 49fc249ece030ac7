//! How often normal sessions are called unusual, over generators of several kinds.

use domain::TemplateId;

use super::{SessionModel, SessionModelConfig};

/// xorshift64*: repeatable.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (mixed as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.uniform() * limit as f64) as u64
    }

    /// 0, 1, 2 ... each `keep` times as likely as the one before.
    fn geometric(&mut self, keep: f64) -> u64 {
        (self.uniform().ln() / keep.ln()) as u64
    }
}

/// One path with optional steps and retries, as of one endpoint.
fn steady(dice: &mut Dice) -> Vec<u64> {
    let mut session = vec![1, 2];
    if dice.uniform() < 0.3 {
        session.push(3);
    }
    session.extend(std::iter::repeat_n(4, dice.geometric(0.05) as usize));
    session.extend([5, 6]);
    if dice.uniform() < 0.02 {
        session.extend([7, 8]);
    }
    session.push(9);
    session
}

/// Ten endpoints from busy to rare, each with lists of any length.
fn various(dice: &mut Dice) -> Vec<u64> {
    let kind = dice.geometric(0.5).min(9);
    let mut session = vec![100 * kind];
    for step in 1..4 + kind {
        let times = if step % 3 == 0 {
            1 + dice.geometric(0.6)
        } else {
            1
        };
        session.extend(std::iter::repeat_n(100 * kind + step, times as usize));
        if dice.uniform() < 0.1 {
            session.push(5_000 + dice.below(5));
        }
    }
    session
}

/// Parallel work: counts are fixed, the order is not.
fn interleaved(dice: &mut Dice) -> Vec<u64> {
    let mut session: Vec<u64> = (0..12).map(|i| 1 + i % 4).collect();
    for i in (1..session.len()).rev() {
        let other = dice.below(i as u64 + 1) as usize;
        session.swap(i, other);
    }
    session
}

/// Nearly every session is one of its kind.
fn unique(dice: &mut Dice) -> Vec<u64> {
    let mut session = Vec::new();
    for step in 0..15 {
        session.extend(std::iter::repeat_n(step, dice.geometric(0.7) as usize));
    }
    session.push(99);
    session
}

fn share_of_false_alarms(make: fn(&mut Dice) -> Vec<u64>, learnt: usize, seed: u64) -> f64 {
    const JUDGED: usize = 6_000;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ seed << 20);
    let mut next = || -> Vec<TemplateId> { make(&mut dice).into_iter().map(TemplateId).collect() };
    let mut model = SessionModel::new(SessionModelConfig::default());
    for _ in 0..learnt {
        model.learn(&next());
    }
    model.fit();
    let unusual = (0..JUDGED)
        .filter(|_| {
            model
                .judge(&next())
                .is_some_and(|verdict| verdict.is_unusual)
        })
        .count();
    unusual as f64 / JUDGED as f64
}

#[test]
fn normal_sessions_are_called_unusual_about_as_rarely_as_promised() {
    let promised = SessionModelConfig::default().false_alarms;
    type Generator = fn(&mut Dice) -> Vec<u64>;
    let generators: [(&str, Generator); 4] = [
        ("steady", steady),
        ("various", various),
        ("interleaved", interleaved),
        ("unique", unique),
    ];
    for (name, make) in generators {
        let shares: Vec<f64> = (1..=3)
            .map(|seed| share_of_false_alarms(make, 3_000, seed))
            .collect();
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        eprintln!("{name}: {mean:.5} {shares:?}");
        assert!(mean <= 3.0 * promised, "{name}: {mean} of {promised}");
    }
}

#[test]
fn broken_sessions_are_found_among_steady_ones() {
    let mut dice = Dice(77);
    let mut model = SessionModel::new(SessionModelConfig::default());
    let ids =
        |session: Vec<u64>| -> Vec<TemplateId> { session.into_iter().map(TemplateId).collect() };
    for _ in 0..3_000 {
        model.learn(&ids(steady(&mut dice)));
    }
    model.fit();
    let mut found = [0; 4];
    for _ in 0..500 {
        let mut missing = steady(&mut dice);
        missing.retain(|step| *step != 6);
        let mut stranger = steady(&mut dice);
        stranger.insert(2, 1_000);
        let mut swapped = steady(&mut dice);
        swapped.swap(0, 1);
        let mut cut = steady(&mut dice);
        cut.truncate(2);
        for (count, session) in found.iter_mut().zip([missing, stranger, swapped, cut]) {
            *count += i32::from(model.judge(&ids(session)).is_some_and(|v| v.is_unusual));
        }
    }
    eprintln!("{found:?} of 500");
    assert!(found.iter().all(|count| *count >= 475), "{found:?}");
}
