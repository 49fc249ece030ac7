use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};

use super::*;

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn catalogue(weights: &[u8]) -> Catalogue {
    Catalogue::parse(&format!(
        r#"
        version = 1
        [[model]]
        id = "toy"
        task = "embedding"
        title = "a toy"
        architecture = "bert"
        licence = "Apache-2.0"
        memory_bytes = 1
        [[model.file]]
        name = "weights.bin"
        bytes = {}
        sha256 = "{}"
        [[model.file]]
        name = "config.json"
        "#,
        weights.len(),
        sha(weights)
    ))
    .unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

#[derive(Default)]
struct Heard(Vec<String>);

impl Progress for Heard {
    fn update(&mut self, _done: u64, _total: u64, _what: &str) {}
    fn message(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

#[test]
fn the_built_in_catalogue_is_sound() {
    let catalogue = Catalogue::load().unwrap();
    for model in catalogue.models() {
        let weights = &model.files[0];
        assert_eq!(
            weights.sha256.as_ref().map(String::len),
            Some(64),
            "{}",
            model.id
        );
        assert!(weights.bytes.is_some(), "{}", model.id);
        for package in &model.packages {
            for member in &package.members {
                assert!(model.file(&member.file).is_some());
            }
        }
        for parts in &model.parts {
            assert!(model.file(&parts.file).is_some());
        }
    }
    assert_eq!(
        catalogue.default_for(Task::Embedding).unwrap().id,
        "all-minilm-l6-v2"
    );
    assert!(catalogue.default_for(Task::Narrator).is_some());
    assert!(matches!(catalogue.get("nope"), Err(Error::UnknownModel(_))));
}

#[test]
fn an_unknown_key_or_version_in_a_catalogue_is_refused() {
    assert!(Catalogue::parse("version = 2\nmodel = []").is_err());
    assert!(Catalogue::parse("version = 1\ncolour = 3\nmodel = []").is_err());
}

#[test]
fn a_user_directory_wins_and_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let user = folder.path().join("mine");
    write(&user.join("toy/weights.bin"), b"right");
    write(&user.join("toy/config.json"), b"{}");
    let catalogue = catalogue(b"right");
    let acquirer = Acquirer::new(
        folder.path().join("cache"),
        Options {
            user_directory: Some(user.clone()),
            is_network_allowed: false,
            ..Options::default()
        },
    );
    let spec = catalogue.get("toy").unwrap();
    assert!(matches!(acquirer.status(spec), Status::Unverified { .. }));
    let files = acquirer.ensure(spec, &mut SilentProgress).unwrap();
    assert_eq!(files.weights, user.join("toy/weights.bin"));
    assert!(matches!(acquirer.status(spec), Status::Ready { .. }));
    let left: Vec<_> = std::fs::read_dir(user.join("toy")).unwrap().collect();
    assert_eq!(left.len(), 2, "the user's folder is not written: {left:?}");
}

#[test]
fn a_wrong_file_of_an_incomplete_model_is_not_taken_for_a_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    // The weights are not what they should be and the rest is missing, as after a copy that broke off.
    write(&cache.join("toy/weights.bin"), b"wrong");
    let catalogue = catalogue(b"right");
    let mut acquirer = Acquirer::new(&cache, Options::default());
    acquirer.hub.answer = std::time::Duration::ZERO;
    let mut heard = Heard::default();
    let error = acquirer
        .ensure(catalogue.get("toy").unwrap(), &mut heard)
        .unwrap_err();
    assert!(matches!(error, Error::Unobtainable { .. }), "{error}");
    assert!(!cache.join("toy/weights.bin").exists());
    assert!(heard.0[0].contains("sha256 is"), "{:?}", heard.0);
}

#[test]
fn a_full_disk_is_said_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let error = space::check(folder.path(), u64::MAX / 2).unwrap_err();
    assert!(matches!(error, Error::NoSpace { .. }), "{error}");
    space::check(folder.path(), 0).unwrap();
}

#[test]
fn what_a_fetch_leaves_behind_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "hub/blob",
        "parts/001",
        "wheel/x.whl",
        "weights.bin.part",
        "verified",
        "weights.bin",
        "1_Pooling/config.json",
    ] {
        write(&folder.path().join(name), b"x");
    }
    space::tidy(folder.path());
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["1_Pooling", "weights.bin"]);
}

#[test]
fn a_file_with_the_wrong_digest_is_removed_from_the_cache_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    write(&cache.join("toy/weights.bin"), b"wrong");
    write(&cache.join("toy/config.json"), b"{}");
    let catalogue = catalogue(b"right");
    let acquirer = Acquirer::new(
        &cache,
        Options {
            is_network_allowed: false,
            ..Options::default()
        },
    );
    let mut heard = Heard::default();
    let error = acquirer
        .ensure(catalogue.get("toy").unwrap(), &mut heard)
        .unwrap_err();
    assert!(error.to_string().contains("sha256 is"), "{error}");
    assert!(error.to_string().contains("network is switched off"));
    assert!(!cache.join("toy/weights.bin").exists());
    assert!(heard.0[0].contains("expected"));
}

#[test]
fn a_file_that_changes_after_it_was_checked_is_hashed_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    write(&cache.join("toy/weights.bin"), b"right");
    write(&cache.join("toy/config.json"), b"{}");
    let catalogue = catalogue(b"right");
    let spec = catalogue.get("toy").unwrap();
    let acquirer = Acquirer::new(&cache, Options::default());
    acquirer.verify(spec).unwrap();
    write(&cache.join("toy/weights.bin"), b"other bytes");
    assert!(!matches!(acquirer.status(spec), Status::Ready { .. }));
    assert!(matches!(acquirer.verify(spec), Err(Error::Mismatch { .. })));
}

#[test]
fn a_cancelled_wait_for_another_process_ends_without_a_fetch() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::create_dir_all(&cache).unwrap();
    let lock = std::fs::File::create(cache.join("toy.lock")).unwrap();
    fs4::fs_std::FileExt::lock_exclusive(&lock).unwrap();
    let options = Options::default();
    options.cancel.store(true, Ordering::Relaxed);
    let acquirer = Acquirer::new(&cache, options);
    let catalogue = catalogue(b"right");
    assert!(matches!(
        acquirer.ensure(catalogue.get("toy").unwrap(), &mut SilentProgress),
        Err(Error::Cancelled)
    ));
}
