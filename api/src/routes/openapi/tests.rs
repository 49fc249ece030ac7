use super::*;

/// Where the committed document is.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");

#[test]
fn the_document_has_every_route_of_the_table_and_no_other() {
    let mut document = document();
    let mut count = 0;
    for endpoint in endpoints() {
        // The same handler under an older name.
        if endpoint.path == "/healthz" {
            continue;
        }
        let item = document.paths.paths.get_mut(endpoint.path);
        let found = item.and_then(|item| operation(item, &endpoint.method));
        let found = found.unwrap_or_else(|| panic!("{} {}", endpoint.method, endpoint.path));
        assert!(found.summary.is_some(), "{} says what it is", endpoint.path);
        count += 1;
    }
    let documented: usize = document
        .paths
        .paths
        .values()
        .map(|item| {
            usize::from(item.get.is_some())
                + usize::from(item.post.is_some())
                + usize::from(item.put.is_some())
                + usize::from(item.delete.is_some())
        })
        .sum();
    assert_eq!(documented, count);
}

#[test]
fn the_interface_is_the_committed_one() {
    if std::env::var_os("VIGIL_WRITE_OPENAPI").is_some() {
        std::fs::write(COMMITTED, TEXT.as_str()).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap();
    assert!(
        committed == *TEXT,
        "the interface is not that of docs/openapi.json: run `cargo xtask openapi` and look at the difference"
    );
}
