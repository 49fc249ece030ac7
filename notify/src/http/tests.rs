use std::net::IpAddr;
use std::time::Duration;

use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{AddressClass, Guard, HttpError, HttpPolicy, classify_address, exchange, http_client};
use crate::SendReason;
use domain::ManualClock;

#[test]
fn addresses_are_known_for_what_they_are() {
    use AddressClass::{
        LinkLocal, Loopback, Metadata, Multicast, Private, Public, Reserved, SharedNat,
    };
    let table = [
        ("8.8.8.8", Public),
        ("2606:4700::1111", Public),
        ("127.0.0.1", Loopback),
        ("127.255.255.254", Loopback),
        ("::1", Loopback),
        ("::ffff:127.0.0.1", Loopback),
        ("::127.0.0.1", Loopback),
        ("10.0.0.1", Private),
        ("172.16.0.1", Private),
        ("172.31.255.255", Private),
        ("172.32.0.1", Public),
        ("192.168.1.1", Private),
        ("::ffff:192.168.1.1", Private),
        ("64:ff9b::10.0.0.1", Private),
        ("2002:0a00:0001::1", Private),
        ("fd12:3456::1", Private),
        ("fec0::1", Private),
        ("169.254.1.1", LinkLocal),
        ("fe80::1", LinkLocal),
        ("100.64.0.1", SharedNat),
        ("100.127.255.255", SharedNat),
        ("100.128.0.1", Public),
        ("169.254.169.254", Metadata),
        ("::ffff:169.254.169.254", Metadata),
        ("64:ff9b::a9fe:a9fe", Metadata),
        ("2002:a9fe:a9fe::", Metadata),
        ("169.254.170.2", Metadata),
        ("100.100.100.200", Metadata),
        ("168.63.129.16", Metadata),
        ("fd00:ec2::254", Metadata),
        ("224.0.0.1", Multicast),
        ("ff02::1", Multicast),
        ("0.0.0.0", Reserved),
        ("0.1.2.3", Reserved),
        ("::", Reserved),
        ("192.0.2.1", Reserved),
        ("198.18.0.1", Reserved),
        ("203.0.113.9", Reserved),
        ("255.255.255.255", Reserved),
        ("2001::1", Reserved),
        ("2001:db8::1", Reserved),
        ("64:ff9b:1::1", Reserved),
        ("100::1", Reserved),
        ("4000::1", Reserved),
    ];
    for (text, class) in table {
        let address: IpAddr = text.parse().unwrap();
        assert_eq!(classify_address(address), class, "{text}");
    }
}

fn guard(allow_private: bool, allow: &[&str]) -> Guard {
    Guard::new(
        allow_private,
        &allow
            .iter()
            .map(|entry| (*entry).to_owned())
            .collect::<Vec<_>>(),
    )
    .unwrap()
}

#[test]
fn the_guard_follows_its_lists() {
    let check = |guard: &Guard, host: &str, address: &str| {
        guard.check(host, address.parse().unwrap()).is_ok()
    };
    let strict = guard(false, &[]);
    assert!(check(&strict, "hooks.slack.com", "52.1.2.3"));
    assert!(!check(&strict, "evil.example", "10.0.0.1"));
    let inside = guard(true, &[]);
    assert!(check(&inside, "x", "10.0.0.1") && check(&inside, "x", "::1"));
    assert!(
        !check(&inside, "x", "169.254.169.254"),
        "metadata stays out of reach"
    );
    assert!(!check(&inside, "x", "224.0.0.1"));
    let listed = guard(
        false,
        &[
            "hooks.internal",
            ".corp",
            "10.1.0.0/16",
            "fd00::/8",
            "169.254.169.254",
        ],
    );
    assert!(check(&listed, "Hooks.Internal.", "192.168.7.7"));
    assert!(check(&listed, "a.corp", "192.168.7.7") && !check(&listed, "acorp", "192.168.7.7"));
    assert!(!check(
        &listed,
        "hooks.internal.evil.example",
        "192.168.7.7"
    ));
    assert!(check(&listed, "x", "10.1.2.3") && !check(&listed, "x", "10.2.2.3"));
    assert!(check(&listed, "x", "::ffff:10.1.2.3"));
    assert!(check(&listed, "x", "fd12::1"));
    assert!(
        check(&listed, "x", "169.254.169.254"),
        "the operator named it"
    );
    assert!(!check(&listed, "hooks.internal", "169.254.170.2"));
}

