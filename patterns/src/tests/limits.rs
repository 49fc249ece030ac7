use super::live;
use crate::{Miner, MinerConfig, Overflow};

fn words(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|index| {
        let letter = |shift: usize| {
            char::from(
                b'a' + u8::try_from(index / 26_usize.pow(u32::try_from(shift).unwrap()) % 26)
                    .unwrap(),
            )
        };
        [letter(2), letter(1), letter(0)].iter().collect()
    })
}

#[test]
fn beyond_the_limit_of_templates_lines_fall_to_the_most_general_one() {
    let config = MinerConfig {
        max_templates: 10,
        ..MinerConfig::default()
    };
    let mut miner = Miner::new(config);
    for word in words(100) {
        miner.mine(&word);
    }
    assert_eq!(miner.len(), 11);
    assert!(live(&miner).contains(&"<*>".to_owned()));
    let known = miner.mine("aaa").template_id;
    assert_eq!(miner.text(known), Some("aaa"));
    let late = miner.mine("never seen at all");
    assert_eq!(miner.text(late.template_id), Some("<*>"));
    assert_eq!(
        miner.variables(late.template_id, "never seen at all"),
        Some(vec!["never seen at all"])
    );
}

#[test]
fn one_noisy_source_of_free_text_cannot_take_all_templates() {
    let config = MinerConfig {
        max_templates_per_first_token: 20,
        ..MinerConfig::default()
    };
    let mut miner = Miner::new(config);
    for (index, word) in words(500).enumerate() {
        let filler: Vec<String> = words(500).skip(index).take(index % 40).collect();
        miner.mine(&format!("search {word} {}", filler.join(" ")));
    }
    assert!(miner.len() <= 21, "{} templates", miner.len());
    let late = miner.mine("search for something quite different from that");
    assert_eq!(miner.text(late.template_id), Some("search <*>"));
    assert_eq!(
        miner.variables(
            late.template_id,
            "search for something quite different from that"
        ),
        Some(vec!["for something quite different from that"])
    );
    let other = miner.mine("other words").template_id;
    assert_eq!(miner.text(other), Some("other words"));
}

#[test]
fn lines_that_found_no_place_are_counted_by_the_limit_that_they_met() {
    let config = MinerConfig {
        max_templates: 30,
        max_templates_per_first_token: 20,
        ..MinerConfig::default()
    };
    let mut miner = Miner::new(config);
    for word in words(15) {
        miner.mine(&word);
    }
    assert_eq!(miner.overflow(), Overflow::default());
    for word in words(300).skip(20) {
        miner.mine(&word);
    }
    let after = miner.overflow();
    assert_eq!(after.first_token, 0);
    assert_eq!(after.all, 265, "280 new words, and room for 15");
    miner.mine("aaa");
    assert_eq!(miner.overflow(), after, "a known line has its place");

    let mut miner = Miner::new(MinerConfig {
        max_templates_per_first_token: 20,
        ..MinerConfig::default()
    });
    for (index, word) in words(500).enumerate() {
        let filler: Vec<String> = words(500).skip(index).take(index % 40).collect();
        miner.mine(&format!("search {word} {}", filler.join(" ")));
    }
    let overflow = miner.overflow();
    assert_eq!(overflow.all, 0);
    assert!(overflow.first_token > 100, "{overflow:?}");
}

#[test]
fn a_huge_line_is_looked_at_only_in_part() {
    let mut miner = Miner::new(MinerConfig::default());
    let long = "word ".repeat(250_000);
    let mined = miner.mine(&long);
    let text = miner.text(mined.template_id).unwrap();
    assert!(
        text.ends_with(" <*>") && text.len() < 1_000,
        "{} bytes",
        text.len()
    );
    let variables = miner.variables(mined.template_id, &long).unwrap();
    assert_eq!(crate::rebuild(text, &variables).unwrap(), long);
    let digits = "7".repeat(1_000_000);
    let mined = miner.mine(&digits);
    assert_eq!(miner.text(mined.template_id), Some("<num>"));
    assert_eq!(
        miner
            .variables(mined.template_id, &digits)
            .unwrap()
            .concat(),
        digits
    );
}
