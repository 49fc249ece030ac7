use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON, project};
use crate::{Error, NewSilence, PolicySource, PolicyStore, StoredPolicy};

fn policy(name: &str, source: PolicySource) -> StoredPolicy {
    StoredPolicy {
        name: name.to_owned(),
        yaml: format!("policy:\n\tname: {name}\n"),
        enabled: true,
        source,
        updated_at_ns: NOON,
    }
}

pub(super) fn policies_are_put_switched_and_deleted(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let mut errors = policy("errors", PolicySource::Api);
    store.put_policy(shop, &errors, NOON).unwrap();
    assert_eq!(store.policies(shop).unwrap(), [errors.clone()]);
    errors.yaml = "other".to_owned();
    store.put_policy(shop, &errors, NOON + 1).unwrap();
    errors.updated_at_ns = NOON + 1;
    assert_eq!(store.policy(shop, "errors").unwrap(), Some(errors));
    store
        .set_policy_enabled(shop, "errors", false, NOON + 2)
        .unwrap();
    assert!(!store.policy(shop, "errors").unwrap().unwrap().enabled);
    assert_eq!(store.policy(project(), "errors").unwrap(), None);
    let refused = store.delete_policy(project(), "errors").unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
    store.delete_policy(shop, "errors").unwrap();
    assert!(store.policies(shop).unwrap().is_empty());
    assert_eq!(store.policy(shop, "a\0b").unwrap(), None);
}

pub(super) fn files_replace_only_what_files_made(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    store
        .put_policy(shop, &policy("mine", PolicySource::Api), NOON)
        .unwrap();
    let file = |name: &str, yaml: &str| (name.to_owned(), yaml.to_owned());
    store
        .sync_file_policies(shop, &[file("a", "1"), file("b", "1")], NOON)
        .unwrap();
    store.set_policy_enabled(shop, "a", false, NOON).unwrap();
    store
        .sync_file_policies(shop, &[file("a", "2"), file("c", "1")], NOON + 1)
        .unwrap();
    let names: Vec<_> = store
        .policies(shop)
        .unwrap()
        .into_iter()
        .map(|policy| policy.name)
        .collect();
    assert_eq!(names, ["a", "c", "mine"]);
    let changed = store.policy(shop, "a").unwrap().unwrap();
    assert_eq!((changed.yaml.as_str(), changed.enabled), ("2", false));
    let refused = store
        .sync_file_policies(shop, &[file("d", "1"), file("mine", "1")], NOON)
        .unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    assert_eq!(store.policy(shop, "d").unwrap(), None);
}

pub(super) fn silences_end_by_time_or_by_hand(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let new = NewSilence {
        matchers: r#"[{"label":"service"}]"#.to_owned(),
        comment: "deploy".to_owned(),
        created_by: "ann".to_owned(),
        starts_at_ns: NOON,
        ends_at_ns: NOON + MINUTE,
    };
    let created = store.create_silence(shop, &new, NOON).unwrap();
    assert_eq!(
        store.silences(shop, NOON).unwrap(),
        std::slice::from_ref(&created)
    );
    assert!(store.silences(shop, NOON + MINUTE).unwrap().is_empty());
    assert!(store.silences(project(), NOON).unwrap().is_empty());
    let refused = store
        .expire_silence(project(), created.id, NOON)
        .unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
    store.expire_silence(shop, created.id, NOON + 5).unwrap();
    assert!(store.silences(shop, NOON + 5).unwrap().is_empty());
    let inverted = NewSilence {
        ends_at_ns: NOON,
        ..new
    };
    let refused = store.create_silence(shop, &inverted, NOON).unwrap_err();
    assert!(matches!(refused, Error::BadRequest { .. }), "{refused}");
}
