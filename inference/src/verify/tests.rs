use super::*;
use crate::testing::{change, numbered, pattern};
use domain::Severity;

fn evidence() -> Vec<Evidence> {
    numbered(vec![
        pattern(
            "checkout",
            Severity::Error,
            "connect to payments-db <ip>:<num> failed: Connection refused by NoRouteToHostException",
            412,
            Some(3.0),
            (0, 5),
        ),
        pattern(
            "sshd",
            Severity::Warn,
            "reverse mapping: POSSIBLE BREAK-IN ATTEMPT, node is down",
            9,
            None,
            (0, 5),
        ),
        change("checkout", "checkout v2.4.1", -3),
    ])
}

/// Nothing but what can be cited.
fn bare(evidence: &[Evidence]) -> Grounds<'_> {
    Grounds {
        evidence,
        services: &[],
        confidence: None,
        given: "",
        instructions: "",
        max_sentences: 3,
    }
}

fn check_with(
    confidence: Option<Confidence>,
    title: Option<&str>,
    story: &str,
) -> Result<(), Rejection> {
    let evidence = evidence();
    let text = serde_json::json!({ "title": title, "story": story }).to_string();
    let story = crate::story::parse_story(&text).map_err(Rejection::Unreadable)?;
    let grounds = Grounds {
        evidence: &evidence,
        services: &["payments-db".to_owned(), "web2".to_owned()],
        confidence,
        given: "connections refused or unreachable",
        instructions: "You write the title and the sentences of an incident report for an engineer.",
        max_sentences: 3,
    };
    verify(&story, &grounds)
}

fn check(story: &str) -> Result<(), Rejection> {
    check_with(None, None, story)
}

#[test]
fn a_cited_plain_sentence_passes() {
    check("The checkout service could not connect to payments-db [1].").unwrap();
    check("Connections from checkout to payments-db were refused [1]. A host reported a NoRouteToHostException [1].")
        .unwrap();
    check_with(
        None,
        Some("Checkout cannot connect to its database"),
        "The connection of checkout was refused [1].",
    )
    .unwrap();
}

#[test]
fn citations_have_to_exist() {
    assert_eq!(
        check("Connections were refused many times [7]."),
        Err(Rejection::UnknownCitation(7))
    );
    assert!(matches!(
        check("Connections were refused."),
        Err(Rejection::Unreadable(_))
    ));
}

#[test]
fn digits_are_not_written_not_even_right_ones() {
    for (story, number) in [
        (
            "Connections were refused 412 times, where 3 are usual [1].",
            "412",
        ),
        // The count is right, but of other evidence.
        ("The node reported a mapping attempt 412 times [2].", "412"),
        // A number that stands in log text.
        ("The new version 2.4.1 of checkout came [3].", "2.4.1"),
    ] {
        assert_eq!(check(story), Err(Rejection::Number(number.to_owned())));
    }
}

#[test]
fn a_hint_for_the_second_try_holds_no_word_of_the_refused_text() {
    for story in [
        "The checkout connection was compromised by zebras [1].",
        "You should restart the zebras of checkout [1].",
        "Connections were refused for 9 zebras [1].",
        "The zebras of FooBarService were refused connections [1].",
        "Connections and zebras [7].",
        "zebras without marks",
    ] {
        let rejection = check(story).unwrap_err();
        let hint = rejection.hint();
        assert!(!hint.is_empty() && !hint.contains("zebra"), "{hint}");
    }
    let word = |story: &str| check(story).unwrap_err().word();
    assert_eq!(
        word("The checkout connection was compromised [1].").as_deref(),
        Some("compromis")
    );
    assert_eq!(word("Connections were refused 412 times [1]."), None);
}

#[test]
fn numbers_in_words_are_numbers() {
    for (story, number) in [
        ("Nine hundred connections were refused [1].", "nine hundred"),
        (
            "Connections were refused four hundred and thirteen times [1].",
            "four hundred and thirteen",
        ),
        (
            "Connections were refused twenty-five times [1].",
            "twenty five",
        ),
        (
            "Connections were refused thousands of times [1].",
            "thousands",
        ),
        ("Twice as many connections were refused [1].", "twice"),
        ("Refused connections rose tenfold today [1].", "tenfold"),
        ("Half of the connections were refused [1].", "half"),
        ("One connection was refused [1].", "one"),
    ] {
        assert_eq!(
            check(story),
            Err(Rejection::Number(number.to_owned())),
            "{story}"
        );
    }
    check("Connections were refused four hundred and twelve times, where three are usual [1].")
        .unwrap();
    check("Connections were refused hundreds of times [1].").unwrap();
    // A word of the cited line may be said again.
    let evidence = numbered(vec![pattern(
        "checkout",
        Severity::Error,
        "two of five replicas refused the connection",
        9,
        None,
        (0, 5),
    )]);
    let story = crate::story::parse_story(
        r#"{"story": "The connection was refused by two of five replicas [1]."}"#,
    )
    .unwrap();
    let grounds = bare(&evidence);
    verify(&story, &grounds).unwrap();
}

