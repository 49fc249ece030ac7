//! Where the records of a door go.

use std::sync::Arc;

use domain::{ErrorKind, ProjectId};
use secrecy::{ExposeSecret, SecretString};

use crate::problem::Problem;
use crate::state::AppState;

/// A project, and the token that opens it.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    pub project_id: ProjectId,
    token: Option<Arc<SecretString>>,
}

impl Destination {
    /// The project of the token, or without one the default project.
    ///
    /// # Errors
    /// Fails when the token is not known, was revoked, or cannot be looked up.
    pub async fn open(
        state: &AppState,
        default_project: ProjectId,
        token: Option<SecretString>,
    ) -> anyhow::Result<Self> {
        let project_id = match &token {
            Some(token) => state
                .tokens
                .project_of(token.expose_secret())
                .await
                .map_err(|problem| anyhow::anyhow!("{}", problem.public_detail()))?,
            None => default_project,
        };
        Ok(Self {
            project_id,
            token: token.map(Arc::new),
        })
    }

    /// The token, which is also the key that senders share with us where the protocol has one.
    pub fn shared_key(&self) -> Option<&str> {
        self.token.as_deref().map(ExposeSecret::expose_secret)
    }

    /// Whether the token was revoked since. When it cannot be looked up it counts as good: what comes is stored by the
    /// same database, or not at all.
    pub async fn is_revoked(&self, state: &AppState) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        let looked_up: Result<ProjectId, Problem> =
            state.tokens.project_of(token.expose_secret()).await;
        looked_up.is_err_and(|problem| problem.kind() == ErrorKind::Unauthenticated)
    }
}
