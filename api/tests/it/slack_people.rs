//! Who in Slack is who of us: as the settings file and the database say now, not as they said at the start.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use store::{IdentityStore as _, Role};

use crate::harness::{Database, Server, json};
use crate::slack::{SECRET, signed, start};

const PLACE: &str = "[[slack.place]]\nteam = \"T1\"\nproject = \"default\"\n";

/// What a person is told who takes an incident that does not exist. Slack's requests come once: each has another number.
async fn takes(server: &Server, user: &str, number: u32) -> String {
    let text = format!("ack {number}");
    let fields = [
        ("team_id", "T1"),
        ("channel_id", "C1"),
        ("user_id", user),
        ("text", text.as_str()),
    ];
    let answer = signed(server, "/slack/commands", &fields).await;
    json(answer).await["text"].as_str().unwrap().to_owned()
}

/// Writes the settings anew, asks the server to read them, and waits until it says so.
async fn reread(server: &Server, folder: &Path, users: &str, expected: &str) {
    let text = format!(
        "[slack]\nsigning_secret = \"{SECRET}\"\nresponse_hosts = [\"127.0.0.1\"]\n{PLACE}[slack.users]\n{users}"
    );
    std::fs::write(folder.join("vigil.toml"), text).unwrap();
    let before = server.printed("stderr").matches(expected).count();
    let pid = server.pid().to_string();
    let sent = Command::new("kill").args(["-HUP", &pid]).status();
    assert!(sent.unwrap().success());
    for _ in 0..600 {
        if server.printed("stderr").matches(expected).count() > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("'{expected}' is not logged: {}", server.printed("stderr"));
}

async fn people_of_slack_change_without_a_restart(database: Database) {
    let (server, folder) = start(database, PLACE).await;
    let store = server.store();
    let hash = api::auth::hash_password("a member's password").unwrap();
    let mia = store.create_user("mia", &hash, Role::Member, 1).unwrap();
    let folder = folder.path();
    let is_unknown = |said: &str| said.contains("does not know who");
    assert!(is_unknown(&takes(&server, "U1", 1).await));

    // Settings that cannot be used change nothing, and the server lives.
    reread(&server, folder, "U1 = \"nobody\"\n", "those of before stay").await;
    assert!(is_unknown(&takes(&server, "U1", 2).await));

    let both = "U1 = \"admin\"\nU2 = \"mia\"\n";
    reread(&server, folder, both, "was read again").await;
    for (user, number) in [("U1", 3), ("U2", 4)] {
        let said = takes(&server, user, number).await;
        assert!(said.contains("was not found"), "{said}");
    }

    // Whoever may not log in any more may not act in Slack either.
    store
        .set_user_disabled(mia.id, true, testkit::now_ns())
        .unwrap();
    assert!(is_unknown(&takes(&server, "U2", 5).await));
    reread(&server, folder, "U2 = \"mia\"\n", "was read again").await;
    assert!(is_unknown(&takes(&server, "U1", 6).await));
    store
        .set_user_disabled(mia.id, false, testkit::now_ns())
        .unwrap();
    let said = takes(&server, "U2", 7).await;
    assert!(said.contains("was not found"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_slack_change_without_a_restart_on_sqlite() {
    people_of_slack_change_without_a_restart(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_slack_change_without_a_restart_on_postgres() {
    people_of_slack_change_without_a_restart(Database::Postgres).await;
}