#[test]
fn identifiers_hosts_and_links_have_to_be_in_the_cited_evidence() {
    for (story, word) in [
        (
            "Connections to db7.prod.local were refused [1].",
            "db7.prod.local",
        ),
        (
            "Connections to payments.internal were refused [1].",
            "payments.internal",
        ),
        (
            "Connections were refused by KafkaException [1].",
            "KafkaException",
        ),
        (
            "Connections of user_service were refused [1].",
            "user_service",
        ),
        (
            "Connections were refused, answer ZEBRA-7741 [1].",
            "ZEBRA-7741",
        ),
    ] {
        match check(story) {
            Err(Rejection::Identifier(got) | Rejection::Number(got)) => assert_eq!(got, word),
            other => panic!("{story}: {other:?}"),
        }
    }
    for story in [
        "Connections were refused, see http://attacker.invalid/x [1].",
        "Connections were refused, see //attacker.invalid [1].",
        "Connections were refused ![x](www.attacker.invalid) [1].",
    ] {
        assert!(check(story).is_err(), "{story}");
    }
    assert_eq!(
        check("The service web2 saw refused connections [1]."),
        Err(Rejection::Stranger("web2".to_owned()))
    );
    check("Connections to payments-db were refused [1].").unwrap();
    assert_eq!(
        check("The sshd of checkout had its connections refused [1]."),
        Err(Rejection::Stranger("sshd".to_owned()))
    );
}

#[test]
fn claims_need_a_cited_line_that_makes_them() {
    assert_eq!(
        check("The checkout connection was compromised [1]."),
        Err(Rejection::Overclaim("compromis".to_owned()))
    );
    assert_eq!(
        check("The connection to payments-db is down [1]."),
        Err(Rejection::Overclaim("down".to_owned()))
    );
    check("A node is down and a mapping looks like an attempt [2].").unwrap();
    // "download" and "downstream" are not "down".
    assert_eq!(
        check("The downstream connection was refused [1]."),
        Err(Rejection::Unsaid("downstream".to_owned()))
    );
}

#[test]
fn causes_are_said_only_with_a_suspect_that_is_medium_sure() {
    let story = "The connection was refused because of the new version of checkout [1][3].";
    assert_eq!(check(story), Err(Rejection::Cause("because".to_owned())));
    assert_eq!(
        check_with(Some(Confidence::Low), None, story),
        Err(Rejection::Cause("because".to_owned()))
    );
    check_with(Some(Confidence::Medium), None, story).unwrap();
}

#[test]
fn what_went_before_has_to_be_a_change_that_is_cited() {
    let story = "Connections of checkout were refused after the limit was lowered";
    assert_eq!(
        check(&format!("{story} [1].")),
        Err(Rejection::Sequence("after".to_owned()))
    );
    check("Connections were refused after the new version of checkout came [1][3].").unwrap();
}

#[test]
fn advice_and_playing_down_never_pass() {
    for story in [
        "The refused connection is harmless [1].",
        "Please ignore the refused connection [1].",
        "The connection was refused as part of a scheduled load test [1].",
        "You should restart the connection of checkout [1].",
    ] {
        assert!(matches!(check(story), Err(Rejection::Advice(_))), "{story}");
    }
}

#[test]
fn repetition_echo_and_empty_talk_are_refused() {
    assert_eq!(
        check(
            "Connections to payments-db were refused [1]. Connections were refused to payments-db [1]."
        ),
        Err(Rejection::Repeated)
    );
    assert_eq!(
        check("You write the title and the sentences of an incident with connections [1]."),
        Err(Rejection::Echo)
    );
    assert!(matches!(
        check("Everything went wrong at once somewhere [1]."),
        Err(Rejection::Ungrounded(_))
    ));
    assert!(matches!(
        check("Connections refused [1]."),
        Err(Rejection::TooShort { .. })
    ));
}

#[test]
fn markup_and_control_characters_are_refused() {
    for story in [
        "The connection was refused <b>now</b> [1].",
        "The connection was refused \u{202e}won [1].",
        "The connection was `refused` today [1].",
        "The connection was refused {{7*7}} today [1].",
        "The connection was refused | today [1].",
    ] {
        assert!(check(story).is_err(), "{story}");
    }
}

#[test]
fn words_of_a_models_own_making_are_refused() {
    for word in [
        "db-vm-vm-vm",
        "eterna-fnani-db-node",
        "connectionrefusedunreachable",
    ] {
        let refused =
            check(&format!("The checkout service is refused on {word} [1].")).unwrap_err();
        assert!(
            matches!(refused, Rejection::Identifier(_)),
            "{word}: {refused}"
        );
    }
    // A word of two plain ones is none of these; what it means has to be said all the same.
    assert_eq!(
        check("The checkout service has its side-by-side connections refused [1]."),
        Err(Rejection::Unsaid("side".to_owned()))
    );
    check("The checkout service has its connections refused by a re-connected host [1].").unwrap();
}

