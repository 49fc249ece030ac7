//! Slots that do what slots do in quiet times: how often are they called shifted?

use domain::{NANOS_PER_MINUTE, ProjectId, Severity, TemplateId};

use super::{SlotConfig, SlotDetector, SlotValue, SlotValues};
use crate::log::NoTemplateInfo;

/// xorshift64*: repeatable.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (mixed as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.uniform() * limit as f64) as u64
    }
}

/// Values of one kind of slot in a minute.
type Kind = fn(&mut Dice, i64) -> Vec<String>;

/// Independent statuses.
fn statuses(dice: &mut Dice, _: i64) -> Vec<String> {
    let status = |u: f64| {
        if u < 0.95 {
            "200"
        } else if u < 0.98 {
            "404"
        } else {
            "302"
        }
    };
    (0..64).map(|_| status(dice.uniform()).to_owned()).collect()
}

/// Independent latencies with a long tail.
fn latencies(dice: &mut Dice, _: i64) -> Vec<String> {
    (0..64)
        .map(|_| format!("{:.0}", 40.0 * (0.9 * dice.normal()).exp()))
        .collect()
}

/// One of eight customers, in clumps: whoever is there sends many in a row.
fn clumps(dice: &mut Dice, _: i64) -> Vec<String> {
    let mut values = Vec::new();
    while values.len() < 64 {
        let (customer, run) = (dice.below(8), 1 + dice.below(20));
        values.extend((0..run).map(|_| format!("customer-{customer}")));
    }
    values
}

/// Numbers that count up.
fn counter(dice: &mut Dice, minute: i64) -> Vec<String> {
    (0..64)
        .map(|i| (100_000 + minute as u64 * 640 + i * 10 + dice.below(10)).to_string())
        .collect()
}

/// A daily wave in the mix and in the latency.
fn wave(dice: &mut Dice, minute: i64) -> Vec<String> {
    let day = (minute as f64 / 1_440.0 * std::f64::consts::TAU).sin();
    (0..64)
        .map(|_| format!("{:.0}", 100.0 * (0.4 * day + 0.5 * dice.normal()).exp()))
        .collect()
}

fn mix_in_waves(dice: &mut Dice, minute: i64) -> Vec<String> {
    let day = (minute as f64 / 1_440.0 * std::f64::consts::TAU).sin();
    (0..64)
        .map(|_| {
            if dice.uniform() < 0.5 + 0.3 * day {
                "eu"
            } else {
                "us"
            }
        })
        .map(str::to_owned)
        .collect()
}

/// A few values a minute.
fn rare(dice: &mut Dice, _: i64) -> Vec<String> {
    (0..dice.below(9))
        .map(|_| format!("node-{}", dice.below(5)))
        .collect()
}

/// A long tail of names.
fn names(dice: &mut Dice, _: i64) -> Vec<String> {
    (0..64)
        .map(|_| format!("user-{}", (dice.uniform().powi(3) * 400.0) as u64))
        .collect()
}

const KINDS: [(&str, Kind); 8] = [
    ("statuses", statuses),
    ("latencies", latencies),
    ("clumps", clumps),
    ("counter", counter),
    ("wave", wave),
    ("mix in waves", mix_in_waves),
    ("rare", rare),
    ("names", names),
];

/// Anomalies in quiet times, of `slots` slots of a kind.
fn false_alarms(config: &SlotConfig, kind: Kind, slots: u16, minutes: i64) -> usize {
    let project_id = ProjectId::from_parts(0, [0; 10]);
    let mut detector = SlotDetector::new(project_id, config.clone());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut alarms = 0;
    for minute in 0..minutes {
        let values: Vec<Vec<String>> = (0..slots).map(|_| kind(&mut dice, minute)).collect();
        let minutes: Vec<SlotValues<'_>> = (0..slots)
            .zip(&values)
            .map(|(slot, values)| counted(slot, values))
            .collect();
        let seen = detector.observe_minute(minute * NANOS_PER_MINUTE, &minutes, &NoTemplateInfo);
        alarms += seen.anomalies.len();
    }
    alarms
}

fn counted(slot: u16, values: &[String]) -> SlotValues<'_> {
    let mut counts: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for value in values {
        *counts.entry(value).or_insert(0) += 1;
    }
    let mut top: Vec<SlotValue<'_>> = counts
        .into_iter()
        .map(|(value, count)| SlotValue {
            value,
            count,
            record_id: None,
        })
        .collect();
    top.sort_by(|a, b| b.count.cmp(&a.count).then(a.value.cmp(b.value)));
    top.truncate(16);
    SlotValues {
        template_id: TemplateId(1),
        service: "web",
        severity: Severity::Info,
        slot,
        key: "key",
        count: values.len() as u32,
        top,
        numbers: values
            .iter()
            .filter_map(|v| Some((v.parse().ok()?, 1)))
            .collect(),
        largest: None,
    }
}

#[test]
fn quiet_slots_make_no_anomaly_in_a_day() {
    for (name, kind) in KINDS {
        let alarms = false_alarms(&SlotConfig::default(), kind, 10, 1_440);
        assert_eq!(alarms, 0, "{name}");
    }
}

/// A day of ten slots is 14,400 windows; a threshold of 3 promises one in a thousand of them. An anomaly that
/// goes on hides the windows behind it, so fewer are seen than there are.
#[test]
fn the_chance_of_a_window_is_no_larger_than_it_is_said_to_be() {
    let config = SlotConfig {
        min_surprise: 3.0,
        patience_minutes: 1,
        ..SlotConfig::default()
    };
    for (name, kind) in KINDS {
        let (slots, minutes) = (10_u16, 1_440_i64);
        let alarms = false_alarms(&config, kind, slots, minutes);
        let windows = f64::from(slots) * minutes as f64;
        let share = alarms as f64 / windows;
        eprintln!("{name}: {alarms} of {windows}, {share:.6}");
        assert!(share <= 1e-3, "{name}: {share}");
    }
}
