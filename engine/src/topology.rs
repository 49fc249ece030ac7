//! Who talks to whom, learnt from what services write about each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anomaly::{MentionLearner, Mentions, Topology};
use domain::{ProjectId, Severity};

use crate::{Error, Inner};

/// How long what was learnt is used before it is learnt anew.
const MEMORY: Duration = Duration::from_secs(30);

/// The topologies of this process.
pub(crate) type Topologies = Mutex<HashMap<ProjectId, (Instant, Arc<Topology>)>>;

impl Inner {
    /// The edges that bad patterns give away: a service that keeps naming another one in its errors
    /// depends on it. Blocks.
    pub(crate) fn topology(&self, project_id: ProjectId) -> Result<Arc<Topology>, Error> {
        if let Ok(known) = self.topologies.lock()
            && let Some((at, topology)) = known.get(&project_id)
            && at.elapsed() < MEMORY
        {
            return Ok(Arc::clone(topology));
        }
        let services = self.service_names(project_id)?;
        let mentions = Mentions::of(services.iter().map(String::as_str));
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut learner = MentionLearner::new();
        for template in dictionary.iter() {
            if template.severity < Severity::Warn {
                continue;
            }
            let text = format!("{} {}", template.text, template.example);
            for service in &template.services {
                learner.observe(service, &text, template.count.max(1), &mentions);
            }
        }
        let mut topology = Topology::new();
        learner.add_to(&mut topology);
        let topology = Arc::new(topology);
        if let Ok(mut known) = self.topologies.lock() {
            known.insert(project_id, (Instant::now(), Arc::clone(&topology)));
        }
        Ok(topology)
    }
}
