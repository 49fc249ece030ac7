//! Typed questions: planned in `query`, answered here out of the kept counts, a page, or a scan.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{LogFilter, LogReader as _, LogRecord, Page, PageRequest, ProjectId, Severity};
use query::sql::{Grouping, Measure, SqlAnswer, SqlColumn, SqlLimits, SqlStats};
use query::{Operation, Plan, Question, Source};
use serde_json::Value;

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Kinds of records (template, service, severity) that are added up at most; of more, the store gives the most
/// frequent only, and the records are read instead.
const MAX_CELLS: usize = 10_000;

/// What a question found.
#[derive(Debug)]
pub enum Found {
    /// The newest records.
    Records(Page<LogRecord>),
    /// How many.
    Count(u64),
    /// Groups with their measure, in the column `value`.
    Table(SqlAnswer),
    /// The values of each field with their counts.
    Facets(Vec<SqlAnswer>),
}

/// An answer, and how it was come by.
#[derive(Debug)]
pub struct TypedAnswer {
    /// As it was carried out.
    pub plan: Plan,
    /// What was found.
    pub found: Found,
}

impl Engine {
    /// Answers a typed question.
    ///
    /// # Errors
    /// Fails when the question's parts do not go together, needs more than its limits, and when the store cannot be
    /// read.
    pub async fn query(
        &self,
        project_id: ProjectId,
        question: Question,
    ) -> Result<TypedAnswer, Error> {
        let mut plan = question
            .plan()
            .map_err(|error| Error::BadRequest(error.to_string()))?;
        let inner = self.inner();
        let found = match plan.operation {
            Operation::Records => Found::Records(
                self.search(
                    project_id,
                    plan.filter.clone(),
                    PageRequest::first(plan.limit),
                )
                .await?,
            ),
            Operation::Count => Found::Count(self.count(project_id, plan.filter.clone()).await?),
            Operation::Histogram if is_by_severity(&plan) => {
                Found::Table(self.severity_histogram(project_id, &mut plan).await?)
            }
            Operation::Histogram | Operation::Top | Operation::Aggregate => {
                let by = plan.by.clone();
                let (source, table) = inner.groups(project_id, &plan, by).await?;
                plan.source = source;
                Found::Table(table)
            }
            Operation::Facets => {
                let mut facets = Vec::with_capacity(plan.by.len());
                for field in plan.by.clone() {
                    let (source, table) = inner.groups(project_id, &plan, vec![field]).await?;
                    plan.source = source;
                    facets.push(table);
                }
                Found::Facets(facets)
            }
        };
        Ok(TypedAnswer { plan, found })
    }

    async fn severity_histogram(
        &self,
        project_id: ProjectId,
        plan: &mut Plan,
    ) -> Result<SqlAnswer, Error> {
        let asked_ns = plan.bucket_ns.unwrap_or_default();
        let (bucket_ns, buckets) = self
            .histogram(project_id, plan.filter.clone(), asked_ns)
            .await?;
        plan.bucket_ns = Some(bucket_ns);
        let is_split = plan.by.len() > 1;
        if let Some(time) = plan.by.first_mut() {
            *time = Grouping::Time(bucket_ns);
        }
        let mut rows = Vec::new();
        for bucket in buckets {
            let start = Value::from(domain::format_timestamp(bucket.start_ns));
            if is_split {
                for (severity, count) in bucket.counts {
                    rows.push(vec![start.clone(), severity.as_str().into(), count.into()]);
                }
            } else {
                let total: u64 = bucket.counts.iter().map(|(_, count)| count).sum();
                rows.push(vec![start, total.into()]);
            }
        }
        Ok(table(&plan.by, rows, plan.limit))
    }
}

fn is_by_severity(plan: &Plan) -> bool {
    plan.measure == Measure::Count
        && matches!(
            plan.by.as_slice(),
            [Grouping::Time(_)] | [Grouping::Time(_), Grouping::Severity]
        )
}

