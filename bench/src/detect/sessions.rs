//! HDFS sessions, as sequences of event ids: the session model learns normal ones only, the threshold comes from
//! nothing but these and the promised rate of false alarms, and the rest is judged.
//!
//! Data: the files of `logdeep` (see the folder's SOURCE.txt). Half of the sessions at hand are anomalies, in the
//! whole set 2.93 % are: F1 is printed for the mix at hand and for the whole set's.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use anomaly::{SessionModel, SessionModelConfig};
use domain::TemplateId;

type Session = Vec<TemplateId>;

/// Labelled sessions, half of them anomalies.
const TRAINING: &str = "robust_log_train.csv";
const VALIDATION: &str = "robust_log_valid.csv";

/// Random splits of one size.
const SPLITS: u64 = 20;
/// The share of anomalies in the whole set: 16,838 of 575,061.
const PREVALENCE: f64 = 0.029_28;

/// Normal sessions and anomalies.
#[derive(Default)]
struct Sessions {
    normal: Vec<Session>,
    odd: Vec<Session>,
}

/// What a detector said of both.
#[derive(Clone, Copy)]
struct Outcome {
    found: f64,
    missed: f64,
    false_alarms: f64,
    quiet: f64,
}

impl Outcome {
    fn of(sessions: &Sessions, learnt: usize, is_odd: impl Fn(&Session) -> bool) -> Self {
        let count = |some: &[Session]| some.iter().filter(|s| is_odd(s)).count() as f64;
        let rest = &sessions.normal[learnt..];
        let (found, false_alarms) = (count(&sessions.odd), count(rest));
        Self {
            found,
            missed: sessions.odd.len() as f64 - found,
            false_alarms,
            quiet: rest.len() as f64 - false_alarms,
        }
    }

    fn recall(self) -> f64 {
        self.found / (self.found + self.missed).max(1.0)
    }

    fn false_alarm_rate(self) -> f64 {
        self.false_alarms / (self.false_alarms + self.quiet).max(1.0)
    }

    fn f1(self) -> f64 {
        2.0 * self.found / (2.0 * self.found + self.missed + self.false_alarms).max(1.0)
    }

    /// F1 where this share of sessions are anomalies.
    fn f1_at(self, prevalence: f64) -> f64 {
        let found = self.recall() * prevalence;
        let alarms = found + self.false_alarm_rate() * (1.0 - prevalence);
        2.0 * found / (alarms + prevalence)
    }
}

/// Prints F1 over random splits of every labelled file, and with one file learnt and others judged.
pub fn run(dir: &Path) -> io::Result<()> {
    println!(
        "{:<40}{:>8}{:>8}{:>10}{:>8}{:>8}{:>9}{:>9}",
        "HDFS sessions, only normal ones learnt",
        "F1",
        "worst",
        "F1 2.9 %",
        "worst",
        "recall",
        "false",
        "worst"
    );
    for name in [TRAINING, VALIDATION] {
        let path = dir.join(name);
        if !path.is_file() {
            continue;
        }
        let sessions = labelled(&path)?;
        let (normal, odd) = (sessions.normal.len(), sessions.odd.len());
        println!("{name}: {normal} normal, {odd} anomalies, {SPLITS} random splits");
        for learnt in [500, 1_000, 3_000, 4_800] {
            if learnt < normal {
                splits(&sessions, learnt);
            }
        }
    }
    kept_apart(dir)
}

fn splits(sessions: &Sessions, learnt: usize) {
    let mut rows: [(&str, Vec<Outcome>); 3] = [
        ("session model", Vec::new()),
        ("new event or length", Vec::new()),
        ("any new count vector", Vec::new()),
    ];
    for seed in 1..=SPLITS {
        let mixed = Sessions {
            normal: shuffled(&sessions.normal, seed),
            odd: sessions.odd.clone(),
        };
        let model = trained(&mixed.normal[..learnt]);
        rows[0].1.push(Outcome::of(&mixed, learnt, |session| {
            is_unusual(&model, session)
        }));
        let known = Known::of(&mixed.normal[..learnt]);
        rows[1].1.push(Outcome::of(&mixed, learnt, |session| {
            known.is_new_event_or_length(session)
        }));
        rows[2].1.push(Outcome::of(&mixed, learnt, |session| {
            known.is_new_vector(session)
        }));
    }
    for (name, outcomes) in rows {
        print_row(&format!("  {name}, {learnt} learnt"), &outcomes);
    }
}

