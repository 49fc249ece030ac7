//! Things that are called by their kind and a number: `KB2928120`, `storage442`, `node-114`.

use crate::dictionaries::Dictionary;

/// Patterns whose examples are looked at for one word.
const PATTERNS: usize = 2_000;
/// Letters of the shortest kind.
const LETTERS: usize = 2;

/// Whether the project's patterns call things by this word and a number.
pub(super) fn is_kind(dictionary: &Dictionary, word: &str) -> bool {
    word.len() >= LETTERS
        && word.chars().all(|c| c.is_ascii_alphabetic())
        && dictionary
            .iter()
            .take(PATTERNS)
            .any(|template| find(&template.example, word).is_some())
}

/// The first thing of this kind that a text names, as it is written.
pub(in crate::ask) fn find<'text>(text: &'text str, kind: &str) -> Option<&'text str> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(kind).find_map(|(at, _)| {
        let is_first = !text[..at].ends_with(char::is_alphanumeric);
        let start = at + kind.len();
        let end = start + number_length(&text[start..]);
        let is_last = !text[end..].starts_with(|c: char| c.is_alphanumeric());
        (is_first && is_last && end > start).then(|| &text[at..end])
    })
}

/// The length of `442`, `-114`, `_1445_0020` at the start of a text.
fn number_length(text: &str) -> usize {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let joint = usize::from(rest.starts_with(['-', '_', '#']));
        let digits = rest[joint..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len() - joint);
        if digits == 0 || end > 0 && joint == 0 {
            return end;
        }
        end += joint + digits;
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_thing_is_its_kind_and_a_number() {
        let table = [
            ("Package_for_KB2928120~31bf", "kb", Some("KB2928120")),
            ("domain storage442 is full", "storage", Some("storage442")),
            ("node-114 is down", "node", Some("node-114")),
            ("job_1445_0020 began", "job", Some("job_1445_0020")),
            ("12 kb sent", "kb", None),
            ("storage is full", "storage", None),
            ("restorage4", "storage", None),
            ("node-114b", "node", None),
        ];
        for (text, kind, expected) in table {
            assert_eq!(find(text, kind), expected, "{text}");
        }
    }
}
