use super::*;
use crate::Rule;

#[test]
fn masks_say_what_stood_there_and_lead_nowhere() {
    let scrubber = Scrubber::new();
    let masked = scrubber.mask("ada@example.org from 203.0.113.7 password=hunter2");
    assert_eq!(masked.text, "<EMAIL> from <IP> password=<PASSWORD>");
    assert_eq!(masked.count, 3);
    assert!(matches!(
        scrubber.mask("order accepted").text,
        Cow::Borrowed(_)
    ));
}

#[test]
fn credentials_alone_can_be_masked() {
    let masked = Scrubber::new()
        .mask_credentials("ada@example.org password=hunter2 card 4111 1111 1111 1111");
    assert_eq!(
        masked.text,
        "ada@example.org password=<PASSWORD> card <CARD>"
    );
}

#[test]
fn a_masked_text_is_masked_no_further() {
    let scrubber = Scrubber::new();
    let once = scrubber
        .mask("user=ada@example.org pwd=hunter2 for Rosa Ueda")
        .text
        .into_owned();
    assert_eq!(scrubber.mask(&once).text, once);
}

#[test]
fn a_rule_of_the_projects_own_wins_and_its_text_is_taken_as_it_stands() {
    let rule = Rule::new("tenant", Some("[tenant]"), |text| {
        text.match_indices("ada@example.org")
            .map(|(at, word)| at..at + word.len() + 2)
            .collect()
    });
    let scrubber = Scrubber::new().with_rules(vec![rule]).unwrap();
    assert_eq!(scrubber.mask("x ada@example.org/7 y").text, "x [tenant] y");
    let scrubbed = scrubber.scrub("x ada@example.org/7 y");
    assert_eq!(scrubbed.get(), "x [tenant] y");
    assert_eq!(scrubbed.restore(scrubbed.get()), "x [tenant] y");
}

#[test]
fn rules_beyond_their_limits_are_refused() {
    let rule = |name: &str, replacement: Option<&str>| Rule::new(name, replacement, |_| Vec::new());
    assert_eq!(rule("employee no", None).replacement(), "<EMPLOYEE_NO>");
    let many = (0..65).map(|n| rule(&n.to_string(), None)).collect();
    assert!(
        Scrubber::new()
            .with_rules(many)
            .unwrap_err()
            .to_string()
            .contains("65 rules")
    );
    assert!(
        Scrubber::new()
            .with_rules(vec![rule("x", Some(&"y".repeat(65)))])
            .is_err()
    );
    assert!(Scrubber::new().with_rules(vec![rule("", None)]).is_err());
    // Places that are none do no harm.
    let odd = Rule::new("odd", None, |text| {
        vec![
            std::ops::Range { start: 3, end: 1 },
            0..text.len() + 9,
            1..2,
        ]
    });
    let scrubber = Scrubber::new().with_rules(vec![odd]).unwrap();
    assert_eq!(scrubber.mask("éa").text, "éa");
}
