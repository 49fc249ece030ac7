use super::*;

fn metadata(packages: &[(&str, &[&str])]) -> Metadata {
    Metadata {
        packages: packages
            .iter()
            .map(|(name, dependencies)| Package {
                name: (*name).to_owned(),
                dependencies: dependencies
                    .iter()
                    .map(|name| Dependency {
                        name: (*name).to_owned(),
                        kind: None,
                    })
                    .collect(),
            })
            .collect(),
    }
}

#[test]
fn the_rooms_of_this_workspace_keep_the_rules() {
    let findings = rooms().unwrap();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn a_room_that_names_a_neighbour_or_a_foreign_library_is_found() {
    let findings = check_rooms(&metadata(&[
        ("query", &["store"]),
        ("engine", &["diesel"]),
        ("domain", &["serde"]),
    ]));
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(findings[0].contains("floor 2"));
    assert!(findings[1].contains("belongs to store"));
}

#[test]
fn leftovers_and_names_that_say_nothing_are_found() {
    let files: Vec<PathBuf> = [
        "api/src/problem.rs",
        "anomaly/src/log/.tests.rs.pending-snap",
        "api/tests/it/snapshots/one.snap.new",
        "api/src/routes/mod.rs",
        "ui/src/utils.ts",
        "docs/common.md",
    ]
    .map(PathBuf::from)
    .to_vec();
    let findings = names(&files);
    assert_eq!(findings.len(), 4, "{findings:#?}");
    assert!(findings[0].contains("pending-snap"));
    assert!(findings[3].contains("utils.ts"));
}

#[test]
fn a_heavy_library_in_the_wrong_room_is_found() {
    let findings = check_rooms(&metadata(&[("embeddings", &["linfa-nn", "tonic"])]));
    assert_eq!(findings.len(), 2, "{findings:?}");
}
