//! Loki's questions over the stored records.

use domain::{ProjectId, TimeRange};
use tokio::sync::Semaphore;

pub use query::logql::{
    Budget, DetectedField, Expression, IndexStats, LEVEL, Labels, LogEntry, LogQuery, LogsRequest,
    MAX_QUERY_BYTES, Matcher, Metric, Numbers, PatternCounts, SERVICE, Series, Source, Steps,
    Usage, Volume, detected_fields, entry, labels, logs, numbers, parse, parse_duration,
    parse_selector, patterns, stats, streams, values, volume, volume_labels, volume_range,
};

use crate::tasks::blocking;
use crate::{Engine, Error};

/// Questions that are answered at once; each may hold a page of records of up to 32 MiB. The others wait.
const TURNS: usize = 8;
static QUESTIONS: Semaphore = Semaphore::const_new(TURNS);

/// A pattern as Loki's clients show it, with how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its text, `<_>` for what varies.
    pub text: String,
    /// Starts of stretches of time (unix nanoseconds UTC) with records in each, oldest first.
    pub samples: Vec<(i64, u64)>,
}

impl From<query::logql::Error> for Error {
    fn from(error: query::logql::Error) -> Self {
        match error {
            query::logql::Error::Read(error) => error.into(),
            other => Self::BadRequest(other.to_string()),
        }
    }
}

impl Engine {
    /// Answers a question of Loki's language out of the records of a project.
    ///
    /// # Errors
    /// [`Error::BadRequest`] in Loki's words when it asks for too much; otherwise the store cannot be read.
    pub async fn logql<T, F>(&self, project_id: ProjectId, answer: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Source<'_>) -> Result<T, query::logql::Error> + Send + 'static,
    {
        let turn = QUESTIONS
            .acquire()
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        let inner = self.inner();
        blocking(move || {
            let _turn = turn;
            let dictionary = inner.dictionaries.get(&inner.store, project_id)?;
            let budget = Budget::default();
            let mut source = Source::new(&inner.store, project_id, dictionary.texts(), budget);
            answer(&mut source).map_err(Error::from)
        })
        .await
    }

    /// The most frequent patterns of the records that a selector is about.
    ///
    /// # Errors
    /// As [`Self::logql`].
    pub async fn logql_patterns(
        &self,
        project_id: ProjectId,
        selector: Vec<Matcher>,
        range: TimeRange,
        step_ns: i64,
    ) -> Result<Vec<Pattern>, Error> {
        let counts = self
            .logql(project_id, move |source| {
                patterns(source, &selector, range, step_ns)
            })
            .await?;
        let inner = self.inner();
        blocking(move || {
            let dictionary = inner.dictionaries.get(&inner.store, project_id)?;
            let patterns = counts.into_iter().filter_map(|(id, samples)| {
                let text = with_gaps(&dictionary.get(id)?.text);
                Some(Pattern { text, samples })
            });
            Ok::<_, Error>(patterns.collect())
        })
        .await
    }
}

/// A template's text with `<_>` for each of its slots.
fn with_gaps(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let inside = &rest[start + 1..];
        let Some(end) = inside.find(['>', '<', ' ']).filter(|end| *end > 0) else {
            shown.push_str(&rest[..=start]);
            rest = inside;
            continue;
        };
        shown.push_str(&rest[..start]);
        if inside[end..].starts_with('>') {
            shown.push_str("<_>");
            rest = &inside[end + 1..];
        } else {
            shown.push('<');
            rest = inside;
        }
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::with_gaps;

    #[test]
    fn slots_of_a_template_become_gaps() {
        assert_eq!(
            with_gaps("took <num> ms from <ip>: a < b <"),
            "took <_> ms from <_>: a < b <"
        );
        assert_eq!(with_gaps("<*> <<num>> x"), "<_> <<_>> x");
    }
}
