//! Counts what the scrubber finds in labelled text. Shared with `redact/examples/measure.rs`.
//!
//! A labelled span counts as found when at most a tenth of its letters and digits stays; a finding counts as right when
//! it overlaps a span of a fitting type.

use std::collections::BTreeMap;

use redact::{Found, Kind, Scrubber};
use serde_json::Value;

/// A labelled stretch, in bytes.
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub label: String,
}

/// A labelled text; harmless when it has no spans.
pub struct Case {
    pub text: String,
    pub spans: Vec<Span>,
}

/// Which part of a set is looked at: the sets are halved by a hash of the text, so that who works on rules can leave one
/// half unseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    Both,
    First,
    Second,
}

impl Half {
    /// FNV-1a of the text, one of its upper bits.
    fn has(self, text: &str) -> bool {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let is_first = (hash >> 32) & 1 == 0;
        match self {
            Self::Both => true,
            Self::First => is_first,
            Self::Second => !is_first,
        }
    }
}

fn byte_at(text: &str, place: usize) -> usize {
    text.char_indices()
        .nth(place)
        .map_or(text.len(), |(at, _)| at)
}

fn case(value: &Value, names: [&str; 4]) -> Option<Case> {
    let [text, start, end, label] = names;
    let text = value.get(text)?.as_str()?.to_owned();
    let spans = value
        .get("spans")?
        .as_array()?
        .iter()
        .filter_map(|span| {
            let place = |key: &str| usize::try_from(span.get(key)?.as_u64()?).ok();
            Some(Span {
                start: byte_at(&text, place(start)?),
                end: byte_at(&text, place(end)?),
                label: span.get(label)?.as_str()?.to_owned(),
            })
        })
        .collect();
    Some(Case { text, spans })
}

/// Log lines: one JSON object a line with `text` and `spans` of `start`, `end` (characters) and `type`.
pub fn log_lines(content: &str, half: Half) -> Vec<Case> {
    content
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|value: Value| case(&value, ["text", "start", "end", "type"]))
        .filter(|case| half.has(&case.text))
        .collect()
}

/// Sentences: an array of objects with `full_text` and `spans` of `start_position`, `end_position` and `entity_type`.
pub fn sentences(content: &str, half: Half) -> Vec<Case> {
    let values: Vec<Value> = serde_json::from_str(content).unwrap_or_default();
    values
        .iter()
        .filter_map(|value| {
            case(
                value,
                ["full_text", "start_position", "end_position", "entity_type"],
            )
        })
        .filter(|case| half.has(&case.text))
        .collect()
}

/// What was counted for a label or a kind.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub total: usize,
    pub found: usize,
    /// Values that stayed, or findings without a label, with what stands around them.
    pub examples: Vec<String>,
}

impl Tally {
    /// 1 when there was nothing to find.
    pub fn share(&self) -> f64 {
        if self.total == 0 {
            return 1.0;
        }
        self.found as f64 / self.total as f64
    }
}

/// What was counted over a set.
#[derive(Debug, Default)]
pub struct Report {
    /// Labelled spans by label.
    pub recall: BTreeMap<String, Tally>,
    /// Findings by kind.
    pub precision: BTreeMap<Kind, Tally>,
    pub lines: usize,
    pub lines_with_a_leak: usize,
    /// Lines where something of a machine format stays, names and addresses left out.
    pub lines_with_a_machine_leak: usize,
    pub harmless: usize,
    pub harmless_touched: Vec<String>,
}

/// Labels of names and addresses.
const PEOPLE: [&str; 4] = ["NAME", "ADDRESS", "PERSON", "STREET_ADDRESS"];

/// Labels of plain words that no rule looks for.
const WORDS: [&str; 7] = [
    "AGE",
    "DATE_TIME",
    "GPE",
    "NRP",
    "ORGANIZATION",
    "TITLE",
    "LOCATION",
];

fn is_machine_format(label: &str) -> bool {
    !PEOPLE.contains(&label) && !WORDS.contains(&label)
}

/// Which label a finding must lie on to count as right; any label where this names none.
fn fits(kind: Kind, label: &str) -> bool {
    match kind {
        Kind::Email => label.starts_with("EMAIL"),
        Kind::Ip => label.starts_with("IP"),
        Kind::Domain => label.contains("DOMAIN") || label.contains("URL"),
        _ => true,
    }
}

