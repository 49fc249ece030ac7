use std::sync::Arc;

use domain::{LogRecord, RecordId, Severity, TemplateId};
use proptest::prelude::*;
use uuid::Uuid;

use super::super::decode::{OpenBlock, Wanted};
use super::super::encode::{Encoded, Texts, encode};
use super::super::stored::BlockKind;
use crate::tests::fixture::{NOON, project, record};

pub(super) fn texts() -> Texts {
    [
        (1, "user <num> logged in from <ip>"),
        (2, "<*> <*> <*> <*> <*> <*> <*> <*> <*> <*>"),
        (3, "constant"),
    ]
    .into_iter()
    .map(|(id, text)| (TemplateId(id), Arc::from(text)))
    .collect()
}

fn encoded(records: &[LogRecord]) -> Encoded {
    let records: Vec<&LogRecord> = records.iter().collect();
    encode(&records, &texts()).expect("it encodes")
}

pub(super) fn decoded(block: &[u8], like: &LogRecord) -> Vec<LogRecord> {
    let block =
        OpenBlock::open(bytes::Bytes::copy_from_slice(block), BlockKind::Logs).expect("it opens");
    let columns = block.read(&Wanted::all()).expect("it is read");
    (0..columns.len)
        .map(|row| columns.record(row, like.project_id))
        .collect()
}

fn come_back(mut records: Vec<LogRecord>) {
    let block = encoded(&records);
    let mut again = decoded(&block.data, &records[0]);
    again.sort_by_key(|record| record.id);
    records.sort_by_key(|record| record.id);
    assert_eq!(again, records);
    assert_eq!(
        encoded(&records).data,
        block.data,
        "the order given does not matter"
    );
}

#[test]
fn odd_records_come_back_byte_for_byte() {
    let project_id = project();
    let odd = [
        ("user 7 logged in from ::1", "{\"a\":1}"),
        (
            "user 7 logged in from 10.0.0.1\n\tat x(y.java:1)",
            "{\"a\":\"x\",\"b\":[1,2]}",
        ),
        ("user  7 logged in", "{\"a\": 1}"),
        ("", ""),
        ("a b c d e f g h i j", "{}"),
        ("a b c d e f g h\u{1f} i j", "{\"a\":1,\"a\":2}"),
        ("constant", "not json"),
        ("constant and more", "{\"a\u{1f}\":1}"),
        (
            "日本語 user",
            "{\"\":\"\",\"é\":null,\"deep\":{\"x\":{\"y\":\"}\"}}}",
        ),
    ];
    let mut records: Vec<LogRecord> = Vec::new();
    for (number, (body, attributes)) in odd.iter().enumerate() {
        for template in 0..4 {
            records.push(LogRecord {
                template_id: TemplateId(template),
                attributes: (*attributes).to_owned(),
                trace_id: [
                    None,
                    Some("4bf92f3577b34da6a3ce929d0e0e4736"),
                    Some("4BF92F3577B34DA6A3CE929D0E0E4736"),
                    Some(""),
                ][(number + template as usize) % 4]
                    .map(str::to_owned),
                span_id: (number % 2 == 0).then(|| "00f067aa0ba902b7".to_owned()),
                ..record(project_id, NOON + template as i64 * 1_234_567, body)
            });
        }
    }
    come_back(records);
}

#[test]
fn many_keys_and_slots_come_back() {
    let project_id = project();
    let records = (0..200)
        .map(|number| LogRecord {
            attributes: format!(
                "{{{}}}",
                (0..number % 90 + 1)
                    .map(|key| format!("\"k{key}\":{}", key * number))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            ..record(project_id, NOON, "x")
        })
        .collect();
    come_back(records);
}

#[test]
fn the_header_says_what_the_block_holds() {
    let project_id = project();
    let records = [
        LogRecord {
            severity: Severity::Error,
            service: "b".into(),
            ..record(project_id, NOON + 5, "x")
        },
        LogRecord {
            template_id: TemplateId(9),
            ..record(project_id, NOON, "y")
        },
    ];
    let header = encoded(&records).header;
    assert_eq!(
        (header.min_ns, header.max_ns, header.records),
        (NOON, NOON + 5, 2)
    );
    assert_eq!(header.services, ["b", "shop"]);
    assert_eq!(
        header.severities,
        [(Severity::Info.number(), 1), (Severity::Error.number(), 1)]
    );
    assert_eq!(header.templates, [1, 9]);
}

proptest! {
    #[test]
    fn any_records_come_back(
        drawn in prop::collection::vec(
            ("[a-c]{1,2}", "(user [0-9]{1,3} logged in from [0-9.]{1,9}|[a-d<> \n1]{0,24})", 0_u64..5, any::<i64>(), any::<u64>(), prop::option::of("[0-9a-f]{32}|[a-z]{0,3}"),
             prop::option::of("\\{\"[a-c]\":(1|\"x\"|\\[\\])(,\"[d-f]\":(null|\\{\\}))?\\}")),
            1..40,
        )
    ) {
        let project_id = project();
        let records = drawn
            .into_iter()
            .enumerate()
            .map(|(number, (service, body, template, at, low, trace_id, attributes))| LogRecord {
                id: RecordId(Uuid::from_u64_pair(number as u64, low)),
                service,
                template_id: TemplateId(template),
                severity: Severity::from_number(at.rem_euclid(24)),
                observed_at_ns: at / 2,
                trace_id,
                attributes: attributes.unwrap_or_default(),
                ..record(project_id, at, &body)
            })
            .collect();
        come_back(records);
    }
}
