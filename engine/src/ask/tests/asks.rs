//! Rates, numbers, trends, missing things, conversations and plans, over real records.

use super::*;

fn request(question: &str, id: &str) -> AskRequest {
    AskRequest {
        question: question.to_owned(),
        conversation: Some(ConversationKey {
            caller: "anna".to_owned(),
            id: id.to_owned(),
        }),
        ..AskRequest::default()
    }
}

impl Bed {
    fn answered(&self, request: &AskRequest) -> AnswerFacts {
        let zone = jiff::tz::TimeZone::UTC;
        let understood = self
            .inner
            .read(self.project_id, request, zone.clone(), false)
            .unwrap()
            .understood;
        self.inner
            .answer_facts(self.project_id, &understood, &request.question, &zone)
            .unwrap()
            .facts
    }

    /// Requests of one service that took 100, 200, ... ms; every tenth failed.
    fn requests(&mut self, count: i64) {
        let records = (1..=count)
            .map(|n| {
                let status = if n % 10 == 0 { 500 } else { 200 };
                let body = format!("request to /cart answered {status} in {} ms", n * 100);
                let mut record = self.record(NOON + n * SECOND, "web", 1, &body);
                record.severity = Severity::Info;
                record
            })
            .collect();
        self.commit(records, &[]);
    }
}

#[test]
fn numbers_shares_and_averages_are_computed_from_records() {
    let mut bed = Bed::new(&[]);
    bed.requests(40);
    let count = |question: &str| bed.facts(question).matching;
    assert_eq!(count("how many requests slower than 2s today?"), Some(20));
    assert_eq!(
        count("how many requests took at most 500 ms today?"),
        Some(5)
    );
    assert_eq!(count("count status >= 500 today"), Some(4));
    assert_eq!(
        count("how many requests did not return 200 today?"),
        Some(4)
    );
    let figure = |question: &str| {
        let figure = bed.facts(question).more.figure.unwrap();
        (figure.value, figure.unit)
    };
    let percent = figure("what percentage of requests returned 500 today?");
    assert_eq!(percent, (10.0, "%".to_owned()));
    let average = figure("average duration of requests today");
    assert_eq!(average, (2_050.0, "ms".to_owned()));
    let slowest = figure("slowest request today");
    assert_eq!(slowest, (4_000.0, "ms".to_owned()));
    let said = bed.said("what percentage of requests returned 500 today?");
    assert!(said.starts_with("10 %: 4 of 40 records"), "{said}");
}

#[test]
fn a_trend_compares_the_halves_of_the_time() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON + 10 * MINUTE, "web", 4, 5);
    bed.write(NOON + 40 * MINUTE, "web", 4, 60);
    let said = bed.said("are declined cards going up since 2pm?");
    assert!(
        said.starts_with("Rising: 5 in the first half of the time, 60 in the second"),
        "{said}"
    );
}

#[test]
fn what_the_logs_do_not_have_is_said_and_not_left_out() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 4, 5);
    for (question, reason) in [
        (
            "errors in the billing service",
            "no service is called “billing”",
        ),
        (
            "how many errors will there be tomorrow?",
            "a time that has not come",
        ),
        (
            "why is the satellite link broken?",
            "nothing in them is about “satellite link broken”",
        ),
    ] {
        let answer = inference::draft_answer(&bed.facts(question));
        assert!(!answer.is_found, "{question}");
        assert!(
            answer.text().contains(reason),
            "{question}: {}",
            answer.text()
        );
    }
}

#[test]
fn a_question_goes_on_from_the_one_before_in_its_conversation_only() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 4, 5);
    bed.write(NOON, "checkout", 4, 3);
    assert_eq!(
        bed.answered(&request("how many errors in web today?", "a"))
            .matching,
        Some(5)
    );
    assert_eq!(
        bed.answered(&request("what about checkout?", "a")).matching,
        Some(3)
    );
    let facts = bed.answered(&request("and yesterday?", "a"));
    assert_eq!(facts.matching, Some(0));
    // Another conversation knows nothing of it.
    assert_eq!(bed.answered(&request("and today?", "b")).matching, Some(8));
}

#[test]
fn a_plan_that_is_changed_by_hand_is_done() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 4, 5);
    bed.write(NOON, "checkout", 4, 3);
    let understood = bed.understood("how many errors in web today?");
    let mut plan = AskPlan::of(&understood);
    plan.services = vec!["checkout".to_owned()];
    let changed = AskRequest {
        plan: Some(plan),
        ..AskRequest::default()
    };
    let facts = bed.answered(&changed);
    assert_eq!(facts.matching, Some(3));
    let query = facts.more.query.unwrap();
    assert!(
        query.starts_with("service:checkout level:error,fatal"),
        "{query}"
    );
}

