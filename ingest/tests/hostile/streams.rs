//! The doors that read streams and datagrams, in pieces of a few bytes, and MessagePack.

use std::net::{Ipv4Addr, SocketAddr};

use ingest::{
    BetterStackFormat, FluentFrames, FluentMessage, GelfChunks, GelfFrames, JournalReader,
    SyslogFrames, decode_better_stack, decode_fluent, decode_gelf_message, decode_syslog,
};

use crate::doors::{AT_NS, Door, Isolation, Line, NOW_NS, Outcome, context, limits};
use crate::encode::{pack_array, pack_map, pack_number, pack_text};
use crate::json::{between, client, gelf};

/// Seconds since 1970.
const AT_SECONDS: u64 = AT_NS / 1_000_000_000;
/// Bytes of a piece: every frame is torn somewhere.
const PIECE: usize = 7;

fn alone(elements: &[Vec<u8>]) -> Vec<u8> {
    elements.concat()
}

fn gelf_stream(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut frames = GelfFrames::new(limits().record_bytes);
    let mut take = |message: &[u8]| outcome.add(decode_gelf_message(message, &context()));
    for piece in body.chunks(PIECE) {
        frames.push(piece, &mut take);
    }
    frames.finish(&mut take);
    Ok(outcome)
}

/// Datagrams stand behind each other, each with a byte of length.
fn gelf_datagrams(mut body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut chunks = GelfChunks::new(limits().record_bytes);
    let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 12_201));
    let mut now_ns = NOW_NS;
    while let Some((length, rest)) = body.split_first() {
        let (datagram, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        if let Some(message) = chunks.push(now_ns, sender, datagram) {
            outcome.add(decode_gelf_message(&message, &context()));
        }
        now_ns += 1_000_000_000;
        body = rest;
    }
    Ok(outcome)
}

fn datagrams(datagrams: &[&[u8]]) -> Vec<u8> {
    let all = datagrams.iter();
    all.flat_map(|data| [&[data.len() as u8][..], data].concat())
        .collect()
}

/// A message in two chunks, the second one first.
fn chunked(message: &[u8]) -> Vec<u8> {
    let (first, second) = message.split_at(message.len() / 2);
    let chunk = |number: u8, data: &[u8]| [b"\x1e\x0fmessage1", &[number, 2][..], data].concat();
    datagrams(&[&chunk(1, second), &chunk(0, first)])
}

fn syslog(line: &Line) -> Vec<u8> {
    let value: String = line
        .value
        .chars()
        .flat_map(|c| {
            let escape = matches!(c, '"' | '\\' | ']').then_some('\\');
            escape.into_iter().chain([c])
        })
        .collect();
    format!(
        "<11>1 2026-11-28T08:00:00Z web-1 app 42 ID [sd@1 k=\"{value}\"] {}",
        line.body
    )
    .into_bytes()
}

fn syslog_stream(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut frames = SyslogFrames::new(limits().record_bytes);
    let mut take = |message: &[u8]| {
        if let Some(record) = decode_syslog(message, &context()) {
            outcome.add(Ok(record));
        }
    };
    for piece in body.chunks(PIECE) {
        frames.push(piece, &mut take);
    }
    frames.finish(&mut take);
    Ok(outcome)
}

fn counted(elements: &[Vec<u8>]) -> Vec<u8> {
    let all = elements.iter();
    all.flat_map(|message| [format!("{} ", message.len()).as_bytes(), message].concat())
        .collect()
}

fn journal_entry(line: &Line) -> Vec<u8> {
    let binary = |name: &str, value: &str| {
        let length = (value.len() as u64).to_le_bytes();
        [name.as_bytes(), b"\n", &length, value.as_bytes(), b"\n"].concat()
    };
    [
        b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795852800000000\nPRIORITY=3\n_HOSTNAME=web-1\n_PID=42\n"
            .to_vec(),
        binary("MESSAGE", &line.body),
        binary("FIELD", &line.value),
        b"\n".to_vec(),
    ]
    .concat()
}

fn journal(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut reader = JournalReader::new(limits());
    let mut take = |entry: ingest::JournalEntry| outcome.add(entry.decode(&context()));
    for piece in body.chunks(PIECE) {
        reader.push(piece, &mut take);
    }
    reader.finish(&mut take);
    Ok(outcome)
}

