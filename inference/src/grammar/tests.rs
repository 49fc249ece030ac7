use llguidance::toktrie::ApproximateTokEnv;

use super::*;

/// Whether a text is exactly one document of the grammar, over a vocabulary of single bytes.
fn accepts(grammar: &Grammar, text: &str) -> bool {
    let env = ApproximateTokEnv::single_byte_env();
    let factory = GrammarFactory::new(&env).unwrap();
    let mut constraint = factory.compile(grammar).unwrap().unwrap();
    for byte in text.bytes() {
        if constraint.is_finished() || constraint.accept(u32::from(byte)).is_err() {
            return false;
        }
    }
    constraint.is_finished() || constraint.matcher.is_accepting().unwrap_or(false)
}

fn story(evidence: &[u32]) -> Grammar {
    let shape = StoryShape {
        titled: true,
        sentences: 2,
    };
    Grammar::Lark(story_grammar(shape, evidence).unwrap())
}

const GOOD: &str = r#"{"title":"Checkout cannot connect","story":"The checkout service could not connect to its database [1][3]. Its callers got error answers [2]."}"#;

#[test]
fn a_story_has_a_title_and_cited_sentences() {
    assert!(accepts(&story(&[1, 2, 3]), GOOD));
}

#[test]
fn evidence_that_is_not_offered_cannot_be_cited() {
    assert!(!accepts(&story(&[1, 2]), GOOD));
    assert!(!accepts(&story(&[1, 2, 4, 13]), GOOD));
}

#[test]
fn digits_markup_and_uncited_sentences_cannot_be_written() {
    let grammar = story(&[1, 2, 3]);
    for (from, to) in [
        ("connect to", "connect 42 times to"),
        ("its database", "db7"),
        ("its database", "<b>it</b> now"),
        (" [1][3]", ""),
        ("its database", "http://x.y now"),
        ("[1][3]", "[1][2][3][1]"),
        ("Its callers", "its callers"),
    ] {
        assert!(!accepts(&grammar, &GOOD.replace(from, to)), "{to}");
    }
}

#[test]
fn no_evidence_means_no_story() {
    let shape = StoryShape {
        titled: false,
        sentences: 1,
    };
    assert!(story_grammar(shape, &[]).is_none());
    assert!(story_grammar(shape, &[0, 99]).is_none());
}

#[test]
fn fragments_are_a_list_of_short_lowercase_texts() {
    let grammar = Grammar::Lark(fragments_grammar(2));
    assert!(accepts(
        &grammar,
        r#"["connection refused","no route to host"]"#
    ));
    assert!(!accepts(&grammar, r#"["connection refused"]"#));
    assert!(!accepts(
        &grammar,
        r#"["Connection 42","no route to host"]"#
    ));
}

#[test]
fn a_json_schema_is_a_grammar_too() {
    let schema = serde_json::json!({
        "type": "object",
        "properties": { "class": { "enum": ["timeout", "dns"] } },
        "required": ["class"],
        "additionalProperties": false
    });
    let grammar = Grammar::JsonSchema(schema);
    assert!(accepts(&grammar, r#"{"class":"dns"}"#));
    assert!(!accepts(&grammar, r#"{"class":"aliens"}"#));
}

#[test]
fn a_broken_grammar_is_an_error() {
    let env = ApproximateTokEnv::single_byte_env();
    let factory = GrammarFactory::new(&env).unwrap();
    let broken = Grammar::Lark("start: nothing_here".to_owned());
    assert!(matches!(factory.compile(&broken), Err(Error::Grammar(_))));
}
