use crate::tests::Fixture;
use crate::tests::fixture::{MINUTE, NOON, SECOND, project};
use crate::{Error, IdentityStore, Lockout, NewToken, Role, Session, TokenScope};

fn session(id: &str, user_id: domain::UserId) -> Session {
    Session {
        id: id.to_owned(),
        user_id,
        created_at_ns: NOON,
        expires_at_ns: NOON + 60 * MINUTE,
    }
}

fn token(project_id: domain::ProjectId, byte: u8) -> NewToken {
    NewToken {
        project_id,
        name: "shipper".to_owned(),
        hash: [byte; 32],
        prefix: "vgl_ab".to_owned(),
        scope: TokenScope::Ingest,
    }
}

pub(super) fn a_project_is_found_by_its_id_and_its_name_is_unique(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = store.create_project("shop", NOON).unwrap();
    let bank = store.create_project("bank", NOON + 1).unwrap();
    assert_eq!(store.project(shop.id).unwrap(), Some(shop.clone()));
    assert_eq!(store.project(project()).unwrap(), None);
    let twice = store.create_project("shop", NOON).unwrap_err();
    assert!(matches!(twice, Error::Duplicate { .. }), "{twice}");
    assert_eq!(store.ensure_project("shop", NOON + 5).unwrap(), shop);
    assert_eq!(store.projects().unwrap(), [shop, bank]);
}

pub(super) fn nodes_that_start_together_agree_on_the_first_project_and_admin(fixture: &Fixture) {
    let store = &fixture.store;
    let (projects, admins): (Vec<_>, Vec<_>) = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    let project = store.ensure_project("default", NOON).unwrap();
                    let admin = store
                        .create_first_admin("admin", "$argon2id$x", NOON)
                        .unwrap();
                    (project.id, admin)
                })
            })
            .collect();
        nodes.into_iter().map(|node| node.join().unwrap()).unzip()
    });
    assert!(projects.iter().all(|id| *id == projects[0]));
    assert_eq!(admins.iter().flatten().count(), 1);
    assert_eq!(store.users().unwrap().len(), 1);
    assert_eq!(
        store
            .create_first_admin("other", "$argon2id$x", NOON)
            .unwrap(),
        None
    );
}

pub(super) fn the_first_admin_and_the_first_token_come_both_or_neither(fixture: &Fixture) {
    let store = &fixture.store;
    let project = store.ensure_project("default", NOON).unwrap();
    let nameless = NewToken {
        name: String::new(),
        prefix: "longer than sixteen".to_owned(),
        ..token(project.id, 7)
    };
    store
        .create_first_admin_and_token("admin", "$argon2id$x", &nameless, NOON)
        .unwrap_err();
    assert_eq!(store.users().unwrap(), []);
    let good = token(project.id, 8);
    let admin = store
        .create_first_admin_and_token("admin", "$argon2id$x", &good, NOON)
        .unwrap();
    assert_eq!(store.users().unwrap(), [admin.unwrap()]);
    assert!(store.token_by_hash(&good.hash).unwrap().is_some());
    let late = token(project.id, 9);
    let second = store.create_first_admin_and_token("admin", "$argon2id$x", &late, NOON);
    assert_eq!(second.unwrap(), None);
    assert!(store.token_by_hash(&late.hash).unwrap().is_none());
}

