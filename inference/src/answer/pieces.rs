//! The text inside a model's document while it is still being written.

/// Characters that are looked at: many times what a story needs.
const MAX_CHARS: usize = 8_192;

/// Takes the pieces of a document `{"story":"..."}` and gives the story's text as far as it is known. What it
/// gives is not verified: it may be shown only until the verified answer takes its place.
#[derive(Debug, Default)]
pub struct StoryPieces {
    document: String,
    /// Where the text that has not been given out goes on; `None` before the story has begun.
    at: Option<usize>,
    is_over: bool,
}

impl StoryPieces {
    /// The text that this piece adds; empty when it adds none.
    pub fn read(&mut self, piece: &str) -> String {
        if self.is_over || self.document.len() + piece.len() > MAX_CHARS {
            self.is_over = true;
            return String::new();
        }
        self.document.push_str(piece);
        if self.at.is_none() {
            self.at = story_start(&self.document);
        }
        let Some(mut at) = self.at else {
            return String::new();
        };
        let mut text = String::new();
        while let Some((c, length)) = next(&self.document[at..]) {
            at += length;
            match c {
                Part::Text(c) => text.push(c),
                Part::End => {
                    self.is_over = true;
                    break;
                }
            }
        }
        self.at = Some(at);
        text
    }
}

enum Part {
    Text(char),
    End,
}

/// Where the story's text begins.
fn story_start(document: &str) -> Option<usize> {
    let key = document.find("\"story\"")? + "\"story\"".len();
    let rest = document[key..].trim_start().strip_prefix(':')?;
    let rest = rest.trim_start().strip_prefix('"')?;
    Some(document.len() - rest.len())
}

/// The next character of a JSON string and its length as written; `None` while it is not complete.
fn next(rest: &str) -> Option<(Part, usize)> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    if first == '"' {
        return Some((Part::End, 1));
    }
    if first != '\\' {
        return Some((Part::Text(first), first.len_utf8()));
    }
    let escaped = chars.next()?;
    let c = match escaped {
        'n' | 'r' | 't' | 'b' | 'f' => ' ',
        'u' => {
            let digits = rest.get(2..6)?;
            let number = u32::from_str_radix(digits, 16).ok();
            // Halves of a pair have no meaning alone; nobody writes words with them.
            let c = number.and_then(char::from_u32).unwrap_or('\u{fffd}');
            return Some((Part::Text(c), 6));
        }
        other => other,
    };
    Some((Part::Text(c), 1 + escaped.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&str]) -> Vec<String> {
        let mut story = StoryPieces::default();
        pieces.iter().map(|piece| story.read(piece)).collect()
    }

    #[test]
    fn only_the_text_of_the_story_is_given_as_it_comes() {
        assert_eq!(
            read(&[
                "{\"st",
                "ory\"",
                ": \"The pool",
                " is dry [1]",
                ".\"}",
                "tail"
            ]),
            ["", "", "The pool", " is dry [1]", ".", ""]
        );
        assert_eq!(read(&["{\"title\":\"Pool\",\"story\":\"Dry\"}"]), ["Dry"]);
        assert_eq!(read(&["no document"]), [""]);
    }

    #[test]
    fn escapes_may_be_cut_anywhere() {
        let whole = r#"{"story":"a \"b\" \u00e9\\ c"}"#;
        let pieces: Vec<String> = whole.chars().map(String::from).collect();
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        assert_eq!(read(&pieces).concat(), "a \"b\" \u{e9}\\ c");
    }
}
