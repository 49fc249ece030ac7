//! The scores on the labelled loghub sets, where they are at hand. They are measured on what is
//! there and asserted with room, so that a change that costs quality is noticed.

use std::collections::BTreeSet;

use patterns::{Miner, MinerConfig};
use scoring::{default_directory, labelled_files, read_rows, score};

#[path = "../examples/score/scoring.rs"]
mod scoring;

#[test]
fn one_configuration_scores_well_on_every_labelled_set_at_hand() {
    let Some(sets) = labelled_files(&default_directory()) else {
        return;
    };
    let mut total = [0.0; 4];
    for (_, path) in &sets {
        let (scores, _, _) = score(&read_rows(path), false);
        for (sum, score) in total.iter_mut().zip(scores) {
            *sum += score / sets.len() as f64;
        }
    }
    let [grouping, grouping_f1, parsing, template_f1] = total;
    assert!(grouping >= 0.93, "grouping accuracy {grouping:.3}");
    assert!(grouping_f1 >= 0.93, "F1 of grouping {grouping_f1:.3}");
    assert!(parsing >= 0.85, "parsing accuracy {parsing:.3}");
    assert!(template_f1 >= 0.85, "F1 of templates {template_f1:.3}");
}

#[test]
fn real_logs_end_in_the_same_templates_whatever_their_order() {
    let Some(sets) = labelled_files(&default_directory()) else {
        return;
    };
    let (mut templates, mut differing) = (0, 0);
    for (_, path) in &sets {
        let lines: Vec<String> = read_rows(path)
            .into_iter()
            .map(|(content, _)| content)
            .collect();
        let forwards = live_after(lines.iter());
        let backwards = live_after(lines.iter().rev());
        templates += forwards.len();
        differing += forwards.symmetric_difference(&backwards).count();
    }
    assert!(
        differing * 100 <= templates,
        "{differing} of {templates} templates depend on the order"
    );
}

fn live_after<'line>(lines: impl Iterator<Item = &'line String>) -> BTreeSet<String> {
    let mut miner = Miner::new(MinerConfig::default());
    for line in lines {
        miner.mine(line);
    }
    miner.templates().map(|(_, text)| text.to_owned()).collect()
}
