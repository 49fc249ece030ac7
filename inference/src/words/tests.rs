use super::*;

const DAY: i64 = 86_400_000_000_000;
/// 2026-11-23 14:05:09 UTC.
const AT: i64 = 1_795_442_709_000_000_000;

#[test]
fn an_instant_of_today_has_no_date_and_another_day_has_one() {
    assert_eq!(when(AT, AT + 60_000_000_000), "14:05:09 UTC");
    assert_eq!(when(AT - 9_000_000_000, AT), "14:05 UTC");
    assert_eq!(when(AT - DAY, AT), "2026-11-22 14:05:09 UTC");
}

#[test]
fn instants_of_other_rooms_are_told_the_same_way() {
    for (text, expected) in [
        (
            "slow since 2026-11-23 14:05:00Z; it calls db",
            "slow since 14:05 UTC; it calls db",
        ),
        (
            "(2026-11-22 14:05:09Z) and 2026-11-23",
            "(2026-11-22 14:05:09Z) and 2026-11-23",
        ),
        ("at 2026-11-22 14:05:09Z", "at 2026-11-22 14:05:09 UTC"),
        ("2026-11-23 nothing", "2026-11-23 nothing"),
    ] {
        assert_eq!(clocked(text, |at_ns| when(at_ns, AT)), expected);
    }
}

#[test]
fn reasons_are_cut_between_clauses() {
    let reason = "52 % of its requests fail since 2026-11-23 14:05:00Z; errors of web name it; 9 records of 'x <*> y'; but it calls db";
    let told = |limit: usize| clauses(reason, limit, AT, |_| true);
    assert_eq!(
        told(200),
        "52 % of its requests fail since 14:05 UTC; errors of web name it; 9 records of 'x … y'; but it calls db"
    );
    assert_eq!(
        told(70),
        "52 % of its requests fail since 14:05 UTC; errors of web name it"
    );
    assert_eq!(told(10), "52 % of i…");
    let other = clauses(reason, 200, AT, |clause| !clause.contains('%'));
    assert_eq!(
        other,
        "errors of web name it; 9 records of 'x … y'; but it calls db"
    );
    assert_eq!(clauses("", 10, AT, |_| true), "");
}

#[test]
fn counts_are_grouped_and_expectations_read_as_words() {
    assert_eq!(count(1_234_567), "1,234,567");
    assert_eq!(counted(1, "error"), "1 error");
    assert_eq!(counted(412, "error"), "412 errors");
    assert_eq!(usual(0.0), "none");
    assert_eq!(usual(0.4), "fewer than 1");
    assert_eq!(usual(2.7), "about 3");
    assert_eq!(lift(412, 3.0).as_deref(), Some("137 times as many"));
    assert_eq!(lift(4, 3.0), None);
    assert_eq!(lift(4, 0.0), None);
    assert_eq!(percent(1, 1_000), "under 1 %");
    assert_eq!(percent(999, 1_000), "over 99 %");
    assert_eq!(percent(3, 10), "30 %");
}

#[test]
fn a_pattern_is_told_without_the_names_of_its_slots() {
    for (text, expected) in [
        (
            "connect to payments-db <ip>:<num> failed: Connection refused",
            "“connect to payments-db … failed: Connection refused”",
        ),
        (
            "order <uuid> failed after <num> ms",
            "“order … failed after … ms”",
        ),
        ("<*> of <*>", "“… of …”"),
        ("<timestamp>-<num>/<num>,<num> stalled", "“… stalled”"),
        (
            "GET <url> from <Host> a < b > c",
            "“GET … from <Host> a < b > c”",
        ),
        ("<>, <not a slot>, <", "“<>, <not a slot>, <”"),
        ("he said “<str>”", "“he said '…'”"),
    ] {
        assert_eq!(told(text), expected);
    }
}

#[test]
fn two_instants_of_one_day_share_their_zone() {
    let minute = 60_000_000_000;
    let noon = AT - 309 * 1_000_000_000;
    assert_eq!(between(noon, noon, AT), "at 14:00 UTC");
    assert_eq!(
        between(noon, noon + 5 * minute, AT),
        "between 14:00 and 14:05 UTC"
    );
    assert_eq!(
        between(noon - DAY, noon, AT),
        "between 2026-11-22 14:00 and 14:00 UTC"
    );
}

#[test]
fn names_are_listed_up_to_a_limit() {
    let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    assert_eq!(list(&names[..1], 3), "a");
    assert_eq!(list(&names[..2], 3), "a and b");
    assert_eq!(list(&names, 3), "a, b, c and 1 more");
}

#[test]
fn log_text_cannot_smuggle_links_or_invisible_characters() {
    let hostile = [
        "![x](https://collect.attacker.invalid/p.png?d=1)",
        "![ok](//collect.attacker.invalid/a.png)",
        "<img src=\"HTTPS://collect.attacker.invalid/?u=1\">",
        "<https://attacker.invalid|https://status.acme.example>",
        "\u{1b}]8;;http://attacker.invalid\u{1b}\\click",
        "www.attacker.invalid",
    ];
    for text in hostile {
        let shown = quoted(text);
        assert!(!shown.contains("attacker.invalid"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
    assert_eq!(plain("a\u{200b}b\u{e0041}c\u{fe0f}\u{202e}d", 50), "abcd");
    assert_eq!(plain("two\n\n\tlines  here", 50), "two lines here");
    assert_eq!(
        plain("connect to <ip>:<num> refused", 50),
        "connect to <ip>:<num> refused"
    );
}

#[test]
fn a_long_text_is_cut_to_its_limit_and_marked() {
    let shown = plain(&"word ".repeat(100), 40);
    assert!(shown.chars().count() <= 40, "{shown}");
    assert!(shown.ends_with('…'));
    // A link that begins before the cut does not survive it.
    let late = format!("{}https://attacker.invalid/path", "x".repeat(30));
    assert!(
        !plain(&late, 45).contains("attacker"),
        "{}",
        plain(&late, 45)
    );
}

#[test]
fn a_path_with_a_double_slash_costs_only_itself() {
    assert_eq!(plain("open /var//log failed", 50), "open /var<url> failed");
}
