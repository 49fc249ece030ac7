//! Values, attributes and other things that questions are read with since they are answered from imported logs.

use domain::Severity;

use super::questions::check;
use super::{at, context};
use crate::{Field, GroupBy, StatusCode, understand};

#[test]
fn values_that_records_name_are_grouped_by() {
    check(
        "which IPs had failed passwords?",
        "most frequent | by=address | topic=failed passwords",
    );
    check(
        "top 5 ip addresses with timeouts",
        "most frequent | by=address | limit=5 | topic=timeouts",
    );
    check(
        "which users failed to log in most?",
        "most frequent | by=user | topic=failed login",
    );
    check("top paths by 500", "most frequent | status=500 | by=path");
    check(
        "how many different hosts had timeouts",
        "count | by=host | topic=timeouts",
    );
    check(
        "errors by ip today",
        "find | severity=error+fatal | by=address",
    );
    check(
        "count of errors per port",
        "count | severity=error+fatal | by=port",
    );
    check("most frequent status codes", "most frequent | by=status");
    check(
        "who failed to log in today?",
        "most frequent | by=user | topic=failed login",
    );
    // A user, an order: not all of them.
    check("logins by user root", "find | topic=logins root");
    check("show user 4711", "find | text=4711 | topic=user");
    check("what user agent failed", "find | topic=user agent failed");
}

#[test]
fn attributes_that_exist_are_grouped_by() {
    let mut context = context();
    context.attributes = ["deploy.region", "tenant", "error"]
        .map(str::to_owned)
        .to_vec();
    let by = |question: &str| understand(question, &context).group_by;
    let attribute = |key: &str| Some(GroupBy::Field(Field::Attribute(key.to_owned())));
    assert_eq!(by("which regions had timeouts"), attribute("deploy.region"));
    assert_eq!(by("errors per tenant"), attribute("tenant"));
    assert_eq!(by("top 3 tenants"), attribute("tenant"));
    assert_eq!(by("top errors"), Some(GroupBy::Template));
    assert_eq!(by("errors per colour"), None);
}

#[test]
fn words_that_stand_where_a_value_stands_are_named() {
    let named = |question: &str| understand(question, &context()).named;
    assert_eq!(named("how many failed passwords for root"), ["root"]);
    assert_eq!(named("logins of user anna today"), ["anna"]);
    assert!(named("failed passwords for invalid accounts").is_empty());
    assert!(named("failed passwords for users").is_empty());
    assert!(named("connection refused").is_empty());
}

#[test]
fn a_version_or_size_in_the_name_of_a_service_may_be_left_out() {
    let mut context = context();
    context.services.push("hadoop_2k".to_owned());
    let services = |question: &str| understand(question, &context).services;
    assert_eq!(services("why did hadoop fail?"), ["hadoop_2k"]);
    assert_eq!(services("errors in hadoop_2k"), ["hadoop_2k"]);
    // A number after a service is no part of it.
    let found = understand("checkout 500 errors", &context);
    assert_eq!(found.status_codes, [StatusCode::Exact(500)]);
}

#[test]
fn a_widened_question_shows_its_range_and_says_so() {
    let found = understand("failed logins", &context());
    let day = domain::TimeRange::new(
        at("2025-12-10T06:55:00", "Europe/Berlin"),
        at("2025-12-10T11:05:00", "Europe/Berlin"),
    );
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("the zone is in the database");
    let wider = found.widened(day, &zone);
    assert_eq!((wider.range, wider.widened_from), (day, Some(found.range)));
    assert_eq!(
        wider.chips[1].label,
        "2025-12-10 06:55 to 11:05 +01:00 (widened)"
    );
}

#[test]
fn failures_may_be_words_of_the_topic() {
    let found = understand("authentication failures in auth", &context());
    assert_eq!(found.severities, [Severity::Error, Severity::Fatal]);
    let (other, words) = found.with_severities_as_words().expect("there is a topic");
    assert!(other.severities.is_empty());
    assert_eq!(words, "failures");
    assert_eq!(other.retrieval_text, "authentication failures");
    assert!(
        understand("failures", &context())
            .with_severities_as_words()
            .is_none()
    );
    assert!(
        understand("debug about disks", &context())
            .with_severities_as_words()
            .is_none()
    );
}
