use super::*;

#[test]
fn a_text_that_names_its_cause_has_a_meaning_and_steps() {
    let found = meaning("java.lang.OutOfMemoryError: Java heap space", Some("cart")).unwrap();
    assert_eq!(found.name, "out of memory");
    assert!(
        found.next_steps[0].contains("cart"),
        "{:?}",
        found.next_steps
    );
    assert_eq!(meaning("user anna logged in", None), None);
}

#[test]
fn terms_are_explained_once_and_in_order() {
    let found = terms("dial tcp: ECONNREFUSED after DNS lookup, dns again, SIGTERM");
    let names: Vec<&str> = found.iter().map(|(term, _)| *term).collect();
    assert_eq!(names, ["econnrefused", "dns", "sigterm"]);
    // A part of a word is no term.
    assert!(terms("theology of ssle").is_empty());
    let many = terms("eof oom tls wal gc rst dns");
    assert_eq!(many.len(), 4);
}

#[test]
fn every_term_stands_once_and_every_gloss_is_a_clause() {
    let mut seen = std::collections::BTreeSet::new();
    for (term, gloss) in glossary::TERMS {
        assert!(seen.insert(term), "{term} twice");
        assert_eq!(term, term.to_lowercase());
        assert!(!gloss.ends_with('.') && gloss.len() > 10, "{term}: {gloss}");
    }
}

#[test]
fn a_status_is_said_in_words() {
    assert_eq!(
        http_status(503),
        Some("the server cannot serve at the moment")
    );
    assert_eq!(http_status(418), Some("the request was refused"));
    assert_eq!(http_status(700), None);
}
