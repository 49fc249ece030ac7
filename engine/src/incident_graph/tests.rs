use domain::{Confidence, IncidentSeverity, IncidentState, Suspect};

use super::*;
use crate::testing::Bench;

fn edge(caller: &str, callee: &str) -> GraphEdge {
    GraphEdge {
        caller: caller.to_owned(),
        callee: callee.to_owned(),
        kind: EdgeKind::Request,
        count: 1,
        errors: 0,
    }
}

fn count(service: &str, errors: u64) -> (String, ServiceCount) {
    let row = ServiceCount {
        service: service.to_owned(),
        count: 100,
        errors,
    };
    (service.to_owned(), row)
}

fn incident(bench: &Bench) -> Incident {
    let mut incident = bench.incident(IncidentSeverity::Error, IncidentState::Open);
    let draft = bench.inner.draft(bench.project_id, &incident).unwrap().1;
    incident.summary = Some(domain::Summary {
        suspects: vec![Suspect {
            name: "deploy payments v2".into(),
            service: Some("payments".into()),
            confidence: Confidence::High,
            score: 0.9,
            reason: String::new(),
            evidence: Vec::new(),
            check: String::new(),
        }],
        ..draft
    });
    incident
}

#[test]
fn suspects_come_first_then_the_affected_then_their_neighbours() {
    let bench = Bench::new();
    let edges = vec![
        edge("web", "checkout"),
        edge("checkout", "payments"),
        edge("payments", "bank"),
        edge("mail", "smtp"),
    ];
    let counts = HashMap::from([count("checkout", 40), count("bank", 7)]);
    let found = graph(&incident(&bench), edges, &counts);
    let names: Vec<&str> = found.nodes.iter().map(|node| &*node.service).collect();
    assert_eq!(names, ["payments", "checkout", "bank", "web"]);
    assert_eq!(found.nodes[0].suspect, Some(1));
    assert!(found.nodes[1].is_affected && !found.nodes[2].is_affected);
    assert_eq!((found.nodes[1].errors, found.nodes[2].errors), (40, 7));
    assert_eq!(found.edges.len(), 3, "what is far away is left out");
}

#[test]
fn a_crowd_of_neighbours_is_cut_and_those_with_errors_stay() {
    let bench = Bench::new();
    let edges = (0..100)
        .map(|n| edge("checkout", &format!("shard-{n:03}")))
        .collect();
    let counts = HashMap::from([count("shard-099", 5)]);
    let found = graph(&incident(&bench), edges, &counts);
    assert_eq!(found.nodes.len(), MAX_NODES);
    assert!(found.nodes.iter().any(|node| node.service == "shard-099"));
    let shown = |name: &str| found.nodes.iter().any(|node| node.service == name);
    assert!(
        found
            .edges
            .iter()
            .all(|edge| shown(&edge.caller) && shown(&edge.callee))
    );
}

#[test]
fn an_incident_without_traces_has_its_services_alone() {
    let bench = Bench::new();
    let incident = bench.incident(IncidentSeverity::Error, IncidentState::Open);
    let found = bench
        .inner
        .incident_graph(bench.project_id, &incident)
        .unwrap();
    assert_eq!(found.nodes.len(), 1);
    assert_eq!(found.edges, []);
}
