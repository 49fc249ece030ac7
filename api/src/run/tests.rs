use super::*;
use crate::cli::Settings;

#[test]
fn the_greeting_can_be_typed_as_it_stands() {
    let first = FirstSecrets {
        password: "pass".into(),
        token: "vgl_token".into(),
    };
    let config = |addr: &str, data_dir: Option<&str>| {
        Config::load(&Settings {
            addr: Some(addr.into()),
            data_dir: data_dir.map(Into::into),
            ..Settings::default()
        })
        .unwrap()
    };
    let usual = config("127.0.0.1:8080", None);
    let text = greeting(
        "http://127.0.0.1:8080",
        &first,
        "target/release/vigil",
        &client_flags(&usual, usual.addr),
    );
    assert!(text.contains("Bearer vgl_token"));
    assert!(text.contains("target/release/vigil ask \"what"), "{text}");
    assert!(text.contains("5. See it work:   target/release/vigil demo"));
    let other = config("0.0.0.0:9000", Some("/srv/vigil data"));
    assert_eq!(
        client_flags(&other, other.addr),
        " --url http://127.0.0.1:9000 --data-dir '/srv/vigil data'"
    );
}
