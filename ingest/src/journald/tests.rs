use domain::{ProjectId, Severity};
use proptest::prelude::*;

use super::*;
use crate::Limits;

fn context(limits: &Limits) -> Context<'_> {
    Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: 1_795_520_000_000_000_000,
        default_service: None,
        limits,
    }
}

fn entries(stream: &[u8], step: usize, limits: &Limits) -> Vec<JournalEntry> {
    let mut reader = JournalReader::new(limits);
    let mut found = Vec::new();
    for chunk in stream.chunks(step.max(1)) {
        reader.push(chunk, |entry| found.push(entry));
        assert!(reader.held_bytes() <= limits.record_bytes);
    }
    reader.finish(|entry| found.push(entry));
    found
}

fn records(stream: &[u8]) -> Vec<Result<LogRecord, String>> {
    let limits = Limits::default();
    entries(stream, 7, &limits)
        .iter()
        .map(|entry| entry.decode(&context(&limits)))
        .collect()
}

fn attributes(record: &LogRecord) -> serde_json::Value {
    serde_json::from_str(&record.attributes).unwrap()
}

fn binary(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{name}\n").into_bytes();
    bytes.extend((value.len() as u64).to_le_bytes());
    bytes.extend(value);
    bytes.push(b'\n');
    bytes
}

const ENTRY: &str = "__CURSOR=s=1;i=a;b=2;m=3;t=4;x=5
__REALTIME_TIMESTAMP=1795507200250000
__MONOTONIC_TIMESTAMP=1
_BOOT_ID=2
_HOSTNAME=web-1
_PID=871
PRIORITY=3
SYSLOG_IDENTIFIER=sshd
_SYSTEMD_UNIT=ssh.service
MESSAGE=error: maximum authentication attempts exceeded

";

#[test]
fn the_fields_of_an_entry_find_their_places() {
    let record = records(ENTRY.as_bytes()).remove(0).unwrap();
    assert_eq!(
        record.body,
        "error: maximum authentication attempts exceeded"
    );
    assert_eq!(record.severity, Severity::Error);
    assert_eq!(record.service, "ssh");
    assert_eq!(record.timestamp_ns, 1_795_507_200_250_000_000);
    let kept = attributes(&record);
    assert_eq!(kept["host"], "web-1");
    assert_eq!(kept["pid"], 871);
    assert_eq!(kept["SYSLOG_IDENTIFIER"], "sshd");
    assert_eq!(kept["_SYSTEMD_UNIT"], "ssh.service");
    for gone in [
        "__CURSOR",
        "__MONOTONIC_TIMESTAMP",
        "__REALTIME_TIMESTAMP",
        "PRIORITY",
    ] {
        assert!(kept.get(gone).is_none(), "{gone} in {kept}");
    }
    let limits = Limits::default();
    let entry = entries(ENTRY.as_bytes(), 1_000, &limits).remove(0);
    assert_eq!(entry.cursor(), Some(&b"s=1;i=a;b=2;m=3;t=4;x=5"[..]));
}

#[test]
fn what_systemds_uploader_sends_is_read() {
    let records = records(include_bytes!("../../testdata/journald/upload.export"));
    let records: Vec<LogRecord> = records.into_iter().map(Result::unwrap).collect();
    let services: Vec<&str> = records
        .iter()
        .map(|record| record.service.as_str())
        .collect();
    assert_eq!(services, ["shop", "ssh", "cart", "kernel", "shop", "ssh"]);
    assert_eq!(records[0].body, "payment of order 0 failed");
    assert_eq!(records[0].severity, Severity::Error);
    assert_eq!(attributes(&records[0])["ORDER"], "0");
    assert_eq!(records[2].body, "stack trace\n  at main:2");
    assert_eq!(records[5].timestamp_ns, 1_795_507_205_000_000_000);
}

#[test]
fn binary_fields_hold_anything_and_entries_are_cut_out_wherever_the_pieces_end() {
    let mut stream = b"__CURSOR=1\n".to_vec();
    stream.extend(binary("MESSAGE", b"two\nlines = here\n\n\xff"));
    stream.extend(binary("EMPTY", b""));
    stream.extend(b"A=b=c\n\n\n__CURSOR=2\nMESSAGE=next\n\n__CURSOR=3\nMESSAGE=last");
    let limits = Limits::default();
    let whole = entries(&stream, stream.len(), &limits);
    assert_eq!(whole.len(), 3);
    for step in 1..stream.len() {
        assert_eq!(entries(&stream, step, &limits), whole);
    }
    let record = whole[0].decode(&context(&limits)).unwrap();
    assert_eq!(record.body, "two\nlines = here\n\n\u{fffd}");
    assert_eq!(attributes(&record)["A"], "b=c");
    assert_eq!(whole[2].decode(&context(&limits)).unwrap().body, "last");
}

