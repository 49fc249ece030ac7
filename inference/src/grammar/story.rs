//! The shape of a title and cited sentences.
//!
//! What was learnt by trying (with a 1.5B and a 0.5B model): free JSON invents counts that stand in the
//! examples; so the grammar has no digits outside citations, and each sentence ends in one to three
//! numbers of evidence that exists.

/// Limits of a story.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoryShape {
    /// Whether there is a title.
    pub(crate) titled: bool,
    /// Sentences at most, 1 to 4.
    pub(crate) sentences: u32,
}

/// Evidence numbers above this are not offered: the grammar stays small and so does the prompt.
pub(crate) const MAX_CITED: u32 = 24;

/// A document `{"title":"...","story":"Sentence [1]. Sentence [2][3]."}` as a Lark grammar; `None` when
/// there is nothing to cite.
pub(crate) fn story_grammar(shape: StoryShape, evidence: &[u32]) -> Option<String> {
    let mut numbers: Vec<u32> = evidence
        .iter()
        .copied()
        .filter(|number| (1..=MAX_CITED).contains(number))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        return None;
    }
    let choices: Vec<String> = numbers.iter().map(u32::to_string).collect();
    let more = shape.sentences.clamp(1, 4) - 1;
    let title = if shape.titled {
        r#""{\"title\":\"" TITLE "\",\"story\":\"""#
    } else {
        r#""{\"story\":\"""#
    };
    // One terminal for a whole sentence: the lexer does not go back, so a body that may hold spaces
    // could not be followed by a literal that begins with one. Words are counted, not letters: two
    // counters inside each other make the lexer's automaton explode.
    Some(format!(
        r#"start: {title} SENTENCE (" " SENTENCE){{0,{more}}} "\"}}"
TITLE: /[A-Z][A-Za-z]*((, |[ -])[A-Za-z']+){{2,11}}/
SENTENCE: /[A-Z][A-Za-z]*((, |[ -])[A-Za-z']+){{4,26}} (\[({choices})\]){{1,3}}\./
"#,
        choices = choices.join("|"),
    ))
}

/// The same document as a JSON schema, as far as such a schema can say it.
pub(crate) fn story_schema(shape: StoryShape) -> serde_json::Value {
    let text = serde_json::json!({ "type": "string" });
    let (properties, required) = if shape.titled {
        let both = serde_json::json!({ "title": text, "story": text });
        (both, vec!["title", "story"])
    } else {
        (serde_json::json!({ "story": text }), vec!["story"])
    };
    serde_json::json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A document `["...","..."]` of `count` short fragments.
pub(crate) fn fragments_grammar(count: usize) -> String {
    let items = vec!["ITEM"; count.max(1)].join(" \",\" ");
    format!("start: \"[\" {items} \"]\"\nITEM: /\"[a-z][a-z' -]{{4,58}}[a-z]\"/\n")
}
