//! What only a folder can do: be closed, copied, damaged, shared.

use std::fs;
use std::path::PathBuf;

use domain::{Severity, TemplateId};

use super::super::{IndexPoint, IndexQuery, VectorIndex};
use super::*;
use crate::error::Error;

const DIMENSION: usize = 32;

fn schema() -> IndexSchema {
    IndexSchema {
        model: "test-model".to_owned(),
        dimension: DIMENSION,
    }
}

fn project() -> ProjectId {
    ProjectId(Uuid::from_u128(1))
}

fn points(ids: std::ops::Range<u64>) -> Vec<IndexPoint> {
    ids.map(|id| {
        let mut vector = vec![0.1; DIMENSION];
        vector[id as usize % DIMENSION] = 1.0 + id as f32 / 1_000.0;
        IndexPoint {
            project_id: project(),
            template_id: TemplateId(id),
            text: format!("template word{id}"),
            services: vec!["api".to_owned()],
            severity: Severity::Info,
            vector: Some(vector),
        }
    })
    .collect()
}

fn finds(index: &EdgeIndex, id: u64) -> bool {
    index
        .search(&IndexQuery {
            project_id: project(),
            text: format!("word{id}"),
            vector: None,
            ideas: Vec::new(),
            services: Vec::new(),
            min_severity: None,
            limit: 1,
        })
        .unwrap()
        .first()
        .is_some_and(|hit| hit.template_id == TemplateId(id))
}

/// What a `kill -9` would leave: the files as the kernel has them now, without a flush.
fn crash_image(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        fs::create_dir_all(to.path().join(&folder)).unwrap();
        for entry in fs::read_dir(from.join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(name);
            } else {
                fs::copy(entry.path(), to.path().join(name)).unwrap();
            }
        }
    }
    to
}

#[test]
fn a_closed_index_opens_with_everything_and_the_same_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    let epoch = index.epoch().unwrap();
    index.upsert(&points(0..300)).unwrap();
    index.flush().unwrap();
    drop(index);
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_eq!(index.epoch().unwrap(), epoch);
    assert_eq!(index.count(project()).unwrap(), 300);
    assert!(finds(&index, 123));
    assert_eq!(index.similar(project(), TemplateId(7), 3).unwrap().len(), 3);
    assert_eq!(index.vectors(project()).unwrap().len(), 300);
}

#[test]
fn after_a_crash_the_flushed_points_are_there_and_writing_the_rest_again_completes_the_index() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    let epoch = index.epoch().unwrap();
    index.upsert(&points(0..1_000)).unwrap();
    index.flush().unwrap();
    index.upsert(&points(1_000..1_500)).unwrap();
    let image = crash_image(dir.path());
    let after = EdgeIndex::open(image.path(), &schema()).unwrap();
    assert_eq!(after.epoch().unwrap(), epoch, "the cursor still holds");
    let count = after.count(project()).unwrap();
    assert!((1_000..=1_500).contains(&count), "{count}");
    for id in [0, 500, 999] {
        assert!(finds(&after, id), "{id} was flushed");
    }
    // The cursor says 1,000: everything after it is written again.
    after.upsert(&points(1_000..1_500)).unwrap();
    after.flush().unwrap();
    assert_eq!(after.count(project()).unwrap(), 1_500);
    assert!(finds(&after, 1_499));
}

#[test]
fn a_crash_before_the_first_flush_leaves_a_usable_index() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    index.upsert(&points(0..10)).unwrap();
    let image = crash_image(dir.path());
    let after = EdgeIndex::open(image.path(), &schema()).unwrap();
    after.upsert(&points(0..10)).unwrap();
    assert_eq!(after.count(project()).unwrap(), 10);
}

