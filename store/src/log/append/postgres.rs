//! Rows by binary COPY, encoded by hand.
//!
//! Source of the format: PostgreSQL documentation, COPY, "Binary Format": signature, flags and
//! extension length; then per row an i16 column count and per column an i32 length (-1 is NULL) and the value in
//! network byte order; an i16 of -1 ends it.

use std::io::Write;

use diesel::PgConnection;
use diesel::pg::CopyFormat;
use diesel::prelude::ExecuteCopyFromDsl;

use super::Prepared;
use crate::Error;
use crate::schema::log_tail;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COLUMNS: i16 = 11;
/// Handed to libpq in pieces of this size: its own buffer then never grows beyond it.
const PIECE_BYTES: usize = 64 * 1024;

pub(super) fn copy_records(
    connection: &mut PgConnection,
    prepared: &Prepared<'_>,
) -> Result<(), Error> {
    diesel::copy_from(log_tail::table)
        .from_raw_data(log_tail::table, |out: &mut dyn Write| {
            encode(out, prepared).map_err(|error| Error::Unavailable {
                message: format!("copy: {error}"),
            })
        })
        .with_format(CopyFormat::Binary)
        .execute(connection)?;
    Ok(())
}

fn encode(out: &mut dyn Write, prepared: &Prepared<'_>) -> std::io::Result<()> {
    let mut piece: Vec<u8> = Vec::with_capacity(PIECE_BYTES + 4_096);
    piece.extend_from_slice(SIGNATURE);
    for record in &prepared.records {
        piece.extend_from_slice(&COLUMNS.to_be_bytes());
        put_bytes(&mut piece, prepared.project_id.as_bytes());
        put_i64(&mut piece, record.timestamp_ns);
        put_bytes(&mut piece, record.id.as_bytes());
        put_i64(&mut piece, record.observed_at_ns);
        put_i16(&mut piece, record.severity.number());
        put_i64(&mut piece, record.template_id.to_i64());
        put_bytes(&mut piece, record.service.as_bytes());
        put_optional(&mut piece, record.trace_id.as_deref());
        put_optional(&mut piece, record.span_id.as_deref());
        put_bytes(&mut piece, record.body.as_bytes());
        put_bytes(&mut piece, record.attributes.as_bytes());
        if piece.len() >= PIECE_BYTES {
            out.write_all(&piece)?;
            piece.clear();
        }
    }
    piece.extend_from_slice(&(-1_i16).to_be_bytes());
    out.write_all(&piece)
}

fn put_i64(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&8_i32.to_be_bytes());
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_i16(out: &mut Vec<u8>, value: i16) {
    out.extend_from_slice(&2_i32.to_be_bytes());
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

fn put_optional(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(text) => put_bytes(out, text.as_bytes()),
        None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
}
