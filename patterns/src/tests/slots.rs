use crate::Slots;

/// `kind key value` of each slot.
fn shown(template: &str, body: &str) -> Vec<String> {
    let slots = Slots::new(template);
    slots
        .values(body)
        .unwrap_or_default()
        .iter()
        .zip(slots.places())
        .map(|(value, place)| format!("{} {} {value}", place.kind, place.key))
        .collect()
}

#[test]
fn each_slot_says_its_kind_its_key_and_its_value() {
    assert_eq!(
        shown(
            "Failed login for <*> from <ip> port <num> tty2",
            "Failed login for anna from 10.2.3.4 port 4711 tty2"
        ),
        ["* for anna", "ip from 10.2.3.4", "num port 4711"]
    );
    assert_eq!(
        shown(
            "check failed; uid=<num> host=[<ip>] user=<*>",
            "check failed; uid=0 host=[10.2.3.4] user=anna"
        ),
        ["num uid 0", "ip host 10.2.3.4", "* user anna"]
    );
    assert_eq!(
        shown(
            "connect to <host>:<num> failed",
            "connect to db.shop.example:5432 failed"
        ),
        ["host to db.shop.example", "num  5432"]
    );
}

#[test]
fn values_come_also_where_the_body_cannot_be_put_together_again() {
    // Two blanks between constants are lost in the template; the values are not.
    assert_eq!(
        shown(
            "login refused: rhost=<ip> user=<*>",
            "login  refused: rhost=10.2.3.4  user=anna"
        ),
        ["ip rhost 10.2.3.4", "* user anna"]
    );
}

#[test]
fn a_body_of_another_template_has_no_values() {
    assert_eq!(
        Slots::new("user <*> left").values("order 4711 was paid today"),
        None
    );
    assert!(Slots::new("cache warmed").places().is_empty());
}

#[test]
fn a_body_that_was_mined_before_a_merge_gives_its_values_to_the_general_template() {
    let slots = Slots::new("Failed login for <*> from <ip>");
    assert_eq!(
        slots.values("Failed login for root from 10.2.3.4"),
        Some(vec!["root", "10.2.3.4"])
    );
}
