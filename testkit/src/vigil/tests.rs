use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::{Vigil, VigilSettings};

/// A shell script in the place of the executable.
fn script(text: &str) -> (tempfile::TempDir, VigilSettings) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("vigil");
    std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = VigilSettings::new(&program, folder.path());
    (folder, settings)
}

#[test]
fn a_program_that_ends_at_once_is_reported_with_its_log() {
    let (_folder, settings) =
        script("case \"$*\" in *reset*|*token*) echo secret;; *) echo broken >&2; exit 3;; esac");
    let error = Vigil::start(settings).unwrap_err().to_string();
    assert!(
        error.contains("exit status: 3") && error.contains("broken"),
        "{error}"
    );
}

#[test]
fn a_command_that_fails_is_reported_with_what_it_said() {
    let (_folder, settings) = script("echo no database >&2; exit 1");
    let error = Vigil::start(settings).unwrap_err().to_string();
    assert!(
        error.contains("reset-password") && error.contains("no database"),
        "{error}"
    );
}

fn not_started(settings: VigilSettings) -> Vigil {
    Vigil {
        settings,
        arguments: Vec::new(),
        variables: Vec::new(),
        child: None,
        address: "127.0.0.1:1".to_owned(),
        token: String::new(),
        password: String::new(),
    }
}

#[test]
fn a_variable_is_seen_by_the_next_start_only_while_it_is_set() {
    let (_folder, settings) =
        script("if [ \"$1\" = say ]; then echo \"it is ${POINT-none}\"; fi; exit ${POINT-0}");
    let mut vigil = not_started(settings);
    vigil.set_variable("POINT", Some("3"));
    vigil.spawn().unwrap();
    let status = vigil.wait_end(Duration::from_secs(30)).unwrap();
    assert_eq!((status.code(), vigil.pid()), (Some(3), None));
    assert_eq!(
        vigil.ask(&["say"]).unwrap(),
        ("it is 3\n".to_owned(), false)
    );
    vigil.set_variable("POINT", None);
    assert_eq!(
        vigil.ask(&["say"]).unwrap(),
        ("it is none\n".to_owned(), true)
    );
}

#[test]
fn a_stop_by_signal_gives_the_exit_status() {
    let (folder, settings) =
        script("trap 'exit 7' TERM; touch started; while :; do sleep 0.01; done");
    let mut vigil = not_started(settings);
    vigil.spawn().unwrap();
    while !folder.path().join("started").exists() {
        std::thread::yield_now();
    }
    let status = vigil.terminate(Duration::from_secs(30)).unwrap().unwrap();
    assert_eq!(status.code(), Some(7));
    assert_eq!(vigil.pid(), None);
}
