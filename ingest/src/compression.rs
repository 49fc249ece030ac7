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

/// Members of a gzip body; more are refused. Each costs as much as some ten kilobytes of text to begin, and an empty one
/// takes twenty bytes: twenty megabytes of them would take seconds.
const GZIP_MEMBERS: usize = 10_000;
/// By how much snappy can grow at most: an element of three bytes copies up to 64 (google/snappy, format_description.txt,
/// section 2.2). Memory for the output is taken at once, so a claim beyond it is not believed.
const SNAPPY_GROWTH: usize = 22;

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
        Encoding::Gzip => gunzip(body, limits),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body)
                .map_err(|error| bad(encoding, &error))?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .map_err(|error| bad(encoding, &error))?;
            let mut output = Vec::with_capacity(guessed_bytes(body.len(), limits));
            read_limited(decoder, encoding, limits, &mut output).map(|()| output)
        }
        Encoding::Deflate => inflate(body, limits),
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
    let claimed = snap::raw::decompress_len(body).map_err(bad)?;
    if claimed > limits.body_bytes {
        return Err(Error::DecompressedTooLarge {
            limit_bytes: limits.body_bytes,
            encoding: NAME,
        });
    }
    let most = body.len().saturating_mul(SNAPPY_GROWTH);
    if claimed > most {
        return Err(Error::BadCompression {
            encoding: NAME,
            reason: format!(
                "it claims to hold {claimed} bytes, {} bytes of it can hold {most}",
                body.len()
            ),
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

/// Undoes the encoding piece by piece: nothing is held but the decoder's window, and nothing limits the output but the caller.
///
/// # Errors
/// No decoder can be made.
pub(crate) fn reader<'a>(
    encoding: Encoding,
    body: impl BufRead + Send + 'a,
) -> Result<Box<dyn Read + Send + 'a>, Error> {
    Ok(match encoding {
        Encoding::Identity => Box::new(body),
        Encoding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(body)),
        Encoding::Deflate => Box::new(flate2::bufread::ZlibDecoder::new(body)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body)
                .map_err(|error| bad(encoding, &error))?;
            decoder
                .window_log_max(ZSTD_WINDOW_LOG_MAX)
                .map_err(|error| bad(encoding, &error))?;
            Box::new(decoder)
        }
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

/// Undoes gzip, member by member.
fn gunzip(body: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let encoding = Encoding::Gzip;
    let mut output = Vec::with_capacity(guessed_bytes(body.len(), limits));
    let mut rest = body;
    for _ in 0..GZIP_MEMBERS {
        let member = flate2::bufread::GzDecoder::new(&mut rest);
        read_limited(member, encoding, limits, &mut output)?;
        if rest.is_empty() {
            return Ok(output);
        }
    }
    Err(Error::BadCompression {
        encoding: encoding.as_str(),
        reason: format!("it has more than {GZIP_MEMBERS} members, which is the limit"),
    })
}

/// Undoes zlib or raw deflate. Unlike the readers of `flate2` it notices bytes that follow the end of the stream: records
/// that would be lost without a word.
fn inflate(body: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let encoding = Encoding::Deflate;
    let broken = |reason: String| Error::BadCompression {
        encoding: encoding.as_str(),
        reason,
    };
    let mut inflater = flate2::Decompress::new(is_zlib(body));
    let mut output = Vec::with_capacity(guessed_bytes(body.len(), limits));
    let mut rest = body;
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let status = inflater
            .decompress_vec(rest, &mut output, flate2::FlushDecompress::None)
            .map_err(|error| broken(error.to_string()))?;
        let used = usize::try_from(inflater.total_in() - read).unwrap_or(rest.len());
        rest = &rest[used..];
        if output.len() > limits.body_bytes {
            return Err(Error::DecompressedTooLarge {
                limit_bytes: limits.body_bytes,
                encoding: encoding.as_str(),
            });
        }
        let has_moved = used > 0 || inflater.total_out() > written;
        match status {
            flate2::Status::StreamEnd => break,
            _ if output.len() == output.capacity() => grow(&mut output, limits),
            _ if has_moved => {}
            _ => return Err(broken("the stream ends early".to_owned())),
        }
    }
    match rest.len() {
        0 => Ok(output),
        more => Err(broken(format!("{more} bytes follow the end of the stream"))),
    }
}

/// Logs shrink about eightfold; a wrong guess only costs a reallocation.
fn guessed_bytes(compressed_bytes: usize, limits: &Limits) -> usize {
    compressed_bytes.saturating_mul(8).min(limits.body_bytes)
}

/// Doubles the room of an output that is full, but to no more than it takes to see that it is too large.
fn grow(output: &mut Vec<u8>, limits: &Limits) {
    let most = (limits.body_bytes + 1).saturating_sub(output.len());
    output.reserve_exact(output.len().clamp(64, most.max(64)));
}

/// Appends what the decoder gives.
fn read_limited(
    mut decoder: impl Read,
    encoding: Encoding,
    limits: &Limits,
    output: &mut Vec<u8>,
) -> Result<(), Error> {
    loop {
        if output.len() == output.capacity() {
            grow(output, limits);
        }
        let room = output.capacity() - output.len();
        let read = decoder
            .by_ref()
            .take(room as u64)
            .read_to_end(output)
            .map_err(|error| bad(encoding, &error))?;
        if output.len() > limits.body_bytes {
            return Err(Error::DecompressedTooLarge {
                limit_bytes: limits.body_bytes,
                encoding: encoding.as_str(),
            });
        }
        if read < room {
            return Ok(());
        }
    }
}

fn bad(encoding: Encoding, error: &io::Error) -> Error {
    Error::BadCompression {
        encoding: encoding.as_str(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