#[test]
fn nonsense_in_the_list_is_refused() {
    for entry in ["10.0.0.0/33", "http://x", "a b", ""] {
        assert!(Guard::new(false, &[entry.to_owned()]).is_err(), "{entry}");
    }
}

#[tokio::test]
async fn urls_are_checked_before_anything_is_sent() {
    let strict = http_client(&HttpPolicy::default()).unwrap();
    let inside = http_client(&HttpPolicy {
        allow_private: true,
        ..HttpPolicy::default()
    })
    .unwrap();
    assert!(strict.check("https://hooks.slack.com/services/x").is_ok());
    for url in [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1:8443/x",
    ] {
        assert!(
            matches!(strict.check(url), Err(HttpError::Refused(_))),
            "{url}"
        );
    }
    assert!(inside.check("https://127.0.0.1/").is_ok() && inside.check("http://10.0.0.1/").is_ok());
    assert!(matches!(
        inside.check("http://169.254.169.254/"),
        Err(HttpError::Refused(_))
    ));
    assert!(matches!(
        strict.check("http://example.com/"),
        Err(HttpError::NotEncrypted(_))
    ));
    for url in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "nonsense",
        "https://",
        "unix:/run/docker.sock",
    ] {
        assert!(matches!(strict.check(url), Err(HttpError::Url(_))), "{url}");
    }
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_refused_when_connecting() {
    let server = MockServer::start().await;
    let port = server.address().port();
    let clock = ManualClock::new(0);
    let strict = http_client(&HttpPolicy::default()).unwrap();
    let request = strict.post(&format!("https://localhost:{port}/")).unwrap();
    let error = exchange(&strict, &clock, request).await.unwrap_err();
    assert_eq!(
        (error.reason, error.retryable),
        (SendReason::ClientError, false)
    );
    assert_eq!(
        error.message,
        "'localhost' is a loopback address; allow_private or an entry in allow would permit it"
    );
    // The bare client that other rooms may use is guarded alike.
    assert!(
        strict
            .client()
            .get(format!("http://localhost:{port}/"))
            .send()
            .await
            .is_err()
    );
    assert!(server.received_requests().await.unwrap().is_empty());

    let listed = HttpPolicy {
        allow: vec!["localhost".into()],
        ..HttpPolicy::default()
    };
    let listed = http_client(&listed).unwrap();
    let request = listed.post(&format!("http://localhost:{port}/")).unwrap();
    assert_eq!(
        exchange(&listed, &clock, request).await.unwrap().status,
        404
    );
}

#[tokio::test]
async fn redirects_are_not_followed_and_long_answers_are_cut() {
    let target = MockServer::start().await;
    let server = MockServer::start().await;
    let clock = ManualClock::new(0);
    let policy = HttpPolicy {
        allow_private: true,
        max_response_bytes: 1_000,
        ..HttpPolicy::default()
    };
    let client = http_client(&policy).unwrap();
    Mock::given(method("POST"))
        .respond_with(
            ResponseTemplate::new(307)
                .insert_header("location", target.uri())
                .set_body_string("x".repeat(100_000)),
        )
        .mount(&server)
        .await;
    let answer = exchange(&client, &clock, client.post(&server.uri()).unwrap())
        .await
        .unwrap();
    assert_eq!((answer.status, answer.body.len()), (307, 1_000));
    assert!(target.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_slow_answer_is_a_timeout_that_may_be_tried_again() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(30)))
        .mount(&server)
        .await;
    let policy = HttpPolicy {
        allow_private: true,
        total_timeout: Duration::from_millis(200),
        ..HttpPolicy::default()
    };
    let client = http_client(&policy).unwrap();
    let clock = ManualClock::new(0);
    let error = exchange(&client, &clock, client.post(&server.uri()).unwrap())
        .await
        .unwrap_err();
    assert_eq!((error.reason, error.retryable), (SendReason::Timeout, true));
}