pub(super) fn a_user_is_found_by_name_and_a_new_password_ends_the_sessions(fixture: &Fixture) {
    let store = &fixture.store;
    let ann = store
        .create_user("ann", "$argon2id$1", Role::Member, NOON)
        .unwrap();
    assert_eq!(store.user_by_name("ann").unwrap(), Some(ann.clone()));
    assert_eq!(store.user_by_name("Ann").unwrap(), None);
    assert!(!format!("{ann:?}").contains("argon2id"));
    store.create_session(&session("s1", ann.id)).unwrap();
    store.set_password(ann.id, "$argon2id$2", NOON + 9).unwrap();
    let changed = store.user(ann.id).unwrap().unwrap();
    assert_eq!(changed.password_hash, "$argon2id$2");
    assert_eq!(changed.password_changed_at_ns, NOON + 9);
    assert_eq!(store.valid_session("s1", NOON + 10).unwrap(), None);
    let stranger = domain::UserId(uuid::Uuid::nil());
    let missing = store
        .set_password(stranger, "$argon2id$3", NOON)
        .unwrap_err();
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

pub(super) fn a_disabled_user_has_no_valid_session(fixture: &Fixture) {
    let store = &fixture.store;
    let ann = store
        .create_user("ann", "$argon2id$1", Role::Admin, NOON)
        .unwrap();
    store.create_session(&session("s1", ann.id)).unwrap();
    store.set_user_disabled(ann.id, true, NOON + 1).unwrap();
    // A login that was on its way while the user was disabled.
    store.create_session(&session("s2", ann.id)).unwrap();
    assert_eq!(store.valid_session("s1", NOON + 2).unwrap(), None);
    assert_eq!(store.valid_session("s2", NOON + 2).unwrap(), None);
    store.set_user_disabled(ann.id, false, NOON + 3).unwrap();
    assert_eq!(
        store.valid_session("s1", NOON + 4).unwrap(),
        None,
        "it stays revoked"
    );
    assert_eq!(
        store.user_by_name("ann").unwrap().unwrap().disabled_at_ns,
        None
    );
}

pub(super) fn a_session_ends_by_time_and_by_revocation(fixture: &Fixture) {
    let store = &fixture.store;
    let ann = store
        .create_user("ann", "$argon2id$1", Role::Admin, NOON)
        .unwrap();
    for id in ["s1", "s2", "s3"] {
        store.create_session(&session(id, ann.id)).unwrap();
    }
    assert_eq!(
        store.valid_session("s1", NOON).unwrap(),
        Some(session("s1", ann.id))
    );
    assert_eq!(store.valid_session("s1", NOON + 60 * MINUTE).unwrap(), None);
    store.revoke_session("s1", NOON + 1).unwrap();
    store.revoke_session("unknown", NOON + 1).unwrap();
    assert_eq!(store.valid_session("s1", NOON + 2).unwrap(), None);
    assert_eq!(store.revoke_sessions(ann.id, NOON + 3).unwrap(), 2);
    assert_eq!(store.valid_session("s2", NOON + 4).unwrap(), None);
    assert_eq!(
        store.delete_expired_sessions(NOON + 60 * MINUTE).unwrap(),
        3
    );
}

pub(super) fn a_token_is_found_by_its_hash_until_it_is_revoked(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let created = store.create_token(&token(shop, 1), NOON).unwrap();
    assert_eq!(
        store.token_by_hash(&[1; 32]).unwrap(),
        Some(created.clone())
    );
    assert_eq!(store.token_by_hash(&[2; 32]).unwrap(), None);
    let twice = store.create_token(&token(shop, 1), NOON).unwrap_err();
    assert!(matches!(twice, Error::Duplicate { .. }), "{twice}");
    store.revoke_token(shop, created.id, NOON + 5).unwrap();
    store.revoke_token(shop, created.id, NOON + 9).unwrap();
    assert_eq!(store.token_by_hash(&[1; 32]).unwrap(), None);
    let listed = store.tokens(shop).unwrap();
    assert_eq!(listed[0].revoked_at_ns, Some(NOON + 5));
}

pub(super) fn a_token_keeps_what_it_may_do(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let reading = NewToken {
        scope: TokenScope::Read,
        ..token(shop, 2)
    };
    store.create_token(&token(shop, 1), NOON).unwrap();
    store.create_token(&reading, NOON + 1).unwrap();
    let scopes: Vec<_> = store
        .tokens(shop)
        .unwrap()
        .iter()
        .map(|token| token.scope)
        .collect();
    assert_eq!(scopes, [TokenScope::Read, TokenScope::Ingest]);
    let found = store.token_by_hash(&[2; 32]).unwrap().unwrap();
    assert_eq!(found.scope, TokenScope::Read);
}

pub(super) fn a_token_of_another_project_cannot_be_revoked(fixture: &Fixture) {
    let store = &fixture.store;
    let created = store.create_token(&token(project(), 1), NOON).unwrap();
    let refused = store.revoke_token(project(), created.id, NOON).unwrap_err();
    assert!(matches!(refused, Error::NotFound { .. }), "{refused}");
    assert!(store.token_by_hash(&[1; 32]).unwrap().is_some());
    assert!(store.tokens(project()).unwrap().is_empty());
}

pub(super) fn use_of_a_token_is_noted_once_a_minute(fixture: &Fixture) {
    let store = &fixture.store;
    let shop = project();
    let created = store.create_token(&token(shop, 1), NOON).unwrap();
    let used = || store.tokens(shop).unwrap()[0].last_used_at_ns;
    store.touch_token(created.id, NOON).unwrap();
    assert_eq!(used(), Some(NOON));
    store.touch_token(created.id, NOON + 59 * SECOND).unwrap();
    assert_eq!(used(), Some(NOON));
    store.touch_token(created.id, NOON + 61 * SECOND).unwrap();
    assert_eq!(used(), Some(NOON + 61 * SECOND));
}

const LOCKOUT: Lockout = Lockout {
    limit: 3,
    window_ns: 10 * MINUTE,
    lock_ns: 5 * MINUTE,
};

pub(super) fn failed_logins_lock_at_the_limit_and_forgive_after_the_window(fixture: &Fixture) {
    let store = &fixture.store;
    let fail = |at_ns| store.record_login_failure("ann", &LOCKOUT, at_ns).unwrap();
    assert_eq!(fail(NOON).locked_until_ns, None);
    assert_eq!(fail(NOON + 1).locked_until_ns, None);
    let until = NOON + 2 + 5 * MINUTE;
    assert_eq!(fail(NOON + 2).locked_until_ns, Some(until));
    assert_eq!(
        store.login_locked_until("ann", NOON + 3).unwrap(),
        Some(until)
    );
    assert_eq!(store.login_locked_until("bob", NOON + 3).unwrap(), None);
    assert_eq!(store.login_locked_until("ann", until).unwrap(), None);
    let later = fail(NOON + 20 * MINUTE);
    assert_eq!((later.failures, later.locked_until_ns), (1, None));
    store.clear_login_failures("ann").unwrap();
    assert_eq!(fail(NOON + 21 * MINUTE).failures, 1);
    assert_eq!(store.delete_login_failures(NOON + 21 * MINUTE).unwrap(), 0);
    assert_eq!(store.delete_login_failures(NOON + 22 * MINUTE).unwrap(), 1);
}

pub(super) fn failed_logins_that_arrive_together_all_count(fixture: &Fixture) {
    let store = &fixture.store;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    store.record_login_failure("ann", &LOCKOUT, NOON).unwrap();
                }
            });
        }
    });
    let last = store.record_login_failure("ann", &LOCKOUT, NOON).unwrap();
    assert_eq!(last.failures, 21);
}

pub(super) fn names_that_no_database_can_hold_are_refused_or_unknown(fixture: &Fixture) {
    let store = &fixture.store;
    let long = "x".repeat(5_000);
    for name in ["", "a\0b", long.as_str()] {
        let refused = store.create_project(name, NOON).unwrap_err();
        assert!(matches!(refused, Error::BadRequest { .. }), "{refused}");
        assert_eq!(store.user_by_name(name).unwrap(), None);
        assert_eq!(store.valid_session(name, NOON).unwrap(), None);
        store.record_login_failure(name, &LOCKOUT, NOON).unwrap();
    }
}