#[test]
fn a_value_that_only_an_attribute_has_is_found_there() {
    let mut bed = Bed::new(&[]);
    let mut record = bed.record(NOON, "web", 5, "cache warmed");
    record.attributes = r#"{"user":"zoe","region":"eu-west"}"#.to_owned();
    let other = bed.record(NOON, "web", 5, "cache warmed");
    bed.commit(vec![record, other], &[]);
    let count = |question: &str| bed.answered(&request(question, "c")).matching;
    assert_eq!(count("how many records for user zoe today?"), Some(1));
    assert_eq!(
        count("how many records with region eu-west today?"),
        Some(1)
    );
}

#[test]
fn a_line_is_explained_and_times_are_told_in_the_zone_of_the_reader() {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "web", 2, 3);
    let answer = inference::draft_answer(&bed.facts("what does \"connection to\" mean?"));
    assert!(answer.is_found, "{}", answer.text());
    assert!(answer.text().contains("timed out"), "{}", answer.text());
    let mut asked = request("when was the last connection timeout?", "d");
    asked.time_zone = None;
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let understood = bed
        .inner
        .read(bed.project_id, &asked, zone.clone(), false)
        .unwrap()
        .understood;
    let found = bed
        .inner
        .answer_facts(bed.project_id, &understood, "", &zone)
        .unwrap();
    let said = inference::draft_answer(&found.facts).text();
    assert!(said.contains("15:00:02 +01:00"), "{said}");
}

#[test]
fn the_slowest_records_are_shown_and_the_slowest_paths_are_told_apart() {
    let mut bed = Bed::new(&[]);
    let records = (1..=12_i64)
        .map(|n| {
            let (path, took) = match n % 3 {
                0 => (format!("/orders/{}", 100 + n), 900),
                1 => ("/login".to_owned(), 50),
                _ => ("/cart".to_owned(), 100 + n),
            };
            let mut record = bed.record(NOON + n * SECOND, "web", 1, "request answered");
            record.attributes = format!(r#"{{"path":"{path}","duration_ms":{took}}}"#);
            record
        })
        .collect();
    bed.commit(records, &[]);
    let facts = bed.facts("which endpoint is slowest today?");
    let told: Vec<(&str, u64)> = facts
        .groups
        .iter()
        .map(|group| (group.key.as_str(), group.count))
        .collect();
    assert_eq!(told, [("/orders/<id>", 4), ("/cart", 4), ("/login", 4)]);
    assert_eq!(facts.groups[0].value, Some(900.0));
    let said = bed.said("which endpoint is slowest today?");
    assert!(
        said.contains("/orders/<id> with 900 ms (4 records)"),
        "{said}"
    );
}

#[test]
fn what_is_not_known_of_a_deploy_is_said_and_records_that_tell_of_one_count() {
    let mut bed = Bed::new(&[]);
    bed.requests(3);
    let said = bed.answered(&request("how many requests since the deploy?", "d1"));
    assert_eq!(said.more.unread, ["deploy"]);
    let mut record = bed.record(NOON + 2 * SECOND, "web", 13, "starting web version 4.1.0");
    record.severity = Severity::Info;
    bed.commit(vec![record], &[]);
    let facts = bed.answered(&request("how many requests since the deploy?", "d2"));
    assert_eq!(facts.more.unread, Vec::<String>::new());
    assert_eq!(facts.range.start_ns, NOON + 2 * SECOND);
    let facts = bed.answered(&request("when was web deployed?", "d3"));
    assert_eq!(facts.matching, Some(1));
    assert_eq!(facts.evidence[0].text, "starting web version 4.1.0");
}

#[test]
fn groups_may_have_to_be_large_enough() {
    let mut bed = Bed::new(&[]);
    let records = (0..10_i64)
        .map(|n| {
            let user = if n < 6 {
                "anna"
            } else if n < 9 {
                "bert"
            } else {
                "carl"
            };
            let body = format!("Failed login for {user} from 10.0.0.{n} port 22");
            bed.record(NOON + n * SECOND, "door", 7, &body)
        })
        .collect();
    bed.commit(records, &[]);
    let question = "users with more than 2 failed logins today";
    let facts = bed.facts(question);
    assert_eq!(groups(&facts), [("anna", 6), ("bert", 3)]);
    let said = bed.said(question);
    assert!(
        said.contains("2 users with more than 2 of them: anna (6) and bert (3)."),
        "{said}"
    );
    let said = bed.said("users with more than 20 failed logins today");
    assert!(said.contains("No user has more than 20 of them."), "{said}");
}
