//! How a service does, before an incident and in it: how often it is asked, how often it fails, how long it takes.

use crate::statistics::median_and_spread;

/// What was asked of a service during one stretch of time. All stretches of one ranking are equally long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// When it begins, unix nanoseconds UTC.
    pub at_ns: i64,
    /// Requests; `None` when nobody counted them.
    pub requests: Option<f64>,
    /// Share of them that failed, 0 to 1, if that is known.
    pub failed: Option<f64>,
    /// Mean time of one, seconds, if that is known.
    pub seconds: Option<f64>,
}

/// The slices of one service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vitals<'a> {
    /// Which one.
    pub service: &'a str,
    /// Normal operation; fewer than [`LEAST_USUAL`] slices with a value say nothing.
    pub usual: &'a [Slice],
    /// From just before the trouble on, oldest first.
    pub during: &'a [Slice],
    /// It tells nothing itself: this is what its callers see of it, so it may as well be they.
    pub is_inferred: bool,
    /// Its number in the evidence list, if it has one.
    pub evidence: Option<u32>,
}

/// How a service can be in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// More of its requests fail than usual.
    Failures,
    /// Its requests take longer than usual.
    Latency,
    /// Hardly any request reaches it, though its callers work on.
    Silence,
}

impl Trouble {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Latency => "latency",
            Self::Silence => "silence",
        }
    }
}

/// One kind of trouble of one service, in numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Which kind.
    pub trouble: Trouble,
    /// What is usual: a share (failures), seconds a request (latency), requests a slice (silence).
    pub usual: f64,
    /// What it is now, in the same unit.
    pub now: f64,
    /// What is too much over all slices: failed requests, seconds, or requests that did not come.
    pub excess: f64,
    /// 0 to 1: 0.5 when it is [`SIGMA`] usual deviations away.
    pub certainty: f64,
    /// The first slice that is [`SIGMA`] deviations away; `None` when only all together are.
    pub since_ns: Option<i64>,
}

/// Slices that are needed to know what is usual.
pub const LEAST_USUAL: usize = 5;
/// Usual deviations at which a departure is as likely real as chance: the three-sigma rule, since dozens of services are
/// looked at together. On PetShop anything from 1 to 3 ranks alike.
const SIGMA: f64 = 3.0;
/// This share of the usual slices is left out at both ends before the mean is taken: an earlier incident, a restart.
const TRIMMED: f64 = 0.1;
/// Usual differences smaller than this share of the level are not believed: clocks and rounding.
const LEAST_SPREAD: f64 = 1e-3;
/// Larger values are no measurements: 30 years in seconds. Requests are cut there.
const MOST: f64 = 1e9;

