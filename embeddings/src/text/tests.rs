use proptest::prelude::*;

use super::*;

fn services(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn the_text_is_service_then_template_then_example() {
    let text = index_text(
        "connection refused by",
        &services(&["checkout", "cart"]),
        "connection  refused by\n10.0.0.7",
    );
    assert_eq!(
        text,
        "checkout, cart: connection refused by. connection refused by 10.0.0.7"
    );
}

#[test]
fn missing_parts_leave_no_punctuation_behind() {
    assert_eq!(index_text("disk full", &[], ""), "disk full");
    assert_eq!(index_text("", &services(&["db"]), ""), "db: ");
    assert_eq!(index_text("", &[], "only an example"), "only an example");
}

#[test]
fn a_long_template_leaves_room_for_the_example() {
    let text = index_text(&"word ".repeat(1_000), &services(&["api"]), "the example");
    assert!(text.ends_with(". the example"), "{text}");
    assert!(text.len() <= MAX_INDEX_TEXT_BYTES);
}

#[test]
fn what_people_say_for_it_is_embedded_instead_of_the_example() {
    let text = meaning_text(
        "authentication failure for user root",
        &services(&["door"]),
        "authentication failure for user root from 10.0.0.7",
    );
    assert!(
        text.starts_with("door: authentication failure for user root. "),
        "{text}"
    );
    assert!(text.contains("break in"), "{text}");
    assert!(!text.contains("10.0.0.7"), "{text}");
    // A template that says next to nothing has its example too.
    let text = meaning_text("quagga", &[], "quagga 7 of zebra");
    assert_eq!(text, "quagga. quagga 7 of zebra");
}

proptest! {
    #[test]
    fn the_text_never_exceeds_its_limit(
        template in "\\PC{0,3000}",
        names in proptest::collection::vec("\\PC{0,100}", 0..8),
        example in "\\PC{0,4000}",
    ) {
        prop_assert!(index_text(&template, &names, &example).len() <= MAX_INDEX_TEXT_BYTES);
        prop_assert!(meaning_text(&template, &names, &example).len() <= MAX_INDEX_TEXT_BYTES);
    }
}
