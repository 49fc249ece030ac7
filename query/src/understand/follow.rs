//! Questions that go on from the one before: "and yesterday?", "only for root", "by user?", "why?".

use super::chip::ChipKind;
use super::measure::Measure;
use super::{GroupBy, Intent, Interpretation, range, understand, vocabulary};
use crate::context::QuestionContext;
use crate::words::{Word, words};

/// Reads a question that may lean on the one before it. `None` when it stands on its own.
#[must_use]
pub fn follow_up(
    question: &str,
    previous: &Interpretation,
    context: &QuestionContext,
) -> Option<Interpretation> {
    let context = &QuestionContext {
        is_follow_up: true,
        ..context.clone()
    };
    let asked = understand(question, context);
    let said = words(question);
    if asked.explained.is_some() || !leans(&said, &asked) {
        return None;
    }
    Some(join(&said, asked, previous).described(&context.time_zone))
}

fn lower(said: &[Word], at: usize) -> &str {
    said.get(at).map_or("", |word| word.lower.as_str())
}

/// Whether a question means something only after another one.
fn leans(said: &[Word], asked: &Interpretation) -> bool {
    if asked.is_of_trouble {
        return false;
    }
    let opens = matches!(
        (lower(said, 0), lower(said, 1)),
        (
            "and"
                | "only"
                | "just"
                | "now"
                | "same"
                | "but"
                | "also"
                | "then"
                | "instead"
                | "without"
                | "excluding"
                | "ok"
                | "okay"
                | "or"
                | "for"
                | "by"
                | "in"
                | "on"
                | "since"
                | "per"
                | "except"
                | "from"
                | "not",
            _
        ) | ("what" | "how", "about")
            | ("the", "same")
    );
    let points = said.iter().any(|word| {
        !word.quoted
            && matches!(
                word.lower.as_str(),
                "those" | "them" | "these" | "ones" | "they" | "one"
            )
    }) && !said
        .iter()
        .any(|word| word.lower == "hour" || word.lower == "day");
    let has_subject = !asked.retrieval_text.is_empty()
        || !asked.services.is_empty()
        || !asked.severities.is_empty()
        || asked.terms.iter().any(|term| !term.negated)
        || !asked.attributes.is_empty()
        || !asked.status_codes.is_empty()
        || asked.trace_id.is_some()
        || !asked.numbers.is_empty();
    let is_whole = matches!(asked.intent, Intent::ListServices | Intent::Summary)
        || asked.intent == Intent::Compare && said.len() > 3;
    if !has_subject && !is_whole {
        return true;
    }
    // A question of many words that opens with "in" or "for" says what it is about.
    points || opens && said.len() <= 9 && !(is_whole && has_subject)
}

/// Whether what is added narrows the question down rather than takes the place of a part of it.
fn narrows(said: &[Word]) -> bool {
    said.iter().any(|word| {
        !word.quoted
            && matches!(
                word.lower.as_str(),
                "only"
                    | "just"
                    | "those"
                    | "them"
                    | "these"
                    | "ones"
                    | "with"
                    | "where"
                    | "for"
                    | "they"
            )
    })
}

