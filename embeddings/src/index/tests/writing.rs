//! What is written stays written, once.

use super::*;

index_suite! {
    writing_a_point_again_replaces_it
    a_vector_can_come_later
    deleted_templates_are_gone
    a_deleted_template_can_come_back
    a_big_upsert_goes_in_chunks_and_comes_out_whole
    vectors_come_back_as_they_were_written
    a_bad_vector_is_refused_before_anything_is_written
    clearing_removes_everything_and_begins_a_new_epoch
    the_epoch_stays_while_nothing_is_lost
    strange_texts_are_indexed
}

fn writing_a_point_again_replaces_it(index: &dyn VectorIndex) {
    index
        .upsert(&[point(A, 1, "disk full", Some(0.0))])
        .unwrap();
    index
        .upsert(&[IndexPoint {
            severity: Severity::Fatal,
            ..point(A, 1, "memory exhausted", Some(1.0))
        }])
        .unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 1);
    assert!(index.search(&question(A, "disk", None)).unwrap().is_empty());
    let hits = index
        .search(&IndexQuery {
            min_severity: Some(Severity::Fatal),
            ..question(A, "memory", Some(1.0))
        })
        .unwrap();
    assert_eq!(ids(&hits), [1]);
    assert!(hits[0].similarity.unwrap() > 0.999);
}

fn a_vector_can_come_later(index: &dyn VectorIndex) {
    index.upsert(&[point(A, 1, "disk full", None)]).unwrap();
    assert_eq!(index.count_with_vector(project(A)).unwrap(), 0);
    index
        .upsert(&[point(A, 1, "disk full", Some(0.0))])
        .unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 1);
    assert_eq!(index.count_with_vector(project(A)).unwrap(), 1);
    assert_eq!(index.vectors(project(A)).unwrap().len(), 1);
}

fn deleted_templates_are_gone(index: &dyn VectorIndex) {
    for number in [A, B] {
        index
            .upsert(&[
                point(number, 1, "disk full", Some(0.0)),
                point(number, 2, "disk slow", Some(0.1)),
                point(number, 3, "disk lost", Some(0.2)),
            ])
            .unwrap();
    }
    index
        .delete(project(A), &[TemplateId(1), TemplateId(77)])
        .unwrap();
    index.delete(project(A), &[]).unwrap();
    let hits = index.search(&question(A, "disk", Some(0.0))).unwrap();
    let mut left = ids(&hits);
    left.sort_unstable();
    assert_eq!(left, [2, 3]);
    assert_eq!(index.count(project(A)).unwrap(), 2);
    index.delete_project(project(A)).unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 0);
    assert!(index.vectors(project(A)).unwrap().is_empty());
    assert!(
        index
            .search(&question(A, "disk", Some(0.0)))
            .unwrap()
            .is_empty()
    );
    assert_eq!(index.count(project(B)).unwrap(), 3);
}

fn a_deleted_template_can_come_back(index: &dyn VectorIndex) {
    index
        .upsert(&[point(A, 1, "disk full", Some(0.0))])
        .unwrap();
    index.delete_project(project(A)).unwrap();
    index
        .upsert(&[point(A, 1, "disk full", Some(0.5))])
        .unwrap();
    index.flush().unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 1);
    assert_eq!(
        ids(&index.search(&question(A, "full", Some(0.5))).unwrap()),
        [1]
    );
}

fn a_big_upsert_goes_in_chunks_and_comes_out_whole(index: &dyn VectorIndex) {
    let points: Vec<IndexPoint> = (1..=10_000)
        .map(|id| {
            point(
                A,
                id,
                &format!("request number{id} finished"),
                (id % 10 != 0).then_some(id as f32 / 10_000.0),
            )
        })
        .collect();
    index.upsert(&points).unwrap();
    index.flush().unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 10_000);
    assert_eq!(index.count_with_vector(project(A)).unwrap(), 9_000);
    let mut vectors = index.vectors(project(A)).unwrap();
    vectors.sort_unstable_by_key(|(id, _)| *id);
    vectors.dedup_by_key(|(id, _)| *id);
    assert_eq!(vectors.len(), 9_000, "no page is lost and none comes twice");
    let hits = index.search(&question(A, "number7321", None)).unwrap();
    assert_eq!(ids(&hits)[0], 7_321);
}

