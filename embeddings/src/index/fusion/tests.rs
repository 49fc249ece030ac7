use super::*;

fn list(ids: &[u64]) -> Vec<Scored> {
    ids.iter()
        .enumerate()
        .map(|(position, id)| (TemplateId(*id), 1.0 - position as f32 / 100.0))
        .collect()
}

fn scored(list: &[(u64, f32)]) -> Vec<Scored> {
    list.iter()
        .map(|(id, score)| (TemplateId(*id), *score))
        .collect()
}

fn two(dense: Vec<Scored>, lexical: Vec<Scored>) -> Lists {
    Lists {
        dense,
        lexical,
        topic: Vec::new(),
    }
}

fn ids(hits: &[IndexHit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.template_id.0).collect()
}

#[test]
fn first_in_both_lists_scores_one() {
    let hits = fuse(two(list(&[7, 1]), list(&[7, 2])), Weights::MEANING, 10);
    assert_eq!(hits[0].template_id, TemplateId(7));
    assert!((hits[0].score - 1.0).abs() < 1e-6);
    assert_eq!(hits[0].similarity, Some(1.0));
    assert_eq!(hits[0].lexical, Some(1.0));
    assert_eq!(hits[1].lexical, None);
}

#[test]
fn meaning_outranks_words_and_exact_turns_that_around() {
    assert_eq!(
        ids(&fuse(two(list(&[1]), list(&[2])), Weights::MEANING, 10)),
        [1, 2]
    );
    assert_eq!(
        ids(&fuse(two(list(&[1]), list(&[2])), Weights::EXACT, 10)),
        [2, 1]
    );
}

#[test]
fn agreement_beats_a_single_first_place() {
    let hits = fuse(two(list(&[1, 2, 3]), list(&[2, 3])), Weights::MEANING, 10);
    // What both lists hold comes before what one of them has first; among these the scores decide.
    assert_eq!(ids(&hits), [2, 3, 1]);
}

#[test]
fn what_a_question_is_about_outweighs_a_little_nearness() {
    let lists = Lists {
        dense: scored(&[(1, 0.5), (2, 0.4), (3, 0.3)]),
        lexical: scored(&[(3, 4.0)]),
        topic: scored(&[(2, 9.0), (3, 8.0)]),
    };
    let hits = fuse(lists, Weights::MEANING, 10);
    assert_eq!(ids(&hits), [2, 3, 1]);
    assert_eq!(hits[0].topic, Some(9.0));
    assert_eq!(hits[2].topic, None);
}

#[test]
fn how_much_nearer_the_first_is_decides_and_not_its_place_alone() {
    let about = |first: f32| {
        let lists = Lists {
            dense: scored(&[(1, first), (2, 0.3)]),
            topic: scored(&[(2, 9.0), (1, 3.0)]),
            ..Lists::default()
        };
        ids(&fuse(lists, Weights::MEANING, 10))[0]
    };
    assert_eq!(about(0.35), 2, "hardly nearer");
    assert_eq!(about(0.7), 1, "far nearer");
}

#[test]
fn what_has_no_vector_yet_counts_as_hardly_near() {
    let lists = Lists {
        dense: scored(&[(1, 0.6), (2, 0.05)]),
        lexical: scored(&[(3, 5.0)]),
        ..Lists::default()
    };
    assert_eq!(ids(&fuse(lists, Weights::MEANING, 10)), [1, 3, 2]);
}

#[test]
fn words_that_nobody_has_another_word_for_count_more() {
    let lexical = |share| Weights::for_unknown(share).lexical;
    assert!((lexical(0.0) - Weights::MEANING.lexical).abs() < 1e-6);
    assert!((lexical(1.0) - LEXICAL_OF_UNKNOWN).abs() < 1e-6);
    assert!(lexical(0.5) > lexical(0.1));
}

#[test]
fn one_list_alone_keeps_its_order_and_its_best_scores_one() {
    let hits = fuse(two(Vec::new(), list(&[5, 4, 6])), Weights::MEANING, 2);
    assert_eq!(ids(&hits), [5, 4]);
    assert!((hits[0].score - 1.0).abs() < 1e-6);
    assert!(fuse(Lists::default(), Weights::MEANING, 2).is_empty());
}

#[test]
fn equal_scores_are_ordered_by_id() {
    let tied = vec![
        (TemplateId(9), 0.5),
        (TemplateId(2), 0.5),
        (TemplateId(4), 0.5),
    ];
    assert_eq!(
        ids(&fuse(two(tied, Vec::new()), Weights::MEANING, 10)),
        [2, 4, 9]
    );
}
