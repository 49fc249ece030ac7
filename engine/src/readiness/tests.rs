use super::*;

#[test]
fn the_index_is_as_it_answered_last_and_never_ok_before() {
    assert_eq!(index(None, "server").status, CheckStatus::Degraded);
    assert_eq!(index(Some(Ok(())), "server").status, CheckStatus::Ok);
    let dead = index(Some(Err("no answer".into())), "server");
    assert_eq!(dead.status, CheckStatus::Degraded);
    assert!(dead.detail.contains("no answer") && dead.how_to_fix.is_some());
}
