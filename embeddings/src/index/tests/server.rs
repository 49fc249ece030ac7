//! What only a server can do: be away, lose its data, refuse us, be shared.

use tonic::Status;

use super::double::{KEY, Server};
use super::*;

#[test]
fn the_collection_is_made_once_with_vectors_words_and_payload_indexes() {
    let server = Server::start();
    let index = server.connect(&schema());
    assert!(
        server.world().calls.is_empty(),
        "nothing before it is needed"
    );
    index.count(project(A)).unwrap();
    index.count(project(A)).unwrap();
    let world = server.world();
    let made = world.calls.iter().filter(|c| **c == "create_collection");
    assert_eq!(made.count(), 1);
    let stored = &world.collections["vigil-test-model-8-v2"];
    let mut indexed: Vec<&str> = stored.indexed.iter().map(String::as_str).collect();
    indexed.sort_unstable();
    assert_eq!(
        indexed,
        ["project_id", "service", "severity", "template_id"]
    );
    let words = &stored.request.sparse_vectors_config.as_ref().unwrap().map["bm25"];
    assert_eq!(
        words.modifier,
        Some(qdrant_client::qdrant::Modifier::Idf.into())
    );
}

#[test]
fn big_writes_are_split() {
    let server = Server::start();
    let index = server.connect(&schema());
    let points: Vec<IndexPoint> = (0..1_000).map(|id| point(A, id, "x", None)).collect();
    index.upsert(&points).unwrap();
    assert_eq!(server.world().largest_upsert, 256);
}

#[test]
fn the_server_never_gets_the_text() {
    let server = Server::start();
    let index = server.connect(&schema());
    index
        .upsert(&[point(A, 1, "password hunter2 rejected", Some(0.0))])
        .unwrap();
    let world = server.world();
    let stored = &world.collections["vigil-test-model-8-v2"];
    assert!(!format!("{:?}", stored.points).contains("hunter2"));
}

#[test]
fn another_node_sees_the_same_index_and_epoch() {
    let server = Server::start();
    let (one, two) = (server.connect(&schema()), server.connect(&schema()));
    one.upsert(&[point(A, 1, "disk full", Some(0.0))]).unwrap();
    assert_eq!(two.epoch().unwrap(), one.epoch().unwrap());
    assert_eq!(two.count(project(A)).unwrap(), 1);
}

#[test]
fn another_model_gets_another_collection() {
    let server = Server::start();
    let one = server.connect(&schema());
    one.upsert(&[point(A, 1, "disk full", Some(0.0))]).unwrap();
    let two = server.connect(&IndexSchema {
        model: "BGE small/v1.5".to_owned(),
        dimension: 4,
    });
    assert_eq!(two.count(project(A)).unwrap(), 0);
    assert_ne!(one.epoch().unwrap(), two.epoch().unwrap());
    assert!(
        server
            .world()
            .collections
            .contains_key("vigil-BGE-small-v1.5-4-v2")
    );
    assert_eq!(one.count(project(A)).unwrap(), 1);
}

#[test]
fn a_server_that_lost_its_data_is_noticed_and_filled_under_a_new_epoch() {
    let server = Server::start();
    let index = server.connect(&schema());
    index
        .upsert(&[point(A, 1, "disk full", Some(0.0))])
        .unwrap();
    let epoch = index.epoch().unwrap();
    server.world().collections.clear();
    let error = index
        .upsert(&[point(A, 2, "disk slow", Some(0.0))])
        .unwrap_err();
    assert!(matches!(error, Error::Recreated { .. }), "{error}");
    assert_ne!(index.epoch().unwrap(), epoch);
    index
        .upsert(&[
            point(A, 1, "disk full", None),
            point(A, 2, "disk slow", None),
        ])
        .unwrap();
    assert_eq!(index.count(project(A)).unwrap(), 2);
}

