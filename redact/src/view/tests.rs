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
    assert_eq!(decoded(r"a\nb\/c").as_deref(), Some("a\nb/c"));
    assert_eq!(decoded("plain text"), None);
    assert_eq!(decoded("50% of\\users & more é"), None);
    assert_eq!(decoded("%"), None);
    assert_eq!(decoded("%4"), None);
}

#[test]
fn digits_dashes_and_letters_that_look_alike_are_read_as_ascii() {
    assert_eq!(decoded("٤١١١ ४१ 1–2").as_deref(), Some("4111 41 1-2"));
    // Cyrillic letters inside a Latin word, and a Cyrillic word.
    assert_eq!(decoded("pаsswоrd=x").as_deref(), Some("password=x"));
    assert_eq!(decoded("оса"), None);
}

#[test]
fn the_plus_of_an_address_stays_and_that_of_a_form_is_a_space() {
    assert_eq!(decoded("a+b%40c.de").as_deref(), Some("a+b@c.de"));
    assert_eq!(decoded("Oak+Street").as_deref(), Some("Oak Street"));
    assert_eq!(
        decoded("to+12+Oak,+602+00+Brno+a+%2B44").as_deref(),
        Some("to 12 Oak, 602 00 Brno a +44")
    );
    assert_eq!(decoded("tel=+4420794609").as_deref(), None);
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
