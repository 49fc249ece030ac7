mod asks;
mod door;
mod oncall;
mod planned;
mod trouble;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{
    ChangeEvent, EventId, EvidenceKind, ManualClock, RecordId, Template, TemplateId, TimeRange,
};
use embeddings::{IndexHit, IndexPoint, IndexQuery, VectorIndex};
use inference::{
    AnswerFacts, CancellationToken, FinishReason, GenerateRequest, Generation, Generator,
};
use store::{CommitBatch, EventStore, IdentityStore, LogStore, Store, StoreConfig};

use super::*;
use crate::{EngineConfig, Inner, Narrator, Rooms, Semantic, Tasks};

/// 2026-11-23 14:00:00 UTC.
const NOON: i64 = 1_795_442_400_000_000_000;
const SECOND: i64 = domain::NANOS_PER_SECOND;
const MINUTE: i64 = domain::NANOS_PER_MINUTE;
const HOUR: i64 = 60 * MINUTE;

/// What a test says is found by meaning; `None` is an outage.
#[derive(Default)]
struct FakeIndex {
    hits: Mutex<Option<Vec<u64>>>,
    /// Services that the index knows of each template: those of the first sight.
    services: BTreeMap<u64, &'static str>,
}

impl VectorIndex for FakeIndex {
    fn search(&self, query: &IndexQuery) -> embeddings::Result<Vec<IndexHit>> {
        let hits = self.hits.lock().unwrap().clone();
        let hits = hits.ok_or_else(|| embeddings::Error::Encode("the index is down".into()))?;
        Ok(hits
            .into_iter()
            .filter(|id| {
                query.services.is_empty()
                    || self
                        .services
                        .get(id)
                        .is_some_and(|known| query.services.iter().any(|name| name == known))
            })
            .map(|id| IndexHit {
                template_id: TemplateId(id),
                score: 1.0,
                similarity: Some(0.9),
                lexical: None,
                topic: None,
            })
            .collect())
    }

    fn upsert(&self, _: &[IndexPoint]) -> embeddings::Result<()> {
        Ok(())
    }

    fn similar(&self, _: ProjectId, _: TemplateId, _: usize) -> embeddings::Result<Vec<IndexHit>> {
        Ok(Vec::new())
    }

    fn vectors(&self, _: ProjectId) -> embeddings::Result<Vec<(TemplateId, Vec<f32>)>> {
        Ok(Vec::new())
    }

    fn count(&self, _: ProjectId) -> embeddings::Result<u64> {
        Ok(0)
    }

    fn count_with_vector(&self, _: ProjectId) -> embeddings::Result<u64> {
        Ok(0)
    }

    fn delete(&self, _: ProjectId, _: &[TemplateId]) -> embeddings::Result<()> {
        Ok(())
    }

    fn delete_project(&self, _: ProjectId) -> embeddings::Result<()> {
        Ok(())
    }

    fn clear(&self) -> embeddings::Result<()> {
        Ok(())
    }

    fn flush(&self) -> embeddings::Result<()> {
        Ok(())
    }

    fn epoch(&self) -> embeddings::Result<String> {
        Ok("1".into())
    }

    fn ping(&self) -> embeddings::Result<()> {
        Ok(())
    }

    fn model(&self) -> &str {
        "none"
    }

    fn backend(&self) -> &'static str {
        "edge"
    }
}

/// A project with records, an hour after [`NOON`].
struct Bed {
    inner: Arc<Inner>,
    index: Arc<FakeIndex>,
    project_id: ProjectId,
    next: u64,
    _folder: tempfile::TempDir,
}

/// The patterns of the made-up shop.
const TEMPLATES: [(u64, &str); 13] = [
    (1, "request to <path> answered <num> in <num> ms"),
    (2, "connection to <host> timed out"),
    (3, "payment of order <num> refused"),
    (4, "card was declined"),
    (5, "cache warmed"),
    (6, "connection to <*> timed out"),
    // Of its front door.
    (7, "Failed login for <*> from <ip> port <num>"),
    (8, "Failed login for invalid user <*> from <ip> port <num>"),
    (9, "Accepted login for <*> from <ip> port <num>"),
    (10, "Disconnecting: too many failures of <*>"),
    (11, "Failed login for root from <ip> port <num>"),
    (
        12,
        "knock repeated <num> times: [ Failed login for root from <ip> port <num>]",
    ),
    (13, "starting web version <*>"),
];