fn record(line: &Line) -> Vec<u8> {
    let members = [
        ("dt", pack_text("2026-11-28T08:00:00Z")),
        ("level", pack_text("error")),
        ("message", pack_text(&line.body)),
        (line.key.as_str(), pack_text(&line.value)),
    ];
    pack_map(&members)
}

fn forward_entry(line: &Line) -> Vec<u8> {
    let record = pack_map(&[
        ("message", pack_text(&line.body)),
        (line.key.as_str(), pack_text(&line.value)),
    ]);
    pack_array(&[pack_number(AT_SECONDS), record])
}

fn forward(elements: &[Vec<u8>]) -> Vec<u8> {
    let options = pack_map(&[("chunk", pack_text("p8n9gmxTQVC8"))]);
    pack_array(&[pack_text("app.web"), pack_array(elements), options])
}

fn fluent(body: &[u8]) -> Result<Outcome, ingest::Error> {
    Ok(match decode_fluent(body, &context())? {
        FluentMessage::Records(records) => records.decoded.into(),
        FluentMessage::Heartbeat | FluentMessage::Ping(_) => Outcome::default(),
    })
}

fn fluent_stream(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut frames = FluentFrames::new(limits().body_bytes);
    for piece in body.chunks(PIECE) {
        frames.extend(piece);
        while let Some(message) = frames.next_message()? {
            let read = fluent(message)?;
            outcome.merge(read);
        }
    }
    Ok(outcome)
}

pub fn doors() -> Vec<Door> {
    let mut all = gelf_doors();
    all.extend(others());
    all
}

fn gelf_doors() -> Vec<Door> {
    let line = Line::new("it broke", "k", "v");
    vec![
        Door::new("gelf_message", |body| {
            let mut outcome = Outcome::default();
            outcome.add(decode_gelf_message(body, &context()));
            Ok(outcome)
        })
        .parts(Isolation::Alone, gelf, alone)
        .samples(&[client!("gelf/pygelf_udp_0.bin")]),
        Door::new("gelf_stream", gelf_stream)
            .parts(Isolation::Mark(0), gelf, |elements| {
                between(b"", elements, b"\0", b"\0")
            })
            .samples(&[client!("gelf/graypy_tcp.bin")]),
        Door::new("gelf_datagrams", gelf_datagrams).samples(&[
            &chunked(&gelf(&line)),
            &datagrams(&[client!("gelf/pygelf_udp_0.bin")]),
        ]),
    ]
}

fn others() -> Vec<Door> {
    let mut all = vec![
        Door::new("syslog", |body| {
            let record = decode_syslog(body, &context());
            Ok(Outcome {
                kept: record.into_iter().map(Into::into).collect(),
                ..Outcome::default()
            })
        })
        .parts(Isolation::Alone, syslog, alone)
        .samples(&[
            b"<34>Nov 28 08:00:00 web-1 sshd[42]: refused",
            b"<13>2026-11-28T08:00:00.123456+00:00 web-1 app[7]: {\"level\":\"warn\",\"msg\":\"m\"}",
        ]),
        Door::new("syslog_stream", syslog_stream)
            .parts(Isolation::Nothing, syslog, counted)
            .samples(&[b"<34>Nov 28 08:00:00 web-1 sshd[42]: one\n<34>two\n"]),
        Door::new("journal", journal)
            .parts(Isolation::Nothing, journal_entry, alone)
            .samples(&[client!("journald/upload.export")]),
        Door::new("better_stack_msgpack", |body| {
            decode_better_stack(BetterStackFormat::MessagePack, body, &context()).map(Into::into)
        })
        .parts(Isolation::Nothing, record, pack_array)
        .samples(&[client!("betterstack/node.msgpack"), client!("betterstack/python.msgpack")]),
        Door::new("fluent", fluent).parts(Isolation::Nothing, forward_entry, forward),
        Door::new("fluent_stream", fluent_stream).samples(&[
            client!("fluent/python.msgpack"),
            client!("fluent/node.msgpack"),
            client!("fluent/fluent_org.msgpack"),
        ]),
    ];
    for door in &mut all {
        match door.name {
            "syslog" | "syslog_stream" => door.attribute = |_| Some("sd@1.k".to_owned()),
            "journal" => door.attribute = |_| Some("FIELD".to_owned()),
            _ => {}
        }
    }
    all
}