fn print_row(name: &str, outcomes: &[Outcome]) {
    let over = |value: &dyn Fn(&Outcome) -> f64| {
        let values: Vec<f64> = outcomes.iter().map(value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        (mean, least, most)
    };
    let (f1, worst, _) = over(&|o| o.f1());
    let (rare, worst_rare, _) = over(&|o| o.f1_at(PREVALENCE));
    let (recall, _, _) = over(&|o| o.recall());
    let (rate, _, most) = over(&|o| o.false_alarm_rate());
    println!(
        "{name:<40}{f1:>8.4}{worst:>8.4}{rare:>10.4}{worst_rare:>8.4}{recall:>8.4}{rate:>9.5}{most:>9.5}"
    );
}

/// The normal sessions of the training files are learnt, the sessions of the others judged.
fn kept_apart(dir: &Path) -> io::Result<()> {
    let training = dir.join(TRAINING);
    let mut learnt = Vec::new();
    if training.is_file() {
        learnt.extend(labelled(&training)?.normal);
    }
    learnt.extend(sequences_if_there(&dir.join("hdfs_train"))?);
    let mut apart: Vec<(&str, Sessions)> = Vec::new();
    let validation = dir.join(VALIDATION);
    if validation.is_file() {
        apart.push((VALIDATION, labelled(&validation)?));
    }
    let test = Sessions {
        normal: sequences_if_there(&dir.join("hdfs_test_normal"))?,
        odd: sequences_if_there(&dir.join("hdfs_test_abnormal"))?,
    };
    if !test.normal.is_empty() || !test.odd.is_empty() {
        apart.push(("hdfs_test_normal, hdfs_test_abnormal", test));
    }
    if learnt.is_empty() || apart.is_empty() {
        return Ok(());
    }
    println!(
        "{} normal sessions of the training files learnt:",
        learnt.len()
    );
    let model = trained(&learnt);
    for (name, sessions) in apart {
        let outcome = Outcome::of(&sessions, 0, |session| is_unusual(&model, session));
        print_row(name, &[outcome]);
    }
    Ok(())
}

fn trained(normal: &[Session]) -> SessionModel {
    let mut model = SessionModel::new(SessionModelConfig::default());
    for session in normal {
        model.learn(session);
    }
    model.fit();
    model
}

fn is_unusual(model: &SessionModel, session: &Session) -> bool {
    model
        .judge(session)
        .is_some_and(|verdict| verdict.is_unusual)
}

/// What the simplest detectors know.
struct Known {
    events: HashSet<TemplateId>,
    lengths: HashSet<usize>,
    vectors: HashSet<Session>,
}

impl Known {
    fn of(normal: &[Session]) -> Self {
        Self {
            events: normal.iter().flatten().copied().collect(),
            lengths: normal.iter().map(Vec::len).collect(),
            vectors: normal.iter().map(sorted).collect(),
        }
    }

    fn is_new_event_or_length(&self, session: &Session) -> bool {
        !self.lengths.contains(&session.len())
            || session.iter().any(|event| !self.events.contains(event))
    }

    fn is_new_vector(&self, session: &Session) -> bool {
        !self.vectors.contains(&sorted(session))
    }
}

fn sorted(session: &Session) -> Session {
    let mut sorted = session.clone();
    sorted.sort_unstable();
    sorted
}

/// `5 5 22 11,0` a line after the header; 1 is an anomaly.
fn labelled(path: &Path) -> io::Result<Sessions> {
    let mut sessions = Sessions::default();
    for line in read(path)?.lines().skip(1) {
        let Some((sequence, label)) = line.rsplit_once(',') else {
            continue;
        };
        let session = events(sequence.trim_matches('"'));
        match label.trim() {
            "0" => sessions.normal.push(session),
            _ => sessions.odd.push(session),
        }
    }
    Ok(sessions)
}

/// `5 5 22 11` a line; none without the file.
fn sequences_if_there(path: &Path) -> io::Result<Vec<Session>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = read(path)?;
    Ok(text.lines().map(events).filter(|s| !s.is_empty()).collect())
}

fn events(text: &str) -> Session {
    text.split_whitespace()
        .filter_map(|event| event.parse().ok().map(TemplateId))
        .collect()
}

fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Fisher and Yates with xorshift64*: the same seed gives the same split everywhere.
fn shuffled(sessions: &[Session], seed: u64) -> Vec<Session> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut all = sessions.to_vec();
    for i in (1..all.len()).rev() {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let dice = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        all.swap(i, (dice % (i as u64 + 1)) as usize);
    }
    all
}
