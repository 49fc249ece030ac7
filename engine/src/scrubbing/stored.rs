//! What may be stored: records, spans, metrics and change events of projects that mask what they store.

use std::sync::Arc;

use domain::{ChangeEvent, LogRecord, MetricPoint, ProjectId, Span};

use super::Scrubbing;
use crate::Error;
use crate::tasks::blocking;

impl Scrubbing {
    /// Records as they may be stored.
    ///
    /// # Errors
    /// Fails when the policy cannot be looked up; nothing is stored then.
    pub(crate) async fn masked_records(
        self: &Arc<Self>,
        project_id: ProjectId,
        mut records: Vec<LogRecord>,
    ) -> Result<Vec<LogRecord>, Error> {
        if self.stores_everything() {
            return Ok(records);
        }
        let worker = Arc::clone(self);
        blocking(move || {
            let policy = worker.of(project_id)?;
            if policy.masks_stored {
                for record in &mut records {
                    policy.mask(&mut record.body);
                    policy.mask_json(&mut record.attributes);
                }
            }
            Ok::<_, Error>(records)
        })
        .await
    }

    /// Spans as they may be stored.
    ///
    /// # Errors
    /// As [`Scrubbing::masked_records`].
    pub(crate) async fn masked_spans(
        self: &Arc<Self>,
        project_id: ProjectId,
        mut spans: Vec<Span>,
    ) -> Result<Vec<Span>, Error> {
        if self.stores_everything() {
            return Ok(spans);
        }
        let worker = Arc::clone(self);
        blocking(move || {
            let policy = worker.of(project_id)?;
            if policy.masks_stored {
                for span in &mut spans {
                    policy.mask(&mut span.name);
                    policy.mask(&mut span.status_message);
                    policy.mask_json(&mut span.attributes);
                    policy.mask_json(&mut span.events);
                    policy.mask_json(&mut span.links);
                }
            }
            Ok::<_, Error>(spans)
        })
        .await
    }

    /// Masks the labels of points as they may be stored. Series that differ only in what is masked become one. Blocks where
    /// the project's name must be looked up.
    ///
    /// # Errors
    /// Fails when the policy cannot be looked up; nothing may be stored then.
    pub(crate) fn mask_points(
        &self,
        project_id: ProjectId,
        points: &mut [MetricPoint],
    ) -> Result<(), Error> {
        if self.stores_everything() {
            return Ok(());
        }
        let policy = self.of(project_id)?;
        if policy.masks_stored {
            for point in points {
                for (name, value) in &mut point.labels {
                    policy.mask_label(name, value);
                }
            }
        }
        Ok(())
    }

    /// Masks change events as they may be stored. Blocks where the project's name must be looked up.
    ///
    /// # Errors
    /// As [`Scrubbing::mask_points`].
    pub(crate) fn mask_events(
        &self,
        project_id: ProjectId,
        events: &mut [ChangeEvent],
    ) -> Result<(), Error> {
        if self.stores_everything() {
            return Ok(());
        }
        let policy = self.of(project_id)?;
        if policy.masks_stored {
            for event in events {
                policy.mask(&mut event.title);
                policy.mask_json(&mut event.attributes);
            }
        }
        Ok(())
    }
}
