use super::*;

fn place(inode: u64, offset: u64) -> Place {
    Place {
        id: FileId { device: 1, inode },
        path: format!("/var/log/{inode}.log").into(),
        real: format!("/data/{inode}.log").into(),
        offset,
        print: format!("{inode}-{offset}"),
    }
}

fn plan(number: u128, after: &[Place]) -> Plan {
    let part = |after: &Place| Part {
        start: 0,
        after: after.clone(),
    };
    Plan {
        key: Uuid::from_u128(number),
        received_at_ns: 7,
        digest: "d".into(),
        parts: after.iter().map(part).collect(),
    }
}

/// A state in a new folder.
fn state() -> (tempfile::TempDir, PathBuf, State) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("state.json");
    let state = State::open(&path).unwrap();
    (folder, path, state)
}

fn reopened(path: &Path, state: State) -> State {
    drop(state);
    State::open(path).unwrap()
}

#[test]
fn what_was_saved_is_there_after_a_restart_and_what_was_not_is_not() {
    let (_folder, path, mut state) = state();
    let (first, second) = (
        plan(1, &[place(1, 10), place(2, 20)]),
        plan(2, &[place(1, 15)]),
    );
    state.plan(first.clone());
    state.save().unwrap();
    let mut state = reopened(&path, state);
    assert_eq!(state.kept.plan, Some(first.clone()));
    assert!(state.kept.places.is_empty());
    state.done(first.key);
    state.plan(second.clone());
    state.save().unwrap();
    state.done(second.key);
    // Killed before the save.
    let mut state = reopened(&path, state);
    assert_eq!(state.kept.plan, Some(second.clone()));
    assert_eq!(state.kept.places[&place(1, 0).id], place(1, 10));
    state.done(second.key);
    state.cut(place(2, 20));
    state.begin(place(3, 20));
    state.forget(place(1, 0).id);
    state.save().unwrap();
    let state = reopened(&path, state);
    assert_eq!(state.kept.plan, None);
    assert_eq!(
        state.kept.places.values().collect::<Vec<_>>(),
        [&place(3, 20)]
    );
    assert_eq!(state.kept.cut, [place(2, 20)]);
}

#[test]
fn a_torn_last_line_is_not_acted_upon() {
    let (_folder, path, mut state) = state();
    state.plan(plan(1, &[place(1, 10)]));
    state.done(Uuid::from_u128(1));
    state.save().unwrap();
    drop(state);
    let whole = std::fs::read(&path).unwrap();
    for end in 0..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        match State::open(&path) {
            // Half of the first line is no place to go on from.
            Err(error) => assert!(
                format!("{error:#}").contains("remove the file"),
                "{error:#}"
            ),
            Ok(state) => assert!(state.kept.places.len() <= 1),
        }
    }
}

#[test]
fn many_changes_become_a_whole_again() {
    let (_folder, path, mut state) = state();
    for number in 0..5_000 {
        state.plan(plan(number, &[place(1, number as u64)]));
        state.done(Uuid::from_u128(number));
        state.save().unwrap();
    }
    assert!(std::fs::metadata(&path).unwrap().len() <= CHANGES_BYTES + 10_000);
    let state = reopened(&path, state);
    assert_eq!(state.kept.places[&place(1, 0).id], place(1, 4_999));
}

#[test]
fn a_save_that_failed_is_made_up_for_by_the_next() {
    let (_folder, path, mut state) = state();
    let beside = path.with_extension("new");
    std::fs::create_dir(&beside).unwrap();
    state.file = None;
    state.plan(plan(1, &[place(1, 10)]));
    assert!(state.save().is_err());
    assert!(state.is_waiting());
    std::fs::remove_dir(&beside).unwrap();
    state.done(Uuid::from_u128(1));
    state.save().unwrap();
    let state = reopened(&path, state);
    assert_eq!(state.kept.places.len(), 1);
}

#[test]
fn two_processes_do_not_share_a_state_and_other_versions_are_named() {
    let (_folder, path, state) = state();
    let error = State::open(&path).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("--state"), "{error}");
    assert!(state.is_own(&path) && state.is_own(&path.with_extension("lock")));
    assert!(!state.is_own(Path::new("/var/log/app.log")));
    drop(state);
    std::fs::write(
        &path,
        "{\"whole\":{\"version\":2,\"places\":[],\"cut\":[],\"plan\":null}}\n",
    )
    .unwrap();
    let error = format!("{:#}", State::open(&path).map(|_| ()).unwrap_err());
    assert!(error.contains("version 2"), "{error}");
}