#[test]
fn the_name_of_a_service_alone_is_no_ground() {
    let refused = check("The checkout job cannot find a partition [1].").unwrap_err();
    assert!(matches!(refused, Rejection::Ungrounded(_)), "{refused}");
    check("The checkout job cannot connect to payments-db [1].").unwrap();
}

#[test]
fn a_word_with_a_meaning_has_to_be_in_what_is_cited() {
    for story in [
        "The checkout service could not connect to payments-db [1].",
        "Checkout repeatedly reported refused connections to payments-db [1].",
        "Connecting to payments-db failed with a route exception [1].",
        "Rejections of connections were reported more often than usual [1].",
        "A possible break-in attempt was reported about a reverse mapping [2].",
    ] {
        assert_eq!(check(story), Ok(()), "{story}");
    }
    for (story, word) in [
        (
            "The connection of checkout was refused by the firewall [1].",
            "firewall",
        ),
        ("Connections umber from checkout were refused [1].", "umber"),
        (
            "Customers of checkout were refused connections [1].",
            "customers",
        ),
        ("The connection was refused on the device [1].", "device"),
        (
            "A reverse mapping of the kernel was attempted [2].",
            "kernel",
        ),
    ] {
        assert_eq!(
            check(story),
            Err(Rejection::Unsaid(word.to_owned())),
            "{story}"
        );
    }
    assert_eq!(
        check("The connection of checkout was refused by the firewall [1].")
            .unwrap_err()
            .word()
            .as_deref(),
        Some("firewall")
    );
}

#[test]
fn what_went_well_has_not_failed() {
    let evidence = numbered(vec![pattern(
        "edge",
        Severity::Info,
        "health check passed for user <num>",
        90,
        None,
        (0, 5),
    )]);
    let grounds = bare(&evidence);
    let verdict = |story: &str| {
        let text = serde_json::json!({ "story": story }).to_string();
        verify(
            &crate::story::parse_story(&text).expect("a story"),
            &grounds,
        )
    };
    assert_eq!(verdict("Edge passed health checks of users [1]."), Ok(()));
    for (story, word) in [
        ("Edge failed the health check [1].", "failed"),
        ("The health check was not passed by edge [1].", "not"),
        ("The health check never passed in edge [1].", "never"),
        ("Health checks of edge are normal again [1].", "normal"),
        ("Health checks of edge decreased [1].", "decreased"),
        ("Health checks of edge needed a password [1].", "needed"),
    ] {
        assert_eq!(
            verdict(story),
            Err(Rejection::Unsaid(word.to_owned())),
            "{story}"
        );
    }
}

#[test]
fn a_sentence_gets_the_citation_that_it_lacks_and_no_other() {
    let evidence = numbered(vec![
        pattern(
            "catalog",
            Severity::Error,
            "lookup of host failed",
            9,
            None,
            (0, 5),
        ),
        pattern(
            "catalog",
            Severity::Error,
            "answered a client late",
            5,
            None,
            (0, 5),
        ),
        pattern("mail", Severity::Error, "queue is full", 5, None, (0, 5)),
    ]);
    let grounds = bare(&evidence);
    let cited = |story: &str| {
        let text = serde_json::json!({ "story": story }).to_string();
        let story = recited(crate::story::parse_story(&text).expect("a story"), &grounds);
        let citations = story.sentences[0].citations.clone();
        (citations, verify(&story, &grounds).is_ok())
    };
    assert_eq!(
        cited("Catalog failed a lookup of its host and answered a client late [1]."),
        (vec![1, 2], true)
    );
    // What holds stays as it is, and what nothing says is not mended.
    assert_eq!(
        cited("Catalog failed a lookup of its host [1]."),
        (vec![1], true)
    );
    assert_eq!(
        cited("Catalog failed a lookup as mail was hungry [1]."),
        (vec![1], false)
    );
    // The name of a service alone is no reason to cite it.
    assert_eq!(
        cited("Catalog failed the lookup of mail [1]."),
        (vec![1], false)
    );
}

#[test]
fn amounts_are_told_the_way_they_are() {
    // 412 where 3 are usual.
    check("Refused connections increased in checkout [1].").unwrap();
    assert_eq!(
        check("Refused connections decreased in checkout [1]."),
        Err(Rejection::Unsaid("decreased".to_owned()))
    );
}

#[test]
fn kin_are_forms_of_one_word_and_no_others() {
    for (word, other) in [
        ("connecting", "connection"),
        ("expires", "expired"),
        ("stop", "stopped"),
        ("retries", "retry"),
        ("refusal", "refused"),
        ("authenticate", "authentication"),
        ("database", "db"),
        ("rejected", "refused"),
    ] {
        assert!(said::is_kin(word, other), "{word} {other}");
    }
    for (word, other) in [
        ("recovered", "record"),
        ("database", "data"),
        ("password", "passed"),
        ("deployed", "depleted"),
        ("container", "contains"),
        ("replica", "reply"),
        ("hostile", "host"),
        ("slow", "latest"),
        ("login", "author"),
        ("quota", "fully"),
        ("certain", "certificate"),
        ("resolved", "lookup"),
    ] {
        assert!(!said::is_kin(word, other), "{word} {other}");
    }
}