fn join(said: &[Word], asked: Interpretation, previous: &Interpretation) -> Interpretation {
    let narrows = narrows(said);
    let other_value = substituted(previous, &asked);
    let mut joined = previous.clone();
    let says_intent = asked.intent != Intent::Find
        || asked
            .chips
            .iter()
            .any(|chip| chip.kind == ChipKind::Intent && !chip.words.is_empty())
        || matches!(lower(said, 0), "show" | "list" | "give");
    if says_intent {
        let counts = asked.group_by.is_some()
            && asked.intent == Intent::Top
            && previous.intent == Intent::Count
            && previous.measure.is_none();
        joined.intent = if counts { Intent::Count } else { asked.intent };
        joined.measure = asked.measure.clone();
        joined.group_by = asked.group_by.clone().filter(|group| {
            // "show me those" wants no list of patterns instead.
            *group != GroupBy::Template || asked.intent == Intent::Top
        });
        joined.compare_with = None;
    }
    if asked.group_by.is_some() {
        joined.group_by.clone_from(&asked.group_by);
    }
    if asked.measure.is_some() {
        joined.measure.clone_from(&asked.measure);
    }
    if joined.intent == Intent::Count
        && joined.measure == Some(Measure::Distinct)
        && joined.group_by.is_none()
    {
        joined.measure = None;
    }
    if !asked.range_is_default {
        joined.range = asked.range;
        joined.range_is_default = false;
        joined.widened_from = None;
        joined.compare_with = asked.compare_with;
    }
    if asked.range_is_default
        && asked.intent != Intent::Compare
        && let Some(shift) = range::shift_of_follow_up(said)
    {
        // "and the day before?"
        joined.range = shift.of(previous.range);
        joined.range_is_default = false;
        joined.widened_from = None;
        joined.compare_with = None;
    }
    if joined.intent == Intent::Compare && joined.compare_with.is_none() {
        joined.compare_with = asked.compare_with;
    }
    replace(&mut joined.services, asked.services);
    replace(&mut joined.severities, asked.severities);
    replace(&mut joined.status_codes, asked.status_codes);
    joined.excluded_services.extend(asked.excluded_services);
    joined
        .services
        .retain(|name| !joined.excluded_services.contains(name));
    joined.limit = asked.limit.or(joined.limit.filter(|_| !says_intent));
    joined.trace_id = asked.trace_id.or(joined.trace_id);
    let is_other_subject = !narrows
        && (!asked.retrieval_text.is_empty() || asked.terms.iter().any(|term| !term.negated));
    if is_other_subject && let Some((topic, replaced)) = other_value {
        joined.retrieval_text = topic;
        joined
            .named
            .retain(|name| !name.eq_ignore_ascii_case(&replaced));
        joined.named.extend(asked.named);
    } else if is_other_subject {
        joined.retrieval_text = asked.retrieval_text;
        joined.named = asked.named;
        joined.terms = asked.terms;
    } else {
        if !asked.retrieval_text.is_empty() {
            joined.named.extend(alone(said, &asked.retrieval_text));
            joined.retrieval_text = format!("{} {}", joined.retrieval_text, asked.retrieval_text)
                .trim()
                .to_owned();
        }
        joined.named.extend(asked.named);
        joined.named.dedup();
        joined.terms.extend(asked.terms);
    }
    joined.attributes.extend(asked.attributes);
    joined.numbers.extend(asked.numbers);
    joined.having = asked.having.or(joined.having);
    joined.not_understood = asked.not_understood;
    joined.unknown_services = asked.unknown_services;
    joined.is_future = asked.is_future;
    joined.explained = None;
    joined
}

/// "what about the north wing?" after a question about the south wing: the topic before with the other value, and the value
/// before. `None` when not both end with the same word: locks of a database are something else than its timeouts.
fn substituted(previous: &Interpretation, asked: &Interpretation) -> Option<(String, String)> {
    let words =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let (mut before, said) = (
        words(&previous.retrieval_text),
        words(&asked.retrieval_text),
    );
    let [value, thing] = said.as_slice() else {
        return None;
    };
    let is_new = !before.iter().any(|it| it.eq_ignore_ascii_case(value));
    let is_same = before
        .last()
        .is_some_and(|it| it.eq_ignore_ascii_case(thing));
    (is_new && is_same && before.len() > 2 && asked.terms.is_empty()).then_some(())?;
    let at = before.len() - 2;
    let replaced = std::mem::replace(&mut before[at], value.clone());
    Some((before.join(" "), replaced))
}

/// A topic of one word that narrows down is a value: "only for root".
fn alone(said: &[Word], topic: &str) -> Option<String> {
    let is_one = !topic.contains(' ') && !vocabulary::is_filler(&topic.to_lowercase());
    let is_for = said
        .iter()
        .any(|word| matches!(word.lower.as_str(), "for" | "from" | "by"));
    (is_one && is_for).then(|| topic.to_lowercase())
}

