//! Where the bytes of a row lie in an SQLite file: as much of the format as it takes to damage one row, or to read small
//! ones behind the server's back.
//!
//! Source: sqlite.org/fileformat2.html.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, ensure};

/// Where the head of the file is, in its first page.
const FILE_HEAD: usize = 100;
/// Kinds of pages.
const INTERIOR_INDEX: u8 = 2;
const INTERIOR_TABLE: u8 = 5;
const LEAF_INDEX: u8 = 10;
const LEAF_TABLE: u8 = 13;

/// A database file that nobody else uses meanwhile.
pub struct DatabaseFile {
    file: File,
    page_bytes: usize,
    /// Bytes of a page that hold content.
    usable: usize,
}

/// A row: its bytes in pieces, each with its place in the file.
#[derive(Debug, Default)]
pub struct Row {
    bytes: Vec<u8>,
    /// Where pieces begin, among the bytes and in the file.
    pieces: Vec<(usize, u64)>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL.
    Null,
    /// Integers, and numbers that are stored as such.
    Int(i64),
    /// Other numbers.
    Float(f64),
    /// A text or blob: from where to where among the row's bytes.
    Bytes(std::ops::Range<usize>),
}

impl DatabaseFile {
    /// Opens a file of any page size.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let options = File::options().read(true).write(true).open(path);
        let file = options.with_context(|| path.display().to_string())?;
        let mut head = [0; FILE_HEAD];
        file.read_exact_at(&mut head, 0)?;
        ensure!(
            head.starts_with(b"SQLite format 3\0"),
            "{} is no SQLite file",
            path.display()
        );
        let page_bytes = match usize::from(u16::from_be_bytes([head[16], head[17]])) {
            1 => 65_536,
            bytes => bytes,
        };
        let usable = page_bytes - usize::from(head[20]);
        Ok(Self {
            file,
            page_bytes,
            usable,
        })
    }

    /// Every row of a table, in the order of its key.
    pub fn rows(&self, table: &str) -> anyhow::Result<Vec<Row>> {
        let mut schema = Vec::new();
        self.walk(1, &mut schema)?;
        for row in schema {
            let values = row.values()?;
            let is_it = |at: usize, text: &str| match values.get(at) {
                Some(Value::Bytes(range)) => row.bytes[range.clone()] == *text.as_bytes(),
                _ => false,
            };
            if is_it(0, "table")
                && is_it(1, table)
                && let Some(Value::Int(root)) = values.get(3)
            {
                let mut rows = Vec::new();
                self.walk(usize::try_from(*root)?, &mut rows)?;
                return Ok(rows);
            }
        }
        anyhow::bail!("there is no table {table}")
    }

    /// Turns round the bits of the byte at this place of a row.
    pub fn damage(&self, row: &Row, at: usize) -> anyhow::Result<()> {
        let piece = row.pieces.iter().rev().find(|(start, _)| *start <= at);
        let (start, place) = piece.context("the row has no bytes")?;
        let place = place + (at - start) as u64;
        self.file.write_all_at(&[!row.bytes[at]], place)?;
        self.file.sync_all()?;
        Ok(())
    }

    fn page(&self, number: usize) -> anyhow::Result<Vec<u8>> {
        let mut page = vec![0; self.page_bytes];
        ensure!(number > 0, "page 0 is asked for");
        self.file
            .read_exact_at(&mut page, self.place(number, 0))
            .with_context(|| format!("page {number}"))?;
        Ok(page)
    }

    fn place(&self, page: usize, at: usize) -> u64 {
        ((page - 1) * self.page_bytes + at) as u64
    }

    fn walk(&self, number: usize, rows: &mut Vec<Row>) -> anyhow::Result<()> {
        let page = self.page(number)?;
        let head = if number == 1 { FILE_HEAD } else { 0 };
        let kind = page[head];
        let is_leaf = matches!(kind, LEAF_TABLE | LEAF_INDEX);
        let is_table = matches!(kind, LEAF_TABLE | INTERIOR_TABLE);
        ensure!(
            is_leaf || matches!(kind, INTERIOR_TABLE | INTERIOR_INDEX),
            "page {number} is of no known kind ({kind})"
        );
        let first = head + if is_leaf { 8 } else { 12 };
        for cell in 0..u16_at(&page, head + 3) {
            let mut at = u16_at(&page, first + 2 * cell);
            if !is_leaf {
                self.walk(u32_at(&page, at), rows)?;
                at += 4;
            }
            if is_leaf || !is_table {
                let (length, after) = varint(&page, at);
                let start = if is_table {
                    varint(&page, after).1
                } else {
                    after
                };
                rows.push(self.row(number, &page, start, length as usize, is_table)?);
            }
        }
        if !is_leaf {
            self.walk(u32_at(&page, head + 8), rows)?;
        }
        Ok(())
    }

    /// A row that begins in a page and may go on in others.
    fn row(
        &self,
        number: usize,
        page: &[u8],
        start: usize,
        length: usize,
        is_table: bool,
    ) -> anyhow::Result<Row> {
        let least = (self.usable - 12) * 32 / 255 - 23;
        let most = if is_table {
            self.usable - 35
        } else {
            (self.usable - 12) * 64 / 255 - 23
        };
        let here = if length <= most {
            length
        } else {
            let with_full_pages = least + (length - least) % (self.usable - 4);
            if with_full_pages <= most {
                with_full_pages
            } else {
                least
            }
        };
        let mut row = Row::default();
        row.add(&page[start..start + here], self.place(number, start));
        if here == length {
            return Ok(row);
        }
        let mut next = u32_at(page, start + here);
        while row.bytes.len() < length {
            let more = self.page(next)?;
            let size = (length - row.bytes.len()).min(self.usable - 4);
            row.add(&more[4..4 + size], self.place(next, 4));
            next = u32_at(&more, 0);
        }
        Ok(row)
    }
}

