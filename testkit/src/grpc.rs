//! A small blocking gRPC client: one unary call after the other over one kept connection without TLS, by prior knowledge of
//! HTTP/2. As much of the protocols as that takes; it never repeats a call on its own.
//!
//! Sources: RFC 9113 (HTTP/2), RFC 7541 (HPACK), PROTOCOL-HTTP2.md of grpc.

#[cfg(test)]
mod tests;

use std::io::{BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// What a client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Settings of ours: no table of headers that one would have to keep, nothing pushed.
const SETTINGS_SENT: [u8; 12] = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
/// Bytes of a frame's payload that every receiver takes.
const FRAME_BYTES: usize = 16_384;
/// Bytes that may be under way before the receiver says otherwise.
const WINDOW: i64 = 65_535;
/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// Kinds of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOODBYE: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// Flags of frames.
const END_STREAM: u8 = 1;
const ACKNOWLEDGED: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 32;
/// The setting that says how much of a stream may be under way.
const INITIAL_WINDOW: u16 = 4;
/// `grpc-status` in the code of RFC 7541, appendix B.
const STATUS_CODED: &[u8] = &[0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];

/// One connection to a server.
#[derive(Debug)]
pub struct GrpcConnection {
    reader: BufReader<TcpStream>,
    authority: String,
    next_stream: u32,
    /// What may still be sent, over all streams and at the beginning of one.
    window: i64,
    stream_window: i64,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrpcAnswer {
    /// `grpc-status`: 0 is success.
    pub status: u32,
    /// The message, without its prefix; empty where there is none.
    pub message: Vec<u8>,
}

/// A call that is being answered.
struct Call {
    stream: u32,
    window: i64,
    status: Option<u32>,
    body: Vec<u8>,
    is_over: bool,
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl GrpcConnection {
    /// Connects to `host:port`; connecting, each read and each write may take `timeout`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(address: &str, timeout: Duration) -> Result<Self> {
        let resolved = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no address: {address}")))?;
        let stream = TcpStream::connect_timeout(&resolved, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.set_write_timeout(Some(timeout))?;
        let mut connection = Self {
            reader: BufReader::new(stream),
            authority: address.to_owned(),
            next_stream: 1,
            window: WINDOW,
            stream_window: WINDOW,
        };
        connection.reader.get_mut().write_all(PREFACE)?;
        connection.send(SETTINGS, 0, 0, &SETTINGS_SENT)?;
        Ok(connection)
    }

    /// Calls a method (`/package.Service/Method`) with one message and reads its answer. After an error the connection is of
    /// no more use, and nobody knows whether the call was served.
    ///
    /// # Errors
    /// When the connection breaks, the answer takes too long, or it is not gRPC.
    pub fn call(
        &mut self,
        method: &str,
        headers: &[(&str, &str)],
        message: &[u8],
    ) -> Result<GrpcAnswer> {
        let mut call = Call {
            stream: self.next_stream,
            window: self.stream_window,
            status: None,
            body: Vec::new(),
            is_over: false,
        };
        self.next_stream += 2;
        let head = head(&self.authority, method, headers);
        self.send(HEADERS, END_HEADERS, call.stream, &head)?;
        let length = u32::try_from(message.len())
            .map_err(|_| broken(format!("a message of {} bytes", message.len())))?;
        let mut body = vec![0];
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(message);
        self.send_body(&mut call, &body)?;
        while !call.is_over {
            self.read(&mut call)?;
        }
        let status = call
            .status
            .ok_or_else(|| broken("an answer without grpc-status".to_owned()))?;
        let message = call.body.split_off(call.body.len().min(5));
        Ok(GrpcAnswer { status, message })
    }

    /// Sends as fast as the other side allows; an answer that comes before the end makes the rest needless.
    fn send_body(&mut self, call: &mut Call, body: &[u8]) -> Result<()> {
        let mut rest = body;
        while !rest.is_empty() && !call.is_over {
            let allowed = usize::try_from(self.window.min(call.window)).unwrap_or(0);
            if allowed == 0 {
                self.read(call)?;
                continue;
            }
            let (part, after) = rest.split_at(rest.len().min(allowed).min(FRAME_BYTES));
            let flags = if after.is_empty() { END_STREAM } else { 0 };
            self.send(DATA, flags, call.stream, part)?;
            self.window -= part.len() as i64;
            call.window -= part.len() as i64;
            rest = after;
        }
        Ok(())
    }

    /// Reads one frame and does what it asks for.
    fn read(&mut self, call: &mut Call) -> Result<()> {
        let frame = self.frame()?;
        let is_mine = frame.stream == call.stream;
        match frame.kind {
            SETTINGS if frame.flags & ACKNOWLEDGED == 0 => {
                for setting in frame.payload.chunks_exact(6) {
                    let value = i64::from(u32_of(&setting[2..]));
                    if u16::from_be_bytes([setting[0], setting[1]]) == INITIAL_WINDOW {
                        call.window += value - self.stream_window;
                        self.stream_window = value;
                    }
                }
                self.send(SETTINGS, ACKNOWLEDGED, 0, &[])?;
            }
            PING if frame.flags & ACKNOWLEDGED == 0 => {
                self.send(PING, ACKNOWLEDGED, 0, &frame.payload)?;
            }
            WINDOW_UPDATE => {
                let more = i64::from(u32_of(&frame.payload) & 0x7fff_ffff);
                if frame.stream == 0 {
                    self.window += more;
                } else if is_mine {
                    call.window += more;
                }
            }
            GOODBYE => return Err(broken("the server says goodbye".to_owned())),
            RESET if is_mine => return Err(broken("the call was broken off".to_owned())),
            HEADERS | DATA if is_mine => {
                call.is_over = frame.flags & END_STREAM != 0;
                self.take(frame, call)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a part of the answer.
    fn take(&mut self, frame: Frame, call: &mut Call) -> Result<()> {
        let mut payload = frame.payload.as_slice();
        if frame.flags & PADDED != 0 {
            let (padding, rest) = payload.split_first().unwrap_or((&0, &[]));
            payload = &rest[..rest.len().saturating_sub(usize::from(*padding))];
        }
        if frame.kind == DATA {
            if call.body.len() + payload.len() > MAX_ANSWER_BYTES {
                return Err(broken(format!("an answer over {MAX_ANSWER_BYTES} bytes")));
            }
            call.body.extend_from_slice(payload);
            if !frame.payload.is_empty() {
                let bytes = u32::try_from(frame.payload.len())
                    .unwrap_or(0)
                    .to_be_bytes();
                self.send(WINDOW_UPDATE, 0, 0, &bytes)?;
            }
            return Ok(());
        }
        if frame.flags & PRIORITY != 0 {
            payload = payload.get(5..).unwrap_or_default();
        }
        let mut block = payload.to_vec();
        let mut flags = frame.flags;
        while flags & END_HEADERS == 0 {
            let more = self.frame()?;
            if more.kind != CONTINUATION || block.len() > MAX_ANSWER_BYTES {
                return Err(broken("headers that do not end".to_owned()));
            }
            block.extend_from_slice(&more.payload);
            flags = more.flags;
        }
        call.status = call.status.or(status_in(&block)?);
        Ok(())
    }

    fn frame(&mut self) -> Result<Frame> {
        let mut head = [0; 9];
        self.reader.read_exact(&mut head)?;
        let length = u32_of(&[0, head[0], head[1], head[2]]) as usize;
        if length > MAX_ANSWER_BYTES {
            return Err(broken(format!("a frame of {length} bytes")));
        }
        let mut payload = vec![0; length];
        self.reader.read_exact(&mut payload)?;
        Ok(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32_of(&head[5..]) & 0x7fff_ffff,
            payload,
        })
    }

    /// Writes a frame of at most [`FRAME_BYTES`].
    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend_from_slice(&stream.to_be_bytes());
        frame.extend_from_slice(payload);
        self.reader.get_mut().write_all(&frame)
    }
}

/// The headers of a call, none of them coded or kept.
fn head(authority: &str, method: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    // `:method: POST` and `:scheme: http` of the static table.
    let mut block = vec![0x83, 0x86];
    // `:path` and `:authority` by their places in it.
    for (name, value) in [(4, method), (1, authority)] {
        block.push(name);
        push_text(&mut block, value);
    }
    let own = [("te", "trailers"), ("content-type", "application/grpc")];
    for (name, value) in own.iter().chain(headers) {
        block.push(0);
        push_text(&mut block, name);
        push_text(&mut block, value);
    }
    block
}

fn push_text(block: &mut Vec<u8>, text: &str) {
    let length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        let mut rest = length - 127;
        while rest >= 128 {
            block.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        block.push(rest as u8);
    }
    block.extend_from_slice(text.as_bytes());
}

/// `grpc-status` in a block of headers whose sender keeps no table.
fn status_in(block: &[u8]) -> Result<Option<u32>> {
    let cut = || broken("headers are cut off".to_owned());
    let mut rest = block;
    while let Some(first) = rest.first() {
        let prefix = match first {
            // One of the static table, name and value.
            0x80.. => {
                rest = integer(rest, 7).ok_or_else(cut)?.1;
                continue;
            }
            0x40.. => 6,
            // The size of the table.
            0x20.. => {
                rest = integer(rest, 5).ok_or_else(cut)?.1;
                continue;
            }
            _ => 4,
        };
        let (index, after) = integer(rest, prefix).ok_or_else(cut)?;
        rest = after;
        let mut is_status = false;
        if index == 0 {
            let (name, is_coded, after) = text(rest).ok_or_else(cut)?;
            is_status = name
                == if is_coded {
                    STATUS_CODED
                } else {
                    b"grpc-status"
                };
            rest = after;
        }
        let (value, is_coded, after) = text(rest).ok_or_else(cut)?;
        rest = after;
        if is_status {
            let number = if is_coded {
                coded_number(value)
            } else {
                String::from_utf8_lossy(value).parse().ok()
            };
            let unknown = || broken(format!("a grpc-status of {value:?}"));
            return Ok(Some(number.ok_or_else(unknown)?));
        }
    }
    Ok(None)
}

/// A number whose first byte has so many bits for it, and what follows.
fn integer(bytes: &[u8], bits: u32) -> Option<(usize, &[u8])> {
    let (first, mut rest) = bytes.split_first()?;
    let most = (1_usize << bits) - 1;
    let mut number = usize::from(*first) & most;
    let mut shift = 0;
    while number >= most && shift < 28 {
        let (byte, after) = rest.split_first()?;
        rest = after;
        number += usize::from(byte & 127) << shift;
        shift += 7;
        if byte & 128 == 0 {
            break;
        }
    }
    Some((number, rest))
}

/// A text, whether it is coded, and what follows.
fn text(bytes: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let is_coded = bytes.first()? & 128 != 0;
    let (length, rest) = integer(bytes, 7)?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((text, is_coded, rest))
}

/// A number of one or two digits in the code of RFC 7541, appendix B: 0 to 2 are five bits, 3 to 9 are six.
fn coded_number(bytes: &[u8]) -> Option<u32> {
    let all = bytes
        .iter()
        .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    let mut left = u32::try_from(bytes.len())
        .ok()
        .filter(|length| *length <= 2)?
        * 8;
    let mut number = None;
    // Less than that is what fills the last byte.
    while left >= 5 {
        let five = all >> (left - 5) & 31;
        let (digit, bits) = if five <= 2 {
            (five, 5)
        } else if left >= 6 {
            ((all >> (left - 6) & 63).checked_sub(0b01_1001)? + 3, 6)
        } else {
            break;
        };
        if digit > 9 {
            break;
        }
        number = Some(number.unwrap_or(0) * 10 + u32::try_from(digit).ok()?);
        left -= bits;
    }
    number
}

fn u32_of(bytes: &[u8]) -> u32 {
    let four = bytes.first_chunk().copied().unwrap_or_default();
    u32::from_be_bytes(four)
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::InvalidData, message)
}
