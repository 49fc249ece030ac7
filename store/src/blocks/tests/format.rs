//! Files that earlier versions wrote stay readable. `testdata/block-N.parquet` was written once by format N and is never
//! written again; a change of the layout adds a file and raises [`layout::FORMAT`].

use std::path::Path;

use domain::{LogRecord, RecordId, Severity, TemplateId};
use uuid::Uuid;

use super::super::encode::encode;
use super::super::index::{BlockIndex, IndexBuilder};
use super::super::layout;
use super::round_trip::{decoded, texts};
use crate::tests::fixture::NOON;

/// The records of `block-1.parquet`.
fn records() -> Vec<LogRecord> {
    (0..60_u64)
        .map(|n| LogRecord {
            id: RecordId(Uuid::from_u64_pair(
                0x0193_5f00_0000_7000 + n / 20,
                0x8000_0000_0000_0000 + n,
            )),
            project_id: domain::ProjectId(Uuid::nil()),
            timestamp_ns: NOON + n as i64 * 1_000_000,
            observed_at_ns: NOON + n as i64 / 20,
            severity: [Severity::Info, Severity::Error][n as usize % 2],
            service: ["api", "db"][n as usize % 2].to_owned(),
            body: match n % 4 {
                0 => format!("user {n} logged in from 10.0.0.{n}"),
                1 => format!("user {n} logged in from ::1\n  trailing line"),
                2 => (0..10)
                    .map(|w| format!("w{w}{n}"))
                    .collect::<Vec<_>>()
                    .join(" "),
                _ => format!("free text {n}"),
            },
            attributes: match n % 3 {
                0 => format!("{{\"host\":\"node-{n}\",\"status\":{}}}", 200 + n),
                1 => "{\"spaced\": true}".to_owned(),
                _ => String::new(),
            },
            trace_id: (n % 5 == 0).then(|| format!("{n:032x}")),
            span_id: (n % 5 == 1).then(|| "not hex".to_owned()),
            template_id: TemplateId(if n % 4 == 2 { 2 } else { 1 }),
        })
        .collect()
}

#[test]
fn blocks_of_every_version_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for version in 1..=layout::FORMAT {
        let path = folder.join(format!("block-{version}.parquet"));
        if version == layout::FORMAT && !path.exists() {
            // Made once, when a format is new; the file is committed.
            let records = records();
            let records: Vec<&LogRecord> = records.iter().collect();
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, encode(&records, &texts()).expect("it encodes").data)
                .expect("it is written");
            panic!("{} is new: commit it", path.display());
        }
        let file = std::fs::read(&path).expect("a file of every version");
        let mut read = decoded(&file, &records()[0]);
        read.sort_by_key(|record| record.id);
        assert_eq!(read, records(), "format {version}");
    }
}

#[test]
fn indexes_of_the_first_version_are_read() {
    // A filter of one trace id and one word, as format 1 wrote it.
    let mut builder = IndexBuilder::default();
    builder.add_trace("abc");
    builder.add_body("timeout");
    let bytes = builder.finish();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/index-1.bin");
    if !path.exists() {
        std::fs::write(&path, &bytes).expect("it is written");
        panic!("{} is new: commit it", path.display());
    }
    let file = std::fs::read(&path).expect("the file");
    assert!(BlockIndex::read(&file).is_ok());
    // Since the second version a digest stands at the end.
    assert_eq!(
        file[1..],
        bytes[1..bytes.len() - 8],
        "the same keys give the same filter: hashes must never change"
    );
}