/// A pattern that nothing was counted of.
fn template(project_id: ProjectId, id: u64, text: &str) -> Template {
    Template {
        id: TemplateId(id),
        project_id,
        text: text.to_owned(),
        example: String::new(),
        first_seen_ns: NOON,
        last_seen_ns: NOON,
        count: 0,
        services: Vec::new(),
        severity: Severity::Info,
        merged_into: None,
        sequence: 0,
    }
}

impl Bed {
    fn new(services: &[(u64, &'static str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreConfig::in_data_dir(folder.path())).unwrap();
        store.migrate().unwrap();
        let project_id = store.create_project("shop", NOON).unwrap().id;
        let index = Arc::new(FakeIndex {
            hits: Mutex::new(Some(Vec::new())),
            services: services.iter().copied().collect(),
        });
        let clock: Arc<dyn domain::Clock> = Arc::new(ManualClock::new(NOON + HOUR));
        let receivers = notify::Receivers::from_config(
            Vec::new(),
            &notify::HttpPolicy::default(),
            Arc::clone(&clock),
            &|_| None,
        )
        .unwrap();
        let rooms = Rooms {
            store,
            semantic: Arc::new(Semantic::new(Arc::clone(&index) as Arc<dyn VectorIndex>)),
            narrator: Arc::new(Narrator::default()),
            receivers: Arc::new(receivers),
            clock,
        };
        let config = EngineConfig::new("http://127.0.0.1".into());
        let mut bed = Self {
            inner: Arc::new(Inner::new(rooms, config, &Tasks::new())),
            index,
            project_id,
            next: 1,
            _folder: folder,
        };
        bed.commit(Vec::new(), &[]);
        bed
    }

    fn commit(&mut self, records: Vec<LogRecord>, merged: &[(u64, u64)]) {
        let template = |(id, text): &(u64, &str)| template(self.project_id, *id, text);
        self.inner
            .store
            .append(&CommitBatch {
                new_templates: TEMPLATES.iter().map(template).collect(),
                merged: merged
                    .iter()
                    .map(|(from, into)| (TemplateId(*from), TemplateId(*into)))
                    .collect(),
                ..CommitBatch::new(self.project_id, records)
            })
            .unwrap();
        for memory in [
            &self.inner.service_memory,
            &self.inner.attribute_memory,
            &self.inner.value_memory,
        ] {
            if let Ok(mut known) = memory.lock() {
                known.clear();
            }
        }
    }

    fn record(&mut self, at_ns: i64, service: &str, template: u64, body: &str) -> LogRecord {
        let mut random = [0_u8; 10];
        random[2..].copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        LogRecord {
            id: RecordId::from_parts(at_ns, random),
            project_id: self.project_id,
            timestamp_ns: at_ns,
            observed_at_ns: at_ns,
            severity: Severity::Error,
            service: service.to_owned(),
            body: body.to_owned(),
            attributes: String::new(),
            trace_id: None,
            span_id: None,
            template_id: TemplateId(template),
        }
    }

    /// Writes errors, one a second from an instant on.
    fn write(&mut self, at_ns: i64, service: &str, template: u64, count: i64) {
        let body = TEMPLATES[usize::try_from(template).unwrap() - 1].1;
        let records = (0..count)
            .map(|n| self.record(at_ns + n * SECOND, service, template, body))
            .collect();
        self.commit(records, &[]);
    }

    fn asking<'a>(
        &'a self,
        request: &'a AskRequest,
        sender: &'a mpsc::Sender<AskEvent>,
    ) -> Asking<'a> {
        Asking {
            inner: &self.inner,
            project_id: self.project_id,
            request,
            zone: jiff::tz::TimeZone::UTC,
            sender,
            cancel: CancellationToken::new(),
        }
    }

