//! What the detectors found.

mod write;

use diesel::prelude::*;
use domain::{
    Anomaly, AnomalyId, AnomalyKind, IncidentId, Page, PageRequest, ProjectId, TimeRange,
};

pub(crate) use write::link;

use crate::columns::{Start, capped, from_document, page};
use crate::connection::on_both;
use crate::schema_operations::anomalies::dsl;
use crate::{Error, Store};

/// Which anomalies are wanted. Empty lists and `None` mean no condition.
#[derive(Debug, Clone, PartialEq)]
pub struct AnomalyFilter {
    /// On `detected_at_ns`.
    pub range: TimeRange,
    /// Any of these services, at most 1,000.
    pub services: Vec<String>,
    /// Any of these kinds.
    pub kinds: Vec<AnomalyKind>,
    /// At least this score.
    pub min_score: f64,
    /// Only those that are part of this incident.
    pub incident_id: Option<IncidentId>,
}

impl AnomalyFilter {
    /// Everything that was detected in a range.
    #[must_use]
    pub fn in_range(range: TimeRange) -> Self {
        Self {
            range,
            services: Vec::new(),
            kinds: Vec::new(),
            min_score: 0.0,
            incident_id: None,
        }
    }
}

/// What became of a recorded anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedAnomaly {
    /// Its id: the given one, or the one it has had since it was first recorded.
    pub id: AnomalyId,
    /// False when it was there already, for example after a crash.
    pub is_new: bool,
    /// The incident that it is part of already.
    pub incident_id: Option<IncidentId>,
}

/// An anomaly and its place in the order of recording.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencedAnomaly {
    /// Grows with every anomaly of the project, in the order of commit; may have gaps.
    pub sequence: i64,
    /// The anomaly.
    pub anomaly: Anomaly,
    /// The incident it is part of.
    pub incident_id: Option<IncidentId>,
}

/// Anomalies. All calls block.
pub trait AnomalyStore: Send + Sync {
    /// Records anomalies of one project in one transaction; the answer is in the same order. Two are the same when kind, service,
    /// template, metric, labels and the minute they started are: then the first one stays as it is.
    fn record_anomalies(
        &self,
        project_id: ProjectId,
        anomalies: &[Anomaly],
    ) -> Result<Vec<RecordedAnomaly>, Error>;
    /// One page (at most 1,000), by `detected_at_ns` and id.
    fn anomalies(
        &self,
        project_id: ProjectId,
        filter: &AnomalyFilter,
        page: &PageRequest,
    ) -> Result<Page<Anomaly>, Error>;
    /// Those with these ids, unknown ones left out, by id; at most 1,000.
    fn anomalies_by_ids(
        &self,
        project_id: ProjectId,
        ids: &[AnomalyId],
    ) -> Result<Vec<Anomaly>, Error>;
    /// Those recorded after a sequence, in order; at most 1,000. What the next stage reads by its cursor.
    fn anomalies_after(
        &self,
        project_id: ProjectId,
        sequence: i64,
        limit: usize,
    ) -> Result<Vec<SequencedAnomaly>, Error>;
    /// Forgets those detected before an instant that belong to no incident; says how many.
    fn delete_anomalies(&self, project_id: ProjectId, before_ns: i64) -> Result<usize, Error>;
}

impl AnomalyStore for Store {
    fn record_anomalies(
        &self,
        project_id: ProjectId,
        anomalies: &[Anomaly],
    ) -> Result<Vec<RecordedAnomaly>, Error> {
        if anomalies.is_empty() {
            return Ok(Vec::new());
        }
        let rows = anomalies
            .iter()
            .map(|anomaly| write::Row::of(project_id, anomaly))
            .collect::<Result<Vec<_>, Error>>()?;
        self.write(|connection| {
            rows.iter()
                .map(|row| write::insert(connection, project_id, row))
                .collect()
        })
    }