impl Row {
    fn add(&mut self, bytes: &[u8], place: u64) {
        self.pieces.push((self.bytes.len(), place));
        self.bytes.extend_from_slice(bytes);
    }

    /// Its values, in the order in which they are stored.
    pub fn values(&self) -> anyhow::Result<Vec<Value>> {
        let (head_bytes, mut at) = varint(&self.bytes, 0);
        let mut body = head_bytes as usize;
        let mut values = Vec::new();
        while at < head_bytes as usize {
            let (kind, after) = varint(&self.bytes, at);
            at = after;
            let size = match kind {
                0 | 8 | 9 => 0,
                1..=4 => kind as usize,
                5 => 6,
                6 | 7 => 8,
                _ => (kind as usize - 12) / 2,
            };
            let range = body..body + size;
            let bytes = self.bytes.get(range.clone()).context("a row is cut off")?;
            values.push(match kind {
                0 => Value::Null,
                7 => Value::Float(f64::from_be_bytes(bytes.try_into()?)),
                8 | 9 => Value::Int(kind as i64 - 8),
                1..=6 => Value::Int(bytes.iter().fold(
                    // The sign of the first byte goes on.
                    -i64::from(bytes[0] >> 7),
                    |number, byte| number << 8 | i64::from(*byte),
                )),
                _ => Value::Bytes(range),
            });
            body += size;
        }
        Ok(values)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    bytes[at..at + 4]
        .iter()
        .fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], mut at: usize) -> (u64, usize) {
    let mut number = 0;
    for index in 0..9 {
        let byte = bytes[at];
        at += 1;
        if index == 8 {
            return (number << 8 | u64::from(byte), at);
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (number, at)
}

#[cfg(test)]
mod tests {
    use super::{Row, Value, varint};

    #[test]
    fn numbers_of_every_length_are_read() {
        assert_eq!(varint(&[0x7f, 1], 0), (127, 1));
        assert_eq!(varint(&[9, 0x81, 0], 1), (128, 3));
        assert_eq!(varint(&[0xff; 9], 0), (u64::MAX, 9));
    }

    #[test]
    fn a_row_is_taken_apart() {
        // Head of 7 bytes: null, one byte, two bytes, a float, 1, and a text of 3 bytes.
        let mut row = Row::default();
        row.add(&[7, 0, 1, 2, 7, 9, 19, 0xfe], 100);
        row.add(
            &[0x01, 0x00, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, b'a', b'b', b'c'],
            900,
        );
        assert_eq!(
            row.values().unwrap(),
            [
                Value::Null,
                Value::Int(-2),
                Value::Int(256),
                Value::Float(1.5),
                Value::Int(1),
                Value::Bytes(18..21)
            ]
        );
        row.bytes.pop();
        assert!(row.values().is_err());
    }
}
