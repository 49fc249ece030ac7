use super::*;

fn failed() -> Check {
    Check {
        name: "database",
        status: CheckStatus::Failed,
        detail: "connection to server at \"10.1.2.3\" failed: password of vigil is wrong".into(),
        how_to_fix: Some("run `vigil migrate`, or look at the database".into()),
    }
}

#[test]
fn anybody_sees_what_to_do_but_not_what_the_driver_says() {
    let item = CheckItem::public(failed(), "target/release/vigil");
    assert_eq!(item.detail, "cannot be reached; nothing works without it");
    assert_eq!(
        item.how_to_fix.unwrap(),
        "run `target/release/vigil migrate`, or look at the database"
    );
    let item = CheckItem::full(failed(), "vigil");
    assert!(item.detail.contains("10.1.2.3"));
}
