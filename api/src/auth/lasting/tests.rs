use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::*;

#[tokio::test]
async fn a_body_breaks_off_when_its_session_ends_and_is_whole_otherwise() {
    for is_revoked in [false, true] {
        let (pieces, waiting) = mpsc::channel(4);
        let revoked = Arc::new(AtomicBool::new(false));
        let known = Arc::clone(&revoked);
        let pause = Duration::from_millis(1);
        let look = move || {
            let is_over = known.load(Ordering::Relaxed);
            async move { (!is_over).then_some(pause) }
        };
        let mut body = Box::pin(while_good(look, ReceiverStream::new(waiting)));
        pieces.send(Ok(Bytes::from("a"))).await.unwrap();
        assert_eq!(body.next().await.unwrap().unwrap(), "a");
        // What waits already is not shown either.
        pieces.send(Ok(Bytes::from("b"))).await.unwrap();
        drop(pieces);
        revoked.store(is_revoked, Ordering::Relaxed);
        tokio::time::sleep(2 * pause).await;
        let next = body.next().await.unwrap();
        assert_eq!(next.is_err(), is_revoked);
        assert!(body.next().await.is_none());
    }
}
