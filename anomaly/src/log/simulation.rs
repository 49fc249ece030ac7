//! Thirty days of a made-up shop: how many false alarms, and are the planted incidents found?

use std::collections::BTreeMap;

use domain::{Anomaly, AnomalyKind, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, TemplateId};

use super::{LogConfig, LogDetector, NoTemplateInfo};

const DAYS: i64 = 30;
const SERVICES: [&str; 5] = ["web", "checkout", "cart", "payments", "mail"];
const START: i64 = 27_000_000 / 1_440 * 1_440;

/// xorshift64*: repeatable, good enough for traffic.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        (mixed as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.uniform(), 0);
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }
}

/// How a pattern behaves.
#[derive(Clone, Copy)]
enum Habit {
    /// Follows the traffic.
    Traffic(f64),
    /// At any time of day alike.
    Steady(f64),
    /// So many records in the minute `at` of every `every` minutes.
    Job { every: i64, at: i64, size: f64 },
    /// Now and then, in a clump.
    Sporadic { a_day: f64, size: f64 },
}

struct Pattern {
    id: u64,
    service: &'static str,
    severity: Severity,
    habit: Habit,
    /// First and last minute (of the run) in which it is there.
    alive: (i64, i64),
}

/// The forty patterns: eight a service, from busy to rare.
fn patterns() -> Vec<Pattern> {
    let mut all = Vec::new();
    for (s, service) in SERVICES.into_iter().enumerate() {
        let size = [120.0, 60.0, 40.0, 25.0, 6.0][s];
        let habits = [
            (Severity::Info, Habit::Traffic(size)),
            (Severity::Info, Habit::Traffic(size / 4.0)),
            (Severity::Debug, Habit::Steady(size / 8.0)),
            (
                Severity::Info,
                Habit::Job {
                    every: [60, 1_440, 15, 10_080, 5][s],
                    at: 3,
                    size: 40.0 + size,
                },
            ),
            (Severity::Warn, Habit::Traffic(size / 30.0)),
            (
                Severity::Warn,
                Habit::Sporadic {
                    a_day: 6.0,
                    size: 8.0,
                },
            ),
            (Severity::Error, Habit::Traffic(size / 100.0)),
            (
                Severity::Error,
                Habit::Sporadic {
                    a_day: 2.0,
                    size: 3.0,
                },
            ),
        ];
        for (h, (severity, habit)) in habits.into_iter().enumerate() {
            let id = (s * 8 + h + 1) as u64;
            all.push(Pattern {
                id,
                service,
                severity,
                habit,
                alive: (0, i64::MAX),
            });
        }
    }
    all
}

/// Every third day a deploy renames one info pattern of a service, adds one, and changes the volume of
/// a third.
fn deploys(all: &mut Vec<Pattern>) {
    for (n, day) in (4..DAYS).step_by(3).enumerate() {
        let at = day * 1_440 + 600 + 17 * n as i64;
        let service = SERVICES[n % SERVICES.len()];
        let size = [120.0, 60.0, 40.0, 25.0, 6.0][n % 5];
        let fresh = 1_000 + 10 * n as u64;
        for (i, share) in [(1, 4.0), (2, 20.0)] {
            if i == 1 {
                let old = all.iter_mut().find(|p| {
                    p.service == service
                        && p.alive.1 == i64::MAX
                        && matches!(p.habit, Habit::Traffic(_))
                        && p.severity == Severity::Info
                        && p.id % 8 == 2
                });
                if let Some(old) = old {
                    old.alive.1 = at;
                }
            }
            all.push(Pattern {
                id: fresh + i,
                service,
                severity: Severity::Info,
                habit: Habit::Traffic(size / share),
                alive: (at, i64::MAX),
            });
        }
    }
}

/// Something that goes wrong, from a minute of the run on.
struct Incident {
    name: &'static str,
    from: i64,
    minutes: i64,
    found: fn(&Anomaly) -> bool,
}

fn is(a: &Anomaly, kind: AnomalyKind, service: &str) -> bool {
    a.kind == kind && a.service.as_deref() == Some(service)
}

fn incidents() -> Vec<Incident> {
    let day = |d: i64, minute: i64| d * 1_440 + minute;
    vec![
        Incident {
            name: "errors x20",
            from: day(6, 800),
            minutes: 40,
            found: |a| is(a, AnomalyKind::Surge, "checkout") && a.score >= 0.5,
        },
        Incident {
            name: "new error",
            from: day(9, 130),
            minutes: 60,
            found: |a| is(a, AnomalyKind::NewTemplate, "payments") && a.score >= 0.5,
        },
        Incident {
            name: "silent service",
            from: day(13, 1_000),
            minutes: 50,
            found: |a| is(a, AnomalyKind::Drop, "cart") && a.score >= 0.5,
        },
        Incident {
            name: "slow burn",
            from: day(17, 300),
            minutes: 120,
            found: |a| is(a, AnomalyKind::Surge, "mail") && a.score >= 0.5,
        },
        Incident {
            name: "pattern stops",
            from: day(20, 700),
            minutes: 300,
            found: |a| is(a, AnomalyKind::Drop, "web"),
        },
        Incident {
            name: "job stops",
            from: day(23, 500),
            minutes: 400,
            found: |a| is(a, AnomalyKind::VanishedTemplate, "mail"),
        },
        Incident {
            name: "ingest outage",
            from: day(26, 90),
            minutes: 25,
            found: |a| a.kind == AnomalyKind::Drop && a.service.is_none(),
        },
        Incident {
            name: "errors everywhere",
            from: day(28, 900),
            minutes: 30,
            found: |a| {
                matches!(a.kind, AnomalyKind::Surge | AnomalyKind::LevelChange)
                    && a.service.as_deref() == Some("web")
                    && a.score >= 0.5
            },
        },
    ]
}

