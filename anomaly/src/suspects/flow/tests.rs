use domain::{ChangeEvent, ChangeKind, Confidence, EventId, NANOS_PER_MINUTE, ProjectId};
use proptest::prelude::*;

use super::*;
use crate::suspects::{Change, Explained, RootCauseInput, explain_suspects};
use crate::vitals::Slice;

const T: i64 = 1_700_000_000_000_000_000;

/// A service that is asked 100 times a slice, takes 0.1 s and never fails; then as told, from the second slice on.
struct Service {
    name: &'static str,
    usual: Vec<Slice>,
    during: Vec<Slice>,
    is_inferred: bool,
}

fn slice(minute: i64, requests: f64, failed: f64, seconds: f64) -> Slice {
    let is_asked = requests > 0.0;
    Slice {
        at_ns: T + minute * NANOS_PER_MINUTE,
        requests: Some(requests),
        failed: is_asked.then_some(failed),
        seconds: is_asked.then_some(seconds),
    }
}

fn service(name: &'static str, requests: f64, failed: f64, seconds: f64) -> Service {
    // Durations wander a little, so that the usual spread is not nothing.
    let calm = |i: i64| slice(-60 + 5 * i, 100.0, 0.0, 0.1 + 0.002 * (i % 3) as f64);
    let mut during = vec![slice(-5, 100.0, 0.0, 0.1)];
    during.extend((0..3).map(|i| slice(5 * i, requests, failed, seconds)));
    Service {
        name,
        usual: (0..11).map(calm).collect(),
        during,
        is_inferred: false,
    }
}

/// web -> checkout -> payments -> bank, checkout -> cart.
fn shop() -> Topology {
    let mut topology = Topology::new();
    for (caller, callee) in [
        ("web", "checkout"),
        ("checkout", "payments"),
        ("checkout", "cart"),
        ("payments", "bank"),
    ] {
        topology.add(caller, callee, 1.0);
    }
    topology
}

fn rank(
    services: &[Service],
    topology: &Topology,
    affected: Option<&str>,
    changes: &[ChangeEvent],
) -> Vec<Explained> {
    explain_suspects(&RootCauseInput {
        onset_ns: T,
        symptoms: Vec::new(),
        patterns: Vec::new(),
        vitals: services
            .iter()
            .map(|service| Vitals {
                service: service.name,
                usual: &service.usual,
                during: &service.during,
                is_inferred: service.is_inferred,
                evidence: Some(7),
            })
            .collect(),
        changes: changes
            .iter()
            .map(|event| Change {
                event,
                evidence: Some(90),
            })
            .collect(),
        topology,
        services: services.iter().map(|service| service.name).collect(),
        affected,
        felt: None,
        limit: 5,
    })
}

fn names(suspects: &[Explained]) -> Vec<&str> {
    suspects.iter().map(|s| s.suspect.name.as_str()).collect()
}

fn slow_chain() -> [Service; 5] {
    [
        service("web", 100.0, 0.0, 0.50),
        service("checkout", 100.0, 0.0, 0.50),
        service("payments", 100.0, 0.0, 0.51),
        service("bank", 100.0, 0.0, 0.52),
        service("cart", 100.0, 0.0, 0.10),
    ]
}

#[test]
fn the_last_slow_service_of_a_chain_is_suspected_with_its_figures_and_the_way_to_it() {
    let suspects = rank(&slow_chain(), &shop(), Some("web"), &[]);
    let first = &suspects[0];
    assert_eq!(first.suspect.name, "bank");
    assert_eq!(first.path, ["web", "checkout", "payments", "bank"]);
    assert_eq!(first.suspect.evidence, [7]);
    assert_eq!(first.measured[0].trouble, Trouble::Latency);
    assert_eq!(first.measured[0].since_ns, Some(T));
    insta::assert_snapshot!(first.suspect.reason, @"a request takes 415 ms instead of 101 ms since 2023-11-14 22:13:20Z; 100 % of the trouble of web begins here (web > checkout > payments > bank); the one service that calls it suffers");
    insta::assert_snapshot!(first.check, @"look at slow traces of bank: confirmed if the time goes by in bank itself, refuted if something that it calls takes it");
}

#[test]
fn where_it_is_felt_need_not_be_known() {
    for affected in [None, Some("web"), Some("nobody")] {
        let suspects = rank(&slow_chain(), &shop(), affected, &[]);
        assert_eq!(names(&suspects)[0], "bank", "{affected:?}");
    }
}

#[test]
fn a_callee_that_is_very_unusual_but_small_explains_little() {
    let mut services = slow_chain();
    services[2] = service("payments", 100.0, 0.0, 0.1);
    services[3] = service("bank", 100.0, 0.0, 0.1);
    // Asked once a slice, ten times as slow: three seconds of some ninety.
    services[4] = service("cart", 1.0, 0.0, 1.0);
    for slice in &mut services[4].usual {
        slice.requests = Some(1.0);
    }
    services[4].during[0].requests = Some(1.0);
    let suspects = rank(&services, &shop(), Some("web"), &[]);
    assert_eq!(names(&suspects)[0], "checkout");
    assert!(suspects[0].suspect.score > 0.7, "{:?}", suspects[0]);
}

#[test]
fn what_no_callee_explains_begins_where_it_is_felt() {
    let mut services = slow_chain();
    for (i, name) in ["checkout", "payments", "bank"].into_iter().enumerate() {
        services[i + 1] = service(name, 100.0, 0.0, 0.1);
    }
    let suspects = rank(&services, &shop(), Some("web"), &[]);
    assert_eq!(names(&suspects), ["web"]);
    assert!(
        suspects[0]
            .suspect
            .reason
            .contains("nothing that it calls explains")
    );
}