impl Vitals<'_> {
    /// How much a service fails more than usual, or takes longer; `None` when it does not, or nobody can tell.
    pub(crate) fn excess(&self, trouble: Trouble) -> Option<Measured> {
        let value = |slice: &Slice| match trouble {
            Trouble::Failures => slice.failed,
            Trouble::Latency => slice.seconds,
            Trouble::Silence => None,
        };
        let known = |slice: &Slice| value(slice).filter(|v| (0.0..=MOST).contains(v));
        let usual: Vec<f64> = self.usual.iter().filter_map(known).collect();
        let (level, mut spread) = level_and_spread(usual)?;
        let asked = self.asked();
        let all: f64 = asked.iter().sum();
        let during: Vec<(i64, f64, f64)> = self
            .during
            .iter()
            .zip(&asked)
            .filter_map(|(slice, asked)| Some((slice.at_ns, known(slice)?, *asked)))
            .collect();
        let requests: f64 = during.iter().map(|d| d.2).sum();
        if requests <= 0.0 {
            return None;
        }
        let now = during.iter().map(|d| d.1 * d.2).sum::<f64>() / requests;
        if trouble == Trouble::Failures {
            // Of few requests one may fail by chance: the deviation of a count is its root.
            spread = spread.max((level * requests).max(1.0).sqrt() / requests);
        }
        let away = |value: f64| (value - level) / spread;
        (now > level).then(|| Measured {
            trouble,
            usual: level,
            now,
            excess: (now - level) * all,
            certainty: certainty(away(now)),
            since_ns: during.iter().find(|d| away(d.1) >= SIGMA).map(|d| d.0),
        })
    }

    /// Requests of each slice of the incident. One that was not counted had as many as the others, if that one is
    /// counted as a rule; without any count, one.
    fn asked(&self) -> Vec<f64> {
        let counted: Vec<f64> = self.during.iter().filter_map(count_of).collect();
        let usually = self.usual.iter().filter_map(count_of).count();
        let share = usually as f64 / self.usual.len().max(1) as f64;
        let mean = match counted.len() {
            0 => 1.0,
            len => share * counted.iter().sum::<f64>() / len as f64,
        };
        let asked = self
            .during
            .iter()
            .map(|slice| count_of(slice).unwrap_or(mean));
        asked.collect()
    }

    /// How many requests do not come, though `caller` is asked as before: its share of the caller's requests fell. `None`
    /// when none are missing. Whether it cannot be reached or the caller gives up before asking, this does not tell.
    pub(crate) fn missing(&self, caller: &Self) -> Option<Measured> {
        let ratio = |(own, other): (&Slice, &Slice)| {
            let (own, other) = (count_of(own)?, count_of(other)?);
            (other > 0.0).then(|| own / other)
        };
        let pairs = |of: &[Slice], others: &[Slice]| -> Vec<f64> {
            of.iter().zip(others).filter_map(ratio).collect()
        };
        let (level, spread) = level_and_spread(pairs(self.usual, caller.usual))?;
        let both = self.during.iter().zip(caller.during);
        let counts: Vec<(f64, f64)> = both
            .filter_map(|(own, other)| Some((count_of(own)?, count_of(other)?)))
            .collect();
        let (now, asked) = counts
            .iter()
            .fold((0.0, 0.0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        let due = level * asked;
        if now >= due || due <= 0.0 {
            return None;
        }
        let spread = spread.max(due.max(1.0).sqrt() / asked);
        let slices = counts.len() as f64;
        Some(Measured {
            trouble: Trouble::Silence,
            usual: due / slices,
            now: now / slices,
            excess: due - now,
            certainty: certainty((level - now / asked) / spread),
            since_ns: self
                .during
                .iter()
                .zip(caller.during)
                .find(|pair| ratio(*pair).is_some_and(|r| level - r >= SIGMA * spread))
                .map(|pair| pair.0.at_ns),
        })
    }
}

impl Measured {
    /// How large the departure is by itself, 0 to 1: a doubled duration and a half of all requests failing, or not coming,
    /// are 1.
    pub(crate) fn effect(&self) -> f64 {
        let effect = match self.trouble {
            Trouble::Failures => (self.now - self.usual) / 0.5,
            Trouble::Latency => (self.now - self.usual) / self.usual.max(1e-9),
            Trouble::Silence => (1.0 - self.now / self.usual.max(1e-9)) / 0.5,
        };
        effect.clamp(0.0, 1.0)
    }
}

/// A number of requests that can be reckoned with.
fn count_of(slice: &Slice) -> Option<f64> {
    slice
        .requests
        .filter(|count| !count.is_nan())
        .map(|count| count.clamp(0.0, MOST))
}

fn certainty(deviations: f64) -> f64 {
    if deviations <= 0.0 {
        return 0.0;
    }
    let square = deviations.min(1e6).powi(2);
    square / (square + SIGMA * SIGMA)
}

/// The mean without the outermost values, and how far single values lie from the middle: the larger of two
/// robust estimates of the standard deviation, because some services are rarely but widely off.
fn level_and_spread(mut values: Vec<f64>) -> Option<(f64, f64)> {
    if values.len() < LEAST_USUAL {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let cut = (values.len() as f64 * TRIMMED) as usize;
    let kept = &values[cut..values.len() - cut];
    let level = kept.iter().sum::<f64>() / kept.len() as f64;
    let (_, by_median) = median_and_spread(&values);
    // 80 % of a normal distribution lie within 1.2816 deviations of its mean.
    let by_tails = (kept[kept.len() - 1] - kept[0]) / (2.0 * 1.2816);
    let spread = by_median
        .max(by_tails)
        .max(LEAST_SPREAD * level.abs())
        .max(1e-9);
    Some((level, spread))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices(values: &[(f64, f64, f64)]) -> Vec<Slice> {
        values
            .iter()
            .enumerate()
            .map(|(i, (requests, failed, seconds))| Slice {
                at_ns: i as i64,
                requests: Some(*requests),
                failed: Some(*failed),
                seconds: Some(*seconds),
            })
            .collect()
    }

    fn vitals<'a>(usual: &'a [Slice], during: &'a [Slice]) -> Vitals<'a> {
        Vitals {
            service: "bank",
            usual,
            during,
            is_inferred: false,
            evidence: None,
        }
    }

    #[test]
    fn an_excess_is_weighed_by_requests_and_dated_by_its_first_slice() {
        let usual = slices(&[(100.0, 0.0, 0.10); 10]);
        let during = slices(&[(100.0, 0.0, 0.10), (100.0, 0.0, 0.5), (300.0, 0.0, 0.5)]);
        let found = vitals(&usual, &during).excess(Trouble::Latency).unwrap();
        assert!((found.now - 0.42).abs() < 1e-9 && (found.usual - 0.1).abs() < 1e-9);
        assert!((found.excess - 160.0).abs() < 1e-6, "seconds over all");
        assert_eq!(found.since_ns, Some(1));
        assert!(found.certainty > 0.99);
        assert_eq!(vitals(&usual, &during).excess(Trouble::Failures), None);
    }

    #[test]
    fn one_failure_of_a_rare_call_is_no_certainty() {
        let usual = slices(&[(4.0, 0.0, 0.1); 10]);
        let rare = slices(&[(4.0, 0.25, 0.1)]);
        let often = slices(&[(4_000.0, 0.25, 0.1)]);
        let certainty = |during: &[Slice]| {
            vitals(&usual, during)
                .excess(Trouble::Failures)
                .unwrap()
                .certainty
        };
        assert!(certainty(&rare) < 0.2, "{}", certainty(&rare));
        assert!(certainty(&often) > 0.95);
    }

    #[test]
    fn a_bad_hour_among_the_usual_ones_and_missing_values_do_not_hide_trouble() {
        let mut usual = slices(&[(100.0, 0.0, 0.1); 20]);
        usual[3].seconds = Some(9.0);
        usual[4].seconds = None;
        usual[5].seconds = Some(f64::NAN);
        let during = slices(&[(100.0, 0.0, 0.3)]);
        let found = vitals(&usual, &during).excess(Trouble::Latency).unwrap();
        assert!((found.usual - 0.1).abs() < 1e-9);
        assert!(found.certainty > 0.9, "{found:?}");
        let mut gaps = slices(&[(100.0, 0.0, 0.3); 4]);
        gaps[1].requests = None;
        gaps[2].seconds = None;
        let whole = vitals(&usual, &gaps).excess(Trouble::Latency).unwrap();
        assert!((whole.excess - 80.0).abs() < 1e-6, "{whole:?}");
        let few = slices(&[(100.0, 0.0, 0.1); LEAST_USUAL - 1]);
        assert_eq!(vitals(&few, &during).excess(Trouble::Latency), None);
    }

    #[test]
    fn silence_is_told_from_less_traffic_for_everybody() {
        let usual = slices(&[(100.0, 0.0, 0.1); 10]);
        let none = slices(&[(0.0, 0.0, 0.0); 3]);
        let busy = slices(&[(100.0, 0.0, 0.1); 3]);
        let night = slices(&[(2.0, 0.0, 0.1); 3]);
        let third = slices(&[(66.0, 0.0, 0.1); 3]);
        let missing =
            |own: &[Slice], others: &[Slice]| vitals(&usual, own).missing(&vitals(&usual, others));
        let silent = missing(&none, &busy).unwrap();
        assert!(silent.certainty > 0.9 && (silent.excess - 300.0).abs() < 1e-9);
        let partly = missing(&third, &busy).unwrap();
        assert!(partly.certainty > 0.7 && (partly.excess - 102.0).abs() < 1e-9);
        assert_eq!(missing(&night, &night), None);
        assert_eq!(missing(&busy, &night), None);
        assert!(missing(&none, &night).unwrap().certainty < 0.5);
    }
}