fn vectors_come_back_as_they_were_written(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "one", Some(0.3)),
            point(A, 2, "two", None),
            point(A, u64::MAX, "three", Some(1.2)),
        ])
        .unwrap();
    let mut vectors = index.vectors(project(A)).unwrap();
    vectors.sort_unstable_by_key(|(id, _)| *id);
    let ids: Vec<u64> = vectors.iter().map(|(id, _)| id.0).collect();
    assert_eq!(ids, [1, u64::MAX]);
    for ((_, got), angle) in vectors.iter().zip([0.3, 1.2]) {
        for (got, expected) in got.iter().zip(leaning(angle)) {
            assert!((got - expected).abs() < 1e-5);
        }
    }
}

fn a_bad_vector_is_refused_before_anything_is_written(index: &dyn VectorIndex) {
    let short = IndexPoint {
        vector: Some(vec![1.0; DIMENSION - 1]),
        ..point(A, 2, "short", None)
    };
    let error = index
        .upsert(&[point(A, 1, "good", Some(0.0)), short])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "vector has 7 dimensions, the index has 8"
    );
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    let mut broken = point(A, 3, "broken", Some(0.0));
    broken.vector.as_mut().unwrap()[5] = f32::NAN;
    let error = index.upsert(&[broken]).unwrap_err();
    assert!(matches!(error, Error::NotFinite(TemplateId(3))), "{error}");
    assert_eq!(index.count(project(A)).unwrap(), 0);
    let error = index
        .search(&IndexQuery {
            vector: Some(vec![0.0; 3]),
            ..question(A, "x", None)
        })
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
}

fn clearing_removes_everything_and_begins_a_new_epoch(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "disk full", Some(0.0)),
            point(B, 1, "disk full", None),
        ])
        .unwrap();
    let before = index.epoch().unwrap();
    index.clear().unwrap();
    assert_ne!(index.epoch().unwrap(), before);
    assert_eq!(index.count(project(A)).unwrap(), 0);
    assert_eq!(index.count(project(B)).unwrap(), 0);
    index
        .upsert(&[point(A, 2, "disk full", Some(0.0))])
        .unwrap();
    assert_eq!(
        ids(&index.search(&question(A, "disk", Some(0.0))).unwrap()),
        [2]
    );
}

fn the_epoch_stays_while_nothing_is_lost(index: &dyn VectorIndex) {
    let epoch = index.epoch().unwrap();
    assert!(!epoch.is_empty());
    index
        .upsert(&[point(A, 1, "disk full", Some(0.0))])
        .unwrap();
    index.delete_project(project(A)).unwrap();
    index.flush().unwrap();
    assert_eq!(index.epoch().unwrap(), epoch);
}

fn strange_texts_are_indexed(index: &dyn VectorIndex) {
    let texts = [
        String::new(),
        "\u{0}\u{1}\u{7f}".to_owned(),
        "<*> <*> <*>".to_owned(),
        "ошибка соединения".to_owned(),
        "💥".repeat(2_000),
        "x".repeat(100_000),
    ];
    let points: Vec<IndexPoint> = texts
        .iter()
        .enumerate()
        .map(|(id, text)| point(A, id as u64, text, Some(0.1)))
        .collect();
    index.upsert(&points).unwrap();
    assert_eq!(index.count(project(A)).unwrap(), texts.len() as u64);
    assert_eq!(
        ids(&index.search(&question(A, "Ошибка", None)).unwrap()),
        [3]
    );
    for text in &texts {
        index.search(&question(A, text, Some(0.0))).unwrap();
    }
}
