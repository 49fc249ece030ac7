//! Sessions of connections that stay open.

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock as _, ErrorKind};

use super::Member;
use crate::state::AppState;

/// How often a connection that stays open looks whether its session is still good: so much longer it may go on.
pub const SESSION_LOOK: Duration = Duration::from_secs(5);

/// Returns when a session is over: at its time, after a logout, or when its user may not log in any more; a read token when it is
/// revoked. A database that cannot be asked ends nothing.
pub async fn session_end(state: Arc<AppState>, member: Member) {
    loop {
        // Sessions live by the machine's clock, also in the demo, whose clock runs differently.
        let now_s = domain::SystemClock.now_ns() / domain::NANOS_PER_SECOND;
        let left_s = member
            .expires_at
            .saturating_sub(u64::try_from(now_s).unwrap_or(0));
        if left_s == 0 {
            return;
        }
        tokio::time::sleep(SESSION_LOOK.min(Duration::from_secs(left_s))).await;
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
        if is_over {
            return;
        }
    }
}
