use super::*;

#[test]
fn only_the_right_password_of_a_known_user_is_accepted() {
    let hash = hash_password("correct horse").unwrap();
    assert!(verify_password("correct horse", Some(&hash)));
    assert!(!verify_password("", Some(&hash)));
    assert!(!verify_password("correct horse", None));
    assert!(!verify_password("", None));
    assert!(!verify_password("x", Some("not a hash")));
}

#[test]
fn tokens_are_long_random_and_shown_by_a_short_prefix_only() {
    let (one, two) = (new_token(TokenScope::Ingest), new_token(TokenScope::Ingest));
    assert_ne!(one, two);
    assert_eq!(one.len(), TOKEN_PREFIX.len() + 2 * TOKEN_BYTES);
    assert_eq!(display_prefix(&one).len(), 10);
    let reading = new_token(TokenScope::Read);
    assert!(reading.starts_with("vgl_read_"));
    assert!(writes_only(&one) && !writes_only(&reading) && !writes_only("eyJ.a.session"));
    assert_eq!(display_prefix(&reading).len(), 15, "the store takes 16");
    assert_ne!(token_hash(&one), token_hash(&two));
}

#[test]
fn the_digest_of_a_read_token_is_not_the_plain_one_that_older_processes_look_for() {
    let plain = |token: &str| -> [u8; 32] { Sha256::digest(token.as_bytes()).into() };
    let (writing, reading) = (new_token(TokenScope::Ingest), new_token(TokenScope::Read));
    assert_eq!(token_hash(&writing), plain(&writing));
    assert_ne!(token_hash(&reading), plain(&reading));
    assert_eq!(token_hash(&reading), token_hash(&reading.clone()));
}
