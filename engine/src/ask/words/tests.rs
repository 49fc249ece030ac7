use super::*;

#[test]
fn bent_words_have_one_stem() {
    for family in [
        ["failed", "failure", "fails", "failing"],
        ["denied", "deny", "denies", "denying"],
        ["connection", "connections", "connected", "connect"],
        ["passwords", "password", "password", "passwords"],
        ["dropped", "drops", "dropping", "drop"],
        ["closes", "closed", "close", "closing"],
    ] {
        let stems: HashSet<String> = family.iter().map(|word| stem(word)).collect();
        assert_eq!(stems.len(), 1, "{family:?}: {stems:?}");
    }
    assert_ne!(stem("access"), stem("accept"));
}

#[test]
fn a_pattern_holds_words_also_as_two() {
    let stems = Stems::of("connection to <host> timed out, user <*> logged in");
    assert!(stems.hold("timeouts", &stem("timeouts")));
    assert!(stems.hold("login", &stem("login")));
    assert!(stems.hold("connections", &stem("connections")));
    let log = Stems::of("wrote the log in <num> ms");
    assert!(!log.hold("login", &stem("login")));
    assert!(Stems::of("failed to log in").hold("login", &stem("login")));
    // The name of a slot is no word of the pattern.
    assert!(!stems.hold("host", &stem("host")));
}

#[test]
fn a_pattern_contradicts_the_opposite_that_it_holds_alone() {
    let contradicts = |text: &str, word: &str| Stems::of(text).contradict(word, &stem(word));
    assert!(contradicts("Accepted password for <*>", "failed"));
    assert!(contradicts("job <num> succeeded", "failures"));
    assert!(contradicts("login successful", "failed"));
    assert!(contradicts("session closed", "opened"));
    assert!(contradicts("peer disconnected", "connected"));
    assert!(contradicts("access allowed", "denied"));
    assert!(contradicts("link is down", "up"));
    assert!(!contradicts("failed, retry until it succeeded", "failed"));
    assert!(!contradicts("Failed password for <*>", "failed"));
}

#[test]
fn words_are_said_for_each_other_and_against() {
    assert!(alike(&stem("logins")).any(|word| word == "password"));
    assert!(alike("zebra").next().is_none());
    assert!(is_negated("hosts that couldn't be reached"));
    assert!(!is_negated("note the nodes"));
}

#[test]
fn what_cannot_be_done_has_failed_and_adverbs_are_of_their_word() {
    let holds = |text: &str, word: &str| Stems::of(text).hold(word, &stem(word));
    assert!(holds("could not connect to <host>", "failures"));
    assert!(holds("unable to open <path>", "failed"));
    assert!(!holds("not found", "failed"));
    assert!(holds("<host> open directly", "direct"));
    assert!(!holds("early", "ear"));
}

#[test]
fn a_line_of_an_access_log_tells_of_a_request() {
    let stems = Stems::of("<ip> - <*> [<time>] \"<*> <path> HTTP/<num>\" <num> <num>");
    assert!(stems.hold("requests", &stem("requests")));
    assert!(!Stems::of("wrote <path>").hold("requests", &stem("requests")));
}

#[test]
fn nouns_are_held_by_the_verbs_that_they_come_from() {
    let holds = |text: &str, word: &str| Stems::of(text).hold(word, &stem(word));
    assert!(holds("visit cancelled by guest", "cancellations"));
    assert!(holds("cancellation of <*>", "cancelled"));
    assert!(holds("request approved", "approval"));
    assert!(holds("Mail deny file-read", "denials"));
    assert!(!holds("sign here", "signal"));
    assert!(!holds("nation", "ned"));
}

#[test]
fn a_pattern_denies_the_word_behind_its_negation() {
    let denies = |text: &str, word: &str| Stems::of(text).deny(&stem(word));
    assert!(denies("Can't find child <num> in scoreboard", "find"));
    assert!(denies("could not be reached", "reached"));
    assert!(denies("failed to open <path>", "open"));
    assert!(!denies("found child <num>", "find"));
    assert!(!denies("the job failed, open <path>", "open"));
    assert!(!denies("can open <path>", "open"));
}

#[test]
fn what_is_done_and_what_goes_on_are_told_apart() {
    let stems = Stems::of("receiving block <*>");
    assert!(stems.has_other_aspect("received", &stem("received")));
    assert!(!stems.has_other_aspect("receiving", &stem("receiving")));
    assert!(!stems.has_other_aspect("receive", &stem("receive")));
}

#[test]
fn a_negation_is_the_word_for_it() {
    let is_written = |word: &str| word == "unreadable";
    assert_eq!(
        without_negation("barcode not readable", is_written).as_deref(),
        Some("barcode unreadable")
    );
    assert_eq!(without_negation("host not reached", is_written), None);
    let is_written = |word: &str| word == "no route";
    assert_eq!(
        without_negation("No route today", is_written).as_deref(),
        Some("No route today")
    );
}

#[test]
fn a_value_is_a_word_of_its_own() {
    for text in ["user=root ", "for root from", "[root]", "Root"] {
        assert!(holds_value(text, "root"), "{text}");
    }
    for text in ["chroot", "roots", "root_2"] {
        assert!(!holds_value(text, "root"), "{text}");
    }
    assert!(holds_value("from 10.0.0.1.", "10.0.0.1"));
    assert!(holds_value("from 10.0.0.1:22", "10.0.0.1"));
    assert!(!holds_value("from 10.0.0.12", "10.0.0.1"));
    assert!(!holds_value("from 110.0.0.1 or 8.10.0.0.1", "10.0.0.1"));
}
