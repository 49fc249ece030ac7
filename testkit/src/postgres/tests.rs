use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Postgres;

/// Set in the child process of the tests below: which part it plays.
const PART: &str = "VIGIL_TESTKIT_PART";

#[test]
fn every_database_is_fresh_and_the_server_is_shared() {
    let server = Postgres::shared().unwrap();
    let first = server.database().unwrap();
    let second = server.database().unwrap();
    assert_ne!(first, second);
    let name = first.rsplit('/').next().unwrap();
    server
        .execute(name, "create table only_here (id int)")
        .unwrap();
    let other = second.rsplit('/').next().unwrap();
    let missing = server
        .execute(other, "select * from only_here")
        .unwrap_err();
    assert!(missing.to_string().contains("only_here"), "{missing}");
}

#[test]
fn committed_rows_survive_a_crash_of_the_server() {
    let server = Postgres::start().unwrap();
    let url = server.database().unwrap();
    let name = url.rsplit('/').next().unwrap();
    server
        .execute(name, "create table kept (id int primary key)")
        .unwrap();
    server.execute(name, "insert into kept values (1)").unwrap();
    server.crash().unwrap();
    server.execute(name, "select 1").unwrap_err();
    server.resume().unwrap();
    let twice = server
        .execute(name, "insert into kept values (1)")
        .unwrap_err();
    assert!(twice.to_string().contains("duplicate key"), "{twice}");
}

#[test]
fn a_dropped_server_is_stopped_and_its_folder_removed() {
    let server = Postgres::start().unwrap();
    let folder = server.folder.clone();
    let pid = server_pid(&folder);
    assert!(is_alive(pid));
    drop(server);
    assert!(!is_alive(pid));
    assert!(!folder.exists());
}

#[test]
fn a_killed_test_process_leaves_no_server_behind() {
    let mut child = play("wait_to_be_killed");
    let folder = announced_folder(&mut child);
    let pid = server_pid(&folder);
    assert!(is_alive(pid));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until_gone(pid, &folder);
}

#[test]
fn a_panicking_test_process_leaves_no_server_behind() {
    let mut child = play("panic");
    let folder = announced_folder(&mut child);
    let pid = server_pid(&folder);
    // It panics when its input ends.
    drop(child.stdin.take());
    assert!(!child.wait().unwrap().success());
    wait_until_gone(pid, &folder);
}

/// Not a test of its own: the body of the child processes above.
#[test]
fn child_process_of_the_tests_above() {
    let Ok(part) = std::env::var(PART) else {
        return;
    };
    let server = Postgres::shared().unwrap();
    println!("folder {}", server.folder.display());
    let _ = std::io::stdin().read_line(&mut String::new());
    assert!(part != "panic", "as ordered");
}

fn play(part: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "postgres::tests::child_process_of_the_tests_above",
            "--nocapture",
        ])
        .env(PART, part)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn announced_folder(child: &mut std::process::Child) -> PathBuf {
    let output = child.stdout.take().unwrap();
    BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            line.split_once("folder ")
                .map(|(_, path)| PathBuf::from(path))
        })
        .unwrap()
}

fn server_pid(folder: &Path) -> u32 {
    let text = std::fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/stat")).exists()
}

/// The watchdog works on its own time; a minute is far more than it needs.
fn wait_until_gone(pid: u32, folder: &Path) {
    let begun = Instant::now();
    while is_alive(pid) || folder.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "server {pid} is still there"
        );
        std::thread::yield_now();
    }
}
