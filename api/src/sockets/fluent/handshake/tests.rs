use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::sockets::reader::Patience;

/// `["PING", "web-1", "salt", digest, "", ""]`.
fn ping(digest: &str) -> Vec<u8> {
    let mut bytes = b"\x96\xa4PING\xa5web-1\xa4salt\xd9\x80".to_vec();
    bytes.extend(digest.bytes());
    bytes.extend(b"\xa0\xa0");
    bytes
}

/// What the server says to a sender that uses this key.
async fn talk(their_key: &str) -> (Result<(), String>, Vec<u8>) {
    let (ours, mut theirs) = tokio::io::duplex(4_096);
    let mut reader = Reader::new(ours, Patience::default(), CancellationToken::new());
    let server = async {
        let outcome = greet(&mut reader, "key").await;
        drop(reader);
        outcome
    };
    let sender = async {
        let mut hello = vec![0; 48];
        theirs.read_exact(&mut hello).await.unwrap();
        let at = hello
            .windows(2)
            .position(|pair| pair == [0xc4, 16])
            .unwrap();
        let digest = digest(b"salt", b"web-1", &hello[at + 2..at + 18], their_key);
        theirs.write_all(&ping(&digest)).await.unwrap();
        let mut pong = Vec::new();
        theirs.read_to_end(&mut pong).await.unwrap();
        pong
    };
    tokio::join!(server, sender)
}

#[tokio::test]
async fn who_knows_the_key_is_let_in_and_others_learn_nothing() {
    let (outcome, pong) = talk("key").await;
    assert_eq!(outcome, Ok(()));
    assert!(pong.starts_with(b"\x95\xa4PONG\xc3\xa0\xa5vigil\xd9\x80"));
    let (outcome, pong) = talk("guess").await;
    assert!(outcome.unwrap_err().contains("mismatch"));
    assert_eq!(
        pong,
        b"\x95\xa4PONG\xc2\xb3shared_key mismatch\xa5vigil\xa0"
    );
}

#[test]
fn the_digest_is_that_of_the_specification() {
    // echo -n saltweb-1noncekey | sha512sum
    let expected = "50356efa7d5c85a2d8adf98357328a8be845d8ff67d221fd631a80ee699262df101c07c690401ef300af4baa35cf02c966580d7828d3db417c6e0c0b54213212";
    assert_eq!(digest(b"salt", b"web-1", b"nonce", "key"), expected);
}
