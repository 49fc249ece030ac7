//! The services around an incident: who is affected, who is suspected, who calls whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Incident, IncidentId, LogReader as _, NANOS_PER_MINUTE, ProjectId, ServiceCount, TimeRange,
};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Services that are shown: what a person can look over.
const MAX_NODES: usize = 24;
/// How long before the beginning calls are looked at: an incident of seconds has few of its own.
const BEFORE_NS: i64 = 15 * NANOS_PER_MINUTE;

/// A service around an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// Its name.
    pub service: String,
    /// Whether the incident names it.
    pub is_affected: bool,
    /// Its place among the suspects, from 1.
    pub suspect: Option<usize>,
    /// Its records during the incident.
    pub records: u64,
    /// Those of severity error or fatal.
    pub errors: u64,
}

/// One service that depends on another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphEdge {
    /// Who depends.
    pub caller: String,
    /// On whom.
    pub callee: String,
    /// How it is known.
    pub kind: EdgeKind,
    /// Calls that traces show during the incident; 0 for what is learnt from texts.
    pub count: u64,
    /// Calls that failed.
    pub errors: u64,
}

/// How an edge is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    /// Traces show requests.
    Request,
    /// Traces show messages.
    Message,
    /// Errors of the one keep naming the other.
    Mentioned,
}

impl EdgeKind {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Message => "message",
            Self::Mentioned => "mentioned",
        }
    }
}

/// The services around an incident and their calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentGraph {
    /// Affected ones and suspects first, then by name.
    pub nodes: Vec<GraphNode>,
    /// By caller and callee.
    pub edges: Vec<GraphEdge>,
}

impl Engine {
    /// The services around an incident, while it lasts.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`].
    pub async fn incident_graph(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<IncidentGraph, Error> {
        let inner = self.inner();
        blocking(move || {
            let incident = inner.stored_incident(project_id, id)?;
            inner.incident_graph(project_id, &incident)
        })
        .await
    }
}

impl Inner {
    /// As [`Engine::incident_graph`]. Blocks.
    pub(crate) fn incident_graph(
        &self,
        project_id: ProjectId,
        incident: &Incident,
    ) -> Result<IncidentGraph, Error> {
        let range = inference::incident_window(
            incident.started_at_ns,
            incident.resolved_at_ns,
            self.clock.now_ns(),
        );
        let seen = TimeRange::new(range.start_ns.saturating_sub(BEFORE_NS), range.end_ns);
        let edges = self.edges(project_id, seen)?;
        let counts: HashMap<String, ServiceCount> = self
            .store
            .services(project_id, range)?
            .into_iter()
            .map(|row| (row.service.clone(), row))
            .collect();
        Ok(graph(incident, edges, &counts))
    }

    /// What traces of a range show, and what is learnt besides.
    fn edges(&self, project_id: ProjectId, range: TimeRange) -> Result<Vec<GraphEdge>, Error> {
        let mut edges: BTreeMap<(String, String), GraphEdge> = BTreeMap::new();
        for call in self.service_map(project_id, range)?.edges {
            let Some(caller) = call.caller else { continue };
            let edge = edges
                .entry((caller.clone(), call.callee.clone()))
                .or_insert(GraphEdge {
                    caller,
                    callee: call.callee,
                    kind: EdgeKind::Request,
                    count: 0,
                    errors: 0,
                });
            if call.is_message && edge.count == 0 {
                edge.kind = EdgeKind::Message;
            }
            edge.count += call.count;
            edge.errors += call.errors;
        }
        let topology = self.topology(project_id)?;
        for service in self.service_names(project_id)? {
            for (dependency, _) in topology.dependencies(&service) {
                let (here, there) = (service.clone(), dependency.to_owned());
                // A message is an edge of the sender's in the map, and a dependency of who works on it.
                if edges.contains_key(&(there.clone(), here.clone())) {
                    continue;
                }
                edges
                    .entry((here.clone(), there.clone()))
                    .or_insert(GraphEdge {
                        caller: here,
                        callee: there,
                        kind: EdgeKind::Mentioned,
                        count: 0,
                        errors: 0,
                    });
            }
        }
        Ok(edges.into_values().collect())
    }
}

/// The part of the map that an incident is about: its services, the suspects, the ways between them, and their direct
/// neighbours as long as there is room.
fn graph(
    incident: &Incident,
    edges: Vec<GraphEdge>,
    counts: &HashMap<String, ServiceCount>,
) -> IncidentGraph {
    let affected: BTreeSet<&str> = incident.services.iter().map(String::as_str).collect();
    let mut suspects: HashMap<&str, usize> = HashMap::new();
    let named = incident
        .summary
        .iter()
        .flat_map(|summary| &summary.suspects);
    for (place, suspect) in named.enumerate() {
        if let Some(service) = suspect.service.as_deref() {
            suspects.entry(service).or_insert(place + 1);
        }
    }
    let mut shown: BTreeSet<&str> = affected
        .iter()
        .copied()
        .chain(suspects.keys().copied())
        .take(MAX_NODES)
        .collect();
    let core = shown.clone();
    // Those with errors first: they may be on the way of the trouble.
    let mut near: Vec<&str> = edges
        .iter()
        .filter_map(|edge| match (&*edge.caller, &*edge.callee) {
            (caller, callee) if core.contains(caller) => Some(callee),
            (caller, callee) if core.contains(callee) => Some(caller),
            _ => None,
        })
        .filter(|service| !core.contains(service))
        .collect();
    near.sort_by_key(|service| {
        let errors = counts.get(*service).map_or(0, |row| row.errors);
        (std::cmp::Reverse(errors), *service)
    });
    near.dedup();
    for service in near {
        if shown.len() < MAX_NODES {
            shown.insert(service);
        }
    }
    let mut nodes: Vec<GraphNode> = shown
        .iter()
        .map(|service| {
            let count = counts.get(*service);
            GraphNode {
                service: (*service).to_owned(),
                is_affected: affected.contains(service),
                suspect: suspects.get(service).copied(),
                records: count.map_or(0, |row| row.count),
                errors: count.map_or(0, |row| row.errors),
            }
        })
        .collect();
    nodes.sort_by_key(|node| {
        (
            node.suspect.unwrap_or(usize::MAX),
            !node.is_affected,
            node.service.clone(),
        )
    });
    let edges = edges
        .iter()
        .filter(|edge| shown.contains(&*edge.caller) && shown.contains(&*edge.callee))
        .cloned()
        .collect();
    IncidentGraph { nodes, edges }
}

#[cfg(test)]
mod tests;
