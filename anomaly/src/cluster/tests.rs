use proptest::prelude::*;

use super::*;

/// A unit vector near one of a few directions; `spread` is how far.
fn near(direction: usize, seed: u64, spread: f32, dimension: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..dimension)
        .map(|i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0;
            let base = if i == direction { 1.0 } else { 0.0 };
            base + spread * noise / (dimension as f32).sqrt()
        })
        .collect()
}

fn items(groups: usize, each: usize, dimension: usize) -> Vec<(TemplateId, Vec<f32>)> {
    (0..groups * each)
        .map(|i| {
            (
                TemplateId(i as u64),
                near(i % groups, i as u64 + 1, 0.6, dimension),
            )
        })
        .collect()
}

#[test]
fn templates_of_a_kind_are_one_cluster_and_loners_none() {
    let mut all = items(3, 10, 32);
    all.push((TemplateId(900), near(20, 5, 0.1, 32)));
    let clusters = cluster(&all, &ClusterConfig::default());
    assert_eq!(
        clusters.iter().map(|c| c.members.len()).collect::<Vec<_>>(),
        [10, 10, 10]
    );
    for c in &clusters {
        let kind = c.medoid.0 % 3;
        assert!(c.members.iter().all(|m| m.0 % 3 == kind));
        assert_eq!(c.members[0], c.medoid);
        assert!(c.cohesion > 0.7 && c.cohesion <= 1.0);
    }
}

#[test]
fn beyond_the_exact_limit_the_others_join_or_form_their_own() {
    let config = ClusterConfig {
        max_exact: 40,
        ..ClusterConfig::default()
    };
    let mut all = items(4, 50, 32);
    // Two directions that the first forty do not show.
    all.extend((0..10).map(|i| (TemplateId(1_000 + i), near(30, i + 9, 0.3, 32))));
    let clusters = cluster(&all, &config);
    assert_eq!(
        clusters.iter().map(|c| c.members.len()).collect::<Vec<_>>(),
        [50, 50, 50, 50, 10]
    );
}

#[test]
fn unusable_vectors_are_left_out() {
    let all = vec![
        (TemplateId(1), vec![0.0; 4]),
        (TemplateId(2), vec![1.0, 0.0, 0.0, 0.0]),
        (TemplateId(3), vec![1.0, 0.1, 0.0, 0.0]),
        (TemplateId(4), vec![f32::NAN, 0.0, 0.0, 0.0]),
        (TemplateId(5), vec![1.0, 0.0]),
        (TemplateId(6), Vec::new()),
    ];
    let clusters = cluster(&all, &ClusterConfig::default());
    assert_eq!(clusters.len(), 1);
    assert_eq!(clusters[0].members.len(), 2);
    assert_eq!(cluster(&[], &ClusterConfig::default()), []);
}

#[test]
fn a_label_names_the_most_central_template_and_the_common_words() {
    let label = label_cluster(&[
        "connection to <ip> refused",
        "connection to <host>:<num> refused by peer",
        "Connection reset by <ip>",
    ]);
    assert_eq!(label.title, "connection to <ip> refused");
    assert_eq!(label.words, ["connection", "refused"]);
    assert_eq!(label_cluster(&[]).words, Vec::<String>::new());
    assert_eq!(label_cluster(&["a < b"]).title, "a < b");
}

proptest! {
    #[test]
    fn arbitrary_vectors_never_panic_and_no_template_is_in_two_clusters(
        vectors in prop::collection::vec(prop::collection::vec(any::<f32>(), 0..5), 0..40),
        min_similarity in -2.0f64..2.0,
        max_exact in 0usize..10,
    ) {
        let items: Vec<_> = vectors
            .into_iter()
            .enumerate()
            .map(|(i, v)| (TemplateId(i as u64), v))
            .collect();
        let config = ClusterConfig { min_similarity, max_exact, ..ClusterConfig::default() };
        let mut seen = std::collections::BTreeSet::new();
        for cluster in cluster(&items, &config) {
            prop_assert!((0.0..=1.0).contains(&cluster.cohesion));
            for member in cluster.members {
                prop_assert!(seen.insert(member));
            }
        }
    }
}
