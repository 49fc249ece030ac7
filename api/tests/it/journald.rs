//! `POST /upload`, where systemd's journals come in.

use reqwest::Response;

use crate::harness::{Database, Server};
use crate::sockets::{find, stored};

const CONTENT_TYPE: &str = "application/vnd.fdo.journal";

fn entry(number: usize, message: &str) -> String {
    format!(
        "__CURSOR=s=1;i={number:x}\n__REALTIME_TIMESTAMP=1795507200{number:06}\nPRIORITY=4\n\
         _SYSTEMD_UNIT=shop.service\nMESSAGE={message}\n\n"
    )
}

async fn upload(server: &Server, body: impl Into<reqwest::Body>) -> Response {
    server
        .client
        .post(format!("{}/upload", server.url))
        .bearer_auth(&server.token)
        .header("content-type", CONTENT_TYPE)
        .body(body)
        .send()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_is_stored_and_its_repetition_is_not_stored_twice() {
    let server = Server::start(Database::Sqlite).await;
    let first: String = (0..40).map(|n| entry(n, &format!("entry {n}"))).collect();
    let answer = upload(&server, first.clone()).await;
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.text().await.unwrap(), "OK.\n");
    // The answer was lost, and meanwhile there are more.
    let again = first + &entry(40, "one more");
    assert_eq!(upload(&server, again).await.status(), 202);
    let records = stored(&server, 41).await;
    assert_eq!(find(&records, "one more")["service"], "shop");
    assert_eq!(find(&records, "entry 7")["severity"], "warn");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_cut_is_kept_and_stored_once() {
    let server = Server::start(Database::Sqlite).await;
    let whole: String = (0..20).map(|n| entry(n, &format!("entry {n}"))).collect();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let stream = futures_util::stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let body = reqwest::Body::wrap_stream(stream);
    let request = server
        .client
        .post(format!("{}/upload", server.url))
        .bearer_auth(&server.token)
        .header("content-type", CONTENT_TYPE)
        .body(body);
    let cut = whole.find("entry 10").unwrap();
    let pieces = async {
        let piece = whole.as_bytes()[..cut].to_vec();
        sender.send(Ok(piece)).await.unwrap();
        // The upload pauses: what is whole is stored without waiting for its end.
        stored(&server, 10).await;
        let cut = Err(std::io::Error::other("cut"));
        sender.send(cut).await.unwrap();
    };
    let (sent, ()) = tokio::join!(request.send(), pieces);
    assert!(sent.is_err());
    assert_eq!(upload(&server, whole).await.status(), 202);
    stored(&server, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_entry_among_a_thousand_costs_only_itself() {
    let server = Server::start(Database::Sqlite).await;
    let journal: String = (0..1_000)
        .map(|n| match n {
            500 => "__CURSOR=x\nthis is no field\n\n".to_owned(),
            _ => entry(n, &format!("entry {n}")),
        })
        .collect();
    assert_eq!(upload(&server, journal).await.status(), 202);
    let session = server.session().await;
    let path = "/api/v1/logs/histogram?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z";
    let found = server.get(&session, path).await.to_string();
    assert!(found.contains("999"), "{found}");
    let nothing = upload(&server, "this is no field\n\n").await;
    assert_eq!(nothing.status(), 400);
    let packed = server
        .client
        .post(format!("{}/upload", server.url))
        .bearer_auth(&server.token)
        .header("content-type", CONTENT_TYPE)
        .header("content-encoding", "zstd")
        .body("x");
    assert_eq!(packed.send().await.unwrap().status(), 415);
    assert_eq!(upload(&server, "").await.status(), 202);
}