fn replace<T>(old: &mut Vec<T>, new: Vec<T>) {
    if !new.is_empty() {
        *old = new;
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn context() -> QuestionContext {
        let mut context = QuestionContext::at(1_795_442_400_000_000_000, TimeZone::UTC);
        context.services = vec!["checkout-api".to_owned(), "payments-worker".to_owned()];
        context
    }

    fn after(first: &str, next: &str) -> Option<Interpretation> {
        follow_up(next, &understand(first, &context()), &context())
    }

    #[test]
    fn a_time_a_service_or_a_severity_takes_the_place_of_the_one_before() {
        let first = "how many errors in checkout-api today?";
        let found = after(first, "and yesterday?").unwrap();
        assert_eq!(found.intent, Intent::Count);
        assert_eq!(found.services, ["checkout-api"]);
        assert_eq!(
            found.range,
            understand("errors yesterday", &context()).range
        );
        let found = after(first, "what about payments-worker?").unwrap();
        assert_eq!(
            (found.intent, found.services),
            (Intent::Count, vec!["payments-worker".to_owned()])
        );
        let found = after(first, "and warnings?").unwrap();
        assert_eq!(found.severities, [domain::Severity::Warn]);
        assert_eq!(found.services, ["checkout-api"]);
    }

    #[test]
    fn what_narrows_down_is_added() {
        let first = "how many failed logins in the last 24 hours?";
        let found = after(first, "only for root").unwrap();
        assert_eq!(found.retrieval_text, "failed logins root");
        assert_eq!(found.named, ["root"]);
        let found = after(first, "how many of those are NullPointerException?").unwrap();
        assert_eq!(found.terms.len(), 1);
        assert_eq!(found.retrieval_text, "failed logins");
    }

    #[test]
    fn another_intent_keeps_the_subject() {
        let first = "how many failed logins in the last 24 hours?";
        let found = after(first, "when was the last one?").unwrap();
        assert_eq!(
            (found.intent, found.retrieval_text.as_str()),
            (Intent::Last, "failed logins")
        );
        assert_eq!(after(first, "why?").unwrap().intent, Intent::Why);
        let found = after(first, "by user?").unwrap();
        assert_eq!(
            found.group_by,
            Some(GroupBy::Field(super::super::Field::User))
        );
    }

    #[test]
    fn another_value_takes_the_place_of_the_one_beside_the_same_word() {
        let found = after(
            "how many beds were moved in the south wing?",
            "what about the north wing?",
        )
        .unwrap();
        assert_eq!(found.retrieval_text, "beds moved north wing");
        let found = after(
            "how many database connection timeouts in the pool?",
            "what about database locks?",
        )
        .unwrap();
        assert_eq!(found.retrieval_text, "database locks");
        let first = understand("how many beds were moved in the south wing?", &context());
        let first = Interpretation {
            named: vec!["south".to_owned(), "moved".to_owned()],
            ..first
        };
        let found = follow_up("what about the north wing?", &first, &context()).unwrap();
        assert_eq!(found.named, ["moved"]);
        let found = after("how many beds were moved?", "and tables?").unwrap();
        assert_eq!(found.retrieval_text, "tables");
    }

    #[test]
    fn a_time_before_is_counted_from_the_time_of_the_question_before() {
        let first = "how many errors in checkout-api yesterday?";
        let found = after(first, "and the day before?").unwrap();
        assert_eq!(found.intent, Intent::Count);
        let day = 86_400_000_000_000;
        let yesterday = understand("errors yesterday", &context()).range;
        assert_eq!(found.range.start_ns, yesterday.start_ns - day);
        assert_eq!(found.range.end_ns, yesterday.end_ns - day);
    }

    #[test]
    fn a_whole_question_stands_on_its_own() {
        let first = "how many errors in checkout-api today?";
        for next in [
            "how often was the rate limit exceeded today?",
            "list services",
            "explain this: a b c d",
        ] {
            assert_eq!(after(first, next), None, "{next}");
        }
    }
}