    fn mean(&self, hits: Option<&[u64]>) {
        *self.index.hits.lock().unwrap() = hits.map(<[u64]>::to_vec);
    }

    fn understood(&self, question: &str) -> query::Interpretation {
        let asked = AskRequest {
            question: question.to_owned(),
            ..AskRequest::default()
        };
        self.inner
            .read(self.project_id, &asked, jiff::tz::TimeZone::UTC, false)
            .unwrap()
            .understood
    }

    fn found(&self, question: &str) -> facts::Found {
        let understood = self.understood(question);
        self.inner
            .answer_facts(
                self.project_id,
                &understood,
                question,
                &jiff::tz::TimeZone::UTC,
            )
            .unwrap()
    }

    fn facts(&self, question: &str) -> AnswerFacts {
        self.found(question).facts
    }

    fn said(&self, question: &str) -> String {
        inference::draft_answer(&self.facts(question)).text()
    }
}

fn groups(facts: &AnswerFacts) -> Vec<(&str, u64)> {
    facts
        .groups
        .iter()
        .map(|group| (group.key.as_str(), group.count))
        .collect()
}

#[test]
fn a_pattern_that_other_services_wrote_first_is_found_for_this_one() {
    let mut bed = Bed::new(&[(2, "web")]);
    bed.write(NOON, "web", 2, 3);
    bed.write(NOON + MINUTE, "checkout", 2, 5);
    bed.write(NOON + MINUTE, "checkout", 5, 9);
    bed.mean(Some(&[2, 4]));
    let facts = bed.facts("connection timeouts in checkout");
    assert_eq!(facts.matching, Some(5));
    assert_eq!(facts.evidence[0].template_id, Some(TemplateId(2)));
    // What does not occur in the range is not meant.
    bed.mean(Some(&[4]));
    assert_eq!(bed.facts("declined cards").matching, Some(0));
}

#[test]
fn merged_patterns_are_counted_once_and_by_the_one_that_took_their_place() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 2, 3);
    bed.write(NOON + MINUTE, "web", 6, 4);
    bed.commit(Vec::new(), &[(2, 6)]);
    bed.mean(Some(&[2, 6]));
    let facts = bed.facts("connection timeouts");
    assert_eq!(facts.matching, Some(7));
    assert_eq!(facts.evidence.len(), 1);
    assert_eq!(facts.evidence[0].count, 7);
    assert_eq!(facts.evidence[0].text, "connection to <*> timed out");
    let facts = bed.facts("top patterns");
    assert_eq!(groups(&facts), [("connection to <*> timed out", 7)]);
}

#[test]
fn an_outage_of_the_index_leaves_the_words() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 2, 3);
    bed.write(NOON, "web", 5, 3);
    bed.mean(None);
    let found = bed.found("connection timeouts to the host");
    assert!(found.is_words_only);
    assert_eq!(found.facts.matching, Some(3));
    assert_eq!(found.facts.evidence[0].template_id, Some(TemplateId(2)));
    assert!(
        found
            .facts
            .interpretation
            .iter()
            .any(|chip| chip.value == "unavailable: words only")
    );
    assert!(bed.said("connections").contains("only words were compared"));
}

#[test]
fn status_codes_are_counted_where_services_keep_them() {
    let mut bed = Bed::new(&[]);
    let mut records = vec![
        bed.record(NOON, "web", 1, "request to /cart answered 404 in 500 ms"),
        bed.record(NOON, "web", 1, "request to /cart answered 500 in 3 ms"),
        bed.record(NOON, "web", 1, "request to /cart answered 502 in 3 ms"),
        bed.record(NOON, "web", 3, "payment of order 504 refused"),
    ];
    records[0].severity = Severity::Warn;
    let mut kept = bed.record(NOON, "web", 5, "request done");
    kept.severity = Severity::Info;
    kept.attributes = r#"{"http.status_code":503}"#.to_owned();
    records.push(kept);
    bed.commit(records, &[]);
    assert_eq!(bed.facts("how many 404 errors today?").matching, Some(1));
    assert_eq!(bed.facts("how many 5xx errors today?").matching, Some(3));
    assert_eq!(
        bed.facts("how many requests returned 500 today?").matching,
        Some(1)
    );
}

