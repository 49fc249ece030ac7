//! The next records of a file: a stretch that ends where no record is cut in two.

use domain::LogRecord;
use ingest::{Context, LineDecoder};

/// How much of what is there is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Until {
    /// Records behind which another begins: a stack trace may go on.
    Ended,
    /// All lines that have ended: their writer is quiet.
    Lines,
    /// The same and what has come of a split line: its end has not come for long.
    Split,
    /// Everything, also a line without an end: its writer is quiet for long.
    All,
}

/// Records and the bytes that they take.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Piece {
    pub records: Vec<LogRecord>,
    pub bytes: usize,
}

/// Reads the records that begin at a place where a record begins. Reading the bytes of a piece again, all of them, gives
/// the same records. It ends soon after `most` records.
pub(super) fn read(bytes: &[u8], until: Until, most: usize, context: &Context<'_>) -> Piece {
    let mut decoder = LineDecoder::new(context);
    let mut records = Vec::new();
    // Up to where the records are complete, and how many those are.
    let mut border = (0, 0);
    let mut at = 0;
    while let Some(length) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[at..at + length];
        records.extend(decoder.push_line_at(line, at));
        let next = at + length + 1;
        at = next;
        if let Some(place) = decoder.cut_before(at) {
            border = (place, records.len());
        }
        if border.1 >= most {
            break;
        }
    }
    if border.1 < most {
        match until {
            Until::Ended => {}
            Until::Lines => {
                records.extend(decoder.pause());
                if let Some(place) = decoder.cut_before(at) {
                    border = (place, records.len());
                }
            }
            Until::Split | Until::All => {
                if until == Until::All && at < bytes.len() {
                    records.extend(decoder.push_line_at(&bytes[at..], at));
                    at = bytes.len();
                }
                while let Some(record) = decoder.finish() {
                    records.push(record);
                }
                border = (at, records.len());
            }
        }
    }
    records.truncate(border.1);
    Piece {
        records,
        bytes: border.0,
    }
}

#[cfg(test)]
mod tests;
