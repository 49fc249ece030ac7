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
            .read(self.project_id, request, zone.clone())
            .unwrap();
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
        .read(bed.project_id, &asked, zone.clone())
        .unwrap();
    let found = bed
        .inner
        .answer_facts(bed.project_id, &understood, "", &zone)
        .unwrap();
    let said = inference::draft_answer(&found.facts).text();
    assert!(said.contains("15:00:02 +01:00"), "{said}");
}
