use std::time::Instant;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::generator::{GenerateRequest, Origin};

fn job(project: u8, name: &str) -> Job {
    let mut request = GenerateRequest::new("test", "", name.to_owned());
    request.origin = Origin {
        project_id: Some(ProjectId::from_parts(0, [project; 10])),
        ..Origin::default()
    };
    let (reply, _) = oneshot::channel();
    Job {
        request,
        cancel: CancellationToken::new(),
        reply,
        asked_at: Instant::now(),
    }
}

fn names(line: &Line) -> Vec<String> {
    let mut names = Vec::new();
    while let Next::Generate(job) = line.next(Duration::ZERO) {
        names.push(job.request.prompt);
    }
    names
}

#[test]
fn projects_take_turns() {
    let line = Line::new(8);
    for name in ["a1", "a2", "a3", "a4"] {
        assert!(line.push(job(1, name)).is_none());
    }
    for (project, name) in [(2, "b1"), (2, "b2"), (3, "c1")] {
        assert!(line.push(job(project, name)).is_none());
    }
    assert_eq!(names(&line), ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
}

#[test]
fn a_full_line_gives_a_place_of_the_one_that_has_most() {
    let line = Line::new(3);
    for name in ["a1", "a2", "a3"] {
        assert!(line.push(job(1, name)).is_none());
    }
    let refused = |job: Job| line.push(job).map(|job| job.request.prompt);
    assert_eq!(refused(job(1, "a4")).as_deref(), Some("a4"));
    assert_eq!(refused(job(2, "b1")).as_deref(), Some("a3"));
    // Two and one: another one of the second project would only turn it round.
    assert_eq!(refused(job(2, "b2")).as_deref(), Some("b2"));
    assert_eq!(names(&line), ["a1", "b1", "a2"]);
}

#[test]
fn loading_and_unloading_wait_behind_requests_and_an_empty_line_is_idle() {
    let line = Line::new(2);
    assert!(matches!(line.next(Duration::ZERO), Next::Idle));
    line.want_unload();
    line.want_load();
    assert!(line.push(job(1, "a")).is_none());
    assert!(matches!(line.next(Duration::ZERO), Next::Generate(_)));
    assert!(matches!(line.next(Duration::ZERO), Next::Load));
    assert!(matches!(line.next(Duration::ZERO), Next::Unload));
    assert!(matches!(line.next(Duration::ZERO), Next::Idle));
}
