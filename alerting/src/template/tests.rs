use std::collections::BTreeMap;

use super::{TemplateFacts, number_text, render};

fn check(template: &str, expected: &str) {
    let labels = BTreeMap::from([("service".to_owned(), "checkout".to_owned())]);
    let facts = TemplateFacts {
        policy: "High error rate",
        severity: "error",
        labels: &labels,
        value: Some(143.0),
        threshold: Some(0.5),
    };
    assert_eq!(render(template, &facts, 100).as_deref(), Ok(expected));
}

#[test]
fn placeholders_are_filled() {
    check(
        "{{ labels.service }}: {{ value }} errors (limit {{ threshold }})",
        "checkout: 143 errors (limit 0.5)",
    );
    check("{{ policy | upper }}", "HIGH ERROR RATE");
    check("no placeholder", "no placeholder");
    check("[{{ labels.missing }}]", "[]");
}

#[test]
fn statements_and_nonsense_are_refused() {
    let labels = BTreeMap::new();
    let facts = TemplateFacts {
        policy: "p",
        severity: "error",
        labels: &labels,
        value: None,
        threshold: None,
    };
    assert!(render("{% for i in range(9) %}x{% endfor %}", &facts, 10).is_err());
    assert!(render("{{ ", &facts, 10).is_err());
    assert!(render("{{ policy | missing_filter }}", &facts, 10).is_err());
}

#[test]
fn numbers_read_well() {
    for (value, text) in [
        (143.0, "143"),
        (0.25, "0.25"),
        (1.0 / 3.0, "0.3333"),
        (-2.5, "-2.5"),
        (0.0, "0"),
    ] {
        assert_eq!(number_text(value), text);
    }
}
