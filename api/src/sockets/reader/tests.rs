use tokio::io::AsyncWriteExt as _;

use super::*;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(600);

fn reader(patience: Patience) -> (Reader<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1_024);
    (
        Reader::new(ours, patience, CancellationToken::new()),
        theirs,
    )
}

#[tokio::test]
async fn a_sender_that_says_nothing_or_stops_within_a_message_is_cut() {
    let patience = Patience {
        silence: SHORT,
        message: LONG,
        idle: LONG,
    };
    let (mut silent, _sender) = reader(patience);
    assert_eq!(silent.read(Progress::Between).await, None);
    let (mut stopped, mut sender) = reader(patience);
    sender.write_all(b"half").await.unwrap();
    assert_eq!(
        stopped.read(Progress::Between).await,
        Some(b"half".as_slice())
    );
    let within = Progress::Within { is_new: false };
    assert_eq!(stopped.read(within).await, None);
}

#[tokio::test]
async fn a_sender_that_drips_is_cut_when_its_message_has_taken_too_long() {
    let (mut reader, mut sender) = reader(Patience {
        silence: LONG,
        message: SHORT,
        idle: LONG,
    });
    let mut progress = Progress::Between;
    let mut count = 0;
    loop {
        sender.write_all(b"x").await.unwrap();
        if count > 0 {
            // Each byte comes in time for the last one, but not for the first.
            tokio::time::sleep(SHORT / 4).await;
        }
        if reader.read(progress).await.is_none() {
            break;
        }
        count += 1;
        progress = Progress::Within { is_new: false };
        assert!(count < 1_000, "it is never cut");
    }
    assert!(count > 1);
}

#[tokio::test]
async fn a_sender_may_rest_between_messages_and_a_stop_ends_the_wait() {
    let stop = CancellationToken::new();
    let (ours, mut sender) = tokio::io::duplex(1_024);
    let patience = Patience {
        silence: SHORT,
        message: SHORT,
        idle: LONG,
    };
    let mut reader = Reader::new(ours, patience, stop.clone());
    sender.write_all(b"one").await.unwrap();
    assert!(reader.read(Progress::Between).await.is_some());
    let wait = tokio::time::timeout(2 * SHORT, reader.read(Progress::Between)).await;
    assert!(wait.is_err(), "it waits");
    stop.cancel();
    assert_eq!(reader.read(Progress::Between).await, None);
}
