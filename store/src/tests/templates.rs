use domain::{LogRecord, ProjectId, Severity, Template, TemplateId};

use super::Fixture;
use super::fixture::{NOON, SECOND, commit, project, record, template};
use crate::{CommitBatch, LogStore, MAX_EXAMPLE_BYTES, Store};

fn of_template(project_id: ProjectId, id: u64, at_ns: i64) -> LogRecord {
    LogRecord {
        template_id: TemplateId(id),
        ..record(project_id, at_ns, "text")
    }
}

fn learn(store: &Store, records: Vec<LogRecord>, templates: Vec<Template>) -> usize {
    let mut batch = CommitBatch::new(templates[0].project_id, records);
    batch.new_templates = templates;
    store
        .append(&batch)
        .expect("the batch commits")
        .new_templates
}

fn all(store: &Store, project_id: ProjectId) -> Vec<Template> {
    store.templates(project_id, 0, 1_000).expect("read")
}

pub(crate) fn new_templates_get_growing_sequences(fixture: &Fixture) {
    let (mine, other) = (project(), project());
    let new = |project_id, ids: &[u64]| {
        let templates = ids.iter().map(|id| template(project_id, *id, "t"));
        learn(&fixture.store, Vec::new(), templates.collect())
    };
    assert_eq!(new(mine, &[30, 10]), 2);
    assert_eq!(new(other, &[30]), 1);
    assert_eq!(new(mine, &[u64::MAX]), 1);
    let found: Vec<(i64, u64)> = all(&fixture.store, mine)
        .iter()
        .map(|t| (t.sequence, t.id.0))
        .collect();
    assert_eq!(found, [(1, 30), (2, 10), (3, u64::MAX)]);
    let later = fixture.store.templates(mine, 1, 1).expect("read");
    assert_eq!(later.len(), 1);
    assert_eq!(later[0].id, TemplateId(10));
}

pub(crate) fn known_templates_keep_their_sequence(fixture: &Fixture) {
    let project_id = project();
    let one = template(project_id, 1, "one");
    assert_eq!(learn(&fixture.store, Vec::new(), vec![one.clone()]), 1);
    let again = vec![one, template(project_id, 2, "two")];
    assert_eq!(learn(&fixture.store, Vec::new(), again), 1);
    let sequences: Vec<i64> = all(&fixture.store, project_id)
        .iter()
        .map(|t| t.sequence)
        .collect();
    assert_eq!(sequences, [1, 2]);
}

pub(crate) fn counts_times_severity_and_services_follow_the_records(fixture: &Fixture) {
    let project_id = project();
    let mut records: Vec<_> = (0..3)
        .map(|n| of_template(project_id, 5, NOON + n * SECOND))
        .collect();
    records[1].service = "api".to_owned();
    learn(
        &fixture.store,
        records,
        vec![template(project_id, 5, "five")],
    );
    let mut late = of_template(project_id, 5, NOON - SECOND);
    late.severity = Severity::Error;
    late.service = "batch".to_owned();
    commit(&fixture.store, &[late]);
    let found = fixture.store.template(project_id, TemplateId(5));
    let found = found.expect("read").expect("there");
    assert_eq!(found.count, 4);
    assert_eq!(found.first_seen_ns, NOON - SECOND);
    assert_eq!(found.last_seen_ns, NOON + 2 * SECOND);
    assert_eq!(found.severity, Severity::Error);
    assert_eq!(found.services, ["api", "batch", "shop"]);
    assert_eq!((found.text.as_str(), found.merged_into), ("five", None));
    let unknown = fixture.store.template(project_id, TemplateId(6));
    assert_eq!(unknown.expect("read"), None);
}

pub(crate) fn counts_of_templates_that_come_later_are_not_lost(fixture: &Fixture) {
    let project_id = project();
    commit(&fixture.store, &[of_template(project_id, 8, NOON)]);
    commit(&fixture.store, &[of_template(project_id, 8, NOON + 1)]);
    learn(
        &fixture.store,
        vec![of_template(project_id, 8, NOON + 2)],
        vec![template(project_id, 8, "late")],
    );
    let found = all(&fixture.store, project_id);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].count, found[0].first_seen_ns), (3, NOON));
}

