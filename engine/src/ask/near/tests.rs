use domain::{NANOS_PER_MINUTE, Severity, TimeRange};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::testing::{Bench, NOON};

/// Patterns of two services a minute ago, in the index; no model.
fn shop() -> Bench {
    let bench = Bench::new();
    let mut templates = Vec::new();
    let mut records = Vec::new();
    for (id, service, severity, text) in [
        (1, "door", Severity::Warn, "authentication failure for <*>"),
        (2, "door", Severity::Info, "cache warmed"),
        (3, "depot", Severity::Error, "no space left on device"),
        (4, "depot", Severity::Error, "drive of the truck changed"),
        (5, "depot", Severity::Error, "shelf <num> is in row <num>"),
    ] {
        let mut template = bench.template(id, text, NOON);
        template.services = vec![service.to_owned()];
        templates.push(template);
        records.push(bench.record(id, service, severity, NOON - NANOS_PER_MINUTE, text));
    }
    bench.append(templates, records);
    let stop = CancellationToken::new();
    let store = &bench.inner.store;
    let semantic = &bench.inner.semantic;
    semantic.catch_up(store, bench.project_id, &stop).unwrap();
    bench
}

fn understood(bench: &Bench, question: &str) -> Interpretation {
    let context = bench.inner.question_context(bench.project_id).unwrap();
    query::understand(question, &context)
}

fn shown(bench: &Bench, question: &str) -> Vec<(u64, EvidenceKind, u32)> {
    let understood = understood(bench, question);
    let zone = jiff::tz::TimeZone::UTC;
    let found = bench
        .inner
        .answer_facts(bench.project_id, &understood, question, &zone);
    let shown = found.unwrap().facts.shown_evidence();
    shown
        .into_iter()
        .filter_map(|item| Some((item.template_id?.0, item.kind, item.number)))
        .collect()
}

#[test]
fn what_is_near_is_shown_although_its_severity_or_its_words_are_others() {
    let bench = shop();
    // A severity is a filter of what is counted: that pattern is a warning.
    let found = shown(&bench, "fatal sneak in attempts");
    assert_eq!(found[0], (1, EvidenceKind::Related, 1), "{found:?}");
    // Its words select pattern 4 alone; the other one is what is meant.
    let found = shown(&bench, "the drive is full");
    let place = |id| found.iter().position(|it| it.0 == id).unwrap();
    assert!(place(3) < place(4), "{found:?}");
    let numbers: Vec<u32> = found.iter().map(|it| it.2).collect();
    assert!(numbers.is_sorted() && numbers[0] == 1, "{found:?}");
}

#[test]
fn an_answer_shows_first_what_the_patterns_about_it_are() {
    let bench = shop();
    let filter = LogFilter::in_range(TimeRange::ALL);
    for question in ["who tried to sneak in", "the drive is full"] {
        let about = bench
            .inner
            .patterns_about(bench.project_id, question, &filter, SHOWN);
        let about: Vec<u64> = about
            .unwrap()
            .iter()
            .map(|it| it.row.template.id.0)
            .collect();
        let shown: Vec<u64> = shown(&bench, question).iter().map(|it| it.0).collect();
        assert!(!about.is_empty());
        assert!(shown.starts_with(&about), "{question}: {shown:?} {about:?}");
    }
}

#[test]
fn nothing_is_near_to_the_future_and_something_to_a_service_that_nobody_has() {
    let bench = shop();
    let future = shown(&bench, "how many sneak in attempts will there be tomorrow?");
    assert!(future.is_empty(), "{future:?}");
    // It is said that there is no such service; what is near may be what was meant.
    let nobody = shown(&bench, "sneak in attempts at the lighthouse service");
    assert_eq!(nobody[0], (1, EvidenceKind::Related, 1), "{nobody:?}");
}

#[test]
fn a_number_that_was_asked_for_comes_first_and_what_is_near_behind_it() {
    let bench = shop();
    let found = shown(&bench, "how many authentication failures and full drives");
    let first_related = found.iter().position(|it| it.1 == EvidenceKind::Related);
    let last_counted = found.iter().rposition(|it| it.1 != EvidenceKind::Related);
    if let (Some(related), Some(counted)) = (first_related, last_counted) {
        assert!(related > counted, "{found:?}");
    }
    assert!(first_related.is_some(), "{found:?}");
}

#[test]
fn what_was_counted_and_is_near_is_shown_as_counted_once() {
    let bench = shop();
    let understood = understood(&bench, "authentication failures");
    let zone = jiff::tz::TimeZone::UTC;
    let mut found = bench
        .inner
        .answer_facts(
            bench.project_id,
            &understood,
            "authentication failures",
            &zone,
        )
        .unwrap();
    let all: Vec<TemplateId> = cited(&found.facts.evidence).collect();
    assert!(!all.is_empty());
    // As if nothing of what was counted had been cited.
    found.facts.evidence.clear();
    let counted: HashSet<TemplateId> = all.iter().copied().collect();
    bench
        .inner
        .append_near(bench.project_id, &mut found, &all, &counted)
        .unwrap();
    let shown: Vec<TemplateId> = cited(&found.facts.evidence).collect();
    assert_eq!(shown, all);
    assert!(
        found
            .facts
            .evidence
            .iter()
            .all(|it| it.kind == EvidenceKind::Template)
    );
    assert!(found.facts.more.related.is_empty());
}

#[test]
fn what_says_when_and_how_many_is_not_looked_for() {
    let bench = shop();
    let text = |question: &str| looked_for(question, &understood(&bench, question));
    assert_eq!(
        text("failed logins in the last 2 hours").trim_end(),
        "failed logins"
    );
    assert_eq!(text("who tried to sneak in"), "who tried to sneak in");
    // A word that was read as another is looked for both ways.
    let mut read = understood(&bench, "the laptop came back to life");
    read.retrieval_text = "laptop recovered life".to_owned();
    assert_eq!(
        looked_for("the laptop came back to life", &read),
        "the laptop came back to life recovered"
    );
    // A question that goes on from one before is looked for by its whole topic.
    let before = understood(&bench, "failed logins");
    assert_eq!(looked_for("and yesterday?", &before), before.retrieval_text);
}
