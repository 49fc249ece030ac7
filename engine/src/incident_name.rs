//! Incidents as people name them: by number.

use domain::{IncidentId, ProjectId};
use store::IncidentStore as _;

use crate::tasks::blocking;
use crate::{Engine, Error};

impl Engine {
    /// The incident that a text names: `12`, `#12`, or its id.
    ///
    /// # Errors
    /// Fails on a text that is neither and when the store cannot be read; an unknown number is [`Error::NotFound`].
    pub async fn named_incident(
        &self,
        project_id: ProjectId,
        name: &str,
    ) -> Result<IncidentId, Error> {
        let name = name.trim().trim_start_matches('#');
        if let Ok(id) = name.parse::<IncidentId>() {
            return Ok(id);
        }
        let number: i64 = name.parse().map_err(|_| {
            let shown: String = name.chars().take(64).collect();
            Error::BadRequest(format!(
                "'{shown}' is neither the number nor the id of an incident"
            ))
        })?;
        let inner = self.inner();
        let found =
            blocking(move || Ok::<_, Error>(inner.store.incident_by_number(project_id, number)?))
                .await?;
        found
            .map(|stored| stored.incident.id)
            .ok_or_else(|| Error::NotFound(format!("incident {number}")))
    }
}
