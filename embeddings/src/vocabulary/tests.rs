use std::collections::HashSet;

use super::*;

const FILES: &str = CONCEPTS;

fn names(ideas: &Ideas) -> Vec<&'static str> {
    ideas.keys().map(|group| name(*group)).collect()
}

#[test]
fn every_line_of_the_file_says_something_known() {
    let names: HashSet<&str> = VOCABULARY
        .groups
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(names.len(), VOCABULARY.groups.len(), "a name stands twice");
    assert!(names.len() > 150, "{}", names.len());
    for line in parse::lines(FILES) {
        let Some((key, value)) = line.split_once(':') else {
            assert!(!line.starts_with(' '), "{line}");
            continue;
        };
        match key {
            "  said" | "  printed" => {
                for phrase in parse::phrases(value) {
                    assert!(!words(&phrase).is_empty(), "'{phrase}' is passed over");
                }
            }
            "  against" | "  under" => {
                for other in parse::phrases(value) {
                    assert!(names.contains(other.as_str()), "{other}");
                }
            }
            "  kind" => assert_eq!(value.trim(), "common"),
            _ => panic!("{line}"),
        }
    }
    for group in &VOCABULARY.groups {
        assert!(
            !group.said.is_empty() && !group.printed.is_empty(),
            "{}",
            group.name
        );
    }
}

#[test]
fn what_people_say_and_what_programs_print_is_one_idea() {
    for (question, printed, idea) in [
        (
            "did a burglar sneak in",
            "authentication failure for root",
            "authentication-failure",
        ),
        (
            "the drive has no room left",
            "write: No space left on device",
            "storage-full",
        ),
        ("it never answered", "request to db timed out", "timeout"),
        (
            "could not reach the mail host",
            "connect: no route to host",
            "unreachable",
        ),
        ("was it too hot", "thermal zone 3 critical", "temperature"),
        (
            "papers of the https problem",
            "x509: certificate has expired",
            "certificate",
        ),
        (
            "who is in charge now",
            "elected as leader for term 4",
            "leader-election",
        ),
        (
            "did we run out of memory",
            "oom killer invoked",
            "out-of-memory",
        ),
    ] {
        assert!(names(&of_question(question)).contains(&idea), "{question}");
        assert!(names(&of_log_text(printed)).contains(&idea), "{printed}");
    }
}

#[test]
fn a_phrase_that_tells_several_ideas_weighs_less_for_each() {
    let alone = of_log_text("no space left on device");
    let place = |name: &str| {
        let groups = VOCABULARY.groups.iter();
        groups.take_while(|it| it.name != name).count()
    };
    let (storage, device) = (alone[&place("storage-full")], alone[&place("hardware")]);
    assert!(storage > device, "{storage} {device}");
    let both = of_log_text("timeout");
    assert!(both.values().all(|weight| *weight <= 1.0), "{both:?}");
}

#[test]
fn who_asks_for_something_broad_means_what_is_under_it() {
    let late = of_log_text("failed to send heartbeat to peer");
    assert!(!names(&late).contains(&"slow"));
    let broader = with_broader(late.clone());
    assert!(names(&broader).contains(&"slow"));
    assert!(late.iter().all(|(idea, weight)| broader[idea] == *weight));
}

#[test]
fn what_only_people_say_means_nothing_in_a_template() {
    assert!(names(&of_question("which machine")).contains(&"node"));
    assert!(!names(&of_log_text("machine check enable")).contains(&"node"));
}

#[test]
fn two_neighbours_are_one_word_too() {
    assert!(names(&of_log_text("starting data node storage")).contains(&"storage-node"));
    assert!(names(&of_log_text("DataNode")).contains(&"storage-node"));
}

#[test]
fn opposites_contradict_unless_both_are_there() {
    let contradicts =
        |question: &str, template: &str| contradict(&of_question(question), &of_log_text(template));
    assert!(contradicts("failed jobs", "job succeeded"));
    assert!(contradicts("which services started", "service stopped"));
    assert!(contradicts("is the feature enabled", "feature disabled"));
    assert!(!contradicts("failed jobs", "job failed"));
    assert!(!contradicts("failed jobs", "failed, then succeeded"));
    assert!(!contradicts("did it fail or succeed", "job succeeded"));
}

#[test]
fn a_question_is_widened_and_a_template_explained() {
    let wide = widened("somebody tried to hack us", &[]).unwrap();
    assert!(wide.starts_with("somebody tried to hack us."), "{wide}");
    assert!(wide.contains("authentication failure"), "{wide}");
    assert_eq!(widened("zebra", &[]), None);
    let near = &VOCABULARY.groups[0].printed[0];
    let wide = widened("zebra", &[0]).unwrap();
    assert!(wide.starts_with("zebra.") && wide.contains(near), "{wide}");
    assert!(gloss("authentication failure").contains("break in"));
    assert_eq!(gloss("zebra"), "");
}

#[test]
fn words_that_only_people_say_are_not_looked_for_literally() {
    assert_eq!(literal_words("hacker in zebra"), "in zebra");
    assert_eq!(literal_words("hacker"), "hacker");
    assert_eq!(literal_words("blk_17 timed out"), "blk_17 timed out");
    assert!(unknown_share("zebra timeout") > 0.4);
    assert!(unknown_share("connection timeout") < 0.1);
}

#[test]
fn bent_words_have_one_stem() {
    for family in [
        ["failed", "failure", "fails", "failing"],
        ["denied", "deny", "denies", "denying"],
        ["connection", "connections", "connected", "connect"],
    ] {
        let stems: HashSet<String> = family.iter().map(|word| stem(word)).collect();
        assert_eq!(stems.len(), 1, "{family:?}: {stems:?}");
    }
}

#[test]
fn words_that_only_look_alike_have_stems_of_their_own() {
    for (one, other) in [
        ("state", "station"),
        ("gc", "gcc"),
        ("ssid", "sid"),
        ("room", "rom"),
        ("pool", "poll"),
        ("boot", "bot"),
        ("measure", "meas"),
        ("edit", "edition"),
    ] {
        assert_ne!(stem(one), stem(other), "{one}, {other}");
    }
    for (one, other) in [
        ("measure", "measured"),
        ("stop", "stopped"),
        ("add", "adding"),
        ("fill", "filling"),
        ("closure", "closed"),
    ] {
        assert_eq!(stem(one), stem(other), "{one}, {other}");
    }
}

#[test]
fn a_word_of_many_ideas_tells_less_of_one_than_a_word_of_few() {
    let all = &*VOCABULARY;
    let common = all.printed_words.of_line(&stem("failed"));
    assert!(common > 0.0 && common < 0.7, "{common}");
    let common = all.all_words.of_question(&stem("lost"));
    assert!(common > 0.0 && common < 0.7, "{common}");
    let ideas = of_log_text("keychain status");
    let weight = |wanted: &str| {
        let found = ideas.iter().find(|(idea, _)| name(**idea) == wanted);
        found.map_or(0.0, |(_, weight)| *weight)
    };
    assert!(weight("password-store") > weight("status"), "{ideas:?}");
}
