use std::collections::HashMap;

use ingest::{BulkAction, BulkItem};
use serde_json::{Value, json};

use super::{Wanted, answer};

fn item(action: BulkAction, index: &str, outcome: Result<usize, &str>) -> BulkItem {
    BulkItem {
        action,
        index: index.into(),
        id: None,
        outcome: outcome.map_err(str::to_owned),
    }
}

fn read(items: &[BulkItem], refused: &HashMap<usize, String>) -> Value {
    serde_json::from_str(&answer(items, refused, Wanted::ALL, "r", 7)).unwrap()
}

#[test]
fn every_item_has_an_entry_in_its_order() {
    let mut named = item(BulkAction::Index, "b\"\\\u{1}", Ok(1));
    named.id = Some("an \"id\"".to_owned());
    let items = [
        item(BulkAction::Create, "a", Ok(0)),
        named,
        item(BulkAction::Create, "a", Ok(2)),
    ];
    let stored = |index: &str, id: &str| json!({ "_index": index, "_id": id, "_version": 1, "result": "created", "status": 201 });
    let wanted = json!({ "took": 7, "errors": false, "items": [
        { "create": stored("a", "r-0") },
        { "index": stored("b\"\\\u{1}", "an \"id\"") },
        { "create": stored("a", "r-2") },
    ]});
    assert_eq!(read(&items, &HashMap::new()), wanted);
    let none = read(&[], &HashMap::new());
    assert_eq!(none, json!({ "took": 7, "errors": false, "items": [] }));
}

#[test]
fn what_was_refused_says_why() {
    let items = [
        item(BulkAction::Delete, "a", Err("no \"such\" thing")),
        item(BulkAction::Create, "a", Ok(0)),
        item(BulkAction::Update, "", Ok(1)),
    ];
    let refused = HashMap::from([(0, "text too long\n".to_owned())]);
    let answer = read(&items, &refused);
    assert_eq!(answer["errors"], true);
    let delete = json!({ "_index": "a", "_id": "r-0", "status": 400,
        "error": { "type": "illegal_argument_exception", "reason": "no \"such\" thing" } });
    assert_eq!(answer["items"][0], json!({ "delete": delete }));
    let create = &answer["items"][1]["create"];
    assert_eq!(create["error"]["type"], "document_parsing_exception");
    assert_eq!(create["error"]["reason"], "text too long\n");
    assert_eq!(create["result"], Value::Null);
    assert_eq!(answer["items"][2]["update"]["status"], 201);
}

#[test]
fn a_shipper_gets_what_it_asks_for() {
    let items = [
        item(BulkAction::Create, "a", Ok(0)),
        item(BulkAction::Create, "a", Err("bad")),
    ];
    let read = |query: &str| -> Value {
        let wanted = Wanted::of_query(query);
        serde_json::from_str(&answer(&items, &HashMap::new(), wanted, "r", 7)).unwrap()
    };
    let error = json!({ "type": "document_parsing_exception", "reason": "bad" });
    let beats = read("filter_path=errors%2Citems.%2A.error%2Citems.%2A.status&timeout=1m");
    let wanted = json!({ "errors": true, "items": [
        { "create": { "status": 201 } }, { "create": { "status": 400, "error": error } } ]});
    assert_eq!(beats, wanted);
    assert_eq!(read("filter_path=errors"), json!({ "errors": true }));
    let errors = read("filter_path=took,items.*.error");
    assert_eq!(
        errors,
        json!({ "took": 7, "items": [{ "create": { "error": error } }] })
    );
    for query in ["", "timeout=1m", "filter_path=-took", "filter_path=items"] {
        assert_eq!(Wanted::of_query(query), Wanted::ALL, "{query}");
    }
    let one = [item(BulkAction::Create, "a", Ok(0))];
    let wanted = Wanted::of_query("filter_path=items.*.error");
    assert_eq!(answer(&one, &HashMap::new(), wanted, "r", 7), "{}");
}
