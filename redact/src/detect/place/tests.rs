use crate::Kind;

fn addresses(text: &str) -> Vec<&str> {
    crate::Scrubber::new()
        .find(text)
        .iter()
        .filter(|finding| finding.kind == Kind::Address)
        .map(|finding| &text[finding.start..finding.end])
        .collect()
}

#[test]
fn streets_of_many_countries_are_found_with_what_belongs_to_them() {
    for (text, expected) in [
        (
            "ship to 221B Baker Street, London NW1 6XE today",
            "221B Baker Street, London NW1 6XE",
        ),
        (
            "at 1600 Pine Ridge Drive Apt. 5, Springfield, IL 62704 ok",
            "1600 Pine Ridge Drive Apt. 5, Springfield, IL 62704",
        ),
        (
            "an Hauptstraße 12a, 10115 Berlin gesendet",
            "Hauptstraße 12a, 10115 Berlin",
        ),
        (
            "12 Rue de Rivoli, 75001 Paris",
            "12 Rue de Rivoli, 75001 Paris",
        ),
        ("chez 5 rue de la Paix, Paris", "5 rue de la Paix, Paris"),
        ("Calle Mayor 7 closed", "Calle Mayor 7"),
        (
            "x=1&address=12+Oak+Street,+Denver&y",
            "12+Oak+Street,+Denver",
        ),
        ("Storgatan 4 and", "Storgatan 4"),
        ("mail P.O. Box 149 now", "P.O. Box 149"),
        ("from Lindenwood, TX 75001.", "Lindenwood, TX 75001"),
        ("350 5th Avenue", "350 5th Avenue"),
        (
            "address=\"Flat 3, Rosemead Villas, Dunmore\" x",
            "Flat 3, Rosemead Villas, Dunmore",
        ),
        (
            "{\"shipping_address\":\"Plot 9 Kwame Rd\",\"q\":1}",
            "Plot 9 Kwame Rd",
        ),
    ] {
        assert_eq!(addresses(text), [expected], "{text}");
    }
}

#[test]
fn numbers_beside_words_of_logs_are_no_addresses() {
    for text in [
        "took 467 ms for 3 Requests in Way",
        "5 Failed Login Attempts",
        "worker 12 Running Task Loop",
        "Step 3 Build Drive Mount Failed",
        "address=\"0.0.0.0:8080\" addr=127.0.0.1:53 address already in use",
        "2026-11-28 10:11:12 INFO Http Server Listening",
        "Job 7 Retry Pass",
        "Via 10 hops, Route 53 Health Check",
        "address=\"localhost port 80\"",
        "email_address=\"none given\"",
    ] {
        assert!(addresses(text).is_empty(), "{text}: {:?}", addresses(text));
    }
}
