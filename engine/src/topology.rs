//! Who talks to whom: seen in traces, and learnt from what services write about each other.

mod calls;
mod minutes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anomaly::{MentionLearner, Mentions, Topology};
use domain::{NANOS_PER_MINUTE, ProjectId, Severity, TimeRange};
use store::TraceStore as _;

pub(crate) use self::calls::run as run_calls;
pub use self::calls::{ServiceMap, ServiceNode};
pub(crate) use self::minutes::Minutes;

use crate::{Error, Inner};

/// How long what was learnt is used before it is learnt anew.
const MEMORY: Duration = Duration::from_secs(30);
/// How far back traces tell of calls.
const TRACES_NS: i64 = 24 * 60 * NANOS_PER_MINUTE;
/// A request that a trace shows is no guess.
const SEEN: f64 = 1.0;
/// Who works on messages suffers from who sends them, but not as surely as a caller from a callee.
const BY_MESSAGE: f64 = 0.6;

/// The topologies of this process.
pub(crate) type Topologies = Mutex<HashMap<ProjectId, (Instant, Arc<Topology>)>>;

impl Inner {
    /// The calls that traces show, and the edges that bad patterns give away: a service that keeps naming another one in
    /// its errors depends on it. Blocks.
    pub(crate) fn topology(&self, project_id: ProjectId) -> Result<Arc<Topology>, Error> {
        if let Ok(known) = self.topologies.lock()
            && let Some((at, topology)) = known.get(&project_id)
            && at.elapsed() < MEMORY
        {
            return Ok(Arc::clone(topology));
        }
        let mut topology = Topology::new();
        self.add_seen(project_id, &mut topology)?;
        self.add_mentioned(project_id, &mut topology)?;
        let topology = Arc::new(topology);
        if let Ok(mut known) = self.topologies.lock() {
            known.insert(project_id, (Instant::now(), Arc::clone(&topology)));
        }
        Ok(topology)
    }

    /// A caller depends on whom it asks; who works on messages depends on who sends them.
    fn add_seen(&self, project_id: ProjectId, topology: &mut Topology) -> Result<(), Error> {
        let until_ns = self.clock.now_ns().saturating_add(NANOS_PER_MINUTE);
        let range = TimeRange::last(until_ns, TRACES_NS);
        for edge in self.store.service_edges(project_id, range)? {
            if edge.is_message {
                topology.add(&edge.callee, &edge.caller, BY_MESSAGE);
            } else {
                topology.add(&edge.caller, &edge.callee, SEEN);
            }
        }
        Ok(())
    }

    fn add_mentioned(&self, project_id: ProjectId, topology: &mut Topology) -> Result<(), Error> {
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
        learner.add_to(topology);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