#[test]
fn a_collection_half_made_by_a_node_that_died_is_completed() {
    let server = Server::start();
    let first = server.connect(&schema());
    let epoch = first.epoch().unwrap();
    for stored in server.world().collections.values_mut() {
        stored.points.clear();
        stored.indexed.clear();
    }
    let second = server.connect(&schema());
    second.upsert(&[point(A, 1, "disk full", None)]).unwrap();
    assert_ne!(second.epoch().unwrap(), epoch);
    assert_eq!(second.count(project(A)).unwrap(), 1);
}

#[test]
fn an_outage_is_an_error_and_ends_with_the_outage() {
    let server = Server::start();
    let index = server.connect(&schema());
    server.world().outage = Some(Status::unavailable("restarting"));
    let error = index.upsert(&[point(A, 1, "disk full", None)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("restarting"), "{error}");
    server.world().outage = None;
    index.upsert(&[point(A, 1, "disk full", None)]).unwrap();
    for (status, kind) in [
        (
            Status::resource_exhausted("slow down"),
            ErrorKind::RateLimited,
        ),
        (Status::permission_denied("read only"), ErrorKind::Forbidden),
        (Status::invalid_argument("bad"), ErrorKind::BadRequest),
    ] {
        server.world().outage = Some(status);
        assert_eq!(index.count(project(A)).unwrap_err().kind(), kind);
    }
    server.world().outage = None;
    assert_eq!(
        index.count(project(A)).unwrap(),
        1,
        "the epoch was not lost"
    );
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}");
    let index = ServerIndex::connect(&url, None, "vigil", &schema()).unwrap();
    let error = index.epoch().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[test]
fn a_server_that_hangs_holds_up_the_ping_only() {
    // Takes connections and never says a word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let index = ServerIndex::connect(&url, None, "vigil", &schema())
        .unwrap()
        .hurried();
    let error = index.ping().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    let began = std::time::Instant::now();
    for error in [
        index.epoch().unwrap_err(),
        index.count(project(A)).unwrap_err(),
        index.search(&question(A, "disk", None)).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("a moment ago"), "{error}");
    }
    // Each of them alone would have taken fifteen seconds and more.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
}

#[test]
fn a_ping_sees_an_outage_that_the_epoch_does_not_and_its_end() {
    let server = Server::start();
    let index = server.connect(&schema());
    index.ping().unwrap();
    let epoch = index.epoch().unwrap();
    server.world().outage = Some(Status::unavailable("restarting"));
    assert_eq!(index.epoch().unwrap(), epoch, "out of memory");
    assert_eq!(index.ping().unwrap_err().kind(), ErrorKind::Unavailable);
    server.world().outage = None;
    index.ping().unwrap();
    server.world().collections.clear();
    index.ping().unwrap();
    assert_ne!(index.epoch().unwrap(), epoch, "the loss was noticed");
}

#[test]
fn a_wrong_key_or_url_is_refused_and_not_repeated_in_the_message() {
    let server = Server::start();
    let index = ServerIndex::connect(&server.url(), Some("wrong-key"), "vigil", &schema()).unwrap();
    let error = index.epoch().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(!error.to_string().contains("wrong-key"), "{error}");
    assert!(!format!("{index:?}").contains("wrong-key"));
    let error = ServerIndex::connect("not a url", Some(KEY), "vigil", &schema()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest, "{error}");
}

#[test]
fn a_collection_of_another_shape_is_refused() {
    let server = Server::start();
    let index = server.connect(&schema());
    index.epoch().unwrap();
    for stored in server.world().collections.values_mut() {
        stored.request.sparse_vectors_config = None;
    }
    let error = server.connect(&schema()).epoch().unwrap_err();
    assert!(matches!(error, Error::Schema { .. }), "{error}");
    assert!(
        error.to_string().contains("no sparse vector 'bm25'"),
        "{error}"
    );
}

#[test]
fn calls_work_from_inside_another_runtime() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let index = server.connect(&schema());
        index.upsert(&[point(A, 1, "disk full", None)]).unwrap();
        assert_eq!(index.count(project(A)).unwrap(), 1);
    });
}
