//! Raw log files with a known truth: do alarms fall on what is wrong, and how many do not? Lines are mined, counted by the
//! minute and shown to the log detector in their order, as the server would do; an alarm is what would open an incident.
//!
//! What is wrong: in BGL (and Thunderbird) the lines that its operators labelled; in OpenSSH lines of an attack (a break-in
//! attempt, an invalid user, a failed password); in Hadoop, whose set was made by cutting machines off, warnings and
//! worse. The label itself is not shown to the detector.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use anomaly::{LogConfig, LogDetector};
use domain::{Anomaly, NANOS_PER_MINUTE, ProjectId, RollupCell, Severity, Template, TemplateId};
use patterns::{Changes, Miner, MinerConfig};

use super::scenarios::opens;

/// Minutes between an alarm and a wrong line that it may be about.
const NEAR: i64 = 5;
/// Minutes without a wrong line that part two episodes.
const APART: i64 = 60;
/// Minutes in a day.
const DAY: f64 = 1_440.0;

/// One line as far as this looks at it.
struct Line<'a> {
    minute: i64,
    severity: Severity,
    is_wrong: bool,
    body: &'a str,
}

/// How a set says when a line was written and whether it is wrong.
type Read = fn(&str) -> Option<Line<'_>>;

/// The sets, by the beginning of a file's name.
const SETS: [(&str, Read); 4] = [
    ("BGL", labelled),
    ("Thunderbird", labelled),
    ("OpenSSH", attacked),
    ("Hadoop", troubled),
];

/// Measures each set that lies in a folder of `dir`.
///
/// # Errors
/// Fails when a file cannot be read, and when none is there.
pub fn run(dir: &Path) -> io::Result<()> {
    let mut measured = 0;
    for (name, read) in SETS {
        let path = dir.join(name).join(format!("{name}_2k.log"));
        if path.is_file() {
            let bytes = std::fs::read(&path)?;
            measure(name, &String::from_utf8_lossy(&bytes), read);
            measured += 1;
        }
    }
    if measured == 0 {
        return Err(io::Error::other("no set with a known truth is there"));
    }
    Ok(())
}

fn measure(name: &str, text: &str, read: Read) {
    let mut lines: Vec<Line> = text.lines().filter_map(read).collect();
    lines.sort_by_key(|line| line.minute);
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        println!("loghub {name}: no line could be read");
        return;
    };
    let days = (last.minute - first.minute + 1) as f64 / DAY;
    let wrong: BTreeSet<i64> = lines
        .iter()
        .filter(|l| l.is_wrong)
        .map(|l| l.minute)
        .collect();
    let alarms = alarms(name, &lines);
    let is_hit = |minute: i64| wrong.range(minute - NEAR..=minute + NEAR).next().is_some();
    let hits = alarms.iter().filter(|alarm| is_hit(alarm.0)).count();
    let false_alarms = alarms.len() - hits;
    let episodes = episodes(&wrong);
    let found = episodes.iter().filter(|(from, to)| {
        let mut near = alarms.iter().map(|alarm| alarm.0);
        near.any(|minute| (from - NEAR..=to + NEAR).contains(&minute))
    });
    println!(
        "loghub {name}: {} lines over {days:.1} days, {} wrong in {} episodes",
        lines.len(),
        lines.iter().filter(|l| l.is_wrong).count(),
        episodes.len()
    );
    println!(
        "  {} alarms, {hits} of them on what is wrong, {} false ({:.3} a day); {} episodes found",
        alarms.len(),
        false_alarms,
        false_alarms as f64 / days.max(1.0),
        found.count()
    );
    for (_, reason) in alarms.iter().filter(|alarm| !is_hit(alarm.0)).take(5) {
        println!("    false: {reason}");
    }
}

/// When an incident would open, and why.
fn alarms(name: &str, lines: &[Line]) -> Vec<(i64, String)> {
    let project = ProjectId::from_parts(0, [0; 10]);
    let mut detector = LogDetector::new(project, LogConfig::default());
    let mut miner = Miner::new(MinerConfig::default());
    let mut known: HashMap<TemplateId, Template> = HashMap::new();
    let mut alarms = Vec::new();
    let mut rest = lines;
    let Some(mut minute) = lines.first().map(|line| line.minute) else {
        return alarms;
    };
    while !rest.is_empty() {
        let count = rest.partition_point(|line| line.minute <= minute);
        let (own, after) = rest.split_at(count);
        rest = after;
        let mut counts: BTreeMap<(TemplateId, Severity), u64> = BTreeMap::new();
        for line in own {
            let id = miner.mine(line.body).template_id;
            *counts.entry((id, line.severity)).or_default() += 1;
            known
                .entry(id)
                .or_insert_with(|| template(&miner, id, line));
        }
        note_merges(&mut miner, &mut known);
        let cells: Vec<RollupCell> = counts
            .into_iter()
            .map(|((template_id, severity), count)| RollupCell {
                minute_ns: minute * NANOS_PER_MINUTE,
                template_id,
                service: name.to_owned(),
                severity,
                count,
            })
            .collect();
        let seen = detector.observe_minute(minute * NANOS_PER_MINUTE, &cells, &known);
        let opening = seen.anomalies.iter().filter(|anomaly| opens(anomaly));
        alarms.extend(opening.map(|anomaly| (started(anomaly, minute), anomaly.reason.clone())));
        minute += 1;
    }
    alarms
}

/// The minute that an alarm is about: it may begin up to five minutes before it is noticed.
fn started(anomaly: &Anomaly, noticed: i64) -> i64 {
    let started = anomaly.started_at_ns.div_euclid(NANOS_PER_MINUTE);
    started.clamp(noticed - NEAR, noticed)
}

