use std::collections::HashMap;

use domain::TemplateId;
use proptest::prelude::*;

use super::{live, miner_of};
use crate::shape::Shape;
use crate::{Miner, MinerConfig, rebuild, template_id};

/// What a store would hold after these changes.
#[derive(Default)]
struct Stored(HashMap<TemplateId, (String, Option<TemplateId>)>);

impl Stored {
    fn write(&mut self, miner: &mut Miner) {
        let changes = miner.take_changes();
        for (id, text) in changes.created {
            assert_eq!(id, template_id(&text));
            self.0.insert(id, (text, None));
        }
        for (from, into) in changes.merged {
            assert!(self.0.contains_key(&into));
            self.0
                .get_mut(&from)
                .expect("created before it is merged")
                .1 = Some(into);
        }
    }

    fn restore(&self) -> Miner {
        Miner::restore(
            MinerConfig::default(),
            self.0
                .iter()
                .map(|(id, (text, merged_into))| (*id, text.as_str(), *merged_into)),
        )
    }
}

/// Lines that look like logs: a few messages with words, numbers and odd text in their places.
fn log_line() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "alice", "bob", "carol", "dave", "eve", "n1", "n2", "n3", "x-1", "7", "ff00ff00", "",
    ]);
    let message = prop::sample::select(vec![
        "session opened for user {} on node {}",
        "job={} state={} took 3ms",
        "{} failed: {}",
        "moved {} to {} because of the policy of today",
        "[{}] ({}) done",
        "{},{} a=b,c={}",
        "odd text {}",
    ]);
    (message, prop::collection::vec(word, 3)).prop_map(|(message, words)| {
        let mut words = words.into_iter();
        message
            .split("{}")
            .enumerate()
            .fold(String::new(), |line, (index, part)| {
                let word = if index == 0 {
                    ""
                } else {
                    words.next().unwrap_or_default()
                };
                line + word + part
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_restart_changes_no_answer(
        before in prop::collection::vec(log_line(), 0..80),
        after in prop::collection::vec(log_line(), 1..80),
    ) {
        let mut miner = Miner::new(MinerConfig::default());
        let mut stored = Stored::default();
        for line in &before {
            miner.mine(line);
        }
        stored.write(&mut miner);
        let mut restored = stored.restore();
        prop_assert_eq!(live(&miner), live(&restored));
        for line in before.iter().chain(&after) {
            prop_assert_eq!(miner.mine(line).template_id, restored.mine(line).template_id, "{}", line);
        }
        prop_assert_eq!(miner.take_changes().created, restored.take_changes().created);
    }

    #[test]
    fn old_ids_lead_to_what_the_same_line_gets_now(lines in prop::collection::vec(log_line(), 1..120)) {
        let mut miner = Miner::new(MinerConfig::default());
        let then: Vec<TemplateId> = lines.iter().map(|line| miner.mine(line).template_id).collect();
        for (line, id) in lines.iter().zip(then) {
            let resolved = miner.resolve(id);
            prop_assert_eq!(miner.resolve(resolved), resolved);
            let now = miner.mine(line).template_id;
            prop_assert_eq!(miner.resolve(now), now);
            let covers = Shape::of_text(miner.text(resolved).unwrap()).covers(&Shape::of_text(miner.text(id).unwrap()));
            prop_assert!(covers, "{:?} does not cover {:?}", miner.text(resolved), miner.text(id));
        }
    }

    #[test]
    fn messages_with_one_varying_place_do_not_depend_on_their_order(
        lines in prop::collection::vec((0_usize..4, "[a-z]{1,3}|[a-z][0-9]|<num>"), 1..60),
        seed in any::<u64>(),
    ) {
        let messages = ["opened for user {} by root", "tag={} was set", "the long road to {} was closed today", "[{}] ok then"];
        let lines: Vec<String> = lines.iter().map(|(message, word)| messages[*message].replace("{}", word)).collect();
        let mut shuffled = lines.clone();
        shuffled.sort_by_key(|line| crate::hash::quick(line.as_bytes()) ^ seed.rotate_left(u32::try_from(line.len()).unwrap()));
        prop_assert_eq!(live(&miner_of(lines.iter().map(String::as_str))), live(&miner_of(shuffled.iter().map(String::as_str))));
    }

    #[test]
    fn which_digit_a_digit_is_never_matters(line in odd_text(), digits in prop::collection::vec(b'0'..=b'9', 64)) {
        let mut next = digits.into_iter().cycle();
        let other: String = line.chars().map(|c| if c.is_ascii_digit() { next.next().unwrap().into() } else { c }).collect();
        let erased = |line: &str| {
            let masked = crate::mask::Masker::default().mask(line.as_bytes()).to_vec();
            masked.into_iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect::<Vec<u8>>()
        };
        prop_assert_eq!(erased(&line), erased(&other));
        let hash = |line: &str| crate::hash::quick_with_digits_alike(line.as_bytes());
        prop_assert_eq!(hash(&line), hash(&other));
    }

    #[test]
    fn caches_change_no_answer(lines in prop::collection::vec(prop_oneof![log_line(), odd_text()], 1..60)) {
        let mut cached = Miner::new(MinerConfig::default());
        let mut uncached = Miner::new(MinerConfig { cache_entries: 0, ..MinerConfig::default() });
        for line in lines.iter().chain(&lines) {
            prop_assert_eq!(cached.mine(line), uncached.mine(line));
        }
    }

    #[test]
    fn any_text_is_mined_and_every_answer_holds(lines in prop::collection::vec(odd_text(), 1..30)) {
        let mut miner = Miner::new(MinerConfig::default());
        for line in &lines {
            let mined = miner.mine(line);
            let text = miner.text(mined.template_id).expect("a mined template has a text").to_owned();
            prop_assert_eq!(template_id(&text), mined.template_id);
            prop_assert_eq!(Shape::of_text(&text).text(), text.clone());
            prop_assert!(Shape::of_text(&text).covers(&Shape::of_text(&text)));
            prop_assert_eq!(miner.mine(line).template_id, mined.template_id);
            prop_assert!(!crate::readable(&text).contains("  "));
        }
        for line in &lines {
            let id = miner.mine(line).template_id;
            if let Some(variables) = miner.variables(id, line) {
                let body = rebuild(miner.text(id).unwrap(), &variables);
                prop_assert_eq!(body.as_deref(), Some(line.as_str()));
            }
        }
    }
}

/// Any characters, and texts made of the pieces that the scanner looks for.
fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<",
        ">",
        "<num>",
        "<*>",
        "\"",
        "'",
        "=",
        ":",
        "::",
        "/",
        "//",
        "://",
        "\\",
        "C:\\",
        "@",
        "a@b.com",
        "~",
        "~/",
        "-",
        "--",
        "_",
        ".",
        "..",
        ",",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\u{0}",
        "\u{1}",
        "\u{b}",
        "é",
        "日本",
        "\u{1f600}",
        "0",
        "7",
        "12",
        "2024-01-02",
        "T03:04:05Z",
        "10.0.0.1",
        "1.2.3",
        "0x",
        "ff",
        "deadbeef",
        "abcdefab-7c1e-7b4a-9d5e-3f2a1b0c9d8e",
        "Jan",
        "Jan 2 ",
        "Mon",
        "at ",
        "(x)",
        "()",
        "a.b.com",
        "true",
        "k=v",
        "blk_",
        "{",
        "}",
        "[",
        "]",
        "x",
        "<34>",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat()),
    ]
}

