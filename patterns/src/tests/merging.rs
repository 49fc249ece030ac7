use domain::TemplateId;

use super::{live, miner_of};
use crate::{Miner, MinerConfig, template_id};

#[test]
fn a_name_becomes_a_slot_after_enough_different_ones() {
    let lines =
        ["alice", "bob", "carol"].map(|name| format!("session opened for user {name} by (uid=0)"));
    let mut miner = miner_of(lines.iter().take(2).map(String::as_str));
    assert_eq!(miner.len(), 2);
    let third = miner.mine(&lines[2]);
    assert!(third.is_new);
    assert_eq!(live(&miner), ["session opened for user <*> by (uid=<num>)"]);
    let fourth = miner.mine("session opened for user dave by (uid=1)");
    assert_eq!(
        (fourth.template_id, fourth.is_new),
        (third.template_id, false)
    );
}

#[test]
fn a_merge_is_recorded_and_the_old_id_leads_to_the_new() {
    let mut miner = Miner::new(MinerConfig::default());
    let old = miner.mine("state=open of the door").template_id;
    miner.mine("state=closed of the door");
    let new = miner.mine("state=ajar of the door").template_id;
    let changes = miner.take_changes();
    assert_eq!(changes.created.len(), 3);
    assert_eq!(
        changes.created[2],
        (new, "state=<*> of the door".to_owned())
    );
    assert!(changes.merged.contains(&(old, new)), "{changes:?}");
    assert_eq!(miner.resolve(old), new);
    assert_eq!(miner.text(old), Some("state=open of the door"));
    assert_eq!(miner.resolve(TemplateId(7)), TemplateId(7));
    assert!(miner.take_changes().is_empty());
}

#[test]
fn kinds_of_slots_widen_without_more_evidence() {
    let mut miner = miner_of(["register iar 00106570 dear 0245a1a0"]);
    assert_eq!(live(&miner), ["register iar <num> dear <hex>"]);
    miner.mine("register iar 0010657f dear 02451111");
    assert_eq!(live(&miner), ["register iar <hex> dear <hex>"]);
}

#[test]
fn opposite_messages_stay_apart() {
    let miner = miner_of([
        "user created",
        "user deleted",
        "user updated",
        "connection opened",
        "connection closed",
        "task moved from NEW to READY",
        "task moved from READY to DONE",
        "task moved from NEW to FAILED",
    ]);
    assert_eq!(miner.len(), 8);
}

#[test]
fn key_value_pairs_vary_in_their_values_only() {
    let lines =
        ["eu", "us", "ap"].map(|region| format!("level=info region={region} cache=warm op=sync"));
    assert_eq!(
        live(&miner_of(lines.iter().map(String::as_str))),
        ["level=info region=<*> cache=warm op=sync"]
    );
    let lines =
        ["ann", "bob", "cyd"].map(|name| format!(r#"{{"event":"login","user":"{name}","id":7}}"#));
    assert_eq!(
        live(&miner_of(lines.iter().map(String::as_str))),
        [r#"{"event":"login","user":"<*>","id":<num>}"#]
    );
}

#[test]
fn plain_words_need_more_evidence_in_shorter_lines() {
    let names = [
        "kip", "ada", "bea", "cyd", "dan", "eve", "fay", "gil", "hal", "ivy", "jon", "kay",
    ];
    let short: Vec<String> = names
        .iter()
        .map(|name| format!("{name} arrived late"))
        .collect();
    assert_eq!(
        miner_of(short.iter().take(11).map(String::as_str)).len(),
        11
    );
    assert_eq!(
        live(&miner_of(short.iter().map(String::as_str))),
        ["<*> arrived late"]
    );
    let long: Vec<String> = names
        .iter()
        .map(|name| format!("the parcel sent by {name} arrived late today"))
        .collect();
    assert_eq!(miner_of(long.iter().take(5).map(String::as_str)).len(), 1);
}

#[test]
fn an_id_is_a_hash_of_the_text_and_never_changes() {
    // These two are stored in databases: a change here makes every stored id foreign.
    assert_eq!(
        template_id("user <num> logged in from <ip>").to_string(),
        "cd4edc5474e8fd03"
    );
    assert_eq!(template_id("").to_string(), "efd01f60ba992926");
    let mut miner = Miner::new(MinerConfig::default());
    let mined = miner.mine("user 7 logged in from 10.0.0.1");
    assert_eq!(
        mined.template_id,
        template_id("user <num> logged in from <ip>")
    );
}
