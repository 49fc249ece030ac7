use domain::SummaryAuthor;
use testkit::scenario::scenarios;

use super::*;

/// The first incident of the suite: its story, facts and draft.
fn incident() -> (Story, SummaryFacts, Summary) {
    let scenario = scenarios().iter().find(|s| s.name == "disk_full").unwrap();
    let story = scenario.play(1);
    let facts = super::super::play::facts(&story).unwrap();
    let draft = inference::draft_summary(&facts);
    (story, facts, draft)
}

type Lie = fn(&mut Summary);

#[test]
fn a_draft_is_true_and_each_kind_of_untruth_is_found() {
    let (story, facts, draft) = incident();
    assert_eq!(check(&story, &facts, &draft), Vec::<String>::new());
    let lies: [(&str, Lie); 6] = [
        ("figure", |s| {
            s.what_happened[0].text = s.what_happened[0].text.replacen("logged ", "logged 9", 1)
        }),
        ("cites nothing", |s| s.what_happened[0].citations = vec![99]),
        ("cites nothing", |s| s.impact[0].citations.clear()),
        ("nowhere in the story", |s| {
            s.headline = "db: “the moon fell on the disk”".to_owned()
        }),
        ("claims 'outage'", |s| {
            s.what_happened[0].text.push_str(" It is an outage.")
        }),
        ("no figure", |s| {
            s.impact[0].text = s.impact[0].text.replace("of ", "of 7")
        }),
    ];
    for (what, lie) in lies {
        let mut summary = draft.clone();
        lie(&mut summary);
        let wrong = check(&story, &facts, &summary);
        assert!(wrong.iter().any(|w| w.contains(what)), "{what}: {wrong:?}");
    }
}

#[test]
fn what_a_model_writes_may_hold_no_digit_no_advice_and_no_new_cause() {
    let (_, mut facts, draft) = incident();
    facts.suspects.clear();
    assert_eq!(draft.author, SummaryAuthor::Rules);
    let lead = draft.what_happened[0].citations.clone();
    let say = |text: &str| {
        let sentence = Sentence {
            text: text.to_owned(),
            citations: lead.clone(),
        };
        check_written(&facts, &[&sentence])
    };
    assert_eq!(
        say("No space is left on the device for a block."),
        Vec::<String>::new()
    );
    for (text, what) in [
        ("No space is left on 3 devices.", "a digit"),
        ("No space is left because of logs.", "a cause"),
        ("No space is left, please free some.", "advice"),
        ("No space is left, see www.example.com.", "a link"),
        (
            "Customers are unhappy about it.",
            "nothing of what it cites",
        ),
    ] {
        let wrong = say(text);
        assert!(
            wrong.iter().any(|w| w.starts_with(what)),
            "{text}: {wrong:?}"
        );
    }
}
