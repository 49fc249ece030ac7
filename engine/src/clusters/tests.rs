use domain::Severity;
use embeddings::{EdgeIndex, IndexSchema, VectorIndex};
use store::{CommitBatch, IdentityStore, StoreConfig};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::semantic::Embed;

/// The pattern's first word decides where it points.
struct FirstWord;

impl Embed for FirstWord {
    fn encode(&self, texts: &[&str]) -> embeddings::Result<Vec<Vec<f32>>> {
        let vector = |text: &&str| {
            if text.contains("disk") {
                vec![1.0, 0.0]
            } else {
                vec![0.0, 1.0]
            }
        };
        Ok(texts.iter().map(vector).collect())
    }
}

#[test]
fn groups_are_of_patterns_in_use_and_follow_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreConfig::in_data_dir(folder.path())).unwrap();
    store.migrate().unwrap();
    let project_id = store.ensure_project("shop", 0).unwrap().id;
    let schema = IndexSchema {
        model: "first-word".into(),
        dimension: 2,
    };
    let index = Arc::new(EdgeIndex::open(&folder.path().join("index"), &schema).unwrap());
    let semantic = Semantic::new(Arc::clone(&index) as Arc<dyn VectorIndex>);
    semantic.set_encoder(Arc::new(FirstWord));
    let commit = |texts: &[(u64, &str)], merged: &[(u64, u64)]| {
        let mut batch = CommitBatch::new(project_id, Vec::new());
        batch.new_templates = texts
            .iter()
            .map(|(id, text)| Template {
                id: TemplateId(*id),
                project_id,
                text: (*text).to_owned(),
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
        batch.merged = merged
            .iter()
            .map(|(from, into)| (TemplateId(*from), TemplateId(*into)))
            .collect();
        store.append(&batch).unwrap();
        semantic
            .catch_up(&store, project_id, &CancellationToken::new())
            .unwrap();
    };
    let members = || -> Vec<Vec<u64>> {
        views(&semantic, &store, project_id)
            .unwrap()
            .iter()
            .map(|view| {
                let mut ids: Vec<u64> = view.templates.iter().map(|t| t.id.0).collect();
                ids.sort_unstable();
                ids
            })
            .collect()
    };
    commit(
        &[
            (1, "disk full"),
            (2, "disk slow"),
            (3, "disk gone"),
            (4, "card refused"),
        ],
        &[],
    );
    assert_eq!(members(), [[1, 2, 3]]);
    assert_eq!(members(), [[1, 2, 3]], "out of memory");
    commit(&[(5, "card declined")], &[(3, 1)]);
    assert_eq!(members(), [[1, 2], [4, 5]], "and computed again");
}
