use serde_json::json;

use super::*;

#[test]
fn what_is_small_stays_as_it_is() {
    let answer = json!({ "records": [{ "body": "x" }], "count": 1 });
    assert_eq!(bounded(answer.clone(), 1_000), answer);
}

#[test]
fn the_longest_list_is_shortened_and_what_is_missing_is_counted() {
    let records: Vec<Value> = (0..1_000)
        .map(|n| json!({ "body": format!("line {n}") }))
        .collect();
    let answer = bounded(json!({ "records": records, "services": ["a", "b"] }), 4_096);
    assert!(size(&answer) <= 4_096, "{}", size(&answer));
    let kept = answer["records"].as_array().unwrap().len() as u64;
    assert!(kept > 50);
    assert_eq!(answer["left_out"]["records"].as_u64(), Some(1_000 - kept));
    assert_eq!(answer["services"], json!(["a", "b"]));
    assert_eq!(answer["records"][0]["body"], "line 0");
}

#[test]
fn one_long_text_is_cut_by_characters() {
    let answer = bounded(json!({ "text": "ä".repeat(5_000) }), 100_000);
    let text = answer["text"].as_str().unwrap();
    assert!(text.ends_with("(3000 characters more)"), "{text}");
    assert_eq!(text.chars().take_while(|c| *c == 'ä').count(), TEXT_CHARS);
}

#[test]
fn lists_far_inside_are_found() {
    let suspects: Vec<Value> = (0..500).map(|n| json!({ "name": n.to_string() })).collect();
    let answer = bounded(json!({ "answer": { "suspects": suspects } }), 2_000);
    assert!(size(&answer) <= 2_000);
    assert!(answer["left_out"]["answer.suspects"].as_u64().unwrap() > 300);
}
