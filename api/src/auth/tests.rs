use axum::http::HeaderValue;

use super::*;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            (
                axum::http::HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

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

#[test]
fn credentials_are_read_from_bearer_and_cookie_only() {
    let bearer = credential(&headers(&[("authorization", "bearer  abc ")])).unwrap();
    assert_eq!((bearer.text.as_str(), bearer.is_cookie), ("abc", false));
    let cookie = credential(&headers(&[("cookie", "a=b; vigil_session=xyz")])).unwrap();
    assert_eq!((cookie.text.as_str(), cookie.is_cookie), ("xyz", true));
    assert!(credential(&headers(&[("authorization", "Basic YWRhOmxvdmVsYWNl")])).is_none());
    assert!(credential(&headers(&[("authorization", "Bearer ")])).is_none());
    assert!(credential(&headers(&[])).is_none());
}

#[test]
fn an_ingest_token_may_come_as_the_basic_password_or_as_a_user_without_one() {
    let basic = |pair: &str| {
        let value = base64::engine::general_purpose::STANDARD.encode(pair);
        headers(&[("authorization", &format!("basic {value}"))])
    };
    let token = |pair: &str| writer_credential(&basic(pair)).map(|credential| credential.text);
    assert_eq!(token("anybody:vgl_abc").as_deref(), Some("vgl_abc"));
    assert_eq!(token("vgl_abc:").as_deref(), Some("vgl_abc"));
    assert_eq!(token("vgl_abc").as_deref(), Some("vgl_abc"));
    assert_eq!(token("ada:lovelace"), None, "people log in");
    assert_eq!(token("vgl_abc:lovelace"), None, "the password counts");
    assert!(writer_credential(&headers(&[("authorization", "Basic ###")])).is_none());
    // Readers send bearer tokens or the cookie.
    assert!(credential(&basic("anybody:vgl_abc")).is_none());
}

#[test]
fn an_ingest_token_may_come_in_the_schemes_of_the_front_doors() {
    let token = |name: &'static str, value: &str| {
        writer_credential(&headers(&[(name, value)])).map(|credential| credential.text)
    };
    let base64 = |text: &str| {
        let key = base64::engine::general_purpose::STANDARD.encode(text);
        format!("ApiKey {key}")
    };
    for (name, value) in [
        ("authorization", "Splunk vgl_abc"),
        ("authorization", "splunk  vgl_abc "),
        ("authorization", "ApiKey vgl_abc"),
        ("authorization", &base64("some-id:vgl_abc")),
        ("authorization", &base64("vgl_abc")),
        ("dd-api-key", "vgl_abc"),
    ] {
        assert_eq!(token(name, value).as_deref(), Some("vgl_abc"), "{value}");
    }
    // A session is only taken as a bearer token or from the page's cookie.
    for (name, value) in [
        ("authorization", "Splunk eyJhbGciOi"),
        ("authorization", "ApiKey eyJhbGciOi"),
        ("authorization", "ApiKey ####"),
        ("authorization", &base64("vgl_abc:lovelace")),
        ("dd-api-key", "eyJhbGciOi"),
    ] {
        assert_eq!(token(name, value), None, "{value}");
    }
}

#[test]
fn a_foreign_page_may_not_act_with_the_cookie() {
    assert!(is_same_origin(&headers(&[(
        "sec-fetch-site",
        "same-origin"
    )])));
    assert!(!is_same_origin(&headers(&[(
        "sec-fetch-site",
        "cross-site"
    )])));
    assert!(!is_same_origin(&headers(&[
        ("host", "vigil.example"),
        ("origin", "https://evil.example"),
    ])));
    assert!(is_same_origin(&headers(&[
        ("host", "vigil.example"),
        ("origin", "https://vigil.example"),
    ])));
    assert!(!is_same_origin(&headers(&[("host", "vigil.example")])));
}

#[test]
fn tokens_are_long_random_and_shown_by_a_short_prefix_only() {
    let (one, two) = (new_token(TokenScope::Ingest), new_token(TokenScope::Ingest));
    assert_ne!(one, two);
    assert_eq!(one.len(), TOKEN_PREFIX.len() + 2 * TOKEN_BYTES);
    assert_eq!(display_prefix(&one).len(), 10);
    let reading = new_token(TokenScope::Read);
    assert!(reading.starts_with("vgl_read_"));
    assert_eq!(display_prefix(&reading).len(), 15, "the store takes 16");
    assert_ne!(token_hash(&one), token_hash(&two));
}