#[test]
fn the_log_is_cut_and_later_changes_of_old_points_still_count() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    index.upsert(&points(0..256)).unwrap();
    index.flush().unwrap();
    // The same points again and again, until their log is far beyond its limit.
    let shard = index.layout.shard();
    let wide = IndexPoint {
        // As many different words as the limit of a text leaves room for.
        text: (0..400).map(|n| format!("w{n} ")).collect(),
        ..points(0..1).remove(0)
    };
    let mut largest = 0;
    for round in 0..400_u64 {
        let batch: Vec<IndexPoint> = (0..256)
            .map(|id| IndexPoint {
                template_id: TemplateId(id),
                ..wide.clone()
            })
            .collect();
        index.upsert(&batch).unwrap();
        largest = largest.max(wal::size(&shard));
        if largest > wal::MAX_BYTES {
            assert!(round > 5, "the log fills in a few rounds already");
            break;
        }
    }
    assert!(largest > wal::MAX_BYTES, "{largest}");
    index.flush().unwrap();
    let left = wal::size(&shard);
    assert!(left <= 3 * wal::SEGMENT_BYTES as u64, "{left}");
    // Operations keep their numbers: changes and deletes of points from before the cut apply.
    index.upsert(&points(0..256)).unwrap();
    assert!(finds(&index, 200));
    index.delete(project(), &[TemplateId(200)]).unwrap();
    assert!(!finds(&index, 200));
    assert_eq!(index.count(project()).unwrap(), 255);
    drop(index);
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_eq!(index.count(project()).unwrap(), 255);
    assert!(finds(&index, 100) && !finds(&index, 200));
}

#[test]
fn a_damaged_index_is_set_aside_and_the_epoch_changes() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    let epoch = index.epoch().unwrap();
    index.upsert(&points(0..50)).unwrap();
    drop(index);
    let segments = dir.path().join("shard/segments");
    let segment = fs::read_dir(&segments)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(segment.join("segment.json"), b"{ not json").unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_ne!(index.epoch().unwrap(), epoch);
    assert_eq!(index.count(project()).unwrap(), 0);
    assert!(dir.path().join("set-aside/segments").is_dir());
    index.upsert(&points(0..50)).unwrap();
    index.flush().unwrap();
    assert_eq!(index.count(project()).unwrap(), 50);
}

#[test]
fn an_index_that_killed_its_opener_is_not_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    let epoch = index.epoch().unwrap();
    index.upsert(&points(0..5)).unwrap();
    drop(index);
    fs::write(dir.path().join("opening"), b"").unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_ne!(index.epoch().unwrap(), epoch);
    assert_eq!(index.count(project()).unwrap(), 0);
    let epoch = index.epoch().unwrap();
    drop(index);
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_eq!(index.epoch().unwrap(), epoch, "only that once");
}

#[test]
fn an_index_without_its_description_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    index.upsert(&points(0..5)).unwrap();
    drop(index);
    fs::write(dir.path().join("index.json"), b"").unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    assert_eq!(index.count(project()).unwrap(), 0);
}

#[test]
fn another_model_or_dimension_means_another_index() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    index.upsert(&points(0..5)).unwrap();
    let mut epochs = vec![index.epoch().unwrap()];
    drop(index);
    for (model, dimension) in [("other-model", DIMENSION), ("other-model", 16)] {
        let schema = IndexSchema {
            model: model.to_owned(),
            dimension,
        };
        let index = EdgeIndex::open(dir.path(), &schema).unwrap();
        assert_eq!(index.count(project()).unwrap(), 0);
        epochs.push(index.epoch().unwrap());
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 3);
    for dimension in [0, 5_000] {
        let schema = IndexSchema {
            dimension,
            ..schema()
        };
        let error = EdgeIndex::open(dir.path(), &schema).unwrap_err();
        assert!(matches!(error, Error::Schema { .. }), "{error}");
    }
}

#[test]
fn a_folder_is_open_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    index.upsert(&points(0..5)).unwrap();
    let error = EdgeIndex::open(dir.path(), &schema()).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    assert_eq!(
        index.count(project()).unwrap(),
        5,
        "and nothing was set aside"
    );
}

#[test]
fn searches_writes_and_flushes_run_together_without_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(dir.path(), &schema()).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..2_u64 {
            let index = &index;
            scope.spawn(move || {
                for round in 0..10 {
                    let start = writer * 10_000 + round * 50;
                    index.upsert(&points(start..start + 50)).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..30 {
                    index.flush().unwrap();
                    index.count(project()).unwrap();
                    index.similar(project(), TemplateId(3), 5).unwrap();
                }
            });
        }
    });
    assert_eq!(index.count(project()).unwrap(), 1_000);
}

#[test]
fn a_disk_that_is_nearly_full_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let index = EdgeIndex::open(folder.path(), &schema()).unwrap();
    index.check_space(0).unwrap();
    let error = index.check_space(u64::MAX).unwrap_err();
    assert!(
        error.to_string().contains("bytes are free on its disk"),
        "{error}"
    );
}
