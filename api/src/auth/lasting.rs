//! Sessions of connections that stay open.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{Clock as _, ErrorKind};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::Instant;

use super::Member;
use crate::state::AppState;

/// How often a connection that stays open looks whether its session is still good: so much longer it may go on.
pub const SESSION_LOOK: Duration = Duration::from_secs(5);

/// Returns when a session is over: at its time, after a logout, or when its user may not log in any more; a read token when it is
/// revoked. A database that cannot be asked ends nothing.
pub async fn session_end(state: Arc<AppState>, member: Member) {
    while let Some(pause) = look(&state, &member).await {
        tokio::time::sleep(pause).await;
    }
}

/// How long a session may go on before it is looked at again; `None` when it is over.
async fn look(state: &AppState, member: &Member) -> Option<Duration> {
    // Sessions live by the machine's clock, also in the demo, whose clock runs differently.
    let now_s = domain::SystemClock.now_ns() / domain::NANOS_PER_SECOND;
    let left_s = member
        .expires_at
        .saturating_sub(u64::try_from(now_s).unwrap_or(0));
    if left_s == 0 {
        return None;
    }
    let is_over = match &member.token {
        Some(hash) => {
            let grant = state.tokens.grant(hash).await;
            grant.is_err_and(|problem| problem.kind() == ErrorKind::Unauthenticated)
        }
        None => {
            let alive = state.is_session_alive(member.user_id, &member.session_id);
            matches!(alive.await, Ok(false))
        }
    };
    (!is_over).then(|| SESSION_LOOK.min(Duration::from_secs(left_s)))
}

/// Pieces of a body while the session of `member` lasts; then the body breaks off, so that nobody takes what came for
/// everything.
pub fn while_lasting<P>(
    state: Arc<AppState>,
    member: Member,
    pieces: P,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static
where
    P: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
{
    let again = move || {
        let (state, member) = (Arc::clone(&state), member.clone());
        async move { look(&state, &member).await }
    };
    while_good(again, pieces)
}

/// Pieces while `look` says how long it need not be asked again. Nothing is shown before it has answered: however long
/// nothing was taken, little more comes then.
fn while_good<L, F, P>(
    look: L,
    pieces: P,
) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static
where
    L: FnMut() -> F + Send + 'static,
    F: Future<Output = Option<Duration>> + Send + 'static,
    P: Stream<Item = std::io::Result<Bytes>> + Send + 'static,
{
    let parts = Some((look, Box::pin(pieces), Instant::now()));
    stream::unfold(parts, |parts| async move {
        let (mut look, mut pieces, mut due_at) = parts?;
        loop {
            if Instant::now() >= due_at {
                match look().await {
                    Some(pause) => due_at = Instant::now() + pause,
                    None => return Some((Err(std::io::Error::other("the session is over")), None)),
                }
            }
            tokio::select! {
                () = tokio::time::sleep_until(due_at) => {}
                piece = pieces.next() => {
                    return piece.map(|piece| (piece, Some((look, pieces, due_at))));
                }
            }
        }
    })
}

#[cfg(test)]
mod tests;
