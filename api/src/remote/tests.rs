use super::*;

#[test]
fn a_session_of_this_machine_is_made_for_this_machine_only() {
    for url in [
        "http://127.0.0.1:8080",
        "http://localhost:8080/",
        "http://[::1]:8080",
        "https://127.8.9.1",
    ] {
        assert!(is_this_machine(url), "{url}");
    }
    for url in [
        "http://logs.example.com",
        "http://127.0.0.1@logs.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://192.168.0.1:8080",
        "http://0.0.0.0",
        "127.0.0.1:8080",
        "",
    ] {
        assert!(!is_this_machine(url), "{url}");
    }
}

#[tokio::test]
async fn a_foreign_server_gets_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::load(&crate::cli::Settings {
        data_dir: Some(folder.path().to_owned()),
        ..crate::cli::Settings::default()
    })
    .unwrap();
    let remote = Remote {
        url: "http://logs.example.com".into(),
        token: None,
    };
    let error = Server::new(&remote, &config).await.err().unwrap();
    assert!(error.to_string().contains("--token"), "{error:#}");
}
