use crate::tests::Fixture;
use crate::tests::fixture::{NOON, project};
use crate::{CursorStore, SettingsStore};

pub(super) fn the_first_value_of_a_setting_wins(fixture: &Fixture) {
    let store = &fixture.store;
    assert_eq!(store.setting("jwt_secret").unwrap(), None);
    let values: Vec<String> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4)
            .map(|n| {
                scope.spawn(move || {
                    store
                        .setting_or_insert("jwt_secret", &n.to_string(), NOON)
                        .unwrap()
                })
            })
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert!(values.iter().all(|value| *value == values[0]));
    store.set_setting("jwt_secret", "new", NOON).unwrap();
    assert_eq!(store.setting("jwt_secret").unwrap().as_deref(), Some("new"));
    store.delete_setting("jwt_secret").unwrap();
    assert_eq!(store.setting("jwt_secret").unwrap(), None);
    store.set_setting("x", "a\0b", NOON).unwrap_err();
}

pub(super) fn cursors_only_move_forward_unless_set(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    assert_eq!(store.cursor(shop, "index").unwrap(), None);
    assert!(store.advance_cursor(shop, "index", 5).unwrap());
    assert!(!store.advance_cursor(shop, "index", 5).unwrap());
    assert!(!store.advance_cursor(shop, "index", 4).unwrap());
    assert_eq!(store.cursor(shop, "index").unwrap(), Some(5));
    assert!(store.advance_cursor(shop, "index", 9).unwrap());
    store.set_cursor(shop, "index", 0).unwrap();
    assert_eq!(store.cursor(shop, "index").unwrap(), Some(0));
    assert_eq!(store.cursor(project(), "index").unwrap(), None);
}
