use proptest::prelude::*;

use super::{context, context_at};
use crate::{parse_filter, understand};

/// Questions made of the words that the grammar looks for, and of anything.
fn question() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "why",
        "how",
        "many",
        "errors",
        "in",
        "checkout",
        "service",
        "since",
        "the",
        "deploy",
        "between",
        "and",
        "2",
        "4pm",
        "14:05",
        "-",
        "last",
        "night",
        "week",
        "this",
        "on",
        "tuesday",
        "yesterday",
        "at",
        "around",
        "from",
        "to",
        "until",
        "30",
        "minutes",
        "ago",
        "vs",
        "compare",
        "excluding",
        "except",
        "not",
        "or",
        "heartbeats",
        "top",
        "5",
        "first",
        "by",
        "per",
        "hour",
        "over",
        "time",
        "2026-02-30",
        "2026-11-22",
        "feb",
        "31",
        "november",
        "99999999",
        "1e9",
        "\"",
        "'",
        "status",
        "500",
        "5xx",
        "level>=warn",
        "a=b",
        "half",
        "couple",
        "of",
        "before",
        "after",
        "noon",
        "12am",
        "0pm",
        "24:00",
        "23:59:60",
        "é",
        "?",
        ",",
        "past",
        "months",
        "999999999",
    ]);
    prop_oneof![
        any::<String>(),
        prop::collection::vec(word, 0..14).prop_map(|words| words.join(" ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_question_is_understood_somehow(question in question()) {
        for context in [context(), context_at("1970-01-01T00:00:00", "UTC"), context_at("2026-10-25T02:30:00", "Europe/Berlin")] {
            let found = understand(&question, &context);
            prop_assert!(found.range.start_ns <= found.range.end_ns);
            prop_assert_eq!(&found, &understand(&question, &context));
            prop_assert!(found.limit.is_none_or(|limit| (1..=1_000).contains(&limit)));
            prop_assert!(found.services.iter().all(|service| context.services.contains(service)));
        }
    }

    #[test]
    fn any_filter_is_read_or_refused(text in question()) {
        if let Ok(filter) = parse_filter(&text, &context()) {
            prop_assert!(filter.range.start_ns <= filter.range.end_ns);
            prop_assert!(filter.text.iter().all(|term| !term.term.is_empty()));
        }
    }
}
