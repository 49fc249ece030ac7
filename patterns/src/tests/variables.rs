use super::miner_of;
use crate::rebuild;

#[track_caller]
fn check(lines: &[&str], body: &str, expected: Option<&[&str]>) {
    let mut miner = miner_of(lines.iter().copied());
    let id = miner.mine(body).template_id;
    let variables = miner.variables(id, body);
    assert_eq!(
        variables.as_deref(),
        expected,
        "of {body:?} under {:?}",
        miner.text(id)
    );
    if let Some(variables) = variables {
        assert_eq!(
            rebuild(miner.text(id).unwrap(), &variables).as_deref(),
            Some(body)
        );
    }
}

#[test]
fn values_come_out_in_order() {
    check(
        &[],
        "user 7 from 10.0.0.1:80",
        Some(&["7", "10.0.0.1", "80"]),
    );
    check(&[], "no values", Some(&[]));
    check(&[], "", Some(&[]));
}

#[test]
fn generalised_words_are_values() {
    let lines = ["tag=a of set", "tag=b of set", "tag=c of set"];
    check(&lines, "tag=zeta of set", Some(&["zeta"]));
}

#[test]
fn padding_beside_a_value_belongs_to_it() {
    check(&[], "size:    12 rows", Some(&["   12"]));
    check(&[], "12    rows", Some(&["12   "]));
}

#[test]
fn what_follows_the_line_is_one_more_value() {
    check(
        &[],
        "failed 3 times\n at x\n at y",
        Some(&["3", "\n at x\n at y"]),
    );
    check(&[], "done \r\n", Some(&[" \r\n"]));
}

#[test]
fn a_body_that_cannot_be_put_together_again_has_no_values() {
    check(&[], "two  blanks", None);
    check(&[], "\n leading", None);
    check(&[], "tab\tbetween", None);
}

#[test]
fn rebuild_refuses_a_wrong_number_of_values() {
    assert_eq!(rebuild("a <num> b", &[]), None);
    assert_eq!(rebuild("a <num> b", &["1"]).as_deref(), Some("a 1 b"));
    assert_eq!(
        rebuild("a <num> b", &["1", "tail"]).as_deref(),
        Some("a 1 btail")
    );
    assert_eq!(rebuild("a <num> b", &["1", "2", "3"]), None);
    assert_eq!(rebuild("a <b> <", &[]).as_deref(), Some("a <b> <"));
}
