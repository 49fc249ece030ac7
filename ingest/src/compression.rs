//! Content encodings. The size limit is checked while decompressing, never after.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use crate::{Error, Limits};

/// A content encoding (RFC 9110 section 8.4.1; zstd: RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As it is.
    #[default]
    Identity,
    /// gzip, also several members in a row.
    Gzip,
    /// Zstandard, also several frames in a row.
    Zstd,
    /// zlib as the RFC says, or raw deflate as some clients send.
    Deflate,
}

/// zstd frames may ask for a window of up to 2^31 bytes; 2^23 is what RFC 8878 tells decoders to support.
const ZSTD_WINDOW_LOG_MAX: u32 = 24;

impl Encoding {
    /// Reads a `Content-Encoding` header; a missing or empty one means identity.
    ///
    /// # Errors
    /// An unknown encoding, or several of them: nested encodings are refused.
    pub fn from_header(value: Option<&str>) -> Result<Self, Error> {
        let name = value.unwrap_or("").trim();
        match name.to_ascii_lowercase().as_str() {
            "" | "identity" | "none" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            "deflate" => Ok(Self::Deflate),
            _ => Err(Error::UnsupportedEncoding(name.chars().take(64).collect())),
        }
    }

    /// Its name in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Deflate => "deflate",
        }
    }
}

/// Undoes the content encoding; identity is borrowed, not copied.
///
/// # Errors
/// The body is larger than `limits.body_bytes` before or after decompression, or is not valid for its encoding.
/// A bomb is refused as soon as its output passes the limit, so it costs at most twice the limit in memory.
pub fn decompress<'a>(
    encoding: Encoding,
    body: &'a [u8],
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, Error> {
    if body.len() > limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: limits.body_bytes,
        });
    }
    let output = match encoding {
        Encoding::Identity => return Ok(Cow::Borrowed(body)),
        Encoding::Gzip => read_limited(
            flate2::read::MultiGzDecoder::new(body),
            encoding,
            body.len(),
            limits,
        ),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body)
                .map_err(|error| bad(encoding, &error))?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .map_err(|error| bad(encoding, &error))?;
            read_limited(decoder, encoding, body.len(), limits)
        }
        Encoding::Deflate if is_zlib(body) => read_limited(
            flate2::read::ZlibDecoder::new(body),
            encoding,
            body.len(),
            limits,
        ),
        Encoding::Deflate => read_limited(
            flate2::read::DeflateDecoder::new(body),
            encoding,
            body.len(),
            limits,
        ),
    };
    output.map(Cow::Owned)
}

/// Undoes one block of snappy, which tells its size in front, so that a bomb costs nothing.
///
/// # Errors
/// The block is larger than `limits.body_bytes` before or after decompression, or is no snappy.
pub(crate) fn unsnap(body: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    const NAME: &str = "snappy";
    if body.is_empty() {
        return Ok(Vec::new());
    }
    if body.len() > limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: limits.body_bytes,
        });
    }
    let bad = |error: snap::Error| Error::BadCompression {
        encoding: NAME,
        reason: error.to_string(),
    };
    if snap::raw::decompress_len(body).map_err(bad)? > limits.body_bytes {
        return Err(Error::DecompressedTooLarge {
            limit_bytes: limits.body_bytes,
            encoding: NAME,
        });
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(bad)
}

/// Reads a file that may be compressed, gzip or zstd, which its first bytes tell; another comes as it is. Nothing is
/// held but the decoder's window, so the size of the output does not matter.
///
/// # Errors
/// The first bytes cannot be read, or no decoder can be made.
pub fn unpacked<'a>(mut file: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    // Magic numbers: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1.
    const GZIP: [u8; 3] = [0x1f, 0x8b, 8];
    const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let head = file.fill_buf()?;
    Ok(if head.starts_with(&GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(file))
    } else if head.starts_with(&ZSTD) {
        Box::new(zstd::stream::read::Decoder::with_buffer(file)?)
    } else {
        Box::new(file)
    })
}

/// The zlib header: method 8 and a checksum that divides by 31 (RFC 1950 section 2.2).
pub(crate) fn is_zlib(body: &[u8]) -> bool {
    match body {
        [first, second, ..] => {
            first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31)
        }
        _ => false,
    }
}

fn read_limited(
    decoder: impl Read,
    encoding: Encoding,
    compressed_bytes: usize,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    // Logs shrink about eightfold; a wrong guess only costs a reallocation.
    let mut output = Vec::with_capacity(compressed_bytes.saturating_mul(8).min(limits.body_bytes));
    let limit = limits.body_bytes as u64;
    decoder
        .take(limit + 1)
        .read_to_end(&mut output)
        .map_err(|error| bad(encoding, &error))?;
    if output.len() > limits.body_bytes {
        return Err(Error::DecompressedTooLarge {
            limit_bytes: limits.body_bytes,
            encoding: encoding.as_str(),
        });
    }
    Ok(output)
}

fn bad(encoding: Encoding, error: &io::Error) -> Error {
    Error::BadCompression {
        encoding: encoding.as_str(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
