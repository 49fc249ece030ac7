use std::sync::atomic::{AtomicUsize, Ordering};

use domain::Severity;
use embeddings::{EdgeIndex, IndexSchema};
use store::{CommitBatch, StoreConfig};

use super::*;

const DIMENSION: usize = 4;

/// Makes a vector out of the length of a text, and counts.
#[derive(Default)]
struct Lengths {
    encoded: AtomicUsize,
}

impl Embed for Lengths {
    fn encode(&self, texts: &[&str]) -> embeddings::Result<Vec<Vec<f32>>> {
        self.encoded.fetch_add(texts.len(), Ordering::Relaxed);
        let vector = |text: &&str| vec![1.0, text.len() as f32, 0.0, 0.5];
        Ok(texts.iter().map(vector).collect())
    }
}

/// A store and an index that outlive what a process makes of them.
struct Bed {
    store: Store,
    index: Arc<EdgeIndex>,
    project_id: ProjectId,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreConfig::in_data_dir(folder.path())).unwrap();
        store.migrate().unwrap();
        let project_id = store.ensure_project("shop", 0).unwrap().id;
        let index = EdgeIndex::open(
            &folder.path().join("index"),
            &IndexSchema {
                model: "lengths".into(),
                dimension: DIMENSION,
            },
        )
        .unwrap();
        Self {
            store,
            index: Arc::new(index),
            project_id,
            stop: CancellationToken::new(),
            _folder: folder,
        }
    }

    /// What a start of the process makes: no encoder yet.
    fn started(&self) -> Semantic {
        Semantic::new(Arc::clone(&self.index) as Arc<dyn VectorIndex>)
    }

    fn add(&self, ids: std::ops::RangeInclusive<u64>) {
        let mut batch = CommitBatch::new(self.project_id, Vec::new());
        batch.new_templates = ids
            .map(|id| Template {
                id: TemplateId(id),
                project_id: self.project_id,
                text: format!("pattern number {id} of many"),
                example: String::new(),
                first_seen_ns: 1,
                last_seen_ns: 1,
                count: 0,
                services: Vec::new(),
                severity: Severity::Unspecified,
                merged_into: None,
                sequence: 0,
            })
            .collect();
        self.store.append(&batch).unwrap();
    }

    fn merge(&self, from: u64, into: u64) {
        let mut batch = CommitBatch::new(self.project_id, Vec::new());
        batch.merged = vec![(TemplateId(from), TemplateId(into))];
        self.store.append(&batch).unwrap();
    }

    /// What one round of the loop does.
    fn round(&self, semantic: &Semantic) -> usize {
        semantic.reconcile(&self.store, self.project_id).unwrap();
        semantic
            .catch_up(&self.store, self.project_id, &self.stop)
            .unwrap()
    }

    fn counts(&self) -> (u64, u64) {
        (
            self.index.count(self.project_id).unwrap(),
            self.index.count_with_vector(self.project_id).unwrap(),
        )
    }
}

#[test]
fn a_restart_keeps_every_vector_while_the_encoder_is_still_loading() {
    let bed = Bed::new();
    // First start: words before the model was fetched, then vectors.
    bed.add(1..=3);
    let first = bed.started();
    bed.round(&first);
    assert_eq!(bed.counts(), (3, 0));
    first.set_encoder(Arc::new(Lengths::default()));
    bed.round(&first);
    bed.add(4..=300);
    bed.round(&first);
    assert_eq!(bed.counts(), (300, 300));
    // Second start: the loop runs before the encoder is there.
    bed.add(301..=302);
    let second = bed.started();
    assert_eq!(bed.round(&second), 2, "only what is new is written");
    assert_eq!(bed.counts(), (302, 300), "no vector was taken away");
    assert_eq!(bed.round(&second), 0);
    // And with the encoder only what lacks a vector is embedded.
    let encoder = Arc::new(Lengths::default());
    second.set_encoder(Arc::clone(&encoder) as Arc<dyn Embed>);
    bed.round(&second);
    assert_eq!(bed.counts(), (302, 302));
    assert_eq!(encoder.encoded.load(Ordering::Relaxed), 2);
}

#[test]
fn vectors_that_were_lost_are_made_again() {
    let bed = Bed::new();
    bed.add(1..=5);
    let semantic = bed.started();
    semantic.set_encoder(Arc::new(Lengths::default()));
    bed.round(&semantic);
    assert_eq!(bed.counts(), (5, 5));
    // What earlier versions did at every start: all templates again, without vectors.
    let templates = bed.store.templates(bed.project_id, 0, 10).unwrap();
    bed.index
        .upsert(&points(None, &templates).unwrap())
        .unwrap();
    assert_eq!(bed.counts(), (5, 0));
    bed.round(&semantic);
    assert_eq!(bed.counts(), (5, 5));
}

#[test]
fn points_that_were_lost_are_written_again_without_an_encoder_too() {
    let bed = Bed::new();
    bed.add(1..=5);
    let semantic = bed.started();
    bed.round(&semantic);
    bed.index
        .delete(bed.project_id, &[TemplateId(2), TemplateId(3)])
        .unwrap();
    bed.round(&semantic);
    assert_eq!(bed.counts(), (5, 0));
}

#[test]
fn a_pattern_that_was_merged_away_leaves_the_index() {
    let bed = Bed::new();
    bed.add(1..=4);
    let semantic = bed.started();
    semantic.set_encoder(Arc::new(Lengths::default()));
    bed.round(&semantic);
    bed.merge(2, 4);
    bed.round(&semantic);
    assert_eq!(bed.counts(), (3, 3));
    let ids: Vec<TemplateId> = bed
        .index
        .vectors(bed.project_id)
        .unwrap()
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert!(!ids.contains(&TemplateId(2)), "{ids:?}");
    assert_eq!(bed.round(&semantic), 0, "and the count fits");
}

#[test]
fn catching_up_ends_with_the_stop() {
    let bed = Bed::new();
    bed.add(1..=300);
    bed.stop.cancel();
    assert_eq!(bed.round(&bed.started()), 0);
    assert_eq!(bed.counts(), (0, 0));
}

#[test]
fn a_rebuild_begins_anew_and_ends_complete() {
    let bed = Bed::new();
    bed.add(1..=5);
    let semantic = bed.started();
    semantic.set_encoder(Arc::new(Lengths::default()));
    bed.round(&semantic);
    semantic.forget(&bed.store).unwrap();
    assert_eq!(bed.counts(), (0, 0));
    assert_eq!(semantic.catch_up_all(&bed.store, &bed.stop).unwrap(), 5);
    assert_eq!(bed.counts(), (5, 5));
}

#[test]
fn the_health_of_the_index_is_what_it_answered_last() {
    let bed = Bed::new();
    let semantic = bed.started();
    assert_eq!(semantic.index_health(), None);
    semantic.ask_index().unwrap();
    assert_eq!(semantic.index_health(), Some(Ok(())));
}
