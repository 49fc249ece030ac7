use super::*;

fn names(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    find(&Lexicon::new(), text, &mut found);
    found
        .iter()
        .map(|finding| &text[finding.start..finding.end])
        .collect()
}

#[test]
fn names_that_a_list_knows_are_found_in_any_sentence() {
    assert_eq!(
        names("refund for Maria Gonzalez failed"),
        ["Maria Gonzalez"]
    );
    assert_eq!(names("Oluwaseun Adeyemi logged in"), ["Oluwaseun Adeyemi"]);
    assert_eq!(
        names("signed by Jean-Luc D. O'Brien today"),
        ["Jean-Luc D. O'Brien"]
    );
    assert_eq!(
        names("call Jürgen Müller or Zoë van der Berg"),
        ["Jürgen Müller", "Zoë van der Berg"]
    );
    assert_eq!(
        names("Order created Hiroshi Watanabe paid"),
        ["Hiroshi Watanabe"]
    );
    assert_eq!(names("from Ueda, Hana at the desk"), ["Ueda, Hana"]);
    assert_eq!(names("name=Priya+Sharma&x=1"), ["Priya+Sharma"]);
}

#[test]
fn names_that_no_list_knows_are_found_where_a_person_is_named() {
    assert_eq!(
        names("customer Xanthor Quillweather called"),
        ["Xanthor Quillweather"]
    );
    assert_eq!(names("for Mrs. Quillweather"), ["Quillweather"]);
    assert_eq!(
        names("cardholder=\"Brimble Tottleby\""),
        ["Brimble Tottleby"]
    );
    assert_eq!(names("name=\"Rosa Tottleby\" age=3"), ["Rosa Tottleby"]);
}

#[test]
fn titles_products_places_and_code_are_no_names() {
    for text in [
        "Accepted publickey for deploy from host",
        "INFO Starting Order Service on Port Eight",
        "Connection Reset by Peer",
        "java.lang.NullPointerException at Foo.bar(Main.java:12)",
        "name=\"Nightly Backup\" kind=Job",
        "Content-Type: text/html; User-Agent: Mozilla",
        "Amazon Linux on Apple Silicon, Google Chrome, Visual Studio",
        "GET /Users/List HTTP",
        "Grace Period Expired, Mark Complete, Will Retry, Page Fault",
        "Victoria Metrics and Alma Linux",
        "Monday March January Total Score",
        "Failed password for invalid user from Port",
        "Remote Desktop, Default Gateway, Key Vault, Stack Overflow",
    ] {
        assert!(names(text).is_empty(), "{text}: {:?}", names(text));
    }
}
