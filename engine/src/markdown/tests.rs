use super::*;

#[test]
fn markup_in_log_text_is_shown_and_does_nothing() {
    assert_eq!(
        plain("see [here](https://evil.example) <b>now</b> | x"),
        "see \\[here\\](https:\u{200b}//evil.example) \\<b\\>now\\</b\\> \\| x"
    );
    assert_eq!(plain("a\n# b\r\n\u{202e}c"), "a \\# b c");
    assert_eq!(code("plain"), "`plain`");
    assert_eq!(code("a `b` ``c"), "``` a `b` ``c ```");
    assert_eq!(code("two\nlines"), "`two lines`");
}

#[test]
fn counts_and_patterns_are_for_people() {
    assert_eq!(count(1_234_567), "1,234,567");
    assert_eq!(counted(1, "error"), "1 error");
    assert_eq!(counted(1_200, "error"), "1,200 errors");
    assert_eq!([1, 2, 3_000].map(times), ["once", "twice", "3,000 times"]);
    assert_eq!(readable("took <num> of [<ip>:<num>]"), "took … of \\[…\\]");
    assert_eq!(
        readable("(size=<num>, in use=<nu…' came"),
        "(size=…, in use=…' came"
    );
    assert_eq!(readable("a < b… <b>…"), "a \\< b… ……");
}

#[test]
fn whatever_is_shown_is_one_line_without_open_markup() {
    let pieces = [
        "\\", "`", "``", "<b>", "[x](y)", "|", "\n", "\r\n", "\u{202e}", "://", "@here", "word ",
        "# ", "ä", "\0",
    ];
    // Every three of them beside each other.
    for number in 0..pieces.len().pow(3) {
        let text: String = (0..3)
            .map(|place| pieces[number / pieces.len().pow(place) % pieces.len()])
            .collect();
        let shown = plain(&text);
        assert!(!shown.contains('\n'), "{text:?}");
        let mut before = ' ';
        for c in shown.chars() {
            if matches!(c, '<' | '[' | '`' | '|') {
                assert_eq!(before, '\\', "{text:?}: {shown:?}");
            }
            // A slash that is escaped itself escapes nothing.
            before = if before == '\\' && c == '\\' { ' ' } else { c };
        }
        assert!(!code(&text).contains('\n'), "{text:?}");
    }
    let long = plain(&"*".repeat(2 * LINE));
    assert_eq!(long.chars().count(), 2 * LINE + 1);
}
