use domain::{RecordId, TemplateId};
use store::CommitBatch;

use super::*;

fn record(project_id: ProjectId, body: &str) -> LogRecord {
    LogRecord {
        id: RecordId(uuid::Uuid::now_v7()),
        project_id,
        timestamp_ns: 1_700_000_000_000_000_000,
        observed_at_ns: 1_700_000_000_000_000_000,
        severity: Severity::Info,
        service: "shop".into(),
        body: body.into(),
        attributes: String::new(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId::default(),
    }
}

#[test]
fn nodes_on_one_database_come_to_the_same_templates() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("vigil.sqlite3").display().to_string();
    let store = Store::open(&store::StoreConfig::new(file)).expect("a store");
    store.migrate().expect("a schema");
    let project_id = ProjectId(uuid::Uuid::now_v7());
    let mut nodes = [Miners::new(Duration::ZERO), Miners::new(Duration::ZERO)];
    let mut send = |node: usize, word: &str| -> TemplateId {
        let body = format!("session for user {word} was closed by the server");
        let mut records = vec![record(project_id, &body)];
        let changes = nodes[node]
            .mine(&store, project_id, &mut records)
            .expect("mined");
        let template_id = records[0].template_id;
        store
            .append(&CommitBatch {
                project_id,
                records,
                new_templates: changes.new_templates,
                merged: changes.merged,
                receipts: Vec::new(),
                texts: changes.texts,
            })
            .expect("stored");
        nodes[node].committed(project_id);
        template_id
    };
    for (index, word) in ["ann", "bob", "cleo", "dan", "eve", "fred", "gus", "hal"]
        .iter()
        .enumerate()
    {
        send(index % 2, word);
    }
    let (first, second) = (send(0, "ida"), send(1, "jim"));
    assert_eq!(first, second);
    let templates = store.templates(project_id, 0, 100).expect("templates");
    let live: Vec<_> = templates
        .iter()
        .filter(|template| template.merged_into.is_none())
        .collect();
    assert_eq!(live.len(), 1, "{live:#?}");
    assert_eq!(live[0].id, first);
    assert!(!live[0].example.is_empty());
}
