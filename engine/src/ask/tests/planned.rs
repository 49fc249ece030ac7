//! Questions that the grammar does not know, with a model that plans.

use super::*;

/// Plans whatever it is asked with one form; what it is asked to phrase it leaves.
struct Planner(&'static str);

#[async_trait]
impl Generator for Planner {
    fn name(&self) -> &str {
        "openai:planner"
    }

    async fn generate(
        &self,
        request: GenerateRequest,
        _: CancellationToken,
    ) -> inference::Result<Generation> {
        if request.task != "plan" {
            return Err(inference::Error::Unavailable("it only plans".to_owned()));
        }
        Ok(Generation {
            text: self.0.to_owned(),
            finish: FinishReason::Complete,
            prompt_tokens: 1,
            cached_tokens: 0,
            generated_tokens: 1,
            first_token_ms: 1,
            total_ms: 1,
            model: None,
        })
    }
}

const QUESTION: &str = "give me the tally of refused payments please";
const TALLY: &str = r#"{"intent":"count","by":"service","about":"refused payments"}"#;

fn bed(name: &str, form: &'static str) -> Bed {
    let mut bed = Bed::new(&[]);
    bed.write(NOON, "checkout", 3, 5);
    bed.write(NOON, "web", 2, 3);
    bed.mean(Some(&[3]));
    bed.inner.narrator.add(name, Arc::new(Planner(form)));
    bed
}

/// All events of a question.
async fn events(bed: &Bed, request: AskRequest) -> (Vec<AskEvent>, AskStages) {
    let (sender, mut receiver) = mpsc::channel(64);
    let stages = bed.asking(&request, &sender).answer().await.unwrap();
    drop(sender);
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    (events, stages)
}

fn asked(question: &str) -> AskRequest {
    AskRequest {
        question: question.to_owned(),
        is_narrated: true,
        ..AskRequest::default()
    }
}

/// The interpretations, and whether a plan was asked for in between.
fn interpretations(events: &[AskEvent]) -> (Vec<&Interpretation>, bool) {
    let shown = events.iter().filter_map(|event| match event {
        AskEvent::Interpretation(item) => Some(item.as_ref()),
        _ => None,
    });
    let is_planning = |event: &AskEvent| matches!(event, AskEvent::Planning(_));
    (shown.collect(), events.iter().any(is_planning))
}

fn planned_by(item: &Interpretation) -> Option<&str> {
    let chip = item.chips.iter().find(|(label, _)| label == "planned by");
    chip.map(|(_, model)| model.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_outside_of_the_grammar_is_planned_and_says_by_whom() {
    let bed = bed("claude", TALLY);
    let (events, stages) = events(&bed, asked(QUESTION)).await;
    let (shown, is_planning) = interpretations(&events);
    assert!(is_planning && stages.planning.is_some());
    assert_eq!((shown.len(), planned_by(shown[0])), (2, None));
    assert_eq!(
        (shown[0].intent.as_str(), shown[1].intent.as_str()),
        ("find", "count")
    );
    assert_eq!(planned_by(shown[1]), Some("openai:planner"));
    assert_eq!(shown[1].plan.group_by.as_deref(), Some("service"));
    let result = events.iter().find_map(|event| match event {
        AskEvent::Answer(answer) => Some(&answer.result),
        _ => None,
    });
    let result = result.unwrap();
    assert_eq!((result.kind.as_str(), result.count), ("count", Some(5)));
    assert_eq!(result.groups[0].key, "checkout");
    // The plan can be changed and sent back; nobody plans then.
    let again = AskRequest {
        plan: Some(AskPlan {
            group_by: None,
            ..shown[1].plan.clone()
        }),
        ..asked("")
    };
    let (events, stages) = self::events(&bed, again).await;
    let (shown, is_planning) = interpretations(&events);
    assert!(!is_planning && stages.planning.is_none());
    assert_eq!(
        (shown[0].intent.as_str(), planned_by(shown[0])),
        ("count", None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_plans_what_the_grammar_knows_or_what_was_asked_without_models() {
    let bed = bed("claude", TALLY);
    let quiet = AskRequest {
        is_narrated: false,
        ..asked(QUESTION)
    };
    for request in [
        asked("how many payments were refused?"),
        asked("refused payments"),
        quiet,
    ] {
        let question = request.question.clone();
        let (events, _) = events(&bed, request).await;
        assert!(!interpretations(&events).1, "{question}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_plan_changes_nothing() {
    let plain = {
        let mut bed = bed("claude", TALLY);
        bed.inner
            .narrator
            .choose(Some(Vec::new()), Default::default());
        bed.write(NOON, "web", 5, 1);
        told(&events(&bed, asked(QUESTION)).await.0)
    };
    for form in [
        "I cannot help with that.",
        r#"{"intent":"count","about":"refused payments","sql":"drop table logs"}"#,
        r#"{"intent":"count","about":"tally"}"#,
        r#"{"intent":"find","about":"refused payments"}"#,
        // It finds nothing, and what was understood without it finds something.
        r#"{"intent":"count","about":"refused payments","service":"web"}"#,
        r#"{"intent":"count","about":"refused payments","when":"last week"}"#,
    ] {
        let mut bed = bed("claude", form);
        bed.write(NOON, "web", 5, 1);
        let (events, _) = events(&bed, asked(QUESTION)).await;
        let (shown, is_planning) = interpretations(&events);
        assert!(is_planning, "{form}");
        assert_eq!(planned_by(shown.last().unwrap()), None, "{form}");
        assert_eq!(told(&events), plain, "{form}");
    }
}

/// The last interpretation and the last answer.
fn told(events: &[AskEvent]) -> (Interpretation, String) {
    let shown = interpretations(events).0;
    let answer = events.iter().rev().find_map(|event| match event {
        AskEvent::Answer(answer) => Some(answer.text()),
        _ => None,
    });
    ((*shown.last().unwrap()).clone(), answer.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_in_this_process_plans_only_where_it_was_chosen_to() {
    let bed = bed("local", TALLY);
    let is_planning = async || interpretations(&events(&bed, asked(QUESTION)).await.0).1;
    let list = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let narrator = &bed.inner.narrator;
    assert!(!is_planning().await);
    narrator.choose_planners(Some(list(&["local"])), Default::default());
    assert!(is_planning().await);
    let of_project = [("shop".to_owned(), Vec::new())].into_iter().collect();
    narrator.choose_planners(Some(list(&["local"])), of_project);
    assert!(!is_planning().await);
    let of_project = [("shop".to_owned(), list(&["local"]))]
        .into_iter()
        .collect();
    narrator.choose_planners(None, of_project);
    assert!(is_planning().await);
    // A project that uses no model has none that plans.
    let none = [("shop".to_owned(), Vec::new())].into_iter().collect();
    narrator.choose(None, none);
    assert!(!is_planning().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_leans_on_a_planned_one_goes_on_from_the_plan() {
    let bed = bed("claude", TALLY);
    let talk = |question: &str| AskRequest {
        conversation: Some(ConversationKey {
            caller: "anna".to_owned(),
            id: "a".to_owned(),
        }),
        ..asked(question)
    };
    events(&bed, talk(QUESTION)).await;
    let (events, _) = events(&bed, talk("and yesterday?")).await;
    let (shown, is_planning) = interpretations(&events);
    assert!(!is_planning);
    assert_eq!(shown[0].intent, "count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_asker_left_is_worked_on_no_further() {
    let bed = bed("claude", TALLY);
    let request = AskRequest {
        is_narrated: false,
        ..asked("top paths")
    };
    let (sender, _receiver) = mpsc::channel(64);
    let asking = bed.asking(&request, &sender);
    asking.cancel.cancel();
    let error = asking.answer().await.unwrap_err().to_string();
    assert!(error.contains("the asker has left"), "{error}");
}

#[test]
fn reading_records_one_by_one_ends_when_the_asker_leaves() {
    let bed = bed("claude", TALLY);
    let cancel = CancellationToken::new();
    let (left, mut read) = (cancel.clone(), 0);
    let filter = domain::LogFilter::in_range(TimeRange::ALL);
    let outcome = store::interruptible(
        move || left.is_cancelled(),
        || {
            let order = domain::Order::NewestFirst;
            let mut walk = || {
                bed.inner
                    .walk(bed.project_id, &filter, order, |_| read += 1)
            };
            walk().unwrap();
            cancel.cancel();
            walk()
        },
    );
    assert_eq!(read, 8);
    assert!(outcome.is_err());
}
