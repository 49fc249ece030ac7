//! One suite for every backend: the embedded index, a server double that speaks the real protocol,
//! and a real server when `VIGIL_TEST_QDRANT_URL` names one.

use domain::{ErrorKind, ProjectId, Severity, TemplateId};
use uuid::Uuid;

use super::*;
use crate::error::Error;

mod double;
mod ranking;
mod server;
mod writing;

const DIMENSION: usize = 8;

fn schema() -> IndexSchema {
    IndexSchema {
        model: "test-model".to_owned(),
        dimension: DIMENSION,
    }
}

fn project(number: u128) -> ProjectId {
    ProjectId(Uuid::from_u128(number))
}

const A: u128 = 0xa;
const B: u128 = 0xb;

/// A unit vector that leans from axis 0 towards axis 1 by `angle` (radians).
fn leaning(angle: f32) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSION];
    vector[0] = angle.cos();
    vector[1] = angle.sin();
    vector
}

fn point(project_number: u128, template: u64, text: &str, angle: Option<f32>) -> IndexPoint {
    IndexPoint {
        project_id: project(project_number),
        template_id: TemplateId(template),
        text: text.to_owned(),
        services: vec!["api".to_owned()],
        severity: Severity::Info,
        vector: angle.map(leaning),
    }
}

fn question(project_number: u128, text: &str, angle: Option<f32>) -> IndexQuery {
    IndexQuery {
        project_id: project(project_number),
        text: text.to_owned(),
        vector: angle.map(leaning),
        ideas: Vec::new(),
        services: Vec::new(),
        min_severity: None,
        limit: 10,
    }
}

fn ids(hits: &[IndexHit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.template_id.0).collect()
}

/// Somewhere to open an empty index.
trait Place {
    fn index(&self) -> &dyn VectorIndex;
}

struct EdgePlace {
    index: EdgeIndex,
    _dir: tempfile::TempDir,
}

impl Place for EdgePlace {
    fn index(&self) -> &dyn VectorIndex {
        &self.index
    }
}

fn edge_place() -> Option<EdgePlace> {
    let dir = tempfile::tempdir().unwrap();
    Some(EdgePlace {
        index: EdgeIndex::open(dir.path(), &schema()).unwrap(),
        _dir: dir,
    })
}

struct DoublePlace {
    index: ServerIndex,
    _server: double::Server,
}

impl Place for DoublePlace {
    fn index(&self) -> &dyn VectorIndex {
        &self.index
    }
}

fn double_place() -> Option<DoublePlace> {
    let server = double::Server::start();
    Some(DoublePlace {
        index: server.connect(&schema()),
        _server: server,
    })
}

/// A collection of its own on the real server, removed at the end.
struct RealPlace {
    index: ServerIndex,
}

impl Place for RealPlace {
    fn index(&self) -> &dyn VectorIndex {
        &self.index
    }
}

impl Drop for RealPlace {
    fn drop(&mut self) {
        let _ = self.index.discard();
    }
}

/// `None` when no real server is named: then there is nothing to test.
fn real_place() -> Option<RealPlace> {
    let url = std::env::var("VIGIL_TEST_QDRANT_URL").ok()?;
    let key = std::env::var("VIGIL_TEST_QDRANT_API_KEY").ok();
    let collection = format!("vigil-test-{}", Uuid::new_v4());
    Some(RealPlace {
        index: ServerIndex::connect(&url, key.as_deref(), &collection, &schema()).unwrap(),
    })
}

macro_rules! index_suite {
    ($($test:ident)*) => {
        index_suite!(edge, edge_place, $($test)*);
        index_suite!(server_double, double_place, $($test)*);
        index_suite!(real_server, real_place, $($test)*);
    };
    ($backend:ident, $place:ident, $($test:ident)*) => {
        mod $backend {
            $(
                #[test]
                fn $test() {
                    if let Some(place) = super::super::$place() {
                        use super::super::Place;
                        super::$test(place.index());
                    }
                }
            )*
        }
    };
}
use index_suite;
