//! Questions as tired people ask them: verbs of writing, lengths of time beside times, versions, numbers that patterns name.

use super::{at, context};
use crate::{
    Deploy, GroupBy, Intent, Interpretation, Measure, NumberCondition, Quantity, QuestionContext,
    understand,
};

fn shop() -> QuestionContext {
    let mut context = context();
    context.attributes = ["duration_ms", "customer_id", "host"]
        .map(str::to_owned)
        .to_vec();
    context.slots = ["battery", "device", "attempt"].map(str::to_owned).to_vec();
    context.counted = vec!["rows".to_owned()];
    context
}

fn read(question: &str) -> Interpretation {
    understand(question, &shop())
}

#[track_caller]
fn check(question: &str, expected: &str) {
    let found = read(question);
    let mut parts = vec![found.intent.as_str().to_owned()];
    parts.extend(found.measure.as_ref().map(Measure::label));
    parts.extend(found.numbers.iter().map(NumberCondition::label));
    if let Some(GroupBy::Field(field)) = &found.group_by {
        parts.push(format!("by {}", field.as_str()));
    }
    if !found.retrieval_text.is_empty() {
        parts.push(format!("topic={}", found.retrieval_text));
    }
    parts.extend(found.not_understood.iter().map(|word| format!("?{word}")));
    assert_eq!(parts.join(" | "), expected, "{question:?}");
}

#[test]
fn that_a_service_writes_its_records_tells_nothing() {
    check("how many warnings did inventory write on Monday?", "count");
    check("errors logged by payments-api today", "find");
    check("how many errors has checkout reported since noon", "count");
    // Without a severity it is what happened.
    check(
        "how many files did inventory write today?",
        "count | topic=files write",
    );
}

#[test]
fn a_short_time_beside_another_one_is_a_number() {
    check(
        "how often did it back off for 60 seconds yesterday?",
        "count | duration = 60000 ms | topic=back off",
    );
    check("errors for 60 minutes", "find");
    check("errors in checkout for 2 hours yesterday", "find");
}

#[test]
fn hours_may_be_bare_behind_a_day() {
    let zone = "Europe/Berlin";
    for question in [
        "errors from yesterday 8 until 20 o clock",
        "errors yesterday 8 to 20",
        "errors yesterday between 8 and 20 o'clock",
    ] {
        let range = read(question).range;
        assert_eq!(
            range.start_ns,
            at("2026-11-17T08:00:00", zone),
            "{question}"
        );
        assert_eq!(range.end_ns, at("2026-11-17T20:00:00", zone), "{question}");
    }
}

#[test]
fn numbers_that_patterns_name_are_compared_and_measured() {
    check(
        "readings with battery below 8",
        "find | battery < 8 | topic=readings",
    );
    check(
        "lowest battery of device lamp-3",
        "measure | least battery | topic=device",
    );
    check("average battery today", "measure | average battery");
    check(
        "how many gave up with more than 40 requests waiting?",
        "count | requests waiting > 40 | topic=gave up",
    );
    check(
        "p95 of checkout today",
        "measure | 95th percentile of duration",
    );
    check(
        "p99 sms ms last 24h",
        "measure | 99th percentile of duration | topic=sms",
    );
    check(
        "how many rows were imported in total today?",
        "measure | sum of rows | topic=rows imported",
    );
    check(
        "how many rows were imported today?",
        "count | topic=rows imported",
    );
    check(
        "what is the average rating of the driver?",
        "measure | average rating | topic=driver",
    );
    let mut context = shop();
    let slots = ["order", "customer", "request", "device", "battery", "heap"];
    context.slots = slots.map(str::to_owned).to_vec();
    let named = |name: &str| Some(Quantity::Named(name.to_owned()));
    for (question, quantity) in [
        ("what is the average order value?", None),
        ("maximum customer balance today", named("balance")),
        ("highest request count today", None),
        ("lowest device battery today", named("battery")),
        ("average battery value today", named("battery")),
        ("highest heap usage today", named("heap")),
        ("average battery reported by lamps today", named("battery")),
    ] {
        let measure = understand(question, &context).measure;
        let found = measure.as_ref().and_then(Measure::quantity).cloned();
        assert_eq!(found, quantity, "{question}");
    }
    // A total of people is their number.
    check("total users today", "count | topic=users");
}

#[test]
fn ids_name_what_they_are_of() {
    check(
        "how many different customers paid today?",
        "count | different values | by customer_id | topic=paid",
    );
    check("which node has the most errors?", "most frequent | by host");
}

#[test]
fn statuses_and_lengths_are_told_from_limits_and_stretches() {
    let found = read("when did checkout return the first 502 yesterday?");
    assert_eq!(found.limit, None);
    assert_eq!(found.status_codes.len(), 1);
    assert_eq!(read("show the first 502 errors").limit, Some(502));
    for lead in ["first", "last", "latest", "newest", "top"] {
        let found = read(&format!("show the {lead} 500 of yesterday's errors"));
        assert_eq!(found.limit, Some(500), "{lead}");
        assert!(found.status_codes.is_empty(), "{lead}");
    }
    let found = read("what percentage of requests failed with a server error today?");
    assert_eq!(found.status_codes, [crate::StatusCode::Class(5)]);
    assert!(read("server errors today").status_codes.is_empty());
    check(
        "uploads over 500 ms",
        "find | duration > 500 ms | topic=uploads",
    );
    check("errors over 5 minutes", "find");
}