#[test]
fn a_damaged_store_restores_without_looping() {
    let [a, b] = ["one fine day", "one rainy day"].map(template_id);
    let miner = Miner::restore(
        MinerConfig::default(),
        [
            (a, "one fine day", Some(b)),
            (b, "one rainy day", Some(a)),
            (TemplateId(9), "other text", Some(TemplateId(8))),
        ],
    );
    assert!([a, b].contains(&miner.resolve(a)));
    assert_eq!(miner.text(TemplateId(9)), Some("other text"));
    assert_eq!(miner.resolve(TemplateId(9)), template_id("other text"));
}

#[test]
fn two_nodes_agree_after_reading_each_others_templates() {
    let names = ["ann", "bob", "cyd", "dan", "eve", "fay"];
    let line = |name: &&str| format!("session opened for user {name} by root");
    let mut left = miner_of(
        names[..2]
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str),
    );
    let mut right = miner_of(
        names[2..4]
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str),
    );
    assert_eq!((left.len(), right.len()), (2, 2));
    for (_, text) in right.take_changes().created {
        left.absorb(&text);
    }
    for (_, text) in left.take_changes().created {
        right.absorb(&text);
    }
    assert_eq!(live(&left), live(&right));
    assert_eq!(live(&left), ["session opened for user <*> by root"]);
}
