use proptest::prelude::*;

use crate::logql::{MAX_QUERY_BYTES, parse, parse_selector};

#[test]
fn length_and_nesting_are_bounded() {
    let long = format!("{{a=\"{}\"}}", "x".repeat(MAX_QUERY_BYTES));
    assert!(
        parse(&long)
            .unwrap_err()
            .to_string()
            .contains("input size too long")
    );
    for query in [
        format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000)),
        format!("1{}", "+1".repeat(2_000)),
        format!("1{}", "^1".repeat(2_000)),
        format!("{{a=\"b\"}} | {}x=1", "(".repeat(2_000)),
        format!("{{a=\"b\"}} | x=1{}", " or x=1".repeat(600)),
        format!("{{a=\"b\"}}{}", " |= ``".repeat(800)),
        format!("{}{{", "sum(".repeat(1_000)),
        format!("{{{}}}", "a=\"\",".repeat(800)),
    ] {
        assert!(parse(&query).is_err(), "{}", &query[..40]);
    }
}

/// Pieces of queries, so that chance finds more than the first character.
const PIECES: [&str; 54] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "a",
    "app",
    "=",
    "=~",
    "!=",
    "!~",
    "|=",
    "|~",
    "|",
    "\"x\"",
    "`y`",
    "\"",
    "`",
    "5m",
    "1h30m",
    "10KB",
    "3",
    "-",
    "+",
    "*",
    "/",
    "^",
    "%",
    "==",
    ">",
    "<=",
    " and ",
    " or ",
    " unless ",
    "sum",
    " by ",
    "topk",
    "rate",
    "count_over_time",
    "json",
    "logfmt",
    "line_format",
    "label_format",
    "pattern",
    "regexp",
    "drop",
    "unwrap",
    "max_over_time",
    "ip",
    "`<a> {{.b}}`",
    "`(?P<c>x)`",
    ",",
    "é\n",
];

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}") {
        let _ = parse(&text);
        let _ = parse_selector(&text);
    }

    #[test]
    fn no_mixture_of_pieces_makes_it_panic_and_what_is_read_is_read_again(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)
    ) {
        let text: String = pieces.concat();
        if let Ok(expression) = parse(&text) {
            let shown = expression.to_string();
            let again = parse(&shown).map(|again| again.to_string());
            prop_assert_eq!(again.ok(), Some(shown));
        }
    }

    #[test]
    fn no_line_makes_the_stages_panic(line in "\\PC{0,60}", quoted in "[=\" \\\\a-c{}:,]{0,40}") {
        for line in [line, quoted] {
            let _ = crate::logql::fields::of_logfmt(&line, &|_| false);
            let _ = crate::logql::fields::of_json(&line, &|_| false);
            let _ = crate::logql::parse_duration(&line);
        }
    }
}
