//! One record among a thousand cannot be taken: the others are, and its sender hears why.

use anyhow::{Context, ensure};
use testkit::{Door, HttpConnection, Random, Row, Verdict, now_ns};

use super::batch::{ANSWER, Batch};
use super::ledger::{Ledger, Tally};
use super::site::{Site, Stage};

/// Records of a request.
const RECORDS: usize = 1_000;
/// Stands where the poison goes, when a row cannot hold it.
const MARK: &str = "POISON-POISON-POISON";

/// What is wrong with the record. Sources: the shapes that PostgreSQL refuses, and the written limits of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Larger than 1 MiB.
    Oversized,
    /// More than 1,000 attributes.
    ManyAttributes,
    /// A line that breaks off.
    BrokenLine,
    /// U+0000 in the text.
    Nul,
    /// A lone surrogate, or bytes that are not UTF-8.
    BadText,
    /// A number beyond every float.
    HugeNumber,
    /// Nested deeper than PostgreSQL's stack.
    Deep,
}

impl Shape {
    const ALL: [Self; 7] = [
        Self::Oversized,
        Self::ManyAttributes,
        Self::BrokenLine,
        Self::Nul,
        Self::BadText,
        Self::HugeNumber,
        Self::Deep,
    ];

    /// Whether it must be refused; the others may be taken in a shape that can be stored.
    fn is_refused(self) -> bool {
        matches!(
            self,
            Self::Oversized | Self::ManyAttributes | Self::BrokenLine
        )
    }

    /// Whether the protocol can say it.
    fn fits(self, door: Door) -> bool {
        match self {
            Self::BrokenLine => matches!(door, Door::Ndjson | Door::Elasticsearch),
            Self::HugeNumber | Self::Deep => door.is_json(),
            _ => true,
        }
    }
}

/// Every shape through every protocol.
pub fn poison(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let site = Site::open_plain(stage)?;
    let mut ledger = Ledger::default();
    let mut connection = HttpConnection::open(&site.vigil.address, ANSWER)?;
    let (mut requests, mut refused) = (0, 0);
    for door in Door::ALL {
        for shape in Shape::ALL.into_iter().filter(|shape| shape.fits(door)) {
            let place = random.below(RECORDS as u64) as usize;
            let batch = Batch {
                key: format!("poison-{}-{shape:?}-", door.name()),
                door,
                is_grpc: false,
                // Its neighbours; it is none of them.
                count: RECORDS - 1,
                service: "poison".to_owned(),
                made_at_ns: now_ns(),
            };
            let answer = send(&batch, shape, place, &site, &mut connection)
                .with_context(|| format!("{shape:?} through {}", door.name()))?;
            requests += 1;
            refused += usize::from(answer);
            ledger.acknowledged.push(batch);
        }
    }
    Ok(site
        .check("poison", &ledger)?
        .with_note(format!("{requests} requests, {refused} with a reason")))
}

/// Sends the batch with one poisoned record more; whether that one was refused.
fn send(
    batch: &Batch,
    shape: Shape,
    place: usize,
    site: &Site<'_>,
    connection: &mut HttpConnection,
) -> anyhow::Result<bool> {
    let mut rows = batch.rows();
    rows.insert(place, poisoned(shape, &rows[0]));
    let body = batch
        .door
        .pack(spoil(shape, batch.door, batch.door.encode_plain(&rows)));
    let whole = Batch {
        count: RECORDS,
        ..batch.clone()
    };
    match whole.send_bytes(&body, connection, &site.vigil.token)? {
        Verdict::Taken => {
            ensure!(!shape.is_refused(), "it was taken");
            Ok(false)
        }
        Verdict::Partly { refused, reason } => {
            ensure!(refused == 1, "{refused} records were refused: {reason}");
            ensure!(!reason.is_empty(), "it was refused without a reason");
            Ok(true)
        }
        other => anyhow::bail!("{other:?}"),
    }
}

/// The record itself, of a service that is not read back.
fn poisoned(shape: Shape, neighbour: &Row) -> Row {
    let mut row = Row {
        service: "poisoned".into(),
        ..neighbour.clone()
    };
    match shape {
        Shape::Oversized => row.body = "x".repeat((1 << 20) + 100),
        Shape::ManyAttributes => {
            row.attributes = (0..1_100)
                .map(|number| (format!("a{number}").into(), "1".to_owned()))
                .collect();
        }
        Shape::Nul => row.body = "before\0after".to_owned(),
        Shape::BrokenLine | Shape::BadText => row.body = format!("before {MARK} after"),
        Shape::HugeNumber | Shape::Deep => {
            row.attributes = vec![("poison".into(), MARK.to_owned())];
        }
    }
    row
}

/// Puts in the place of the mark what no encoder writes.
fn spoil(shape: Shape, door: Door, body: Vec<u8>) -> Vec<u8> {
    let quoted = format!("\"{MARK}\"");
    match shape {
        Shape::BadText if door.is_json() => replace(body, MARK.as_bytes(), b"\\ud800"),
        // As long as the mark: lengths stand before texts.
        Shape::BadText => replace(body, MARK.as_bytes(), &[0xff; MARK.len()]),
        Shape::HugeNumber => replace(body, quoted.as_bytes(), b"1e400"),
        Shape::Deep => {
            let deep = "[".repeat(20_000) + &"]".repeat(20_000);
            replace(body, quoted.as_bytes(), deep.as_bytes())
        }
        Shape::BrokenLine => {
            let end = format!("{MARK} after");
            match find(&body, end.as_bytes()) {
                Some(at) => {
                    let rest = body[at..].iter().position(|byte| *byte == b'\n');
                    let line_end = rest.map_or(body.len(), |length| at + length);
                    [&body[..at], &body[line_end..]].concat()
                }
                None => body,
            }
        }
        _ => body,
    }
}

fn replace(body: Vec<u8>, old: &[u8], new: &[u8]) -> Vec<u8> {
    match find(&body, old) {
        Some(at) => [&body[..at], new, &body[at + old.len()..]].concat(),
        None => body,
    }
}

fn find(body: &[u8], part: &[u8]) -> Option<usize> {
    body.windows(part.len()).position(|window| window == part)
}
