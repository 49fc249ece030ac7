//! Computing the values of policy conditions from what is stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use alerting::{Aggregation, Condition, Evaluation, Input, Policy, Reading};
use domain::{
    ChangeEvent, Incident, IncidentId, LogFilter, LogReader, MetricKind, PageRequest, ProjectId,
    Severity, TimeRange,
};
use store::{EventStore, LabelMatcher, MetricSeries, MetricStore};
use tokio_util::sync::CancellationToken;

use crate::tasks::blocking;
use crate::{Error, Inner};

/// Triples and events that one condition looks at.
const COUNTED: usize = 10_000;

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
            let Some(machine) = self.alerts.machine(project_id) else {
                continue;
            };
            let now_ns = self.clock.now_ns();
            let open = self.alerts.open_incidents(project_id)?;
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
            self.alerts.tick(project_id)?;
        }
        Ok(())
    }

    /// One reading of every condition; a condition whose data cannot be read is left out, so that its
    /// alert stays as it was.
    fn evaluate(
        &self,
        project_id: ProjectId,
        policy: &Policy,
        open: &[Incident],
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
                    join: related(open, &reading.services),
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
                let series = self.store.metric_query(
                    project_id,
                    &metric.metric,
                    &matchers,
                    range(metric.window_ns),
                )?;
                metric_readings(&series, &metric.group_by, |kind| metric.aggregation(kind))
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
        let rows: Vec<(String, Severity, u64, i64, domain::TemplateId)> = if is_countable {
            self.store
                .template_counts(project_id, &filter, COUNTED)?
                .into_iter()
                .map(|row| {
                    (
                        row.service,
                        row.severity,
                        row.count,
                        row.first_minute_ns,
                        row.template_id,
                    )
                })
                .collect()
        } else {
            // Grouping by a text condition reads the records themselves, up to a limit.
            self.store
                .search(project_id, &filter, &PageRequest::first(1_000))?
                .items
                .into_iter()
                .map(|record| {
                    (
                        record.service,
                        record.severity,
                        1,
                        record.timestamp_ns,
                        record.template_id,
                    )
                })
                .collect()
        };
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
        for (service, severity, count, at_ns, template_id) in rows {
            let labels: BTreeMap<String, String> = group_by
                .iter()
                .map(|field| {
                    let value = match field.as_str() {
                        "service" => service.clone(),
                        "severity" | "level" => severity.as_str().to_owned(),
                        "template" => template_id.to_string(),
                        _ => String::new(),
                    };
                    (field.clone(), value)
                })
                .collect();
            let reading = groups.entry(labels.clone()).or_insert_with(|| Reading {
                labels,
                ..Reading::default()
            });
            reading.value = Some(reading.value.unwrap_or(0.0) + count as f64);
            reading.started_at_ns = Some(
                reading
                    .started_at_ns
                    .map_or(at_ns, |known| known.min(at_ns)),
            );
            if !reading.services.contains(&service) && reading.services.len() < 20 {
                reading.services.push(service);
            }
            if !reading.template_ids.contains(&template_id) && reading.template_ids.len() < 20 {
                reading.template_ids.push(template_id);
            }
        }
        Ok(groups.into_values().collect())
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
            .filter(|template| range.contains(template.first_seen_ns))
            .map(|template| template.id)
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

/// The open incident that concerns one of these services, the latest of several: an alert of a service in
/// trouble is part of the trouble.
fn related(open: &[Incident], services: &[String]) -> Option<IncidentId> {
    open.iter()
        .filter(|incident| {
            incident
                .services
                .iter()
                .any(|service| services.contains(service))
        })
        .max_by_key(|incident| incident.opened_at_ns)
        .map(|incident| incident.id)
}

fn metric_readings(
    series: &[MetricSeries],
    group_by: &[String],
    aggregation: impl Fn(MetricKind) -> Aggregation,
) -> Vec<Reading> {
    let mut groups: BTreeMap<BTreeMap<String, String>, (Aggregation, Vec<f64>, Reading)> =
        BTreeMap::new();
    for one in series {
        let how = aggregation(one.kind);
        let Some(value) = aggregate(how, &one.samples) else {
            continue;
        };
        let labels: BTreeMap<String, String> = group_by
            .iter()
            .map(|label| {
                (
                    label.clone(),
                    one.labels.get(label).cloned().unwrap_or_default(),
                )
            })
            .collect();
        let group = groups.entry(labels.clone()).or_insert_with(|| {
            let reading = Reading {
                labels,
                started_at_ns: one.samples.first().map(|sample| sample.0),
                ..Reading::default()
            };
            (how, Vec::new(), reading)
        });
        group.1.push(value);
        if let Some(service) = one.labels.get("service")
            && !group.2.services.contains(service)
        {
            group.2.services.push(service.clone());
        }
    }
    groups
        .into_values()
        .map(|(how, values, mut reading)| {
            reading.value = Some(combine(how, &values));
            reading
        })
        .collect()
}

/// One value of one series' samples; `None` without samples.
fn aggregate(how: Aggregation, samples: &[(i64, f64)]) -> Option<f64> {
    let values = samples.iter().map(|sample| sample.1);
    let last = samples.last()?.1;
    Some(match how {
        // A counter that falls was restarted: what it shows then has grown from zero.
        Aggregation::Increase => samples
            .windows(2)
            .map(|pair| {
                let grown = pair[1].1 - pair[0].1;
                if grown < 0.0 { pair[1].1 } else { grown }
            })
            .sum(),
        Aggregation::Sum => values.sum(),
        Aggregation::Avg => values.sum::<f64>() / samples.len() as f64,
        Aggregation::Max => values.fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Min => values.fold(f64::INFINITY, f64::min),
        Aggregation::Last => last,
        Aggregation::Count => samples.len() as f64,
    })
}

/// One value of several series' values.
fn combine(how: Aggregation, values: &[f64]) -> f64 {
    match how {
        Aggregation::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Aggregation::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        Aggregation::Avg => values.iter().sum::<f64>() / values.len().max(1) as f64,
        Aggregation::Increase | Aggregation::Sum | Aggregation::Last | Aggregation::Count => {
            values.iter().sum()
        }
    }
}

#[cfg(test)]
mod tests;
