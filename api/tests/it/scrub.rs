//! What leaves the house: to models outside, into messages, and what `vigil scrub` shows of it; what is masked before it is stored.

use std::path::Path;

use serde_json::json;
use testkit::{Channel, Received, ReceiverServer};

use crate::harness::{Database, Server, run};

/// Lines of a service that fails, each with values of its own.
const LINES: usize = 400;

/// Values that must not leave, and the line that holds them.
fn planted(n: usize) -> (Vec<String>, String) {
    let email = format!("mara{n}x@firm{n}.example.net");
    let address = format!("198.51.{}.{}", n % 256, (n * 7) % 250 + 1);
    let secret = format!("Wq{n}kTz{}Lp", n * 31);
    let card = "4111 1111 1111 1111".to_owned();
    let name = [
        "Maria Gonzalez",
        "Hiroshi Watanabe",
        "Oluwaseun Adeyemi",
        "Katarzyna Kowalska",
    ][n % 4]
        .to_owned();
    let line = match n % 5 {
        0 => format!("login of {email} from {address} refused: password={secret}"),
        1 => format!("payment of {name} with card {card} failed for {email}"),
        2 => {
            format!("db connect failed postgres://app:{secret}@db.internal:5432/orders for {name}")
        }
        3 => format!(
            "rcpt={} bounced, Authorization: Bearer {secret}{secret}",
            email.replace('@', "%40")
        ),
        _ => format!("refund for {name} at {address} failed api_key={secret}"),
    };
    let held = [email, address, secret, card, name]
        .into_iter()
        .filter(|value| line.contains(value.as_str()) || line.contains(&value.replace('@', "%40")));
    (held.collect(), line)
}

fn settings(folder: &Path, text: &str) -> Vec<String> {
    let path = folder.join("vigil.toml");
    std::fs::write(&path, text).unwrap();
    vec!["--config".to_owned(), path.display().to_string()]
}

