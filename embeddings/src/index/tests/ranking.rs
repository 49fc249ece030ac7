//! What a search finds, and in which order.

use super::*;

index_suite! {
    words_and_meaning_are_fused
    without_vectors_words_alone_find_templates
    a_question_without_words_is_answered_by_meaning
    a_named_thing_is_found_by_its_name
    rare_words_count_more_than_common_ones
    nothing_in_common_finds_nothing_by_words
    only_the_services_and_severities_asked_for_are_found
    no_project_sees_another
    the_limit_is_kept_and_zero_finds_nothing
    similar_templates_come_without_the_template_itself
    similar_works_on_words_when_there_is_no_vector
}

/// 1 is nearest to angle 0, then 2, then 3.
fn three(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "payment gateway timed out", Some(0.0)),
            point(A, 2, "connection refused by upstream", Some(0.4)),
            point(A, 3, "user logged in", Some(0.8)),
        ])
        .unwrap();
}

fn words_and_meaning_are_fused(index: &dyn VectorIndex) {
    three(index);
    let hits = index
        .search(&question(A, "connection was refused", Some(0.3)))
        .unwrap();
    assert_eq!(ids(&hits)[0], 2, "best in both");
    assert!((hits[0].score - 1.0).abs() < 1e-6);
    let similarity = hits[0].similarity.unwrap();
    assert!((similarity - 0.1_f32.cos()).abs() < 1e-3, "{similarity}");
    assert!(hits[0].lexical.unwrap() > 0.0);
    assert_eq!(hits[1].lexical, None);
    assert_eq!(hits.len(), 3);
}

fn without_vectors_words_alone_find_templates(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "payment gateway timed out", None),
            point(A, 2, "connection refused by upstream", None),
        ])
        .unwrap();
    let hits = index
        .search(&question(A, "which payments timed out?", None))
        .unwrap();
    assert_eq!(ids(&hits), [1]);
    assert_eq!(hits[0].similarity, None);
    // A vector in the question finds no template that has none.
    let hits = index.search(&question(A, "refused", Some(0.0))).unwrap();
    assert_eq!(ids(&hits), [2]);
    assert_eq!(index.count(project(A)).unwrap(), 2);
    assert_eq!(index.count_with_vector(project(A)).unwrap(), 0);
}

fn a_question_without_words_is_answered_by_meaning(index: &dyn VectorIndex) {
    three(index);
    for text in ["", "what is the", "?!"] {
        let hits = index.search(&question(A, text, Some(0.9))).unwrap();
        assert_eq!(ids(&hits), [3, 2, 1], "{text}");
        assert_eq!(hits[0].lexical, None);
    }
    assert!(index.search(&question(A, "", None)).unwrap().is_empty());
}

fn a_named_thing_is_found_by_its_name(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "block served: blk_1001", Some(0.0)),
            point(A, 2, "block served: blk_2002", Some(0.5)),
            point(A, 3, "NullPointerException in OrderService", Some(1.0)),
        ])
        .unwrap();
    // By meaning all point at 1; the name decides.
    let hits = index
        .search(&question(A, "what happened to blk_2002", Some(0.0)))
        .unwrap();
    assert_eq!(ids(&hits)[0], 2);
    let hits = index
        .search(&question(A, "errors in OrderService", Some(0.0)))
        .unwrap();
    assert_eq!(ids(&hits)[0], 3);
    let hits = index
        .search(&question(A, "null pointer in the order service", None))
        .unwrap();
    assert_eq!(ids(&hits)[0], 3, "parts of a compound are words too");
}

fn rare_words_count_more_than_common_ones(index: &dyn VectorIndex) {
    let mut points: Vec<IndexPoint> = (10..40)
        .map(|id| point(A, id, "ledger zebra", None))
        .collect();
    points.push(point(A, 1, "ledger quagga", None));
    index.upsert(&points).unwrap();
    let hits = index
        .search(&question(A, "ledger quagga zebra", None))
        .unwrap();
    assert_eq!(ids(&hits)[0], 1, "{hits:?}");
}

fn nothing_in_common_finds_nothing_by_words(index: &dyn VectorIndex) {
    three(index);
    let hits = index.search(&question(A, "zebra", None)).unwrap();
    assert!(hits.is_empty());
}

