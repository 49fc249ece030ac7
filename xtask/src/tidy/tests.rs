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
