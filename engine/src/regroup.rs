//! Incidents that people merge and split.

use std::collections::BTreeSet;

use alerting::Input;
use domain::{Anomaly, AnomalyId, Incident, IncidentId, IncidentState, ProjectId, TemplateId};
use store::AnomalyStore;

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

impl Engine {
    /// Makes two open incidents one: `from` ends, and all of it becomes part of `into`, which is given back. Both timelines
    /// say why and who wanted it.
    ///
    /// # Errors
    /// An unknown id is [`Error::NotFound`]; one that is over, or twice the same, is [`Error::Conflict`].
    pub async fn merge_incidents(
        &self,
        project_id: ProjectId,
        from: IncidentId,
        into: IncidentId,
        reason: String,
        by: String,
    ) -> Result<Incident, Error> {
        let inner = self.inner();
        blocking(move || {
            inner.open_incident(project_id, from)?;
            inner.open_incident(project_id, into)?;
            if from == into {
                return Err(Error::Conflict(format!(
                    "incident {from} cannot be merged with itself"
                )));
            }
            let input = Input::Merge {
                from,
                into,
                reason,
                by: Some(by),
            };
            inner.alerts.feed(project_id, &[input])?;
            inner.stored_incident(project_id, into)
        })
        .await
    }

    /// Takes anomalies out of an open incident and makes them one of their own, which is given back; the two never merge by
    /// themselves again.
    ///
    /// # Errors
    /// An unknown incident is [`Error::NotFound`], one that is over [`Error::Conflict`]; anomalies that are not part of it,
    /// none, and all of them are [`Error::BadRequest`].
    pub async fn split_incident(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        anomaly_ids: Vec<AnomalyId>,
        reason: String,
        by: String,
    ) -> Result<Incident, Error> {
        let inner = self.inner();
        blocking(move || inner.split(project_id, id, &anomaly_ids, reason, by)).await
    }
}

impl Inner {
    fn open_incident(&self, project_id: ProjectId, id: IncidentId) -> Result<Incident, Error> {
        let incident = self.stored_incident(project_id, id)?;
        if incident.state == IncidentState::Resolved {
            return Err(Error::Conflict(format!(
                "incident {} is resolved",
                incident.number
            )));
        }
        Ok(incident)
    }

    fn split(
        &self,
        project_id: ProjectId,
        id: IncidentId,
        anomaly_ids: &[AnomalyId],
        reason: String,
        by: String,
    ) -> Result<Incident, Error> {
        let incident = self.open_incident(project_id, id)?;
        let wanted: BTreeSet<AnomalyId> = anomaly_ids.iter().copied().collect();
        let stranger = wanted.iter().find(|a| !incident.anomaly_ids.contains(a));
        if let Some(stranger) = stranger {
            return Err(Error::BadRequest(format!(
                "anomaly {stranger} is not part of incident {}",
                incident.number
            )));
        }
        if wanted.is_empty() || wanted.len() == incident.anomaly_ids.len() {
            return Err(Error::BadRequest(format!(
                "{} of {} anomalies are named, it must be some and not all",
                wanted.len(),
                incident.anomaly_ids.len()
            )));
        }
        let all = self
            .store
            .anomalies_by_ids(project_id, &incident.anomaly_ids)?;
        let (moved, kept): (Vec<Anomaly>, Vec<Anomaly>) =
            all.into_iter().partition(|a| wanted.contains(&a.id));
        let services: BTreeSet<&String> = kept.iter().filter_map(|a| a.service.as_ref()).collect();
        let templates: BTreeSet<TemplateId> = kept.iter().filter_map(|a| a.template_id).collect();
        // In the order in which the incident names them.
        let own = incident.services.iter();
        let input = Input::Split {
            incident_id: id,
            kept_services: own
                .filter(|name| services.contains(name))
                .cloned()
                .collect(),
            kept_templates: templates.into_iter().collect(),
            moved,
            reason,
            by: Some(by),
        };
        let touched = self.alerts.feed(project_id, &[input])?;
        let other = touched.into_iter().find(|other| *other != id);
        let other = other.ok_or_else(|| {
            Error::Conflict(format!("incident {} changed meanwhile", incident.number))
        })?;
        self.stored_incident(project_id, other)
    }
}

#[cfg(test)]
mod tests;
