//! Handing the evidence of an incident to the ranking of root-cause candidates.

mod vitals;

use anomaly::{Change, PatternNote, RootCauseInput, Symptom};
use domain::{Anomaly, ProjectId, Suspect, TimeRange};

use crate::facts::Cited;
use crate::{Error, Inner};

/// Suspects that are named.
const LIMIT: usize = 3;

impl Inner {
    /// Whom to suspect: out of the cited evidence and all anomalies of the window. Blocks.
    pub(crate) fn suspects(
        &self,
        project_id: ProjectId,
        window: TimeRange,
        cited: &[Cited<'_>],
        anomalies: &[Anomaly],
    ) -> Result<Vec<Suspect>, Error> {
        let topology = self.topology(project_id)?;
        let services = self.service_names(project_id)?;
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let onset_ns = anomalies
            .iter()
            .map(|anomaly| anomaly.started_at_ns)
            .filter(|at_ns| window.contains(*at_ns))
            .min()
            .unwrap_or(window.start_ns);
        let felt = TimeRange {
            start_ns: domain::minute_start(onset_ns),
            end_ns: window.end_ns,
        };
        let slices = self.slices(project_id, felt)?;
        let symptoms = anomalies
            .iter()
            .map(|anomaly| Symptom {
                anomaly,
                texts: anomaly
                    .template_id
                    .and_then(|id| dictionary.get(id))
                    .map(|template| vec![template.text.as_str(), template.example.as_str()])
                    .unwrap_or_default(),
                evidence: evidence_of(cited, anomaly),
            })
            .collect();
        let mut patterns = Vec::new();
        let mut changes = Vec::new();
        for item in cited {
            match item {
                Cited::Pattern {
                    number,
                    template,
                    count,
                } => patterns.push(PatternNote {
                    template_id: template.id,
                    service: &count.service,
                    severity: count.severity,
                    texts: vec![template.text.as_str(), template.example.as_str()],
                    count: count.count,
                    evidence: Some(*number),
                }),
                Cited::Change { number, change } => changes.push(Change {
                    event: change,
                    evidence: Some(*number),
                }),
                Cited::Anomaly { .. } => {}
            }
        }
        Ok(anomaly::rank_suspects(&RootCauseInput {
            onset_ns: window.start_ns,
            symptoms,
            patterns,
            vitals: vitals::vitals(&slices),
            changes,
            topology: &topology,
            services: services.iter().map(String::as_str).collect(),
            affected: None,
            felt: None,
            limit: LIMIT,
        }))
    }
}

/// The number under which an anomaly, or its pattern, is cited.
fn evidence_of(cited: &[Cited<'_>], anomaly: &Anomaly) -> Option<u32> {
    cited.iter().find_map(|item| match item {
        Cited::Pattern {
            number,
            template,
            count,
        } => (anomaly.template_id == Some(template.id)
            && anomaly.service.as_deref() == Some(count.service.as_str()))
        .then_some(*number),
        Cited::Anomaly {
            number,
            anomaly: known,
        } => (known.id == anomaly.id).then_some(*number),
        Cited::Change { .. } => None,
    })
}
