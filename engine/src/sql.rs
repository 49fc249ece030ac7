//! SQL over the records.

use std::sync::{Arc, OnceLock};

use domain::{ProjectId, RecordScanner};
use query::sql::{SqlAnswer, SqlEngine, SqlError, SqlLimits, SqlSource};

use crate::{Engine, Error, Inner};

/// The threads that compute queries: started with the first one.
#[derive(Default)]
pub(crate) struct Queries(OnceLock<Result<SqlEngine, String>>);

impl Queries {
    pub(crate) fn engine(&self) -> Result<&SqlEngine, Error> {
        self.0
            .get_or_init(|| SqlEngine::new().map_err(|error| error.to_string()))
            .as_ref()
            .map_err(|error| Error::Internal(format!("starting the threads for queries: {error}")))
    }
}

impl Engine {
    /// Answers one `SELECT` on the table `logs`, which holds the records of the project and nothing else.
    ///
    /// # Errors
    /// Fails when the query is not understood, is not a reading one or needs more than its limits, when too many are
    /// being answered, and when the store cannot be read.
    pub async fn sql(
        &self,
        project_id: ProjectId,
        text: String,
        limits: SqlLimits,
    ) -> Result<SqlAnswer, Error> {
        let inner = self.inner();
        let source = inner.sql_source(project_id);
        let answer = inner.queries.engine()?.query(source, text, limits).await;
        Ok(answer?)
    }
}

impl Inner {
    /// The records of a project, read through the store's own conditions.
    pub(crate) fn sql_source(self: &Arc<Self>, project_id: ProjectId) -> SqlSource {
        let inner = Arc::clone(self);
        SqlSource {
            scanner: self.scanner(),
            project_id,
            planner: Arc::new(move |filter| {
                if let Err(error) = inner.plan(project_id, filter) {
                    // Without it the read looks at more bodies and gives the same.
                    tracing::warn!(%error, "the templates of a query's text conditions");
                }
            }),
            now_ns: self.clock.now_ns(),
        }
    }

    /// Reads of many records.
    pub(crate) fn scanner(&self) -> Arc<dyn RecordScanner> {
        Arc::new(self.store.clone())
    }
}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Busy(_) => Self::Busy(error.to_string()),
            SqlError::Read(read) => read.into(),
            _ => Self::of_kind(error.kind(), error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