fn template(miner: &Miner, id: TemplateId, line: &Line) -> Template {
    let at_ns = line.minute * NANOS_PER_MINUTE;
    Template {
        id,
        project_id: ProjectId::from_parts(0, [0; 10]),
        text: miner.text(id).unwrap_or_default().to_owned(),
        example: line.body.to_owned(),
        first_seen_ns: at_ns,
        last_seen_ns: at_ns,
        count: 0,
        services: Vec::new(),
        severity: line.severity,
        merged_into: None,
        sequence: 0,
    }
}

fn note_merges(miner: &mut Miner, known: &mut HashMap<TemplateId, Template>) {
    let Changes { merged, .. } = miner.take_changes();
    for (from, into) in merged {
        if let Some(template) = known.get_mut(&from) {
            template.merged_into = Some(into);
        }
    }
}

/// First and last minute of runs of wrong lines.
fn episodes(wrong: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut episodes: Vec<(i64, i64)> = Vec::new();
    for minute in wrong {
        match episodes.last_mut() {
            Some(last) if minute - last.1 <= APART => last.1 = *minute,
            _ => episodes.push((*minute, *minute)),
        }
    }
    episodes
}

/// `LABEL UNIX_SECONDS ...`; a label of `-` is none.
fn labelled(text: &str) -> Option<Line<'_>> {
    let (label, body) = text.split_once(' ')?;
    let seconds: i64 = body.split(' ').next()?.parse().ok()?;
    Some(Line {
        minute: seconds.div_euclid(60),
        severity: severity(body),
        is_wrong: label != "-",
        body,
    })
}

/// `Dec 10 06:55:46 ...`.
fn attacked(text: &str) -> Option<Line<'_>> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const SIGNS: [&str; 4] = [
        "BREAK-IN",
        "nvalid user",
        "Failed password",
        "authentication failure",
    ];
    let mut words = text.split_whitespace();
    let month = MONTHS.find(words.next()?)? as i64 / 3;
    let day: i64 = words.next()?.parse().ok()?;
    Some(Line {
        // Months of 31 days: only distances within a log of some days matter.
        minute: (month * 31 + day) * 1_440 + minute_of_day(words.next()?)?,
        severity: severity(text),
        is_wrong: SIGNS.iter().any(|sign| text.contains(sign)),
        body: text,
    })
}

/// `2015-10-18 18:01:47,978 LEVEL ...`.
fn troubled(text: &str) -> Option<Line<'_>> {
    let mut words = text.split_whitespace();
    let mut date = words.next()?.split('-');
    let mut part = || date.next()?.parse::<i64>().ok();
    let (year, month, day) = (part()?, part()?, part()?);
    let minute = (((year - 1970) * 12 + month) * 31 + day) * 1_440 + minute_of_day(words.next()?)?;
    let severity = severity(text);
    Some(Line {
        minute,
        severity,
        is_wrong: severity >= Severity::Warn,
        body: text,
    })
}

/// Of `06:55:46` and what may follow.
fn minute_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let mut part = || parts.next()?.parse::<i64>().ok();
    Some(part()? * 60 + part()?)
}

/// The first word of the header that names a severity.
fn severity(text: &str) -> Severity {
    let named = text
        .split_whitespace()
        .take(10)
        .find_map(|word| match word {
            "DEBUG" => Some(Severity::Debug),
            "INFO" => Some(Severity::Info),
            "WARN" | "WARNING" => Some(Severity::Warn),
            "ERROR" | "SEVERE" => Some(Severity::Error),
            "FATAL" | "FAILURE" => Some(Severity::Fatal),
            _ => None,
        });
    named.unwrap_or(Severity::Unspecified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_tell_their_minute_their_severity_and_whether_they_are_wrong() {
        let line =
            labelled("KERNDTLB 1118536327 2005.06.11 R30 RAS KERNEL FATAL data TLB error").unwrap();
        assert_eq!((line.minute, line.severity), (18_642_272, Severity::Fatal));
        assert!(line.is_wrong && !line.body.contains("KERNDTLB"));
        assert!(
            !labelled("- 1117838570 2005.06.03 R02 RAS KERNEL INFO ok")
                .unwrap()
                .is_wrong
        );
        let line =
            attacked("Dec 10 06:55:46 LabSZ sshd[1]: Invalid user webmaster from 1.2.3.4").unwrap();
        assert!(line.is_wrong && line.minute % 1_440 == 6 * 60 + 55);
        let line = troubled("2015-10-18 18:01:47,978 INFO [main] Created").unwrap();
        assert!(!line.is_wrong && line.minute % 1_440 == 18 * 60 + 1);
        assert!(labelled("").is_none() && attacked("x").is_none() && troubled("a b c").is_none());
    }

    #[test]
    fn a_surge_of_errors_after_two_calm_hours_is_an_alarm_in_its_minute() {
        let text: Vec<String> = (0..180)
            .flat_map(|minute| {
                let wrong = if (150..155).contains(&minute) { 60 } else { 0 };
                let stamp = format!(
                    "2015-10-18 {:02}:{:02}:01,000",
                    8 + minute / 60,
                    minute % 60
                );
                let calm = (0..20).map({
                    let stamp = stamp.clone();
                    move |n| format!("{stamp} INFO [main] task {n} done")
                });
                calm.chain((0..wrong).map(move |n| format!("{stamp} ERROR [main] task {n} lost")))
            })
            .collect();
        let lines: Vec<Line> = text.iter().filter_map(|line| troubled(line)).collect();
        let first = lines[0].minute;
        let alarms = alarms("Hadoop", &lines);
        assert_eq!(alarms.len(), 1, "{alarms:?}");
        assert!((150..155).contains(&(alarms[0].0 - first)), "{alarms:?}");
    }
}
