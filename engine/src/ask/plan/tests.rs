use super::*;

fn context() -> QuestionContext {
    let mut context = QuestionContext::at(1_795_442_400_000_000_000, jiff::tz::TimeZone::UTC);
    context.services = vec!["checkout".to_owned(), "auth".to_owned()];
    context.attributes = vec!["region".to_owned(), "duration_ms".to_owned()];
    context
}

#[test]
fn a_plan_that_is_sent_back_means_the_same() {
    for question in [
        "how many errors in checkout today, not counting auth?",
        "top 3 users with \"wrong password\" yesterday",
        "p95 duration_ms of requests with region=eu in the last 2 hours",
        "compare errors today with yesterday",
        "percentage of requests with status >= 500",
        "requests slower than 2s by region",
        "which services are affected?",
        "how many bytes were received today",
        "connections with more than 2 kb sent",
        "explain this line: connection to <ip> refused today",
    ] {
        let understood = query::understand(question, &context());
        let plan = AskPlan::of(&understood);
        let sent = serde_json::to_string(&plan).unwrap();
        let back: AskPlan = serde_json::from_str(&sent).unwrap();
        let again = back.interpretation(&context()).unwrap();
        assert_eq!(AskPlan::of(&again), plan, "{question}");
        assert_eq!(again.filter(), understood.filter(), "{question}");
    }
}

#[test]
fn what_means_nothing_is_refused_with_its_name() {
    let plan = |json: &str| {
        serde_json::from_str::<AskPlan>(json)
            .unwrap()
            .interpretation(&context())
    };
    for (json, field) in [
        (r#"{"intent":"dance"}"#, "plan.intent 'dance'"),
        (
            r#"{"intent":"count","statuses":["9xx"]}"#,
            "plan.statuses '9xx'",
        ),
        (r#"{"intent":"count","from":"noon"}"#, "plan.from 'noon'"),
        (
            r#"{"intent":"count","numbers":["duration > much"]}"#,
            "plan.numbers",
        ),
        (
            r#"{"intent":"top","group_by":"colour"}"#,
            "plan.group_by 'colour'",
        ),
    ] {
        let error = plan(json).unwrap_err().to_string();
        assert!(error.contains(field), "{json}: {error}");
    }
    assert!(plan(r#"{"intent":"count"}"#).is_ok());
    assert!(serde_json::from_str::<AskPlan>(r#"{"intent":"count","sql":"select 1"}"#).is_err());
}
