use super::*;

fn address(peer: &str, forwarded: Option<&'static str>) -> String {
    let mut headers = HeaderMap::new();
    if let Some(forwarded) = forwarded {
        headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
    }
    address_of(peer.parse().unwrap(), &headers)
}

#[test]
fn the_forwarded_address_counts_only_behind_a_proxy_on_this_machine() {
    assert_eq!(address("192.0.2.7", None), "192.0.2.7");
    assert_eq!(address("192.0.2.7", Some("198.51.100.1")), "192.0.2.7");
    assert_eq!(
        address("127.0.0.1", Some("made up, 198.51.100.1")),
        "198.51.100.1"
    );
    assert_eq!(address("127.0.0.1", Some("nonsense")), "127.0.0.1");
    assert_eq!(address("::ffff:192.0.2.7", None), "192.0.2.7");
}

#[test]
fn the_addresses_of_one_ipv6_network_are_one_subject() {
    assert_eq!(
        address("2001:db8:1:2::1", None),
        address("2001:db8:1:2:ffff::9", None)
    );
    assert_ne!(
        address("2001:db8:1:2::1", None),
        address("2001:db8:1:3::1", None)
    );
}
