use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

fn split(stream: &[u8], step: usize, limit_bytes: usize) -> Vec<String> {
    let mut frames = SyslogFrames::new(limit_bytes);
    let mut found = Vec::new();
    let mut take = |message: &[u8]| found.push(String::from_utf8_lossy(message).into_owned());
    for chunk in stream.chunks(step) {
        frames.push(chunk, &mut take);
    }
    frames.finish(&mut take);
    found
}

#[test]
fn counted_messages_and_lines_are_told_apart_wherever_the_chunks_end() {
    for step in 1..40 {
        assert_eq!(
            split(b"5 <1>ab9 <2>c\nd\nef\n4 <3>g", step, 100),
            ["<1>ab", "<2>c\nd\nef", "<3>g"]
        );
        assert_eq!(
            split(b"<1>ab\n<2>cd\r\n<3>e", step, 100),
            ["<1>ab", "<2>cd", "<3>e"]
        );
        // A message that is too long is cut; its neighbours are whole.
        assert_eq!(split(b"9 <1>abcdef5 <2>gh", step, 5), ["<1>ab", "<2>gh"]);
        assert_eq!(split(b"<1>abcdef\n<2>gh\n", step, 5), ["<1>ab", "<2>gh"]);
        assert_eq!(split(b"<1>ab\r\n<2>", step, 6), ["<1>ab", "<2>"]);
        // A stream that ends within a message.
        assert_eq!(split(b"5 <1>ab9 <2>c", step, 100), ["<1>ab", "<2>c"]);
    }
    // A number that is no length.
    assert_eq!(split(b"123456789 x\n", 3, 100), ["123456789 x"]);
}

fn decode(message: &[u8]) -> Option<LogRecord> {
    let limits = Limits::default();
    decode_syslog(
        message,
        &Context {
            project_id: ProjectId::from_parts(0, [0; 10]),
            received_at_ns: 1_795_520_000_000_000_000,
            default_service: None,
            limits: &limits,
        },
    )
}

#[test]
fn both_forms_of_a_message_give_service_host_and_severity() {
    let old = decode(b"<11>Nov 24 08:00:00 web-1 shop[7]: payment failed").unwrap();
    assert_eq!(
        (old.body.as_str(), old.severity),
        ("payment failed", Severity::Error)
    );
    assert_eq!(old.service, "shop");
    let new = decode(
        b"<12>1 2026-11-24T08:00:00Z web-1 shop 7 - [o@1 order=\"4711\"] \xef\xbb\xbfslow\nin two lines",
    )
    .unwrap();
    assert_eq!(
        (new.body.as_str(), new.severity),
        ("slow\nin two lines", Severity::Warn)
    );
    assert_eq!(
        (new.service.as_str(), new.timestamp_ns),
        ("shop", 1_795_507_200_000_000_000)
    );
    assert!(new.attributes.contains("web-1") && new.attributes.contains("4711"));
    assert!(decode(b" \n").is_none());
}

proptest! {
    #[test]
    fn any_stream_is_cut_without_a_panic_and_the_same_in_any_chunks(
        stream: Vec<u8>, numbers in "[0-9 \n<>]{0,40}", step in 1_usize..9
    ) {
        for stream in [stream.as_slice(), numbers.as_bytes()] {
            prop_assert_eq!(split(stream, step, 16), split(stream, usize::MAX, 16));
            decode(stream);
        }
    }
}
