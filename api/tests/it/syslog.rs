use std::io::Write as _;
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use crate::harness::{Database, Server, free_port};

#[tokio::test(flavor = "multi_thread")]
async fn syslog_comes_in_over_udp_and_tcp_and_outlives_a_stop() {
    let addr = format!("127.0.0.1:{}", free_port());
    let more = ["--syslog-addr".to_owned(), addr.clone()];
    let mut server = Server::start_with(Database::Sqlite, &more).await;
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"<11>Nov 24 08:00:00 web-1 shop[7]: over udp", &addr)
        .unwrap();
    let mut lines = TcpStream::connect(&addr).unwrap();
    lines
        .write_all(
            b"<12>1 2026-11-24T08:00:00Z web-1 cart 7 - - over tcp\n<13>1 - - cart - - - again\n",
        )
        .unwrap();
    let mut counted = TcpStream::connect(&addr).unwrap();
    counted
        .write_all(b"32 <11>1 - web-2 pay - - - line\ntwo")
        .unwrap();
    drop(counted);
    let path = "/api/v1/logs?limit=100&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let session = server.session().await;
    let mut records = Vec::new();
    for _ in 0..200 {
        let found = server.get(&session, path).await;
        records.clone_from(found["records"].as_array().unwrap());
        if records.len() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let find = |body: &str| {
        let found = records.iter().find(|record| record["body"] == body);
        found.unwrap_or_else(|| panic!("{body} in {records:?}"))
    };
    assert_eq!(find("over udp")["service"], "shop");
    assert_eq!(find("over udp")["severity"], "error");
    assert_eq!(find("over tcp")["severity"], "warn");
    assert_eq!(find("again")["service"], "cart");
    assert_eq!(find("line\ntwo")["service"], "pay");
    // What was read when the stop came is stored before the end.
    server.terminate();
    server.reap();
    server.restart().await;
    let session = server.session().await;
    let found = server.get(&session, path).await;
    assert_eq!(found["records"].as_array().unwrap().len(), 4);
}
