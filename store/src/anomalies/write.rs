//! Recording anomalies once.

use diesel::prelude::*;
use domain::{Anomaly, AnomalyId, IncidentId, ProjectId, minute_start};
use sha2::{Digest, Sha256};

use super::RecordedAnomaly;
use crate::Error;
use crate::columns::{next_number, to_document, uuid};
use crate::connection::{AnyConnection, on_both};
use crate::log::batch::clean;
use crate::schema_operations::anomalies::{self, dsl};

/// Longest document, bytes: a reason, some numbers and labels.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

#[derive(Insertable)]
#[diesel(table_name = anomalies)]
pub(super) struct Row {
    project_id: Vec<u8>,
    id: Vec<u8>,
    natural_key: Vec<u8>,
    kind: &'static str,
    service: Option<String>,
    template_id: Option<i64>,
    metric: Option<String>,
    score: f64,
    started_at_ns: i64,
    detected_at_ns: i64,
    document: String,
}

impl Row {
    pub(super) fn of(project_id: ProjectId, anomaly: &Anomaly) -> Result<Self, Error> {
        let finite = all_finite(Anomaly {
            project_id,
            ..anomaly.clone()
        });
        Ok(Self {
            project_id: project_id.as_bytes().to_vec(),
            id: anomaly.id.as_bytes().to_vec(),
            natural_key: natural_key(anomaly),
            kind: anomaly.kind.as_str(),
            service: anomaly
                .service
                .as_deref()
                .map(|text| clean(text).into_owned()),
            template_id: anomaly.template_id.map(|id| id.to_i64()),
            metric: anomaly
                .metric
                .as_deref()
                .map(|text| clean(text).into_owned()),
            score: finite.score,
            started_at_ns: anomaly.started_at_ns,
            detected_at_ns: anomaly.detected_at_ns,
            document: to_document("anomaly", &finite, MAX_DOCUMENT_BYTES)?,
        })
    }
}

/// JSON has no NaN and no infinity: they would come back as nothing.
fn all_finite(mut anomaly: Anomaly) -> Anomaly {
    for value in [
        &mut anomaly.observed,
        &mut anomaly.expected,
        &mut anomaly.expected_low,
        &mut anomaly.expected_high,
        &mut anomaly.score,
    ] {
        if value.is_nan() {
            *value = 0.0;
        } else {
            *value = value.clamp(f64::MIN, f64::MAX);
        }
    }
    anomaly
}

/// What makes two detections the same one. Each part has its length before it, so no two lists of parts collide.
fn natural_key(anomaly: &Anomaly) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(anomaly.kind.as_str().as_bytes());
    part(anomaly.service.as_deref().unwrap_or_default().as_bytes());
    part(
        &anomaly
            .template_id
            .map_or(0, |id| id.to_i64())
            .to_be_bytes(),
    );
    part(anomaly.metric.as_deref().unwrap_or_default().as_bytes());
    part(&minute_start(anomaly.started_at_ns).to_be_bytes());
    for (name, value) in &anomaly.labels {
        part(name.as_bytes());
        part(value.as_bytes());
    }
    digest.finalize()[..16].to_vec()
}

pub(super) fn insert(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    row: &Row,
) -> Result<RecordedAnomaly, Error> {
    let project = project_id.as_bytes().as_slice();
    // Taking the number locks the project's counter, so nobody adds the same anomaly between the look and the insert.
    let sequence = next_number(connection, project, "anomalies", 1)?;
    let known: Option<(Vec<u8>, Option<Vec<u8>>)> = dsl::anomalies
        .filter(dsl::project_id.eq(project))
        .filter(dsl::natural_key.eq(&row.natural_key))
        .select((dsl::id, dsl::incident_id))
        .first(connection)
        .optional()?;
    if let Some((known, incident)) = known {
        let incident = incident
            .map(|bytes| uuid(&bytes, "anomalies.incident_id"))
            .transpose()?;
        return Ok(RecordedAnomaly {
            id: AnomalyId(uuid(&known, "anomalies.id")?),
            is_new: false,
            incident_id: incident.map(IncidentId),
        });
    }
    on_both!(connection, concrete => {
        diesel::insert_into(dsl::anomalies)
            .values((row, dsl::sequence.eq(sequence)))
            .execute(concrete)
    })?;
    Ok(RecordedAnomaly {
        id: AnomalyId(uuid(&row.id, "anomalies.id")?),
        is_new: true,
        incident_id: None,
    })
}

/// Makes anomalies part of an incident; unknown ids are ignored.
pub(crate) fn link(
    connection: &mut AnyConnection,
    project_id: ProjectId,
    anomaly_id: AnomalyId,
    incident_id: IncidentId,
) -> Result<(), Error> {
    let place = (
        project_id.as_bytes().as_slice(),
        anomaly_id.as_bytes().as_slice(),
    );
    diesel::update(dsl::anomalies.find(place))
        .set(dsl::incident_id.eq(incident_id.as_bytes().as_slice()))
        .execute(connection)?;
    Ok(())
}
