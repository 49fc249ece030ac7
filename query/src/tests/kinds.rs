//! Questions about the logs of many kinds of systems: clusters, phones, proxies, clouds.

use super::context;
use crate::{ChipKind, Intent, Interpretation, Measure, understand};

fn read(question: &str) -> Interpretation {
    let mut context = context();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    context.attributes = owned(&["component", "host", "request", "pid"]);
    context.slots = owned(&[
        "timeout",
        "temperature",
        "total",
        "level",
        "client",
        "node",
        "domain",
        "hresult",
        "tag",
        "package",
        "kb",
    ]);
    context.counted = owned(&["rows", "parts"]);
    understand(question, &context)
}

/// Intent, measure, numbers, texts, what is grouped by, values and topic in one line.
fn shown(question: &str) -> String {
    let found = read(question);
    let mut parts = vec![found.intent.as_str().to_owned()];
    parts.extend(found.measure.as_ref().map(Measure::label));
    parts.extend(found.numbers.iter().map(crate::NumberCondition::label));
    let chips = found.chips.iter().filter(|chip| {
        matches!(
            chip.kind,
            ChipKind::Status | ChipKind::GroupBy | ChipKind::Text | ChipKind::Severity
        )
    });
    parts.extend(chips.map(|chip| chip.label.clone()));
    if !found.named.is_empty() {
        parts.push(format!("named={}", found.named.join(",")));
    }
    if !found.retrieval_text.is_empty() {
        parts.push(format!("topic={}", found.retrieval_text));
    }
    parts.join(" | ")
}

#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (question, expected) in table {
        assert_eq!(shown(question), *expected, "{question:?}");
    }
}

#[test]
fn numbers_are_named_by_a_word_nearby() {
    check(&[
        (
            "sessions with a timeout of 3000",
            "find | timeout = 3000 | topic=sessions",
        ),
        (
            "temperature warnings above 60",
            "find | temperature > 60 | warn | topic=temperature",
        ),
        (
            "how many pause total times were over 60 ms",
            "count | total > 60 ms | topic=pause",
        ),
        (
            "transfers that received more than 1 mb",
            "find | received > 1048576 bytes | topic=transfers received",
        ),
    ]);
}

#[test]
fn a_number_that_nobody_understands_must_occur() {
    check(&[
        (
            "how many claims for 8192 MB of memory",
            "count | named=8192 | topic=claims memory 8192",
        ),
        ("how many claims in 2015", "count | topic=claims"),
    ]);
    assert_eq!(read("how many claims in 2015").not_understood, ["2015"]);
}

#[test]
fn measures_know_lengths_of_time_and_amounts_of_data() {
    check(&[
        (
            "average boot time of pods",
            "measure | average duration | topic=boot pods",
        ),
        (
            "mean time to recover",
            "measure | average duration | topic=recover",
        ),
        ("average time between failures", "find | error, fatal"),
        (
            "how many bytes were received",
            "measure | sum of received | topic=received",
        ),
        (
            "most bytes sent in one transfer",
            "measure | greatest sent | topic=sent transfer",
        ),
        (
            "average number of rows imported",
            "measure | average rows | topic=imported",
        ),
        (
            "lowest battery level",
            "measure | least level | topic=battery",
        ),
        ("average cpu load", "measure | average load | topic=cpu"),
        (
            "hottest temperature of pods",
            "measure | greatest temperature | topic=pods",
        ),
        (
            "hottest pod core temperature",
            "measure | greatest temperature | topic=pod core",
        ),
        ("pods above 95 C", "find | temperature > 95 | topic=pods"),
        (
            "how many imported rows in total",
            "measure | sum of rows | topic=imported rows",
        ),
    ]);
}

#[test]
fn methods_of_requests_are_words_of_their_own() {
    check(&[
        (
            "how many GET requests",
            "count | \"GET\" | named=GET | topic=requests",
        ),
        (
            "how many delete calls",
            "count | \"DELETE\" | named=DELETE | topic=calls",
        ),
        ("did we get calls", "find | topic=calls"),
    ]);
}

#[test]
fn severities_in_capitals_are_no_names_from_code() {
    check(&[
        ("WARNING count by host", "count | warn | host"),
        (
            "how many com.example.mail crashes",
            "count | \"com.example.mail\" | topic=crashes",
        ),
    ]);
}

#[test]
fn what_is_counted_by_is_found_among_other_words() {
    check(&[
        (
            "which client opened most connections",
            "most frequent | client | topic=opened connections",
        ),
        (
            "which client ip opened most connections",
            "most frequent | address | topic=opened connections",
        ),
        (
            "which storage domain is full most often",
            "most frequent | domain | topic=full",
        ),
        (
            "which program has the most errors",
            "most frequent | error, fatal | component",
        ),
        ("which tag logs the most", "most frequent | component"),
        ("errors per module", "find | error, fatal | component"),
        (
            "how many nodes are silent",
            "count | different values | node | topic=silent",
        ),
        (
            "how many requests were answered",
            "count | topic=requests answered",
        ),
        (
            "what is the hresult of the failed uploads",
            "most frequent | hresult | topic=failed uploads",
        ),
        ("top destinations", "most frequent | host"),
        (
            "which process writes most lines",
            "most frequent | component",
        ),
        (
            "WARNs vs ERRORs",
            "most frequent | warn, error, fatal | severity",
        ),
        (
            "which kb failed most often",
            "most frequent | kb | topic=failed",
        ),
    ]);
}

#[test]
fn two_times_are_compared_with_or() {
    let found = read("were there more errors on the 16th or on the 17th of november?");
    assert_eq!(found.intent, Intent::Compare);
    let reference = found.compare_with.expect("the other day");
    assert_eq!(
        found.range.start_ns - reference.start_ns,
        86_400_000_000_000
    );
}

#[test]
fn a_day_may_be_said_with_dots_and_in_parts() {
    let full = read("errors on 16.11.2026 between 13:00 and 14:00").range;
    assert_eq!(read("errors on 16.11. between 13:00 and 14:00").range, full);
    assert_eq!(read("errors on 16.11 between 13:00 and 14:00").range, full);
    let late = read("errors on 16 Nov after 22:00").range;
    assert_eq!(late.duration_ns(), 2 * 3_600_000_000_000);
    let early = read("errors on 16 Nov before 6am").range;
    assert_eq!(early.duration_ns(), 6 * 3_600_000_000_000);
    assert_eq!(late.end_ns - early.start_ns, 86_400_000_000_000);
}
