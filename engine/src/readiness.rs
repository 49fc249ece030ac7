//! What works, what is missing, and how to get it.

use store::{Backend, JobQueue, JobState};

use crate::semantic::ModelState;
use crate::tasks::blocking;
use crate::{Engine, Error};

/// How a part does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// Works.
    Ok,
    /// Vigil works without it, but less well.
    Degraded,
    /// Vigil cannot serve.
    Failed,
}

impl CheckStatus {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }
}

/// One part.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// How it does.
    pub status: CheckStatus,
    /// One line.
    pub detail: String,
    /// What to do, when something is missing.
    pub how_to_fix: Option<String>,
}

impl Engine {
    /// Looks at every part.
    pub async fn readiness(&self) -> Vec<Check> {
        let inner = self.inner();
        let store = inner.store.clone();
        let database = match blocking(move || store.ping()).await {
            Ok(()) => check(
                "database",
                CheckStatus::Ok,
                self.store_backend().into(),
                None,
            ),
            Err(error) => check(
                "database",
                CheckStatus::Failed,
                error.to_string(),
                Some("is the database running, and is DATABASE_URL right?".into()),
            ),
        };
        let index = index(inner.semantic.index_health(), self.index_backend());
        let store = inner.store.clone();
        let counts = match database.status {
            // A database that does not answer is not asked a second time: a probe must not wait twice.
            CheckStatus::Failed => Err(Error::Unavailable("the database does not answer".into())),
            _ => blocking(move || Ok::<_, Error>(store.job_counts()?)).await,
        };
        let jobs = match counts {
            Ok(counts) => {
                let dead: u64 = counts
                    .iter()
                    .filter(|row| row.state == JobState::Dead)
                    .map(|row| row.count)
                    .sum();
                if dead == 0 {
                    check(
                        "deliveries",
                        CheckStatus::Ok,
                        "nothing was given up".into(),
                        None,
                    )
                } else {
                    check(
                        "deliveries",
                        CheckStatus::Degraded,
                        format!("{dead} jobs were given up in the last 7 days"),
                        Some("the incidents' timelines say which messages and why".into()),
                    )
                }
            }
            Err(error) => check("deliveries", CheckStatus::Degraded, error.to_string(), None),
        };
        let problems = inner.policy_problems.list();
        let policies = if problems.is_empty() {
            check("policies", CheckStatus::Ok, "all were read".into(), None)
        } else {
            check(
                "policies",
                CheckStatus::Degraded,
                problems.join("; "),
                Some("correct the file and start again; until then the policies that were stored stay in force".into()),
            )
        };
        vec![
            database,
            index,
            policies,
            model(
                "embedding_model",
                &inner.semantic.state(),
                "run `vigil models pull all-minilm-l6-v2`, give a folder with --model-dir, or another model with --embedding",
            ),
            model(
                "narrator_model",
                &inner.narrator.state(),
                "run `vigil models pull qwen2.5-coder-1.5b-instruct`, give a GGUF file with --narrator, or do without: --no-narrator",
            ),
            jobs,
        ]
    }

    /// The database in words.
    #[must_use]
    pub fn store_backend(&self) -> &'static str {
        match self.inner_ref().store.backend() {
            Backend::Postgres => "postgres",
            Backend::Sqlite => "sqlite",
        }
    }

    /// The vector index in words.
    #[must_use]
    pub fn index_backend(&self) -> &'static str {
        self.inner_ref().semantic.index().backend()
    }
}

/// What the index said when it was asked last: this look must not wait for it.
fn index(health: Option<Result<(), String>>, backend: &str) -> Check {
    match health {
        Some(Ok(())) => check("index", CheckStatus::Ok, backend.to_owned(), None),
        None => check(
            "index",
            CheckStatus::Degraded,
            format!("{backend}: it is being asked for the first time"),
            None,
        ),
        Some(Err(reason)) => check(
            "index",
            CheckStatus::Degraded,
            format!("{reason}; questions are answered by words only"),
            Some("is Qdrant running, and are QDRANT_URL and QDRANT_API_KEY right?".into()),
        ),
    }
}

fn model(name: &'static str, state: &ModelState, how_to_fix: &str) -> Check {
    match state {
        ModelState::Ready(detail) => check(name, CheckStatus::Ok, detail.clone(), None),
        ModelState::Loading(detail) => check(name, CheckStatus::Degraded, detail.clone(), None),
        ModelState::Off(detail) | ModelState::Failed(detail) => check(
            name,
            CheckStatus::Degraded,
            detail.clone(),
            Some(how_to_fix.to_owned()),
        ),
    }
}

fn check(
    name: &'static str,
    status: CheckStatus,
    detail: String,
    how_to_fix: Option<String>,
) -> Check {
    Check {
        name,
        status,
        detail,
        how_to_fix,
    }
}

impl From<Error> for Check {
    fn from(error: Error) -> Self {
        check("engine", CheckStatus::Failed, error.to_string(), None)
    }
}

#[cfg(test)]
mod tests;
