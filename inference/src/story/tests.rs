use super::*;

fn sentences(story: &str) -> Result<Vec<(String, Vec<u32>)>, String> {
    let text = serde_json::json!({ "story": story }).to_string();
    parse_story(&text).map(|story| {
        let pair = |sentence: Sentence| (sentence.text, sentence.citations);
        story.sentences.into_iter().map(pair).collect()
    })
}

#[test]
fn marks_stand_before_or_after_the_full_stop() {
    let expected = vec![
        ("Checkout fails.".to_owned(), vec![1, 2]),
        ("Web is slow.".to_owned(), vec![3]),
    ];
    assert_eq!(
        sentences("Checkout fails [1][2]. Web is slow [3].").unwrap(),
        expected
    );
    assert_eq!(
        sentences("Checkout fails. [1] [2] Web is slow. [3]").unwrap(),
        expected
    );
    assert_eq!(
        sentences("Checkout fails [1], [2]. Web is slow [3]").unwrap(),
        expected
    );
}

#[test]
fn text_without_a_citation_is_refused() {
    assert!(sentences("Checkout fails [1]. And more").is_err());
    assert!(sentences("Nothing cited.").is_err());
    assert!(sentences("").is_err());
}

#[test]
fn two_sentences_behind_one_citation_are_refused() {
    for story in [
        "All data of customers was lost. Checkout fails [1].",
        "All data was lost! checkout fails [1].",
        "Was all data lost? (Checkout) fails [1]. Web is slow [2].",
        "Checkout fails [1]. The web is \"slow.\" It lost data [2].",
        "Checkout fails… It lost data [1].",
    ] {
        assert!(sentences(story).is_err(), "{story}");
    }
    assert_eq!(
        sentences("Some calls, e.g. payments, fail vs. 2.4 before [1].")
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn fences_and_words_around_the_document_do_not_matter() {
    let text = "Here it is:\n```json\n{\"title\": \"A b\", \"story\": \"C d [1].\"}\n```";
    let story = parse_story(text).unwrap();
    assert_eq!(story.title.as_deref(), Some("A b"));
    assert_eq!(story.sentences.len(), 1);
}

#[test]
fn hostile_documents_are_refused_and_never_panic() {
    for text in [
        "",
        "{",
        "}{",
        "[1]",
        "{\"story\": 1}",
        "{\"story\": \"[\"}",
        "{\"story\": \"[99999999999]\"}",
        "{\"story\": \"é[1\"}",
    ] {
        assert!(parse_story(text).is_err(), "{text}");
    }
    assert!(parse_story(&format!("{{\"story\":\"{} [1].\"}}", "a".repeat(9_000))).is_err());
}

#[test]
fn a_list_is_read_with_words_around_it() {
    assert_eq!(parse_list("ok [\"a b\", \"c\"].").unwrap(), ["a b", "c"]);
    assert_eq!(parse_list("none"), None);
}
