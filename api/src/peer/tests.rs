use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

async fn pair() -> (TcpStream, Shared, Peer) {
    pair_of(Version::HTTP_11).await
}

async fn pair_of(version: Version) -> (TcpStream, Shared, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let (client, accepted) = tokio::join!(client, listener.accept());
    let (stream, other) = shared(accepted.unwrap().0);
    (client.unwrap(), stream, other.of_request(version))
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_while_nobody_reads_and_one_that_waits_is_not() {
    let (mut client, mut stream, peer) = pair().await;
    let soon = Duration::from_millis(300);
    assert!(tokio::time::timeout(soon, peer.left()).await.is_err());
    // What it sent meanwhile is no sign that it left.
    client.write_all(b"next").await.unwrap();
    assert!(tokio::time::timeout(soon, peer.left()).await.is_err());
    let mut read = [0_u8; 4];
    stream.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"next");
    drop(client);
    tokio::time::timeout(PATIENCE, peer.left()).await.unwrap();
}

#[tokio::test]
async fn large_texts_go_both_ways_and_a_goodbye_is_heard() {
    let (mut client, mut stream, _peer) = pair().await;
    let sent = vec![7_u8; 3 << 20];
    let expected = sent.clone();
    let writing = async move {
        stream.write_all(&sent).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut back = Vec::new();
        stream.read_to_end(&mut back).await.unwrap();
        back
    };
    let reading = async move {
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        client.write_all(&got).await.unwrap();
        drop(client);
        got
    };
    let (back, got) = tokio::join!(writing, reading);
    assert!(back == expected && got == expected);
}

/// What is sent to a client while somebody watches whether it left.
async fn told(client: &mut TcpStream, peer: &Peer) -> Vec<u8> {
    let mut bytes = vec![0; 64];
    let reading = tokio::time::timeout(PATIENCE, client.read(&mut bytes));
    tokio::select! {
        () = peer.left() => panic!("taken for one that left"),
        count = reading => bytes.truncate(count.unwrap().unwrap()),
    }
    bytes
}

#[tokio::test]
async fn a_client_that_only_sends_nothing_more_is_still_there_until_it_leaves() {
    let (mut client, _stream, peer) = pair().await;
    client.shutdown().await.unwrap();
    assert_eq!(told(&mut client, &peer).await, PROBE);
    // Nothing on the wire says now that it left; it is asked again.
    drop(client);
    tokio::time::timeout(PATIENCE, peer.left()).await.unwrap();
}

#[tokio::test]
async fn a_client_whose_connection_breaks_has_left() {
    for closes_first in [false, true] {
        let (mut client, _stream, peer) = pair().await;
        if closes_first {
            client.shutdown().await.unwrap();
        }
        client.set_zero_linger().unwrap();
        drop(client);
        tokio::time::timeout(PATIENCE, peer.left()).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_into_the_middle_of_an_answer_or_to_an_old_client() {
    let span = 4 * FIRST_PROBE;
    for version in [Version::HTTP_10, Version::HTTP_11] {
        let (mut client, mut stream, peer) = pair_of(version).await;
        client.shutdown().await.unwrap();
        let answering = async {
            tokio::task::yield_now().await;
            if version == Version::HTTP_11 {
                stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
            }
            tokio::time::sleep(span).await;
        };
        tokio::select! {
            biased;
            () = peer.left() => panic!("taken for one that left"),
            () = answering => {}
        }
        drop(stream);
        drop(peer);
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert!(!all.windows(3).any(|three| three == b"100"), "{all:?}");
    }
}