fn only_the_services_and_severities_asked_for_are_found(index: &dyn VectorIndex) {
    let make = |id, service: &str, severity| IndexPoint {
        services: vec![service.to_owned(), "shared".to_owned()],
        severity,
        ..point(A, id, "disk full", Some(0.1))
    };
    index
        .upsert(&[
            make(1, "api", Severity::Info),
            make(2, "api", Severity::Error),
            make(3, "db", Severity::Fatal),
            make(4, "db", Severity::Unspecified),
        ])
        .unwrap();
    let find = |services: &[&str], min_severity| {
        let mut found = ids(&index
            .search(&IndexQuery {
                services: services.iter().map(|&s| s.to_owned()).collect(),
                min_severity,
                ..question(A, "disk full", Some(0.0))
            })
            .unwrap());
        found.sort_unstable();
        found
    };
    assert_eq!(find(&["api"], None), [1, 2]);
    assert_eq!(find(&["api", "db"], None), [1, 2, 3, 4]);
    assert_eq!(find(&[], Some(Severity::Error)), [2, 3]);
    assert_eq!(find(&["shared"], Some(Severity::Fatal)), [3]);
    assert_eq!(find(&["ap"], None), [0; 0], "a name is not a prefix");
}

fn no_project_sees_another(index: &dyn VectorIndex) {
    // The same template id in both, and one that only B has.
    index
        .upsert(&[
            point(A, 1, "payment gateway timed out", Some(0.0)),
            point(B, 1, "payment gateway timed out", Some(1.0)),
            point(B, 2, "payment gateway timed out again", Some(0.0)),
        ])
        .unwrap();
    let hits = index
        .search(&question(A, "payment gateway", Some(0.0)))
        .unwrap();
    assert_eq!(ids(&hits), [1]);
    assert!(
        hits[0].similarity.unwrap() > 0.999,
        "its own vector, not B's"
    );
    assert!(
        index
            .similar(project(A), TemplateId(1), 10)
            .unwrap()
            .is_empty()
    );
    assert!(
        index
            .similar(project(A), TemplateId(2), 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        ids(&index.similar(project(B), TemplateId(1), 10).unwrap()),
        [2]
    );
    let vectors = index.vectors(project(A)).unwrap();
    assert_eq!(vectors.len(), 1);
    assert!((vectors[0].1[0] - 1.0).abs() < 1e-5);
    assert_eq!(index.count(project(A)).unwrap(), 1);
    assert_eq!(index.count(project(B)).unwrap(), 2);
    assert_eq!(index.count(project(0xc)).unwrap(), 0);
    index
        .delete(project(A), &[TemplateId(1), TemplateId(2)])
        .unwrap();
    assert_eq!(index.count(project(B)).unwrap(), 2, "A cannot delete B's");
    index.delete_project(project(A)).unwrap();
    assert_eq!(index.count(project(B)).unwrap(), 2);
}

fn the_limit_is_kept_and_zero_finds_nothing(index: &dyn VectorIndex) {
    let points: Vec<IndexPoint> = (1..=700)
        .map(|id| point(A, id, "disk full", Some(id as f32 / 1_000.0)))
        .collect();
    index.upsert(&points).unwrap();
    let found = |limit| {
        index
            .search(&IndexQuery {
                limit,
                ..question(A, "disk", Some(0.0))
            })
            .unwrap()
            .len()
    };
    assert_eq!(found(0), 0);
    assert_eq!(found(3), 3);
    assert_eq!(found(usize::MAX), MAX_HITS);
}

fn similar_templates_come_without_the_template_itself(index: &dyn VectorIndex) {
    three(index);
    let hits = index.similar(project(A), TemplateId(3), 2).unwrap();
    assert_eq!(ids(&hits), [2, 1]);
    let similarity = hits[0].similarity.unwrap();
    assert!((similarity - 0.4_f32.cos()).abs() < 1e-3, "{similarity}");
    assert_eq!(
        index.similar(project(A), TemplateId(3), 1).unwrap().len(),
        1
    );
    assert!(
        index
            .similar(project(A), TemplateId(99), 5)
            .unwrap()
            .is_empty()
    );
}

fn similar_works_on_words_when_there_is_no_vector(index: &dyn VectorIndex) {
    index
        .upsert(&[
            point(A, 1, "connection to database refused", None),
            point(A, 2, "connection to cache refused", None),
            point(A, 3, "user logged in", None),
        ])
        .unwrap();
    let hits = index.similar(project(A), TemplateId(1), 5).unwrap();
    assert_eq!(ids(&hits), [2]);
}
