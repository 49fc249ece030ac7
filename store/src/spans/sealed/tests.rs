use std::path::Path;

use bytes::Bytes;
use domain::{ProjectId, Span, SpanId, SpanKind, SpanStatus, TraceId};
use proptest::prelude::*;
use uuid::Uuid;

use super::{FORMAT, all, encode};
use crate::blocks::decode::OpenBlock;
use crate::blocks::kinds::Stamp;
use crate::blocks::stored::BlockKind;
use crate::tests::fixture::NOON;

const STAMP: Stamp = Stamp {
    project_id: ProjectId(Uuid::nil()),
    created_at_ns: NOON,
};

fn id(n: u64) -> SpanId {
    SpanId::new(n).expect("not zero")
}

fn encoded(spans: &[Span]) -> Vec<u8> {
    let spans: Vec<&Span> = spans.iter().collect();
    encode(&spans, STAMP).expect("it encodes").data
}

fn decoded(file: Vec<u8>) -> Vec<Span> {
    let block = OpenBlock::open(Bytes::from(file), BlockKind::Spans).expect("it opens");
    let mut spans = all(&block, STAMP.project_id).expect("it is read");
    spans.sort_by_key(|span| (span.trace_id, span.span_id));
    spans
}

/// The spans of `spans-1.parquet`.
fn spans() -> Vec<Span> {
    (0..60_u64)
        .map(|n| Span {
            project_id: STAMP.project_id,
            trace_id: TraceId::new(u128::from(n / 10 + 1) << 80).expect("not zero"),
            span_id: id((n + 1) << 40),
            parent_span_id: match n % 10 {
                0 => None,
                7 => Some(id(u64::MAX)),
                m => Some(id((n - m + m / 2 + 1) << 40)),
            },
            service: ["api", "db", "mail"][(n % 3) as usize].to_owned(),
            name: format!("GET /cart/{}", n % 4),
            kind: SpanKind::from_number((n % 6) as i64),
            start_ns: NOON + n as i64 * 1_234_567,
            end_ns: NOON + n as i64 * 1_234_567 + n as i64 * n as i64 * 1_000,
            status: SpanStatus::from_number((n % 3) as i64),
            status_message: if n % 3 == 2 {
                format!("failed {n}")
            } else {
                String::new()
            },
            attributes: match n % 4 {
                0 => format!("{{\"http.route\":\"/cart\",\"status\":{}}}", 200 + n),
                1 => "{\"spaced\": true}".to_owned(),
                _ => String::new(),
            },
            events: if n % 8 == 3 {
                "[{\"name\":\"retry\"}]".to_owned()
            } else {
                String::new()
            },
            links: if n % 20 == 5 {
                "[]".to_owned()
            } else {
                String::new()
            },
        })
        .collect()
}

#[test]
fn blocks_of_spans_of_every_version_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for version in 1..=FORMAT {
        let path = folder.join(format!("spans-{version}.parquet"));
        if version == FORMAT && !path.exists() {
            // Made once, when a format is new; the file is committed.
            std::fs::write(&path, encoded(&spans())).expect("it is written");
            panic!("{} is new: commit it", path.display());
        }
        let file = std::fs::read(&path).expect("a file of every version");
        assert_eq!(decoded(file), spans(), "format {version}");
    }
}

#[test]
fn a_block_of_another_kind_is_refused() {
    let file = Bytes::from(encoded(&spans()));
    for kind in [BlockKind::Logs, BlockKind::Samples] {
        let error = OpenBlock::open(file.clone(), kind).err().expect("refused");
        assert!(error.to_string().contains("it holds spans"), "{error}");
    }
}

#[test]
fn the_order_given_does_not_matter_and_the_project_does() {
    let mut reversed = spans();
    reversed.reverse();
    assert_eq!(encoded(&reversed), encoded(&spans()));
    let elsewhere = Stamp {
        project_id: ProjectId(Uuid::max()),
        ..STAMP
    };
    let all = spans();
    let all: Vec<&Span> = all.iter().collect();
    let other = encode(&all, elsewhere).expect("it encodes");
    assert_ne!(other.data, encoded(&spans()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn spans_come_back_as_they_were(
        rows in prop::collection::vec(
            (1..5_u128, any::<i64>(), 0..i64::MAX, prop::option::of(1..30_u64), "[ab]{0,2}", "\\PC{0,6}", "(\\{\"[ab]\":[0-9]{1,2}\\})?"),
            1..30,
        )
    ) {
        let spans: Vec<Span> = rows
            .into_iter()
            .zip(1_u64..)
            .map(|((trace, start_ns, duration_ns, parent, service, name, attributes), n)| Span {
                trace_id: TraceId::new(trace).expect("not zero"),
                span_id: id(n),
                parent_span_id: parent.map(id),
                service,
                status_message: name.clone(),
                name,
                start_ns,
                end_ns: start_ns.saturating_add(duration_ns),
                attributes,
                ..spans()[0].clone()
            })
            .map(|span| Span {
                // As a row gives it back.
                end_ns: span.start_ns.saturating_add(span.duration_ns()),
                ..span
            })
            .collect();
        let mut expected = spans.clone();
        expected.sort_by_key(|span| (span.trace_id, span.span_id));
        prop_assert_eq!(decoded(encoded(&spans)), expected);
    }
}
