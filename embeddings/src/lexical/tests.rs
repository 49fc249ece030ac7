use proptest::prelude::*;

use super::*;

fn words_of(text: &str) -> String {
    split(text).trim_end().to_owned()
}

#[test]
fn a_plain_sentence_falls_into_its_words() {
    assert_eq!(
        words_of("Connection refused, retrying (attempt 3)"),
        "Connection refused retrying attempt 3"
    );
}

#[test]
fn a_compound_is_found_by_its_whole_and_by_its_parts() {
    assert_eq!(
        words_of("dfs.DataNode$PacketResponder:"),
        "dfs.DataNode$PacketResponder dfs DataNode Data Node PacketResponder Packet Responder"
    );
    assert_eq!(
        words_of("\"/var/log/app_error.log\""),
        "var/log/app_error.log var log app error log"
    );
}

#[test]
fn an_address_keeps_its_whole_and_drops_short_numbers() {
    assert_eq!(words_of("10.251.43.7:50010"), "10.251.43.7:50010 251 50010");
    assert_eq!(words_of("HTTP 404"), "HTTP 404");
}

#[test]
fn humps_acronyms_and_trailing_digits_are_split() {
    assert_eq!(
        words_of("parseHTTPResponse"),
        "parseHTTPResponse parse HTTP Response"
    );
    assert_eq!(words_of("worker12 v2"), "worker12 worker v2");
}

#[test]
fn key_and_value_are_separate_words() {
    assert_eq!(
        words_of("user=root rhost=host-1"),
        "user root rhost host-1 host"
    );
}

#[test]
fn the_number_of_words_is_bounded() {
    let text = "word ".repeat(5_000);
    assert_eq!(words_of(&text).split(' ').count(), MAX_WORDS);
}

#[test]
fn a_question_finds_the_stem_and_not_the_stop_words() {
    let stored = document("connections were refused by the upstream");
    let asked = query("why was the connection refused?");
    let shared = asked
        .indices
        .iter()
        .filter(|index| stored.indices.contains(index))
        .count();
    assert_eq!(asked.indices.len(), 2, "connection, refused");
    assert_eq!(shared, 2);
}

#[test]
fn words_that_matter_in_logs_are_not_stop_words() {
    for word in ["down", "out", "off", "not", "no", "up"] {
        assert!(!query(word).is_empty(), "{word}");
    }
    assert!(query("what is the").is_empty());
}

#[test]
fn only_questions_that_name_a_thing_are_exact() {
    for text in [
        "what happened to blk_-1608999687919862906",
        "errors from 10.0.0.7",
        "NullPointerException in OrderService",
        "open /var/log/messages",
        "order 1234567",
        "req-3ea4052c",
    ] {
        assert!(names_something(text), "{text}");
    }
    for text in [
        "why did checkout fail last night?",
        "top 10 errors",
        "slow re-connects to the database",
        "",
    ] {
        assert!(!names_something(text), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_sorted_distinct_finite_weights(text in "\\PC{0,400}") {
        for vector in [document(&text), query(&text)] {
            prop_assert_eq!(vector.indices.len(), vector.values.len());
            prop_assert!(vector.indices.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(vector.values.iter().all(|value| value.is_finite() && *value > 0.0));
        }
    }
}
