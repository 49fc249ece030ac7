//! Computing the values of policy conditions from what is stored.

mod metric;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use alerting::{Condition, Evaluation, Input, Policy, Reading};
use anomaly::TemplateInfo;
use domain::{
    ChangeEvent, IncidentId, LogFilter, LogReader, NANOS_PER_MINUTE, PageRequest, ProjectId,
    SeriesId, Severity, TemplateId, TimeRange,
};
use store::{EventStore, LabelMatcher, MetricStore};
use tokio_util::sync::CancellationToken;

use crate::alerts::Current;
use crate::tasks::blocking;
use crate::{Error, Inner};
use metric::{base, grows, metric_readings};

/// Triples and events that one condition looks at.
const COUNTED: usize = 10_000;
/// Records of a grouped condition on texts that one evaluation reads; what is beyond does not count.
const READ_AT_MOST: usize = 100_000;
/// Records that are read at once.
const READ_AT_ONCE: usize = 1_000;
/// An alert belongs to the trouble of its service only while that is young: what has been known for longer must
/// not swallow what is new.
const RELATED_NS: i64 = 30 * NANOS_PER_MINUTE;

/// Evaluates every policy when its time has come, until the stop.
pub(crate) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut due: HashMap<(ProjectId, String), i64> = HashMap::new();
    loop {
        let worker = Arc::clone(&inner);
        let round = blocking(move || {
            let mut due = due;
            worker.evaluate_due(&mut due)?;
            Ok::<_, Error>(due)
        })
        .await;
        due = match round {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "policies could not be evaluated");
                metrics::counter!("vigil_engine_evaluation_failures_total").increment(1);
                HashMap::new()
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(inner.config.tick) => {}
        }
    }
}

impl Inner {
    fn evaluate_due(&self, due: &mut HashMap<(ProjectId, String), i64>) -> Result<(), Error> {
        for project_id in self.project_ids()? {
            if let Err(error) = self.evaluate_project(project_id, due) {
                tracing::warn!(project.id = %project_id, %error, "policies could not be evaluated");
                metrics::counter!("vigil_engine_evaluation_failures_total").increment(1);
            }
        }
        Ok(())
    }

    fn evaluate_project(
        &self,
        project_id: ProjectId,
        due: &mut HashMap<(ProjectId, String), i64>,
    ) -> Result<(), Error> {
        let Some(machine) = self.alerts.machine(project_id) else {
            return Ok(());
        };
        let now_ns = self.clock.now_ns();
        let open = self.alerts.current_incidents(project_id)?;
        let mut inputs = Vec::new();
        for policy in machine.policies() {
            let key = (project_id, policy.id.0.clone());
            if due.get(&key).is_some_and(|at_ns| *at_ns > now_ns) {
                continue;
            }
            due.insert(key, now_ns.saturating_add(policy.every_ns));
            inputs.extend(self.evaluate(project_id, policy, &open, now_ns));
        }
        if !inputs.is_empty() {
            self.alerts.feed(project_id, &inputs)?;
        }
        self.alerts.tick(project_id)
    }