#[test]
fn the_service_is_the_container_the_unit_or_what_the_program_calls_itself() {
    let service = |fields: &str| {
        let stream = format!("MESSAGE=m\n_HOSTNAME=h\n{fields}\n\n");
        records(stream.as_bytes()).remove(0).unwrap().service
    };
    assert_eq!(
        service("CONTAINER_NAME=cart\n_SYSTEMD_UNIT=docker.service"),
        "cart"
    );
    assert_eq!(service("_SYSTEMD_UNIT=app@3.service"), "app@3");
    assert_eq!(
        service("_SYSTEMD_UNIT=user@1000.service\n_SYSTEMD_USER_UNIT=sync.service"),
        "sync"
    );
    assert_eq!(
        service("_SYSTEMD_UNIT=session-1.scope\nSYSLOG_IDENTIFIER=sudo"),
        "sudo"
    );
    assert_eq!(service("SYSLOG_IDENTIFIER=kernel\n_COMM=x"), "kernel");
    assert_eq!(service("_SYSTEMD_UNIT=init.scope"), "init.scope");
    assert_eq!(service("A=b"), "h");
}

#[test]
fn a_line_of_output_says_more_than_the_default_priority() {
    let severity = |transport: &str, priority: &str, message: &str| {
        let stream = format!("_TRANSPORT={transport}\nPRIORITY={priority}\nMESSAGE={message}\n\n");
        records(stream.as_bytes()).remove(0).unwrap().severity
    };
    let line = r#"{"level":"error","msg":"m"}"#;
    assert_eq!(severity("stdout", "6", line), Severity::Error);
    assert_eq!(severity("stdout", "4", "m"), Severity::Warn);
    assert_eq!(severity("syslog", "6", "m"), Severity::Info);
    assert_eq!(severity("journal", "2", "m"), Severity::Fatal);
}

#[test]
fn a_broken_entry_among_many_costs_only_itself() {
    for broken in [
        b"__CURSOR=x\nthis is no field\nMESSAGE=lost\n\n".to_vec(),
        // A length beyond belief, and one that is too short.
        [
            &b"__CURSOR=x\nMESSAGE\n"[..],
            &u64::MAX.to_le_bytes(),
            b"lost\n\n",
        ]
        .concat(),
        [
            &b"__CURSOR=x\nMESSAGE\n"[..],
            &2_u64.to_le_bytes(),
            b"lost\n",
        ]
        .concat(),
    ] {
        let mut stream = Vec::new();
        for index in 0..1_000 {
            if index == 500 {
                stream.extend(&broken);
            } else {
                stream.extend(format!("__CURSOR={index}\nMESSAGE=message {index}\n\n").bytes());
            }
        }
        let records = records(&stream);
        let good = records.iter().filter(|record| record.is_ok()).count();
        assert_eq!(good, 999);
        assert!(records.len() > 999, "the broken one is told of");
    }
}

#[test]
fn a_field_that_is_too_large_is_left_out_and_the_entry_stays() {
    let limits = Limits {
        record_bytes: 1_000,
        attributes: 10,
        ..Limits::default()
    };
    let mut stream = b"__CURSOR=1\n".to_vec();
    stream.extend(binary("COREDUMP", &[b'\n'; 5_000]));
    stream.extend(format!("LONG={}\nMESSAGE=kept\n", "x".repeat(5_000)).bytes());
    for index in 0..20 {
        stream.extend(format!("F{index}=v\n").bytes());
    }
    stream.extend(b"\n__CURSOR=2\nMESSAGE=next\n\n");
    for step in [1, 100, 10_000] {
        let found = entries(&stream, step, &limits);
        let record = found[0].decode(&context(&limits)).unwrap();
        assert_eq!(record.body, "kept");
        assert_eq!(attributes(&record)["vigil.fields_dropped"], 16);
        assert_eq!(found[1].decode(&context(&limits)).unwrap().body, "next");
    }
}

#[test]
fn a_stream_that_ends_within_a_binary_field_tells_of_it() {
    let mut stream = b"MESSAGE=whole\n\n".to_vec();
    stream.extend(&binary("MESSAGE", b"torn")[..18]);
    let records = records(&stream);
    assert!(records[0].is_ok());
    assert!(records[1].as_ref().unwrap_err().contains("ends within"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(noise: Vec<u8>, at in 0..200_usize, byte: u8, step in 1..9_usize) {
        let limits = Limits { record_bytes: 4_096, ..Limits::default() };
        let mut stream = ENTRY.as_bytes().to_vec();
        stream.extend(binary("MESSAGE", b"m"));
        let at = at % stream.len();
        stream[at] = byte;
        for stream in [&stream, &noise] {
            for entry in entries(stream, step, &limits) {
                entry.decode(&context(&limits)).ok();
            }
        }
    }
}

#[test]
fn an_entry_without_fields_of_its_own_is_refused_in_words() {
    let read = records(b"__CURSOR=s=1\n__MONOTONIC_TIMESTAMP=1\n\nMESSAGE=m\n\n");
    let reason = read[0].as_ref().unwrap_err();
    assert_eq!(reason, "entry has no fields but those of its storage");
    assert_eq!(read[1].as_ref().unwrap().body, "m");
}
