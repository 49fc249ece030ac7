use super::*;

#[test]
fn a_session_that_was_changed_or_signed_by_somebody_else_is_refused() {
    let user = UserId(uuid::Uuid::new_v4());
    let project = ProjectId(uuid::Uuid::new_v4());
    let now_ns = domain::Clock::now_ns(&domain::SystemClock);
    let keys = SessionKeys::new("a secret of more than thirty-two characters", 60);
    let (token, claims) = keys.issue(user, "ada", project, now_ns).unwrap();
    assert_eq!(keys.verify(&token).unwrap().jti, claims.jti);
    let other = SessionKeys::new("another secret of more than thirty-two chars", 60);
    assert!(other.verify(&token).is_none());
    let (old, _) = keys
        .issue(user, "ada", project, now_ns - 3_600_000_000_000)
        .unwrap();
    assert!(keys.verify(&old).is_none(), "an hour after its end");
    // The same claims without a signature.
    let body = token.split('.').nth(1).unwrap();
    let header = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        br#"{"alg":"none","typ":"JWT"}"#,
    );
    assert!(keys.verify(&format!("{header}.{body}.")).is_none());
}