#[test]
fn literal_conditions_decide_alone_and_say_so() {
    let mut bed = Bed::new(&[]);
    let mut record = bed.record(NOON, "web", 3, "payment of order 4711 refused");
    record.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
    record.attributes = r#"{"region":"eu"}"#.to_owned();
    bed.commit(vec![record], &[]);
    bed.write(NOON, "web", 5, 4);
    // Nothing is found by meaning: a topic that decided would find nothing.
    for question in [
        "refused payments of trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "refused payments with region=eu",
        "refused payments of order 4711",
    ] {
        assert_eq!(bed.facts(question).matching, Some(1), "{question}");
    }
    // What the topic says decides with it; what names nothing of its own is said to be left out, and what is not here is no
    // answer.
    let found = bed.found("queries with region=eu");
    assert_eq!(found.facts.matching, Some(1));
    assert_eq!(found.understood.not_understood, ["queries"]);
    let found = bed.found("shining gloves with region=eu");
    assert_eq!(found.facts.matching, Some(0));
    assert_eq!(bed.facts("errors excluding warmed").matching, Some(1));
}

#[test]
fn groups_are_counted_exactly_and_said() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 2, 30);
    bed.write(NOON + MINUTE, "checkout", 3, 20);
    bed.write(NOON + 20 * MINUTE, "checkout", 4, 5);
    let facts = bed.facts("how many errors since 2pm, by service?");
    assert_eq!(groups(&facts), [("web", 30), ("checkout", 25)]);
    assert!(
        bed.said("how many errors since 2pm, by service?")
            .contains("By service: web with 30 (55 %); checkout with 25 (45 %).")
    );
    let facts = bed.facts("how many errors per minute since 2pm?");
    assert_eq!(facts.grouped_by.as_deref(), Some("minute"));
    assert_eq!(
        groups(&facts),
        [
            ("2026-11-23 14:00 UTC", 30),
            ("2026-11-23 14:01 UTC", 20),
            ("2026-11-23 14:20 UTC", 5),
        ]
    );
    let facts = bed.facts("top 2 patterns since 2pm");
    assert_eq!(
        groups(&facts),
        [
            ("connection to <host> timed out", 30),
            ("payment of order <num> refused", 20),
        ]
    );
    assert_eq!(facts.groups_left, 1);
    assert_eq!(facts.groups[0].evidence, Some(1));
    // More than a page of records with a literal text, all of them counted.
    bed.write(NOON + 30 * MINUTE, "web", 3, 1_500);
    let facts = bed.facts("how many \"order\" by service since 2pm?");
    assert_eq!(facts.matching, Some(1_520));
    assert_eq!(groups(&facts), [("web", 1_500), ("checkout", 20)]);
}

#[test]
fn every_service_is_listed_and_both_that_are_compared() {
    let mut bed = Bed::new(&[]);
    let names: Vec<String> = (0..14).map(|n| format!("shop-{n}")).collect();
    for name in &names {
        bed.write(NOON, name, 5, 1);
    }
    let said = bed.said("list services");
    for name in &names {
        assert!(said.contains(&format!("{name} with 1")), "{name}: {said}");
    }
    bed.write(NOON, "checkout", 4, 6);
    bed.write(NOON, "payments", 4, 2);
    let said = bed.said("compare checkout and payments");
    assert!(
        said.contains("checkout has 6 and payments has 2: 3 times as many."),
        "{said}"
    );
}