pub(crate) fn merged_templates_say_into_what(fixture: &Fixture) {
    let project_id = project();
    let new = vec![
        template(project_id, 1, "user 1 left"),
        template(project_id, 2, "user <num> left"),
    ];
    let records = vec![
        of_template(project_id, 1, NOON),
        of_template(project_id, 1, NOON),
        of_template(project_id, 2, NOON),
    ];
    learn(&fixture.store, records, new);
    let mut batch = CommitBatch::new(project_id, Vec::new());
    batch.merged.push((TemplateId(1), TemplateId(2)));
    fixture.store.append(&batch).expect("the batch commits");
    let found = all(&fixture.store, project_id);
    assert_eq!(found[0].id, TemplateId(2));
    assert_eq!(found[1].merged_into, Some(TemplateId(2)));
    let top = fixture.store.top_templates(project_id, 10).expect("read");
    assert_eq!(top.len(), 1);
    assert_eq!(top[0].id, TemplateId(2));
}

pub(crate) fn a_merge_and_a_new_service_move_a_template_to_the_end_of_the_sequence(
    fixture: &Fixture,
) {
    let project_id = project();
    let new = (1..=3).map(|id| template(project_id, id, "t")).collect();
    let records = (1..=3)
        .map(|id| of_template(project_id, id, NOON))
        .collect();
    learn(&fixture.store, records, new);
    let order = |after| -> Vec<(i64, u64)> {
        let found = fixture
            .store
            .templates(project_id, after, 10)
            .expect("read");
        found.iter().map(|t| (t.sequence, t.id.0)).collect()
    };
    assert_eq!(order(0), [(1, 1), (2, 2), (3, 3)]);
    let mut batch = CommitBatch::new(project_id, Vec::new());
    batch.merged.push((TemplateId(1), TemplateId(3)));
    fixture.store.append(&batch).expect("the batch commits");
    assert_eq!(order(3), [(4, 1)], "who read up to 3 hears of the merge");
    fixture.store.append(&batch).expect("the batch commits");
    assert_eq!(order(4), [], "once");
    let mut elsewhere = of_template(project_id, 2, NOON);
    elsewhere.service = "cart".to_owned();
    commit(&fixture.store, &[elsewhere]);
    assert_eq!(order(4), [(5, 2)]);
    let moved = fixture.store.templates(project_id, 4, 10).expect("read");
    assert_eq!(moved[0].services, ["cart", "shop"]);
    commit(&fixture.store, &[of_template(project_id, 2, NOON)]);
    assert_eq!(order(5), [], "a known service changes nothing");
}

pub(crate) fn an_overlong_example_is_cut_at_a_character(fixture: &Fixture) {
    let project_id = project();
    let mut long = template(project_id, 1, "long");
    long.example = "é\0".repeat(MAX_EXAMPLE_BYTES);
    learn(&fixture.store, Vec::new(), vec![long]);
    let found = all(&fixture.store, project_id);
    assert!(found[0].example.starts_with("é\u{fffd}é"));
    assert!(found[0].example.len() <= MAX_EXAMPLE_BYTES);
}

pub(crate) fn concurrent_nodes_agree_on_sequences(fixture: &Fixture) {
    const NODES: usize = 4;
    let project_id = project();
    let nodes: Vec<Store> = (0..NODES)
        .map(|_| Store::open(&fixture.config).expect("the store opens"))
        .collect();
    std::thread::scope(|scope| {
        for node in &nodes {
            scope.spawn(move || {
                for id in 1..=20 {
                    learn(
                        node,
                        vec![of_template(project_id, id, NOON)],
                        vec![template(project_id, id, "shared")],
                    );
                }
            });
        }
    });
    for node in &nodes {
        node.flush_statistics().expect("flushed");
    }
    let found = all(&fixture.store, project_id);
    let sequences: Vec<i64> = found.iter().map(|t| t.sequence).collect();
    assert_eq!(sequences, (1..=20).collect::<Vec<i64>>());
    assert!(found.iter().all(|t| t.count == NODES as u64));
}
