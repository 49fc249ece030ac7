use std::net::TcpListener;
use std::path::Path;

use crate::harness::{Server, arguments, free_port, run, vigil};

fn failure(folder: &Path, arguments: &[String], environment: &[(&str, &str)]) -> String {
    let output = vigil(folder, arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(
        !output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    String::from_utf8(output.stderr).unwrap()
}

fn config(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = vigil(folder, &[])
        .args(arguments)
        .arg("config")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secrets_of_a_first_start_are_shown_also_when_an_earlier_one_failed() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = failure(folder.path(), &arguments(folder.path(), port), &[]);
    assert!(
        text.contains(&format!("listening on 127.0.0.1:{port}")),
        "{text}"
    );
    drop(taken);
    let mut server = Server::first_start(folder, port).await;
    let printed = server.printed("stdout");
    assert!(printed.contains("What to do next"), "{printed}");
    assert!(
        printed.contains(&format!("http://127.0.0.1:{port}/api/v1/logs")),
        "{printed}"
    );
    server.session().await;
    let sent = server.post_logs("application/json", r#"{"message":"hello from curl"}"#);
    assert_eq!(sent.send().await.unwrap().status(), 200);
    // Once.
    server.terminate();
    assert!(server.reap().success());
    server.restart().await;
    let printed = server.printed("stdout");
    assert_eq!(printed.matches("admin password").count(), 1, "{printed}");
    assert!(printed.contains("Vigil is ready at"), "{printed}");
}

#[test]
fn settings_in_a_folder_above_are_not_ours() {
    let above = tempfile::tempdir().unwrap();
    let poison = "DATABASE_URL=postgres://vigil@localhost/production\nVIGIL_ADDR=127.0.0.1:1111\n";
    std::fs::write(above.path().join(".env"), poison).unwrap();
    let folder = above.path().join("checkout");
    std::fs::create_dir(&folder).unwrap();
    let text = config(&folder, &[], &[]);
    assert!(text.contains("database_url: None"), "{text}");
    assert!(text.contains("addr: 127.0.0.1:8080"), "{text}");
    // The one of the working folder is.
    let text = config(above.path(), &[], &[]);
    assert!(text.contains("addr: 127.0.0.1:1111"), "{text}");
    assert!(!text.contains("database_url: None"), "{text}");
}

#[test]
fn a_broken_env_file_stops_the_start_and_names_the_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "VIGIL_ADDR=127.0.0.1:1\nJWT_SECRET two words\n",
    )
    .unwrap();
    let text = failure(folder.path(), &["config".into()], &[]);
    assert!(text.contains(".env, line 2"), "{text}");
    assert!(!text.contains("two words"), "{text}");
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("vigil.toml"),
        "addr = \"127.0.0.1:1\"\nretention_days = 7\n",
    )
    .unwrap();
    let file = ("VIGIL_CONFIG", "vigil.toml");
    let text = config(folder.path(), &[], &[file]);
    assert!(
        text.contains("addr: 127.0.0.1:1,") && text.contains("retention_days: 7"),
        "{text}"
    );
    let address = ("VIGIL_ADDR", "127.0.0.1:2");
    let text = config(folder.path(), &[], &[file, address]);
    assert!(
        text.contains("addr: 127.0.0.1:2,") && text.contains("retention_days: 7"),
        "{text}"
    );
    let text = config(folder.path(), &["--addr", "127.0.0.1:3"], &[file, address]);
    assert!(text.contains("addr: 127.0.0.1:3,"), "{text}");
    // An empty variable is none.
    let empty = [
        file,
        ("VIGIL_ADDR", ""),
        ("VIGIL_RETENTION_DAYS", " "),
        ("VIGIL_OFFLINE", ""),
    ];
    let text = config(folder.path(), &[], &empty);
    assert!(
        text.contains("addr: 127.0.0.1:1,") && text.contains("retention_days: 7"),
        "{text}"
    );
}

#[test]
fn a_weak_secret_stops_a_server_that_others_can_reach() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = arguments(folder.path(), free_port());
    open[1] = "0.0.0.0:0".into();
    let text = failure(folder.path(), &open, &[("JWT_SECRET", "changeme")]);
    assert!(
        text.contains("JWT_SECRET has 8 characters, at least 32"),
        "{text}"
    );
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[test]
fn migrate_makes_the_database_and_may_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = arguments(folder.path(), free_port());
    for _ in 0..2 {
        let text = run(folder.path(), &arguments, &["migrate"]);
        assert!(text.contains("this version's schema"), "{text}");
    }
    assert!(folder.path().join("data/vigil.sqlite3").exists());
    // A name that is nobody's makes nobody an admin.
    let mut reset = arguments.clone();
    reset.extend(["reset-password".to_owned(), "ada".to_owned()]);
    let text = failure(folder.path(), &reset, &[]);
    assert!(text.contains("no user 'ada'"), "{text}");
    let password = run(folder.path(), &arguments, &["reset-password", "admin"]);
    assert_eq!(password.len(), 40);
}