    /// One reading of every condition; a condition whose data cannot be read is left out, so that its
    /// alert stays as it was.
    fn evaluate(
        &self,
        project_id: ProjectId,
        policy: &Policy,
        open: &[Current],
        now_ns: i64,
    ) -> Vec<Input> {
        let end_ns = now_ns.saturating_sub(policy.delay_ns);
        let mut inputs = Vec::new();
        for (index, condition) in policy.conditions.iter().enumerate() {
            let readings = match self.readings(project_id, condition, end_ns) {
                Ok(Some(readings)) => readings,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(policy = policy.name, condition = condition.kind(), %error, "a condition could not be evaluated");
                    metrics::counter!("vigil_engine_evaluation_failures_total").increment(1);
                    continue;
                }
            };
            let readings = readings
                .into_iter()
                .map(|reading| Reading {
                    join: related(open, &reading.services, now_ns),
                    ..reading
                })
                .collect();
            inputs.push(Input::Evaluation(Evaluation {
                policy_id: policy.id.clone(),
                condition: index,
                readings,
            }));
        }
        inputs
    }

    fn readings(
        &self,
        project_id: ProjectId,
        condition: &Condition,
        end_ns: i64,
    ) -> Result<Option<Vec<Reading>>, Error> {
        let range = |window_ns: i64| TimeRange::last(end_ns, window_ns);
        let readings = match condition {
            Condition::MetricThreshold(metric) => {
                let matchers: Vec<LabelMatcher> = metric
                    .labels
                    .iter()
                    .map(|(label, value)| LabelMatcher::equal(label, value))
                    .collect();
                let window = range(metric.window_ns);
                let series =
                    self.store
                        .metric_query(project_id, &metric.metric, &matchers, window)?;
                let aggregation = |kind| metric.aggregation(kind);
                let counters: Vec<SeriesId> = series
                    .iter()
                    .filter(|one| grows(one.kind, aggregation(one.kind)))
                    .map(|one| one.id)
                    .collect();
                let before = self
                    .store
                    .samples_before(project_id, &counters, window.start_ns)?;
                metric_readings(&series, &metric.group_by, aggregation, |one| {
                    base(one, before.get(&one.id), window)
                })
            }
            Condition::LogCount(count) => {
                let filter =
                    self.condition_filter(project_id, &count.query, range(count.window_ns))?;
                self.count_readings(project_id, filter, &count.group_by)?
            }
            Condition::Absence(absence) => {
                self.absence_reading(project_id, absence, range(absence.window_ns))?
            }
            Condition::NewTemplate(new) => {
                self.new_template_readings(project_id, new, range(new.window_ns))?
            }
            Condition::Event(event) => {
                let events = self
                    .store
                    .events(project_id, range(event.within_ns), COUNTED)?;
                let matching: Vec<&ChangeEvent> = events
                    .iter()
                    .filter(|found| {
                        event.events.iter().any(|word| word == found.kind.as_str())
                            && (event.services.is_empty()
                                || found
                                    .service
                                    .as_ref()
                                    .is_some_and(|service| event.services.contains(service)))
                    })
                    .collect();
                vec![Reading {
                    value: Some(matching.len() as f64),
                    reason: matching
                        .first()
                        .map(|found| crate::facts::change_text(found))
                        .unwrap_or_default(),
                    started_at_ns: matching.last().map(|found| found.timestamp_ns),
                    services: matching
                        .iter()
                        .filter_map(|found| found.service.clone())
                        .collect(),
                    ..Reading::default()
                }]
            }
            // The machine judges anomalies itself, as they come and go.
            Condition::Anomaly(_) => return Ok(None),
        };
        Ok(Some(readings))
    }

    fn condition_filter(
        &self,
        project_id: ProjectId,
        text: &str,
        range: TimeRange,
    ) -> Result<LogFilter, Error> {
        let mut filter = self.parse_filter(project_id, text, range)?;
        filter.range = range;
        self.plan(project_id, &mut filter)?;
        Ok(filter)
    }

    fn count_readings(
        &self,
        project_id: ProjectId,
        filter: LogFilter,
        group_by: &[String],
    ) -> Result<Vec<Reading>, Error> {
        let is_countable = filter.is_answered_by_rollups();
        if !is_countable && group_by.is_empty() {
            let count = self.store.count(project_id, &filter)?;
            return Ok(vec![Reading {
                value: Some(count as f64),
                ..Reading::default()
            }]);
        }
        let rows = if is_countable {
            self.store
                .template_counts(project_id, &filter, COUNTED)?
                .into_iter()
                .map(|row| Row {
                    service: row.service,
                    severity: row.severity,
                    template_id: row.template_id,
                    count: row.count,
                    first_ns: row.first_minute_ns,
                })
                .collect()
        } else {
            self.count_records(project_id, &filter)?
        };
        Ok(grouped(rows, group_by))
    }

    /// Counts by service, severity and pattern what only the records themselves tell: page by page, the newest
    /// [`READ_AT_MOST`].
    fn count_records(&self, project_id: ProjectId, filter: &LogFilter) -> Result<Vec<Row>, Error> {
        let mut rows: BTreeMap<(String, Severity, TemplateId), (u64, i64)> = BTreeMap::new();
        let mut request = PageRequest::first(READ_AT_ONCE);
        let mut read = 0;
        loop {
            let page = self.store.search(project_id, filter, &request)?;
            read += page.items.len();
            for record in page.items {
                let row = rows
                    .entry((record.service, record.severity, record.template_id))
                    .or_insert((0, record.timestamp_ns));
                row.0 += 1;
                row.1 = row.1.min(record.timestamp_ns);
            }
            match page.next {
                Some(next) if read < READ_AT_MOST => request.after = Some(next),
                _ => break,
            }
        }
        Ok(rows
            .into_iter()
            .map(
                |((service, severity, template_id), (count, first_ns))| Row {
                    service,
                    severity,
                    template_id,
                    count,
                    first_ns,
                },
            )
            .collect())
    }

    fn absence_reading(
        &self,
        project_id: ProjectId,
        absence: &alerting::Absence,
        range: TimeRange,
    ) -> Result<Vec<Reading>, Error> {
        let count = match (&absence.query, &absence.metric) {
            (Some(query), _) => {
                let filter = self.condition_filter(project_id, query, range)?;
                self.store.count(project_id, &filter)?
            }
            (None, Some(metric)) => self
                .store
                .metric_query(project_id, metric, &[], range)?
                .iter()
                .map(|series| series.samples.len() as u64)
                .sum(),
            (None, None) => return Ok(Vec::new()),
        };
        Ok(vec![Reading {
            value: Some(count as f64),
            ..Reading::default()
        }])
    }

    fn new_template_readings(
        &self,
        project_id: ProjectId,
        condition: &alerting::NewTemplate,
        range: TimeRange,
    ) -> Result<Vec<Reading>, Error> {
        let mut filter = match &condition.query {
            Some(query) => self.condition_filter(project_id, query, range)?,
            None => LogFilter::in_range(range),
        };
        filter.services.extend(condition.services.iter().cloned());
        if let Some(least) = condition.min_severity {
            filter.severities.extend(
                Severity::ALL
                    .into_iter()
                    .filter(|severity| *severity >= least),
            );
        }
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let fresh: Vec<domain::TemplateId> = dictionary
            .iter()
            .map(|template| template.id)
            // What a more general pattern stands for is as old as the oldest of it.
            .filter(|id| {
                dictionary
                    .first_seen_ns(dictionary.resolve(*id))
                    .is_some_and(|first_ns| range.contains(first_ns))
            })
            .collect();
        if fresh.is_empty() {
            return Ok(vec![Reading {
                value: Some(0.0),
                ..Reading::default()
            }]);
        }
        filter.template_ids = fresh;
        self.count_readings(project_id, filter, &condition.group_by)
    }
}