#[test]
fn what_is_new_since_a_deploy_is_named() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON - 30 * MINUTE, "checkout", 2, 10);
    bed.write(NOON + 5 * MINUTE, "checkout", 2, 12);
    bed.write(NOON + 6 * MINUTE, "checkout", 3, 7);
    let event = ChangeEvent {
        id: EventId(uuid::Uuid::from_u128(1)),
        project_id: bed.project_id,
        kind: domain::ChangeKind::Deploy,
        title: "checkout v2".into(),
        service: Some("checkout".into()),
        timestamp_ns: NOON,
        attributes: String::new(),
    };
    bed.inner
        .store
        .add_events(bed.project_id, &[event])
        .unwrap();
    let facts = bed.facts("what is new since the deploy?");
    assert_eq!(facts.new_patterns, Some(1));
    let said = bed.said("what is new since the deploy?");
    assert!(
        said.contains("1 pattern did not occur in the other time."),
        "{said}"
    );
    assert!(
        said.contains("“payment of order <num> refused” came 7 times"),
        "{said}"
    );
    assert_eq!(facts.evidence[0].template_id, Some(TemplateId(3)));
    assert_eq!(facts.evidence[1].expected, Some(10.0));
}

#[test]
fn why_answers_with_warnings_when_nothing_is_an_error() {
    let mut bed = Bed::new(&[]);
    let records: Vec<LogRecord> = (0..200)
        .map(|n| {
            let mut record = bed.record(NOON + n * SECOND, "checkout", 2, TEMPLATES[1].1);
            record.severity = Severity::Warn;
            record
        })
        .collect();
    bed.commit(records, &[]);
    let answer = inference::draft_answer(&bed.facts("why is checkout slow since 2pm?"));
    assert!(answer.is_found, "{answer:?}");
    assert!(answer.text().contains("timed out"), "{}", answer.text());
}

#[test]
fn the_first_occurrence_is_a_record_to_the_second() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON + 17 * SECOND, "checkout", 4, 90);
    bed.mean(Some(&[4]));
    let facts = bed.facts("when was the first declined card?");
    assert_eq!(facts.evidence[0].kind, EvidenceKind::Record);
    assert_eq!(facts.evidence[0].first_at_ns, NOON + 17 * SECOND);
    assert!(
        bed.said("when was the first declined card?")
            .starts_with("The first one was at 14:00:17 UTC")
    );
}

#[test]
fn counts_are_exact_to_the_second_also_for_errors() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "checkout", 4, 60);
    let understood = query::Interpretation {
        range: TimeRange::new(NOON + 10 * SECOND, NOON + 30 * SECOND),
        ..bed.understood("errors")
    };
    let facts = bed
        .inner
        .attempt(bed.project_id, &understood, "errors")
        .unwrap()
        .facts;
    assert_eq!((facts.matching, facts.errors), (Some(20), Some(20)));
}

/// Writes its text in pieces, with a rest after each.
struct Slow;

#[async_trait]
impl Generator for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        _: CancellationToken,
    ) -> inference::Result<Generation> {
        let text = "{\"story\":\"The connection to the host timed out [1].\"}";
        for piece in [
            "{\"story\":\"The connection",
            " to the host",
            " timed out [1].\"}",
        ] {
            if let Some(pieces) = &request.pieces {
                pieces.send(piece.to_owned()).ok();
            }
            tokio::task::yield_now().await;
        }
        Ok(Generation {
            text: text.to_owned(),
            finish: FinishReason::Complete,
            prompt_tokens: 0,
            cached_tokens: 0,
            generated_tokens: 0,
            first_token_ms: 0,
            total_ms: 0,
            model: None,
        })
    }
}

#[tokio::test]
async fn the_narrative_comes_in_pieces_before_it_is_verified() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 2, 3);
    let facts = bed.facts("errors");
    let draft = inference::draft_answer(&facts);
    let (sender, mut events) = mpsc::channel(EVENTS);
    let request = AskRequest {
        requested_by: Some("user anna".to_owned()),
        ..AskRequest::default()
    };
    let asking = bed.asking(&request, &sender);
    let (answer, first) = asking.phrase(&Slow, &facts, draft).await.unwrap();
    drop(asking);
    drop(sender);
    assert!(first.is_some(), "when the first words came is known");
    let mut written = Vec::new();
    while let Some(event) = events.recv().await {
        if let AskEvent::Delta(text) = event {
            written.push(text);
        }
    }
    assert_eq!(
        written,
        ["The connection", " to the host", " timed out [1]."]
    );
    assert_eq!(answer.narrative.len(), 1, "{:?}", answer.author);
}
