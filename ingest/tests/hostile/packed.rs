//! The doors that only unpack.

use std::io::{Read, Write};

use ingest::{Encoding, Error, decompress, unpacked};

use crate::doors::{Door, Outcome, limits};

/// What is packed in samples.
pub const PLAIN: &[u8] = b"{\"message\":\"one\"}\n{\"message\":\"two two two two two\"}\n";

pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer
        .write_all(data)
        .and_then(|()| packer.finish())
        .unwrap_or_default()
}

pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer
        .write_all(data)
        .and_then(|()| packer.finish())
        .unwrap_or_default()
}

pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    packer
        .write_all(data)
        .and_then(|()| packer.finish())
        .unwrap_or_default()
}

pub fn zstd(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 3).unwrap_or_default()
}

/// What an unpacked body holds is for others to read; here it must only be small enough.
fn unpack(encoding: Encoding, body: &[u8]) -> Result<Outcome, Error> {
    let plain = decompress(encoding, body, limits())?;
    assert!(
        plain.len() <= limits().body_bytes,
        "{encoding:?} gave more than the limit"
    );
    Ok(Outcome::default())
}

/// A file, which may be of any size; as much as a body may have is read.
fn file(body: &[u8]) -> Result<Outcome, Error> {
    if let Ok(reader) = unpacked(body) {
        let mut first = Vec::new();
        reader
            .take(limits().body_bytes as u64)
            .read_to_end(&mut first)
            .ok();
    }
    Ok(Outcome::default())
}

pub fn doors() -> Vec<Door> {
    vec![
        Door::new("gzip", |body| unpack(Encoding::Gzip, body))
            .samples(&[&gzip(PLAIN), &[gzip(b"a"), gzip(b"b")].concat()]),
        Door::new("zstd", |body| unpack(Encoding::Zstd, body)).samples(&[&zstd(PLAIN)]),
        Door::new("deflate", |body| unpack(Encoding::Deflate, body))
            .samples(&[&zlib(PLAIN), &deflate(PLAIN)]),
        Door::new("file", file).samples(&[&gzip(PLAIN), &zstd(PLAIN), PLAIN]),
    ]
}
