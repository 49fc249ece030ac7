use super::*;
use crate::Kind;

fn decoded(text: &str) -> Option<String> {
    View::decoded(text).map(|view| view.text().to_owned())
}

#[test]
fn escapes_are_undone_and_invisible_characters_dropped() {
    assert_eq!(decoded("a%40b.example").as_deref(), Some("a@b.example"));
    assert_eq!(decoded(r"a\u0040b").as_deref(), Some("a@b"));
    assert_eq!(decoded("a&#64;b").as_deref(), Some("a@b"));
    assert_eq!(decoded("a\u{200b}b").as_deref(), Some("ab"));
    assert_eq!(decoded("ａ＠ｂ").as_deref(), Some("a@b"));
    assert_eq!(decoded("plain text"), None);
    assert_eq!(decoded("50% of\\users & more é"), None);
    assert_eq!(decoded("%"), None);
    assert_eq!(decoded("%4"), None);
}

#[test]
fn places_are_mapped_back_to_whole_original_characters() {
    let text = "mail ada%40example.org now";
    let view = View::decoded(text).unwrap();
    let at = view.text().find("ada@").unwrap();
    let finding = view.to_original(Finding {
        start: at,
        end: at + "ada@example.org".len(),
        kind: Kind::Email,
    });
    assert_eq!(&text[finding.start..finding.end], "ada%40example.org");
}
