use domain::{ProjectId, RecordId, Severity};

use super::*;

fn value(field: &Field, template: &str, body: &str, attributes: &str) -> Option<String> {
    let record = LogRecord {
        id: RecordId(uuid::Uuid::nil()),
        project_id: ProjectId(uuid::Uuid::nil()),
        timestamp_ns: 0,
        observed_at_ns: 0,
        severity: Severity::Info,
        service: "door".to_owned(),
        body: body.to_owned(),
        attributes: attributes.to_owned(),
        trace_id: None,
        span_id: None,
        template_id: TemplateId(1),
    };
    value_of(field, &record, Some(&Slots::new(template)))
}

#[test]
fn values_come_from_slots_that_fit() {
    let template = "Failed login for <*> from <ip> port <num> tty2";
    let body = "Failed login for anna from 10.2.3.4 port 4711 tty2";
    let of = |field| value(&field, template, body, "");
    assert_eq!(of(Field::Address).as_deref(), Some("10.2.3.4"));
    assert_eq!(of(Field::User).as_deref(), Some("anna"));
    assert_eq!(of(Field::Port).as_deref(), Some("4711"));
    assert_eq!(of(Field::Path), None);
    let of = |body| value(&Field::User, "lease of <num> s for <*>", body, "");
    assert_eq!(of("lease of 30 s for anna").as_deref(), Some("anna"));
    assert_eq!(of("lease of 30 s for job_144514_002"), None);
    // A slot for anything may hold an address.
    assert_eq!(
        value(
            &Field::Address,
            "refused: rhost=<*> user=<*>",
            "refused: rhost=10.2.3.4 user=anna",
            ""
        )
        .as_deref(),
        Some("10.2.3.4")
    );
}

#[test]
fn an_address_may_stand_behind_a_slash() {
    let of = |field, body| value(&field, "accepted connection from <*>", body, "");
    let body = "accepted connection from /10.2.3.4:4711";
    assert_eq!(of(Field::Address, body).as_deref(), Some("10.2.3.4"));
    let from = Field::Attribute("from".into());
    assert_eq!(of(from, body).as_deref(), Some("10.2.3.4"));
    let body = "accepted connection from /var/run/door";
    assert_eq!(of(Field::Address, body), None);
}

#[test]
fn attributes_decide_before_the_text() {
    let template = "request to <path> answered <num> in <num> ms";
    let body = "request to /cart answered 500 in 120 ms";
    let of = |field, attributes| value(&field, template, body, attributes);
    assert_eq!(of(Field::Path, "").as_deref(), Some("/cart"));
    assert_eq!(of(Field::Status, "").as_deref(), Some("500"));
    assert_eq!(
        of(Field::Path, r#"{"http.route":"/cart/{id}","n":1}"#).as_deref(),
        Some("/cart/{id}")
    );
    assert_eq!(
        of(Field::User, r#"{"enduser.id":"anna"}"#).as_deref(),
        Some("anna")
    );
    assert_eq!(
        of(Field::Attribute("region".into()), r#"{"region":"eu"}"#).as_deref(),
        Some("eu")
    );
}

#[test]
fn what_only_patterns_name_is_the_word_after_it() {
    let job = Field::Attribute("job".into());
    let of = |template, body| value(&job, template, body, "");
    assert_eq!(
        of("job <*> done", "job report done").as_deref(),
        Some("report")
    );
    assert_eq!(
        of("job export-csv failed", "job export-csv failed").as_deref(),
        Some("export-csv")
    );
    assert_eq!(of("no jobs", "no jobs"), None);
    assert_eq!(of("job not found", "job not found"), None);
}

#[test]
fn a_user_that_is_a_constant_of_the_pattern_is_one_still() {
    let of = |body| value(&Field::User, body, body, "");
    assert_eq!(
        of("Failed login for root from 10.2.3.4").as_deref(),
        Some("root")
    );
    assert_eq!(
        of("no such user oracle at the door").as_deref(),
        Some("oracle")
    );
    for body in [
        "user logged out",
        "user account locked id=4711",
        "user session expired",
        "user service unavailable",
        "user not found",
        "user input: refused",
        "waiting for response from upstream",
    ] {
        assert_eq!(of(body), None, "{body}");
    }
}

#[test]
fn a_pair_in_the_text_is_the_last_resort() {
    assert_eq!(
        value(&Field::User, "check failed", "check failed user=root", "").as_deref(),
        Some("root")
    );
    assert_eq!(
        value(&Field::User, "cache warmed", "cache warmed", ""),
        None
    );
}