#[test]
fn slow_answers_that_become_timeouts_are_followed() {
    let services = [
        service("web", 100.0, 0.4, 0.1),
        service("checkout", 100.0, 0.4, 0.1),
        service("payments", 100.0, 0.4, 0.1),
        service("bank", 100.0, 0.0, 30.0),
    ];
    let suspects = rank(&services, &shop(), Some("web"), &[]);
    assert!(names(&suspects)[..2].contains(&"bank"), "{suspects:#?}");
}

#[test]
fn a_callee_that_nobody_reaches_any_more_is_suspected() {
    let services = [
        service("web", 100.0, 0.9, 0.1),
        service("checkout", 100.0, 0.9, 0.1),
        service("payments", 100.0, 0.9, 0.1),
        service("bank", 0.0, 0.0, 0.0),
    ];
    let suspects = rank(&services, &shop(), Some("web"), &[]);
    let bank = suspects.iter().find(|s| s.suspect.name == "bank").unwrap();
    assert_eq!(bank.measured[0].trouble, Trouble::Silence);
    assert!(bank.check.contains("answer"), "{}", bank.check);
    assert!(names(&suspects)[..2].contains(&"bank"));
}

#[test]
fn a_callee_that_is_only_seen_by_its_callers_does_not_outrank_one_that_tells_itself() {
    let mut topology = Topology::new();
    topology.add("web", "bank", 1.0);
    topology.add("web", "bank.example.net", 1.0);
    let mut outside = service("bank.example.net", 100.0, 0.0, 0.6);
    outside.is_inferred = true;
    let services = [
        service("web", 100.0, 0.0, 0.5),
        service("bank", 100.0, 0.0, 0.5),
        outside,
    ];
    let suspects = rank(&services, &topology, Some("web"), &[]);
    assert_eq!(names(&suspects)[..2], ["bank", "bank.example.net"]);
}

#[test]
fn a_deploy_of_the_service_where_it_begins_stands_for_it_and_is_surer() {
    let deploy = ChangeEvent {
        id: EventId::from_parts(0, [0; 10]),
        project_id: ProjectId::from_parts(0, [0; 10]),
        kind: ChangeKind::Deploy,
        service: Some("bank".to_owned()),
        title: "bank v7".to_owned(),
        attributes: String::new(),
        timestamp_ns: T - 2 * NANOS_PER_MINUTE,
    };
    let alone = rank(&slow_chain(), &shop(), Some("web"), &[]);
    let suspects = rank(&slow_chain(), &shop(), Some("web"), &[deploy]);
    assert_eq!(names(&suspects)[0], "bank v7");
    assert_eq!(suspects[0].suspect.confidence, Confidence::High);
    assert!(suspects[0].suspect.score > alone[0].suspect.score);
    assert!(suspects[0].check.contains("undo the deploy"));
}

#[test]
fn healthy_calls_accuse_nobody() {
    let services = [
        service("web", 100.0, 0.0, 0.1),
        service("bank", 100.0, 0.0, 0.1),
    ];
    assert_eq!(rank(&services, &shop(), Some("web"), &[]), []);
}

#[test]
fn services_that_call_each_other_share_the_blame_and_following_ends() {
    let mut topology = Topology::new();
    topology.add("web", "bank", 1.0);
    topology.add("bank", "web", 1.0);
    let services = [
        service("web", 100.0, 0.0, 0.5),
        service("bank", 100.0, 0.0, 0.5),
    ];
    let vitals: Vec<Vitals> = services
        .iter()
        .map(|s| Vitals {
            service: s.name,
            usual: &s.usual,
            during: &s.during,
            is_inferred: false,
            evidence: None,
        })
        .collect();
    let found = origins(&vitals, &topology, Some("web"), None);
    let sum: f64 = found.values().map(|origin| origin.own).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{found:#?}");
}

proptest! {
    #[test]
    fn shares_add_up_to_one_whatever_is_measured(
        services in prop::collection::vec(
            prop::collection::vec((prop::option::of(any::<f64>()), prop::option::of(any::<f64>()), prop::option::of(any::<f64>())), 0..16),
            0..6),
        edges in prop::collection::vec((0usize..6, 0usize..6, 0.0..1.0f64), 0..20),
        affected in prop::option::of(0usize..6),
    ) {
        let all = ["web", "checkout", "payments", "cart", "bank", "mail"];
        let mut topology = Topology::new();
        for (from, to, weight) in edges {
            topology.add(all[from], all[to], weight);
        }
        let slices: Vec<Vec<Slice>> = services
            .into_iter()
            .map(|values| {
                let slices = values.into_iter().enumerate();
                slices
                    .map(|(i, (requests, failed, seconds))| Slice { at_ns: i as i64, requests, failed, seconds })
                    .collect()
            })
            .collect();
        let vitals: Vec<Vitals> = slices
            .iter()
            .zip(all)
            .map(|(slices, service)| {
                let (usual, during) = slices.split_at(slices.len() * 2 / 3);
                Vitals { service, usual, during, is_inferred: false, evidence: None }
            })
            .collect();
        let found = origins(&vitals, &topology, affected.map(|i| all[i]), None);
        let sum: f64 = found.values().map(|origin| origin.own).sum();
        prop_assert!(found.is_empty() || (sum - 1.0).abs() < 1e-6, "{sum}");
        prop_assert!(found.values().all(|o| (0.0..=1.0).contains(&o.through) && o.own >= 0.0));
    }
}
