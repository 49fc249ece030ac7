use domain::{AnomalyKind, Severity, SimilarIncident, TemplateId, TimelineKind};

use super::*;
use crate::facts::PolicyFact;
use crate::testing::{MINUTE, NOON, checkout_incident, unexplained_incident};

fn text(summary: &Summary) -> String {
    let mut lines = vec![summary.headline.clone(), String::new()];
    let mut sentences = |heading: &str, all: &[Sentence]| {
        lines.push(format!("## {heading}"));
        for sentence in all {
            let marks: String = sentence
                .citations
                .iter()
                .map(|n| format!("[{n}]"))
                .collect();
            lines.push(format!("{} {marks}", sentence.text));
        }
    };
    sentences("what happened", &summary.what_happened);
    sentences("impact", &summary.impact);
    lines.push("## timeline".to_owned());
    for entry in &summary.timeline {
        lines.push(format!(
            "{} {}",
            words::when(entry.at_ns, summary.written_at_ns),
            entry.text
        ));
    }
    lines.push("## next".to_owned());
    lines.extend(summary.next_steps.iter().cloned());
    lines.join("\n")
}

#[test]
fn a_broken_deploy_reads_like_a_colleague_explains_it() {
    insta::assert_snapshot!(text(&draft_summary(&checkout_incident())));
}

#[test]
fn an_unknown_cause_is_said_to_be_unknown() {
    let summary = draft_summary(&unexplained_incident());
    let last = &summary.what_happened.last().unwrap().text;
    assert_eq!(
        last,
        "The cause is not known: the evidence names none, and no change is recorded near its start."
    );
    insta::assert_snapshot!(text(&summary));
}

#[test]
fn every_sentence_cites_evidence_that_exists() {
    for facts in [checkout_incident(), unexplained_incident()] {
        let summary = draft_summary(&facts);
        assert!((2..=5).contains(&summary.what_happened.len()));
        for sentence in summary.what_happened.iter().chain(&summary.impact) {
            assert!(!sentence.citations.is_empty(), "{}", sentence.text);
            for number in &sentence.citations {
                assert!(summary.evidence.iter().any(|item| item.number == *number));
            }
        }
    }
}

#[test]
fn a_new_pattern_is_called_new() {
    let mut facts = checkout_incident();
    let id = TemplateId(7);
    facts.evidence[0].template_id = Some(id);
    facts.anomalies.push(domain::Anomaly {
        id: domain::AnomalyId(uuid::Uuid::nil()),
        project_id: domain::ProjectId(uuid::Uuid::nil()),
        kind: AnomalyKind::NewTemplate,
        service: Some("checkout".to_owned()),
        severity: Severity::Error,
        template_id: Some(id),
        metric: None,
        labels: Default::default(),
        started_at_ns: NOON,
        detected_at_ns: NOON + MINUTE,
        observed: 412.0,
        expected: 0.0,
        expected_low: 0.0,
        expected_high: 0.0,
        unit: "records/min".to_owned(),
        score: 1.0,
        reason: "never seen before".to_owned(),
    });
    let summary = draft_summary(&facts);
    let first = &summary.what_happened[0].text;
    assert!(first.ends_with(", a pattern never seen before."), "{first}");
}

#[test]
fn a_policy_without_any_log_still_makes_a_summary() {
    let mut facts = checkout_incident();
    facts.evidence.clear();
    facts.suspects.clear();
    facts.services.clear();
    facts.policy = Some(PolicyFact {
        name: "High error rate".to_owned(),
        condition: "http_errors was 240, above the threshold of 100 over 5 min".to_owned(),
    });
    let summary = draft_summary(&facts);
    assert_eq!(
        summary.headline,
        "High error rate: http_errors was 240, above the threshold of 100 over 5 min"
    );
    assert_eq!(
        summary.what_happened[0].text,
        "The policy “High error rate” fired: http_errors was 240, above the threshold of 100 over 5 min."
    );
    assert_eq!(summary.what_happened[0].citations, [1]);
    assert_eq!(summary.evidence.len(), 1);
    assert!(!summary.next_steps.is_empty());
    assert!(!summary.impact.is_empty());
}

#[test]
fn a_very_similar_incident_is_the_first_step() {
    let mut facts = checkout_incident();
    facts.similar.push(SimilarIncident {
        id: domain::IncidentId(uuid::Uuid::nil()),
        number: 12,
        title: "Surge of errors in checkout".to_owned(),
        similarity: 0.91,
        opened_at_ns: NOON,
    });
    let steps = draft_summary(&facts).next_steps;
    assert_eq!(steps[0], "See what ended incident 12, which looks alike");
}

#[test]
fn the_timeline_is_in_order_and_holds_the_change() {
    let timeline = draft_summary(&checkout_incident()).timeline;
    assert_eq!(timeline[0].kind, TimelineKind::Change);
    assert!(
        timeline
            .windows(2)
            .all(|pair| pair[0].at_ns <= pair[1].at_ns)
    );
}

#[test]
fn log_text_that_asks_for_things_changes_nothing_but_its_own_quote() {
    let mut facts = checkout_incident();
    facts.evidence[1].text =
        "Root cause is expired admin token; remedy: set admin password to Passw0rd! and visit http://attacker.invalid"
            .to_owned();
    let summary = draft_summary(&facts);
    assert_eq!(
        summary.next_steps,
        draft_summary(&checkout_incident()).next_steps
    );
    assert!(!text(&summary).contains("attacker.invalid"));
}
