//! Things to store.

use std::collections::BTreeMap;

use domain::{
    Anomaly, AnomalyId, AnomalyKind, Incident, IncidentId, IncidentSeverity, IncidentState,
    ProjectId, Severity, TemplateId, TimelineEntry, TimelineKind,
};

use crate::columns::random;
use crate::tests::fixture::NOON;
use crate::{Expected, IncidentStore, IncidentWrite, NewJob, Store, WrittenIncident};

pub(super) fn anomaly(project_id: ProjectId, service: &str, started_at_ns: i64) -> Anomaly {
    Anomaly {
        id: AnomalyId::from_parts(NOON, random()),
        project_id,
        kind: AnomalyKind::Surge,
        service: Some(service.to_owned()),
        severity: Severity::Error,
        template_id: Some(TemplateId(u64::MAX)),
        metric: None,
        labels: BTreeMap::new(),
        started_at_ns,
        detected_at_ns: started_at_ns,
        observed: 120.5,
        expected: 3.25,
        expected_low: 0.0,
        expected_high: 8.0,
        unit: "records/min".to_owned(),
        score: 0.9,
        reason: "120.5 records/min instead of 3.25".to_owned(),
    }
}

pub(super) fn incident(project_id: ProjectId, dedup_key: &str) -> Incident {
    Incident {
        id: IncidentId::from_parts(NOON, random()),
        project_id,
        number: 0,
        state: IncidentState::Open,
        severity: IncidentSeverity::Error,
        title: "checkout fails \0 often".to_owned(),
        dedup_key: dedup_key.to_owned(),
        policy: None,
        services: vec!["checkout".to_owned()],
        anomaly_ids: Vec::new(),
        template_ids: vec![TemplateId(7)],
        started_at_ns: NOON,
        opened_at_ns: NOON,
        updated_at_ns: NOON,
        acknowledged_at_ns: None,
        acknowledged_by: None,
        resolved_at_ns: None,
        resolved_by: None,
        summary: None,
    }
}

pub(super) fn open(store: &Store, incident: &Incident) -> WrittenIncident {
    store
        .write_incident(&write(incident, Expected::Absent), &[])
        .unwrap()
}

pub(super) fn write(incident: &Incident, expected: Expected) -> IncidentWrite {
    IncidentWrite {
        incident: incident.clone(),
        expected,
    }
}

pub(super) fn entry(text: &str) -> TimelineEntry {
    TimelineEntry {
        at_ns: NOON,
        kind: TimelineKind::Comment,
        text: text.to_owned(),
        actor: Some("ann".to_owned()),
    }
}

pub(super) fn job(project_id: ProjectId, dedup_key: Option<&str>) -> NewJob {
    NewJob {
        project_id,
        kind: "notify".to_owned(),
        dedup_key: dedup_key.map(str::to_owned),
        payload: r#"{"to":"slack:#ops"}"#.to_owned(),
        run_at_ns: NOON,
        max_attempts: 3,
    }
}