async fn send_planted(server: &Server) -> Vec<String> {
    let (values, lines): (Vec<Vec<String>>, Vec<String>) = (0..LINES)
        .map(|n| {
            let (values, line) = planted(n);
            (
                values,
                json!({ "level": "error", "service": "checkout", "message": line }).to_string(),
            )
        })
        .unzip();
    let answer = server
        .post_logs("application/x-ndjson", lines.join("\n"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    values.concat()
}

/// Everything of a request as one text.
fn text_of(request: &Received) -> String {
    format!(
        "{} {}\n{:?}\n{}",
        request.method,
        request.path,
        request.headers,
        String::from_utf8_lossy(&request.body)
    )
}

async fn ask_about_everything(
    server: &Server,
    channel: Channel,
    receiver: &ReceiverServer,
) -> Vec<String> {
    let values = send_planted(server).await;
    let session = server.session().await;
    for (n, question) in [
        format!("why did the login of {} fail?", values[0]),
        "what happened in checkout in the last hour?".to_owned(),
        format!("show errors of {} with password={}", values[1], values[2]),
        "why do payments of Hiroshi Watanabe fail?".to_owned(),
        "how many errors in the last hour?".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let answer = server
            .client
            .post(format!("{}/api/v1/ask", server.url))
            .bearer_auth(&session)
            .json(&json!({ "question": question, "narrate": true }))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "question {n}");
        answer.text().await.unwrap();
    }
    let sent: Vec<String> = receiver.received_by(channel).iter().map(text_of).collect();
    assert!(!sent.is_empty(), "the model was asked");
    for value in &values {
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        let percent = value.replace('@', "%40").replace(' ', "%20");
        let plus = value.replace(' ', "+");
        for form in [value.clone(), hex, percent, plus] {
            for text in &sent {
                assert!(!text.contains(&form), "{value} as {form} left in {text}");
            }
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_records_or_questions_reaches_an_openai_compatible_model() {
    let receiver = ReceiverServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[external_model]\nprovider = \"openai\"\nbase_url = \"{}\"\nmodel = \"m\"\napi_key = \"k-test\"\n",
        receiver.openai_base_url()
    );
    let server = Server::start_with(Database::Sqlite, &settings(folder.path(), &text)).await;
    ask_about_everything(&server, Channel::OpenAi, &receiver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_records_or_questions_reaches_anthropic_and_strict_mode_sends_slots() {
    let receiver = ReceiverServer::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[external_model]\nprovider = \"anthropic\"\nbase_url = \"{}\"\nmodel = \"m\"\napi_key = \"k-test\"\n[scrub]\nstrict = true\n",
        receiver.base_url()
    );
    let server = Server::start_with(Database::Sqlite, &settings(folder.path(), &text)).await;
    let sent = ask_about_everything(&server, Channel::Anthropic, &receiver).await;
    assert!(
        sent.iter().any(|text| text.contains("VALUE_1:")),
        "{}",
        sent[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_masked_before_they_are_stored_where_the_settings_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "[scrub]\nmask_stored = true\n[[scrub.rule]]\nname = \"employee\"\npattern = 'E-\\d{4}'\n";
    let server = Server::start_with(Database::Sqlite, &settings(folder.path(), text)).await;
    let line = json!({
        "level": "error", "service": "auth", "message": "login of ada@example.net by E-1234 refused",
        "password": "Wq77kTzLp", "client": { "ip": "198.51.100.7" },
    });
    let answer = server
        .post_logs("application/json", line.to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let session = server.session().await;
    let found = server
        .get(&session, "/api/v1/logs?q=login")
        .await
        .to_string();
    assert!(
        found.contains("login of <EMAIL> by <EMPLOYEE> refused"),
        "{found}"
    );
    for value in ["ada@", "E-1234", "Wq77", "198.51"] {
        assert!(!found.contains(value), "{value} is stored: {found}");
    }
    // Nor in a file of the data folder.
    let stored = files(&server.folder().join("data"));
    assert!(!stored.is_empty());
    for value in ["ada@example.net", "Wq77kTzLp", "198.51.100.7"] {
        for (path, bytes) in &stored {
            let is_there = bytes
                .windows(value.len())
                .any(|window| window == value.as_bytes());
            assert!(!is_there, "{value} is in {}", path.display());
        }
    }
}

fn files(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            found.push((path, bytes));
        }
    }
    found
}

#[test]
fn vigil_scrub_shows_what_would_leave_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("app.log");
    std::fs::write(
        &log,
        "WARN login user=ada@example.net password=hunter2\njob x77 of 'Blue Harbor' done\n",
    )
    .unwrap();
    let log = log.display().to_string();
    let plain = run(folder.path(), &[], &["scrub", &log]);
    assert!(
        plain.starts_with("WARN login user=<EMAIL_1:") && plain.contains("password=<PASSWORD_1:"),
        "{plain}"
    );
    assert!(plain.ends_with("job x77 of 'Blue Harbor' done"), "{plain}");
    let strict = run(folder.path(), &[], &["scrub", "--strict", &log]);
    assert!(
        !strict.contains("x77") && !strict.contains("Harbor"),
        "{strict}"
    );
    let masked = run(folder.path(), &[], &["scrub", "--mask", "--quiet", &log]);
    assert!(
        masked.starts_with("WARN login user=<EMAIL> password=<PASSWORD>\n"),
        "{masked}"
    );
    let more = settings(
        folder.path(),
        "[scrub.projects.shop]\n[[scrub.projects.shop.rule]]\nname = \"job\"\npattern = 'job (\\w+)'\n",
    );
    let by_rule = run(
        folder.path(),
        &more,
        &["scrub", "--project", "shop", "--mask", &log],
    );
    assert!(
        by_rule.ends_with("job <JOB> of 'Blue Harbor' done"),
        "{by_rule}"
    );
}
