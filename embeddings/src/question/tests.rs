use domain::ProjectId;
use uuid::Uuid;

use super::*;
use crate::{EdgeIndex, IndexPoint, IndexSchema, index_text};

const PROJECT: ProjectId = ProjectId(Uuid::from_u128(7));

/// An index of these templates, without vectors.
struct Bed {
    templates: Vec<(&'static str, Severity)>,
    index: EdgeIndex,
    _folder: tempfile::TempDir,
}

impl Bed {
    fn new(templates: &[(&'static str, Severity)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schema = IndexSchema {
            model: "none".to_owned(),
            dimension: 4,
        };
        let index = EdgeIndex::open(folder.path(), &schema).unwrap();
        let points: Vec<IndexPoint> = (0..)
            .zip(templates)
            .map(|(id, (text, severity))| IndexPoint {
                project_id: PROJECT,
                template_id: TemplateId(id),
                text: index_text(text, &["shop".to_owned()], ""),
                services: vec!["shop".to_owned()],
                severity: *severity,
                vector: None,
            })
            .collect();
        index.upsert(&points).unwrap();
        Self {
            templates: templates.to_vec(),
            index,
            _folder: folder,
        }
    }

    /// The templates in the order of a question.
    fn ask(&self, question: &str) -> Vec<&'static str> {
        let said = |id: TemplateId| {
            let (text, severity) = self.templates[id.0 as usize];
            Some(Said {
                readable: text.to_owned(),
                severity,
            })
        };
        retrieve(&self.index, query(question), None, &said)
            .unwrap()
            .iter()
            .map(|hit| self.templates[hit.template_id.0 as usize].0)
            .collect()
    }
}

fn query(text: &str) -> IndexQuery {
    IndexQuery {
        project_id: PROJECT,
        text: text.to_owned(),
        vector: None,
        ideas: Vec::new(),
        services: Vec::new(),
        min_severity: None,
        limit: 10,
    }
}

#[test]
fn who_does_not_know_the_wording_finds_it_without_a_model() {
    let bed = Bed::new(&[
        ("authentication failure for root", Severity::Warn),
        ("no space left on device", Severity::Error),
        ("request to orders timed out", Severity::Error),
        ("no route to host", Severity::Error),
        ("leader elected", Severity::Info),
    ]);
    for (question, expected) in [
        ("did a hacker sneak in?", "authentication failure for root"),
        ("the drive is full", "no space left on device"),
        (
            "it took too long and never answered",
            "request to orders timed out",
        ),
        ("one computer could not reach the other", "no route to host"),
        ("who is in charge", "leader elected"),
    ] {
        assert_eq!(bed.ask(question)[0], expected, "{question}");
    }
}

#[test]
fn what_says_the_opposite_comes_after_what_agrees() {
    let bed = Bed::new(&[
        ("nightly export of the ledger succeeded", Severity::Info),
        ("export failed", Severity::Error),
    ]);
    let found = bed.ask("nightly export of the ledger failed");
    assert_eq!(found.len(), 2, "it is still there");
    assert_eq!(found[0], "export failed");
    let found = bed.ask("nightly export of the ledger succeeded");
    assert_eq!(found[0], "nightly export of the ledger succeeded");
}

#[test]
fn a_severity_against_the_question_takes_more_away() {
    let question = vocabulary::of_question("failed exports");
    let loss =
        |text: &str, severity| opposition(&question, &vocabulary::of_log_text(text), severity);
    assert!(loss("export succeeded", Severity::Info) > loss("export succeeded", Severity::Error));
    assert!((loss("export succeeded", Severity::Unspecified) - OPPOSITE).abs() < 1e-6);
    assert!(loss("export failed", Severity::Info).abs() < 1e-6);
}

#[test]
fn a_topic_is_told_by_ideas_that_few_lines_have() {
    let about = |question: &str, template: &str, similarity| {
        is_about(
            similarity,
            &vocabulary::of_question(question),
            &vocabulary::of_log_text(template),
        )
    };
    let near = Some(0.4);
    assert!(about(
        "was it too hot",
        "temperature of fan 3 is critical",
        near
    ));
    assert!(
        !about("how many failed", "request failed", near),
        "nearly every line has that"
    );
    assert!(!about(
        "was it too hot",
        "certificate of printer expired",
        near
    ));
    assert!(
        !about("was it too hot", "temperature is 3", None),
        "one idea alone, and no vector"
    );
}

#[test]
fn a_question_is_encoded_as_asked_widened_and_translated() {
    let seen = std::sync::Mutex::new(Vec::new());
    let meaning = Meaning::new(|texts: &[&str]| {
        let mut seen = seen.lock().unwrap();
        seen.extend(texts.iter().map(|&text| text.to_owned()));
        let is_asked = |text: &&str| ["hackers", "zebra"].contains(text);
        let corner = |text: &&str| match is_asked(text) {
            true => vec![1.0, 0.0],
            false => vec![0.0, 1.0],
        };
        Ok(texts.iter().map(corner).collect())
    });
    let vector = meaning.of("hackers").unwrap().vector.unwrap();
    assert!((vector[1] - 2.0 * vector[0]).abs() < 1e-6);
    assert!((vector[0].hypot(vector[1]) - 1.0).abs() < 1e-6);
    let texts = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(texts.len(), 3);
    assert!(texts[1].starts_with("hackers.") && texts[1].contains("authentication"));
    assert!(!texts[2].contains("hackers") && texts[2].contains("authentication"));
    meaning.of("zebra").unwrap();
    assert_eq!(*seen.lock().unwrap(), ["zebra"]);
}