#[test]
fn what_a_time_or_a_number_says_already_is_no_topic() {
    check(
        "errors in checkout during the outage from 10:05 to 10:25",
        "find",
    );
    check("outage messages today", "find | topic=outage");
    check(
        "slow imports over 3 seconds today",
        "find | duration > 3000 ms | topic=imports",
    );
    check("slow imports today", "find | topic=slow imports");
    let found = read("how many mails to mail.example.net today?");
    assert_eq!(found.terms[0].term, "mail.example.net");
    let found = read("how many requests were answered with something else than 200 today?");
    assert!(found.status_codes.len() > 4);
    check(
        "which adress failed most?",
        "most frequent | by address | topic=failed",
    );
}

#[test]
fn people_log_in_and_servers_go_down() {
    check(
        "how many players logged in today?",
        "count | topic=players login",
    );
    check("how many errors logged in the last hour?", "count");
    assert_eq!(read("which servers went down today?").intent, Intent::Top);
    assert_eq!(read("did errors go down today?").intent, Intent::Trend);
}

#[test]
fn a_reason_that_patterns_name_is_grouped_by() {
    let mut context = shop();
    assert_eq!(
        understand("rejects by reason today", &context).group_by,
        Some(GroupBy::Template)
    );
    context.slots.push("reason".to_owned());
    let found = understand("rejects by reason today", &context);
    assert_eq!(
        found.group_by,
        Some(GroupBy::Field(crate::Field::Attribute("reason".to_owned())))
    );
    assert_ne!(found.intent, Intent::Why);
    // A number that patterns name is no text.
    let found = understand("average battery_pct today", &{
        context.slots.push("battery_pct".to_owned());
        context
    });
    assert!(found.terms.is_empty());
    assert!(found.measure.is_some());
}

#[test]
fn what_is_largest_is_measured_and_whose_it_is_is_a_user() {
    check(
        "largest upload today",
        "measure | greatest size | topic=upload",
    );
    for question in ["largest mail attachments today", "largest request bodies"] {
        let size = Some(Measure::Greatest(Quantity::Size));
        assert_eq!(read(question).measure, size, "{question}");
    }
    assert_eq!(read("what is the largest source of errors?").measure, None);
    check(
        "whose login failed most often?",
        "most frequent | by user | topic=login failed",
    );
    let found = read("how many TypeErrors did checkout throw today?");
    assert_eq!(found.terms[0].term, "TypeError");
    let found = read("when was db-eu/node1 up again?");
    assert_eq!(found.terms[0].term, "db-eu/node1");
    for question in [
        "p95/p99 latency of checkout today",
        "p99.9 latency of checkout today",
        "p50-p99 latency of checkout today",
        "errors of eu1/us22 today",
    ] {
        assert!(read(question).terms.is_empty(), "{question}");
    }
    check(
        "p95/p99 latency of checkout today",
        "measure | 95th percentile of duration",
    );
}

#[test]
fn users_who_changed_something_did_it() {
    check(
        "how many users changed their password today?",
        "count | different values | by user | topic=changed password",
    );
    assert_eq!(
        read("what changed in checkout since yesterday?").intent,
        Intent::Compare
    );
    assert_eq!(
        read("which errors are new in checkout today?").intent,
        Intent::Compare
    );
}

#[test]
fn what_comes_back_recovers() {
    check(
        "when did the database come back?",
        "last occurrence | topic=database recovered",
    );
    check("sms backing off", "find | topic=sms backing off");
}

#[test]
fn a_deploy_may_be_named_by_its_version() {
    let zone = "Europe/Berlin";
    let mut context = shop();
    let deploy = |version: &str, time: &str| Deploy {
        service: Some("checkout-service".to_owned()),
        at_ns: at(time, zone),
        title: format!("deployed checkout-service {version} to production"),
    };
    context.last_deploys = vec![
        deploy("3.6.2", "2026-11-18T08:00:00"),
        deploy("3.7.0", "2026-11-18T11:00:00"),
    ];
    for (question, time) in [
        (
            "errors in checkout after the 3.6.2 deploy",
            "2026-11-18T08:00:00",
        ),
        (
            "errors in checkout since the deploy of 3.6.2",
            "2026-11-18T08:00:00",
        ),
        (
            "errors in checkout since version 3.6.2",
            "2026-11-18T08:00:00",
        ),
        ("errors in checkout since the deploy", "2026-11-18T11:00:00"),
    ] {
        let found = understand(question, &context);
        assert_eq!(found.range.start_ns, at(time, zone), "{question}");
        assert!(found.terms.is_empty(), "{question}: {:?}", found.terms);
    }
    // A version that was never deployed is a text.
    let found = understand("errors of version 9.9.9", &context);
    assert_eq!(found.terms.len(), 1);
}