fn is_covered(text: &str, span: &Span, findings: &[Found]) -> bool {
    let (mut letters, mut left) = (0_usize, 0_usize);
    for (at, character) in text[span.start..span.end].char_indices() {
        if !character.is_alphanumeric() {
            continue;
        }
        letters += 1;
        let at = span.start + at;
        left += usize::from(
            !findings
                .iter()
                .any(|found| found.start <= at && at < found.end),
        );
    }
    left * 10 <= letters
}

fn around(text: &str, start: usize, end: usize) -> String {
    let from = text.floor_char_boundary(start.saturating_sub(24));
    let to = text.ceil_char_boundary((end + 16).min(text.len()));
    text[from..to].replace('\n', "\\n")
}

/// Runs the scrubber over a set.
pub fn measure(scrubber: &Scrubber, cases: &[Case]) -> Report {
    let mut report = Report::default();
    for case in cases {
        let findings = scrubber.find(&case.text);
        report.lines += 1;
        if case.spans.is_empty() {
            report.harmless += 1;
            if let Some(first) = findings.first() {
                let shown = around(&case.text, first.start, first.end);
                report
                    .harmless_touched
                    .push(format!("{:?}: {shown}", first.kind));
            }
        }
        let (mut leaks, mut machine_leaks) = (false, false);
        for span in &case.spans {
            let tally = report.recall.entry(span.label.clone()).or_default();
            tally.total += 1;
            if is_covered(&case.text, span, &findings) {
                tally.found += 1;
            } else {
                tally
                    .examples
                    .push(around(&case.text, span.start, span.end));
                leaks = true;
                machine_leaks |= is_machine_format(&span.label);
            }
        }
        report.lines_with_a_leak += usize::from(leaks);
        report.lines_with_a_machine_leak += usize::from(machine_leaks);
        for found in &findings {
            let tally = report.precision.entry(found.kind).or_default();
            tally.total += 1;
            let is_right = case.spans.iter().any(|span| {
                span.start < found.end && found.start < span.end && fits(found.kind, &span.label)
            });
            if is_right {
                tally.found += 1;
            } else {
                tally
                    .examples
                    .push(around(&case.text, found.start, found.end));
            }
        }
    }
    report
}

impl Report {
    /// Spans of machine formats: found and all.
    pub fn machine_formats(&self) -> (usize, usize) {
        self.sum(is_machine_format)
    }

    /// Names and addresses: found and all.
    pub fn people(&self) -> (usize, usize) {
        self.sum(|label| PEOPLE.contains(&label))
    }

    fn sum(&self, is_counted: impl Fn(&str) -> bool) -> (usize, usize) {
        self.recall
            .iter()
            .filter(|(label, _)| is_counted(label))
            .fold((0, 0), |sum, (_, tally)| {
                (sum.0 + tally.found, sum.1 + tally.total)
            })
    }

    /// A table for people; `examples` of what went wrong are shown for each row.
    pub fn text(&self, title: &str, examples: usize) -> String {
        let mut text = format!("{title}: {} texts\n", self.lines);
        let mut row = |name: &str, word: &str, tally: &Tally| {
            text.push_str(&format!(
                "  {name:<20} {word} {:>5}/{:<5} {:.3}\n",
                tally.found,
                tally.total,
                tally.share()
            ));
            for example in tally.examples.iter().take(examples) {
                text.push_str(&format!("      {example}\n"));
            }
        };
        for (label, tally) in &self.recall {
            row(label, "recall   ", tally);
        }
        for (kind, tally) in &self.precision {
            row(kind.as_str(), "precision", tally);
        }
        let share = |part: usize, all: usize| 100.0 * part as f64 / all.max(1) as f64;
        let (found, all) = self.machine_formats();
        let (people_found, people) = self.people();
        text.push_str(&format!(
            "  machine formats {found}/{all} ({:.2} %), names and addresses {people_found}/{people} ({:.1} %)\n  \
             texts with a leak {} ({:.2} %), without names and addresses {} ({:.2} %)\n  \
             harmless texts touched {}/{} ({:.2} %)\n",
            share(found, all),
            share(people_found, people),
            self.lines_with_a_leak,
            share(self.lines_with_a_leak, self.lines),
            self.lines_with_a_machine_leak,
            share(self.lines_with_a_machine_leak, self.lines),
            self.harmless_touched.len(),
            self.harmless,
            share(self.harmless_touched.len(), self.harmless),
        ));
        for touched in self.harmless_touched.iter().take(examples) {
            text.push_str(&format!("      {touched}\n"));
        }
        text
    }
}