impl Inner {
    /// The groups of a plan by these fields, and where they came from.
    async fn groups(
        self: &Arc<Self>,
        project_id: ProjectId,
        plan: &Plan,
        by: Vec<Grouping>,
    ) -> Result<(Source, SqlAnswer), Error> {
        let is_kept = |field: &Grouping| {
            matches!(
                field,
                Grouping::Service | Grouping::Severity | Grouping::Template
            )
        };
        if plan.measure == Measure::Count
            && plan.filter.is_answered_by_rollups()
            && by.iter().all(is_kept)
        {
            let inner = Arc::clone(self);
            let (filter, fields) = (plan.filter.clone(), by.clone());
            let rows = blocking(move || inner.kept_counts(project_id, &filter, &fields)).await?;
            if let Some(rows) = rows {
                return Ok((Source::Rollups, table(&by, rows, plan.limit)));
            }
        }
        let limits = SqlLimits {
            rows: plan.limit,
            ..SqlLimits::default()
        };
        let answer = self
            .queries
            .engine()?
            .summarise(
                self.sql_source(project_id),
                plan.filter.clone(),
                by,
                plan.measure.clone(),
                limits,
            )
            .await?;
        Ok((Source::Scan, answer))
    }

    /// Counts per group out of the kept ones, most first; `None` when there are more kinds than are given. Blocks.
    fn kept_counts(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        by: &[Grouping],
    ) -> Result<Option<Vec<Vec<Value>>>, Error> {
        let mut totals: HashMap<Vec<String>, u64> = HashMap::new();
        let is_plain = filter.template_ids.is_empty() && filter.excluded_services.is_empty();
        let errors_only = matches!(
            filter.severities.as_slice(),
            [Severity::Error, Severity::Fatal] | [Severity::Fatal, Severity::Error]
        );
        let is_all = filter.severities.is_empty();
        if is_plain && (is_all || errors_only) && by == [Grouping::Service] {
            for row in self.store.services(project_id, filter.range)? {
                let count = if is_all { row.count } else { row.errors };
                let is_wanted =
                    filter.services.is_empty() || filter.services.contains(&row.service);
                if is_wanted && count > 0 {
                    totals.insert(vec![row.service], count);
                }
            }
        } else {
            let cells = self.store.template_counts(project_id, filter, MAX_CELLS)?;
            if cells.len() >= MAX_CELLS {
                return Ok(None);
            }
            for cell in cells {
                if filter.excluded_services.contains(&cell.service) {
                    continue;
                }
                let key = by
                    .iter()
                    .map(|field| match field {
                        Grouping::Service => cell.service.clone(),
                        Grouping::Severity => cell.severity.as_str().to_owned(),
                        _ => cell.template_id.to_string(),
                    })
                    .collect();
                *totals.entry(key).or_default() += cell.count;
            }
        }
        let mut totals: Vec<(Vec<String>, u64)> = totals.into_iter().collect();
        totals.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(Some(
            totals
                .into_iter()
                .map(|(key, count)| {
                    key.into_iter()
                        .map(Value::from)
                        .chain(std::iter::once(count.into()))
                        .collect()
                })
                .collect(),
        ))
    }
}

/// Rows of groups as an answer of at most `limit`.
fn table(by: &[Grouping], mut rows: Vec<Vec<Value>>, limit: usize) -> SqlAnswer {
    let is_truncated = rows.len() > limit;
    rows.truncate(limit);
    let columns = by
        .iter()
        .map(|field| SqlColumn {
            name: field.to_string(),
            kind: match field {
                Grouping::Time(_) => "timestamp".to_owned(),
                _ => "text".to_owned(),
            },
        })
        .chain(std::iter::once(SqlColumn {
            name: "value".to_owned(),
            kind: "integer".to_owned(),
        }))
        .collect();
    SqlAnswer {
        columns,
        rows,
        is_truncated,
        stats: SqlStats::default(),
    }
}

#[cfg(test)]
mod tests;
