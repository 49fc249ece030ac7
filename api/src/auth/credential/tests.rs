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