struct Run {
    dice: Dice,
    patterns: Vec<Pattern>,
    incidents: Vec<Incident>,
}

impl Run {
    fn cells(&mut self, m: i64) -> Vec<RollupCell> {
        let hour = m.rem_euclid(1_440) as f64 / 1_440.0;
        let weekend = if (m / 1_440) % 7 >= 5 { 0.6 } else { 1.0 };
        let wave = 1.0 - 0.75 * (std::f64::consts::TAU * (hour - 0.1)).cos();
        let traffic = weekend * (wave + 0.05).max(0.05) * (0.12 * self.dice.normal()).exp();
        let active = |name: &str| {
            self.incidents
                .iter()
                .any(|i| i.name == name && (i.from..i.from + i.minutes).contains(&m))
        };
        if active("ingest outage") {
            return Vec::new();
        }
        let mut counts: BTreeMap<(u64, &'static str, Severity), u64> = BTreeMap::new();
        let (errors, silent, burn) = (
            active("errors x20"),
            active("silent service"),
            active("slow burn"),
        );
        let (stop, job, wide) = (
            active("pattern stops"),
            active("job stops"),
            active("errors everywhere"),
        );
        let fresh = active("new error");
        for p in self
            .patterns
            .iter()
            .filter(|p| p.alive.0 <= m && m < p.alive.1)
        {
            let is_error = p.severity == Severity::Error;
            let mut count = match p.habit {
                Habit::Traffic(rate) => self.dice.poisson(rate * traffic),
                Habit::Steady(rate) => self.dice.poisson(rate),
                Habit::Job { every, at, size } if m % every == at => self.dice.poisson(size),
                Habit::Job { .. } => 0,
                Habit::Sporadic { a_day, size } => {
                    let now = self.dice.uniform() < a_day / 1_440.0;
                    if now { 1 + self.dice.poisson(size) } else { 0 }
                }
            };
            if errors && p.id == 15 {
                count += self.dice.poisson(14.0);
            }
            if silent && p.service == "cart" || stop && p.id == 3 || job && p.id == 36 {
                count = 0;
            }
            if burn && p.id == 39 {
                count += self.dice.poisson(5.0);
            }
            if wide && is_error && p.service == "web" {
                count += self.dice.poisson(25.0);
            }
            *counts.entry((p.id, p.service, p.severity)).or_default() += count;
        }
        if fresh {
            counts.insert((9_999, "payments", Severity::Error), self.dice.poisson(8.0));
        }
        counts
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|((id, service, severity), count)| RollupCell {
                minute_ns: (START + m) * NANOS_PER_MINUTE,
                template_id: TemplateId(id),
                service: service.to_owned(),
                severity,
                count,
            })
            .collect()
    }
}

/// Runs the thirty days; the anomalies of each incident by name, and the others.
fn simulate(seed: u64) -> (BTreeMap<&'static str, Vec<Anomaly>>, Vec<Anomaly>) {
    let mut patterns = patterns();
    deploys(&mut patterns);
    let mut run = Run {
        dice: Dice(seed),
        patterns,
        incidents: incidents(),
    };
    let project = ProjectId::from_parts(1, [7; 10]);
    let mut detector = LogDetector::new(project, LogConfig::default());
    let (mut found, mut others) = (BTreeMap::new(), Vec::new());
    for m in 0..DAYS * 1_440 {
        let cells = run.cells(m);
        let minute_ns = (START + m) * NANOS_PER_MINUTE;
        for anomaly in detector
            .observe_minute(minute_ns, &cells, &NoTemplateInfo)
            .anomalies
        {
            // What comes during an incident (and a little after) belongs to it.
            let incident = run
                .incidents
                .iter()
                .find(|i| (i.from..i.from + i.minutes + 60).contains(&m));
            match incident {
                Some(i) => found.entry(i.name).or_insert_with(Vec::new).push(anomaly),
                None => others.push(anomaly),
            }
        }
    }
    (found, others)
}

fn day_of(a: &Anomaly) -> i64 {
    a.detected_at_ns / NANOS_PER_MINUTE - START
}

#[test]
fn thirty_days_give_less_than_one_false_alarm_a_day_and_every_incident() {
    for seed in [1, 0xdead_beef] {
        let (found, others) = simulate(seed);
        for incident in incidents() {
            let those = found.get(incident.name).map_or(&[][..], Vec::as_slice);
            let hit = those.iter().find(|a| (incident.found)(a));
            assert!(hit.is_some(), "{} was missed: {those:#?}", incident.name);
        }
        let alarms: Vec<String> = others
            .iter()
            .filter(|a| a.score >= 0.5)
            .map(|a| format!("{} {:?} {:.2} {}", day_of(a), a.kind, a.score, a.reason))
            .collect();
        let all: Vec<String> = others
            .iter()
            .map(|a| format!("{} {:?} {:.2} {}", day_of(a), a.kind, a.score, a.reason))
            .collect();
        println!(
            "seed {seed}: {} alarms, {} anomalies outside incidents\n{}",
            alarms.len(),
            all.len(),
            all.join("\n")
        );
        assert!(alarms.len() <= 10, "{alarms:#?}");
        assert!(all.len() <= 30, "{all:#?}");
    }
}
