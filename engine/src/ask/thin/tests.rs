use domain::{ProjectId, Severity, Template};

use super::*;

/// The patterns with these texts, numbered from 1.
fn dictionary(texts: &[&str]) -> Dictionary {
    let templates = (1..).zip(texts).map(|(id, text)| Template {
        id: TemplateId(id),
        project_id: ProjectId(uuid::Uuid::nil()),
        text: (*text).to_owned(),
        example: (*text).to_owned(),
        first_seen_ns: 0,
        last_seen_ns: 0,
        count: 1,
        services: Vec::new(),
        severity: Severity::Error,
        merged_into: None,
        sequence: 0,
    });
    Dictionary::default().extended(templates.collect(), 1)
}

/// Whether the first of two patterns, with this cosine, tells a topic.
fn tells(topic: &str, text: &str, cosine: Option<f32>) -> bool {
    let all = dictionary(&[text, "leader elected"]);
    let cosines = cosine.map(|cosine| (TemplateId(1), cosine));
    is_told(
        &all,
        topic,
        &[TemplateId(1)],
        &cosines.into_iter().collect(),
    )
}

#[test]
fn half_of_the_words_are_enough_where_the_meaning_agrees_or_is_not_known() {
    let text = "shipment of <num> left the depot";
    assert!(tells("shipment refund", text, None));
    assert!(tells("shipment refund", text, Some(0.5)));
    assert!(!tells("shipment refund", text, Some(0.2)));
}

#[test]
fn all_of_the_words_are_enough_however_far_the_meaning_is() {
    let text = "shipment of <num> left the depot";
    assert!(tells("shipment depot", text, Some(0.1)));
    assert!(!tells("zebra", text, Some(0.9)));
}

#[test]
fn words_for_anything_wrong_are_general() {
    assert!(is_general("system slow"));
    assert!(!is_general("slow lorries"));
}
