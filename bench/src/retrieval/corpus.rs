//! The templates that the miner makes of the sets, and which labelled events they stand for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context;
use domain::{ProjectId, Severity, TemplateId};
use embeddings::{IndexPoint, Said, index_text, meaning_text};
use patterns::{Miner, MinerConfig};

use super::questions::{Event, Question};

/// A template stands for an event that makes at least this share of its lines.
const LEAST_SHARE: f64 = 0.1;

/// One template.
#[derive(Debug)]
pub struct Mined {
    /// Its words.
    pub readable: String,
    /// What it stands for.
    pub events: BTreeSet<Event>,
    example: String,
    services: Vec<String>,
    severity: Severity,
}

/// What is gathered of a template while lines are read.
#[derive(Default)]
struct Lines {
    counts: BTreeMap<Event, u64>,
    example: String,
    services: BTreeSet<String>,
    severity: Severity,
}

/// All templates of all systems.
pub struct Corpus {
    pub templates: BTreeMap<TemplateId, Mined>,
    pub systems: BTreeSet<String>,
    pub lines: usize,
    events: BTreeSet<Event>,
}

impl Corpus {
    /// Reads `SYSTEM/SYSTEM_2k.log_structured_corrected.csv` of every system that is there, and mines the lines in
    /// their order, one system after the other, into one set of templates.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut systems = BTreeSet::new();
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if file(folder, &name).is_file() {
                systems.insert(name);
            }
        }
        anyhow::ensure!(!systems.is_empty(), "no sets in {}", folder.display());
        let mut miner = Miner::new(MinerConfig::default());
        let mut gathered: HashMap<TemplateId, Lines> = HashMap::new();
        let mut events = BTreeSet::new();
        let mut lines = 0;
        for system in &systems {
            let text = std::fs::read_to_string(file(folder, system))?;
            for row in rows(&text)? {
                lines += 1;
                let event = (system.clone(), row.event);
                events.insert(event.clone());
                let mined = miner.mine(&row.content);
                let seen = gathered.entry(mined.template_id).or_default();
                *seen.counts.entry(event).or_insert(0) += 1;
                seen.services.insert(system.to_lowercase());
                seen.severity = seen.severity.max(row.severity);
                if seen.example.is_empty() {
                    seen.example = row.content;
                }
            }
        }
        Ok(Self {
            templates: settle(&miner, gathered),
            systems,
            lines,
            events,
        })
    }

    /// Refuses questions about events of these systems that are not there.
    pub fn check(&self, questions: &[Question]) -> anyhow::Result<()> {
        for question in questions {
            for event in &question.relevant {
                anyhow::ensure!(
                    !self.systems.contains(&event.0) || self.events.contains(event),
                    "'{}' asks for event {} of {}, which has none",
                    question.text,
                    event.1,
                    event.0
                );
            }
        }
        Ok(())
    }

    /// What is indexed, without vectors.
    pub fn points(&self, project_id: ProjectId) -> Vec<IndexPoint> {
        self.templates
            .iter()
            .map(|(id, it)| IndexPoint {
                project_id,
                template_id: *id,
                text: index_text(&it.readable, &it.services, &it.example),
                services: it.services.clone(),
                severity: it.severity,
                vector: None,
            })
            .collect()
    }

    /// What is embedded, in the order of the points.
    pub fn meanings(&self) -> Vec<String> {
        self.templates
            .values()
            .map(|it| meaning_text(&it.readable, &it.services, &it.example))
            .collect()
    }

    /// What a template says.
    pub fn said(&self, id: TemplateId) -> Option<Said> {
        self.templates.get(&id).map(|it| Said {
            readable: it.readable.clone(),
            severity: it.severity,
        })
    }
}

/// Templates that were merged away give their lines to those that took their place.
fn settle(miner: &Miner, gathered: HashMap<TemplateId, Lines>) -> BTreeMap<TemplateId, Mined> {
    let mut live: BTreeMap<TemplateId, Lines> = BTreeMap::new();
    for (id, lines) in gathered {
        let place = live.entry(miner.resolve(id)).or_default();
        for (event, count) in lines.counts {
            *place.counts.entry(event).or_insert(0) += count;
        }
        place.services.extend(lines.services);
        place.severity = place.severity.max(lines.severity);
        if place.example.is_empty() || lines.example < place.example {
            place.example = lines.example;
        }
    }
    live.into_iter()
        .map(|(id, lines)| {
            let all: u64 = lines.counts.values().sum();
            let events = lines
                .counts
                .into_iter()
                .filter(|(_, count)| *count as f64 >= LEAST_SHARE * all as f64)
                .map(|(event, _)| event)
                .collect();
            let mined = Mined {
                readable: patterns::readable(miner.text(id).unwrap_or_default()),
                events,
                example: lines.example,
                services: lines.services.into_iter().collect(),
                severity: lines.severity,
            };
            (id, mined)
        })
        .collect()
}

fn file(folder: &Path, system: &str) -> std::path::PathBuf {
    folder
        .join(system)
        .join(format!("{system}_2k.log_structured_corrected.csv"))
}

/// A line of a set.
struct Row {
    content: String,
    event: String,
    severity: Severity,
}

fn rows(text: &str) -> anyhow::Result<Vec<Row>> {
    let mut records = records(text).into_iter();
    let header = records.next().context("no header")?;
    let place = |name: &str| header.iter().position(|it| it == name);
    let content = place("Content").context("no column Content")?;
    let event = place("EventId").context("no column EventId")?;
    let level = place("Level");
    let field = |record: &[String], place: usize| record.get(place).cloned().unwrap_or_default();
    Ok(records
        .map(|record| Row {
            content: field(&record, content),
            event: field(&record, event),
            severity: level
                .and_then(|place| Severity::from_word(&field(&record, place)))
                .unwrap_or_default(),
        })
        .collect())
}

/// The records of a comma-separated text with quotes (RFC 4180).
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                push(&mut record, '"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(String::new()),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => records.push(std::mem::replace(&mut record, vec![String::new()])),
            _ => push(&mut record, c),
        }
    }
    if record.len() > 1 {
        records.push(record);
    }
    records
}

fn push(record: &mut [String], c: char) {
    if let Some(field) = record.last_mut() {
        field.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_keep_commas_quotes_and_line_ends() {
        let text = "a,b\n1,\"x, \"\"y\"\"\nz\"\r\n2,w";
        assert_eq!(
            records(text),
            [vec!["a", "b"], vec!["1", "x, \"y\"\nz"], vec!["2", "w"]]
        );
    }

    #[test]
    fn a_template_stands_for_the_events_of_its_lines() {
        let mut miner = Miner::new(MinerConfig::default());
        let id = miner.mine("disk sda1 is full").template_id;
        let event = |name: &str| ("Shop".to_owned(), name.to_owned());
        let mut lines = Lines::default();
        lines.counts.insert(event("E1"), 50);
        lines.counts.insert(event("E2"), 1);
        let settled = settle(&miner, HashMap::from([(id, lines)]));
        let mined = settled.values().next().unwrap();
        assert_eq!(mined.events, BTreeSet::from([event("E1")]));
    }
}