    fn anomalies(
        &self,
        project_id: ProjectId,
        filter: &AnomalyFilter,
        request: &PageRequest,
    ) -> Result<Page<Anomaly>, Error> {
        let start = Start::of(request);
        let documents: Vec<String> = self.read(|connection| {
            Ok(on_both!(connection, concrete => {
                let mut query = dsl::anomalies
                    .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
                    .filter(dsl::detected_at_ns.ge(filter.range.start_ns))
                    .filter(dsl::detected_at_ns.lt(filter.range.end_ns))
                    .filter(dsl::score.ge(filter.min_score))
                    .select(dsl::document)
                    .limit(start.limit)
                    .into_boxed();
                if !filter.services.is_empty() {
                    query = query.filter(dsl::service.eq_any(filter.services.iter().take(1_000)));
                }
                if !filter.kinds.is_empty() {
                    query = query.filter(dsl::kind.eq_any(filter.kinds.iter().map(|kind| kind.as_str())));
                }
                if let Some(incident_id) = &filter.incident_id {
                    query = query.filter(dsl::incident_id.eq(incident_id.as_bytes().as_slice()));
                }
                query = if start.newest_first {
                    query
                        .filter(dsl::detected_at_ns.le(start.at_ns))
                        .filter(dsl::detected_at_ns.lt(start.at_ns).or(dsl::id.lt(&start.id)))
                        .order((dsl::detected_at_ns.desc(), dsl::id.desc()))
                } else {
                    query
                        .filter(dsl::detected_at_ns.ge(start.at_ns))
                        .filter(dsl::detected_at_ns.gt(start.at_ns).or(dsl::id.gt(&start.id)))
                        .order((dsl::detected_at_ns, dsl::id))
                };
                query.load(concrete)?
            }))
        })?;
        let items = documents
            .iter()
            .map(|text| from_document("anomalies.document", text))
            .collect::<Result<Vec<Anomaly>, Error>>()?;
        Ok(page(items, &start, |anomaly| {
            (anomaly.detected_at_ns, anomaly.id.0)
        }))
    }

    fn anomalies_by_ids(
        &self,
        project_id: ProjectId,
        ids: &[AnomalyId],
    ) -> Result<Vec<Anomaly>, Error> {
        let ids: Vec<&[u8]> = ids
            .iter()
            .take(1_000)
            .map(|id| id.as_bytes().as_slice())
            .collect();
        let documents: Vec<String> = self.read(|connection| {
            Ok(on_both!(connection, concrete => {
                dsl::anomalies
                    .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
                    .filter(dsl::id.eq_any(&ids))
                    .order(dsl::id)
                    .select(dsl::document)
                    .load(concrete)?
            }))
        })?;
        documents
            .iter()
            .map(|text| from_document("anomalies.document", text))
            .collect()
    }

    fn anomalies_after(
        &self,
        project_id: ProjectId,
        sequence: i64,
        limit: usize,
    ) -> Result<Vec<SequencedAnomaly>, Error> {
        let rows: Vec<(i64, Option<Vec<u8>>, String)> = self.read(|connection| {
            Ok(dsl::anomalies
                .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(dsl::sequence.gt(sequence))
                .order(dsl::sequence)
                .limit(capped(limit))
                .select((dsl::sequence, dsl::incident_id, dsl::document))
                .load(connection)?)
        })?;
        rows.into_iter()
            .map(|(sequence, incident_id, document)| {
                let incident_id = incident_id
                    .map(|bytes| crate::columns::uuid(&bytes, "anomalies.incident_id"))
                    .transpose()?;
                Ok(SequencedAnomaly {
                    sequence,
                    anomaly: from_document("anomalies.document", &document)?,
                    incident_id: incident_id.map(IncidentId),
                })
            })
            .collect()
    }

    fn delete_anomalies(&self, project_id: ProjectId, before_ns: i64) -> Result<usize, Error> {
        self.write(|connection| {
            let old = dsl::anomalies
                .filter(dsl::project_id.eq(project_id.as_bytes().as_slice()))
                .filter(dsl::detected_at_ns.lt(before_ns))
                .filter(dsl::incident_id.is_null());
            Ok(diesel::delete(old).execute(connection)?)
        })
    }
}
