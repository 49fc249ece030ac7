//! The doors that read lines of text.

use domain::LogRecord;
use ingest::{
    ExpositionFormat, LineDecoder, Lines, LogFormat, SplunkDefaults, TargetLabels,
    decode_exposition, decode_logs, decode_splunk_raw,
};

use crate::doors::{Door, Isolation, Line, Outcome, context, limits};
use crate::json::{between, client};

fn on_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn log(line: &Line) -> Vec<u8> {
    let (body, value) = (on_one_line(&line.body), on_one_line(&line.value));
    format!("2026-11-28 08:00:00,123 ERROR [main] app.shop: {body} {value}").into_bytes()
}

fn lines(elements: &[Vec<u8>]) -> Vec<u8> {
    between(b"", elements, b"\n", b"\n")
}

/// A log file that is followed: pieces, lines, records.
fn followed(body: &[u8]) -> Result<Outcome, ingest::Error> {
    let mut outcome = Outcome::default();
    let mut lines = Lines::new(limits().record_bytes);
    let mut decoder = LineDecoder::new(&context());
    let mut take = |record: LogRecord| outcome.keep(record.into());
    for piece in body.chunks(11) {
        lines.extend(piece);
        while let Some(line) = lines.next_line() {
            decoder.push_line(line).into_iter().for_each(&mut take);
        }
    }
    if let Some(rest) = lines.take_rest() {
        decoder.push_line(&rest).into_iter().for_each(&mut take);
    }
    while let Some(record) = decoder.finish() {
        take(record);
    }
    Ok(outcome)
}

/// A text in the quotes of an exposition.
fn label(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n"))
}

fn sample(line: &Line) -> Vec<u8> {
    let (body, key, value) = (label(&line.body), label(&line.key), label(&line.value));
    format!("m{{text={body},{key}={value}}} 1.5 1795852800000").into_bytes()
}

fn exposition(format: ExpositionFormat, body: &[u8]) -> Result<Outcome, ingest::Error> {
    let target = TargetLabels {
        labels: [("job".to_owned(), "shop".to_owned())].into(),
        honor_labels: false,
    };
    decode_exposition(format, body, &target, &context()).map(|read| read.decoded.into())
}

/// Lines of every kind that is told apart.
const KINDS: &[&[u8]] = &[
    b"2026-11-28T08:00:00.123456789Z stdout P half \n2026-11-28T08:00:00.2Z stdout F whole\n",
    b"{\"log\":\"2026-11-28 08:00:00 WARN slow\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-28T08:00:00Z\"}\n",
    b"time=2026-11-28T08:00:00Z level=info msg=\"started \\\"it\\\"\" port=8080\n",
    b"10.0.0.1 - - [28/Nov/2026:08:00:00 +0000] \"GET / HTTP/1.1\" 500 17 \"-\" \"curl\"\n",
    b"E1128 08:00:00.123456    1234 main.go:12] it broke\n1:M 28 Nov 2026 08:00:00.123 # low\n",
    b"- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO fixed\n",
    b"ERROR boom\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: x\n",
    b"I, [2026-11-28T08:00:00.123 #1234]  INFO -- : ruby\n11-28 08:00:00.1  12  34 D Tag: m\n",
    b"2026-11-28 08:00:00 UTC:10.0.0.1(5432):u@d:[123]:LOG:  pg\n[1795852800] ALERT: nagios\n",
    b"2026-11-28 08:00:00 INFO [a] [b] [c] - m\ncheckout-1  | 2026-11-28 08:00:00 INFO up\n",
    b"2026-11-28T08:00:00Z 0 [Warning] [MY-010055] [Server] m\ntype=A msg=audit(1795852800.1:2): x\n",
];

pub fn doors() -> Vec<Door> {
    let mut all = vec![
        Door::new("text", |body| {
            decode_logs(LogFormat::Text, body, &context()).map(Into::into)
        })
        .parts(Isolation::Mark(b'\n'), log, lines)
        .samples(KINDS),
        Door::new("followed", followed)
            .parts(Isolation::Mark(b'\n'), log, lines)
            .samples(KINDS),
        Door::new("splunk_raw", |body| {
            let defaults = SplunkDefaults {
                source: Some("app".to_owned()),
                ..SplunkDefaults::default()
            };
            decode_splunk_raw(&defaults, body, &context()).map(Into::into)
        })
        .parts(Isolation::Mark(b'\n'), log, lines),
    ];
    for door in &mut all {
        door.is_exact = false;
        door.attribute = |_| None;
    }
    all.push(
        Door::new("exposition", |body| {
            exposition(ExpositionFormat::Prometheus, body)
        })
        .parts(Isolation::Mark(b'\n'), sample, lines)
        .samples(&[client!("prometheus/python.txt")]),
    );
    all.push(
        Door::new("open_metrics", |body| {
            exposition(ExpositionFormat::OpenMetrics, body)
        })
        .samples(&[client!("prometheus/python.om")]),
    );
    all
}