/// Records of one service, severity and pattern.
struct Row {
    service: String,
    severity: Severity,
    template_id: TemplateId,
    count: u64,
    first_ns: i64,
}

/// One reading for each group; without `group_by` one of everything, 0 included.
fn grouped(rows: Vec<Row>, group_by: &[String]) -> Vec<Reading> {
    let mut groups: BTreeMap<BTreeMap<String, String>, Reading> = BTreeMap::new();
    if group_by.is_empty() {
        groups.insert(
            BTreeMap::new(),
            Reading {
                value: Some(0.0),
                ..Reading::default()
            },
        );
    }
    for row in rows {
        let labels: BTreeMap<String, String> = group_by
            .iter()
            .map(|field| {
                let value = match field.as_str() {
                    "service" => row.service.clone(),
                    "severity" | "level" => row.severity.as_str().to_owned(),
                    "template" => row.template_id.to_string(),
                    _ => String::new(),
                };
                (field.clone(), value)
            })
            .collect();
        let reading = groups.entry(labels.clone()).or_insert_with(|| Reading {
            labels,
            ..Reading::default()
        });
        reading.value = Some(reading.value.unwrap_or(0.0) + row.count as f64);
        reading.started_at_ns = Some(
            reading
                .started_at_ns
                .map_or(row.first_ns, |known| known.min(row.first_ns)),
        );
        if !reading.services.contains(&row.service) && reading.services.len() < 20 {
            reading.services.push(row.service);
        }
        if !reading.template_ids.contains(&row.template_id) && reading.template_ids.len() < 20 {
            reading.template_ids.push(row.template_id);
        }
    }
    groups.into_values().collect()
}

/// The open incident that concerns one of these services, the latest of several: an alert of a service in
/// trouble is part of the trouble.
fn related(open: &[Current], services: &[String], now_ns: i64) -> Option<IncidentId> {
    open.iter()
        .filter(|current| now_ns.saturating_sub(current.last_symptom_at_ns) <= RELATED_NS)
        .map(|current| &current.incident)
        .filter(|incident| {
            incident
                .services
                .iter()
                .any(|service| services.contains(service))
        })
        .max_by_key(|incident| incident.opened_at_ns)
        .map(|incident| incident.id)
}

#[cfg(test)]
mod tests;
