//! The one message of a request, taken out of its frame.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::Stream as _;
use hyper::body::{Frame, SizeHint};
use ingest::Encoding;

use crate::extract::{IDLE, next_frame};
use crate::problem::Problem;

/// What stands before a message: whether it is compressed, and its length in 4 bytes.
const PREFIX_BYTES: usize = 5;
/// How a message is compressed, when its prefix says that it is.
const ENCODING: &str = "grpc-encoding";

/// The request as OTLP/HTTP would have brought it: its body is the message, whose length and encoding the usual headers
/// tell. Nothing but the prefix is read here.
///
/// # Errors
/// The prefix does not come in time or breaks the protocol, or the encoding is not read here.
pub async fn unframe(request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let mut frames = body.into_data_stream();
    let prefix = tokio::time::timeout(IDLE, read_prefix(&mut frames));
    let mut first = prefix.await.unwrap_or_else(|_| {
        Err(Problem::slow_body(format!(
            "the message did not begin within {} s",
            IDLE.as_secs()
        )))
    })?;
    let flag = first.get_u8();
    let length = first.get_u32();
    let encoding = encoding_of(flag, &parts.headers)?;
    parts.headers.remove(header::CONTENT_ENCODING);
    if let Some(encoding) = encoding {
        parts.headers.insert(
            header::CONTENT_ENCODING,
            HeaderValue::from_static(encoding.as_str()),
        );
    }
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    let message = Message {
        first: Some(first),
        frames,
        missing_bytes: length as usize,
    };
    Ok(Request::from_parts(parts, Body::new(message)))
}

/// The first bytes: the prefix and what came with it.
async fn read_prefix(frames: &mut BodyDataStream) -> Result<Bytes, Problem> {
    let mut first = BytesMut::new();
    while first.len() < PREFIX_BYTES {
        match next_frame(frames).await? {
            // The usual case is one frame with everything; it is not copied.
            Some(frame) if first.is_empty() && frame.len() >= PREFIX_BYTES => return Ok(frame),
            Some(frame) => first.extend_from_slice(&frame),
            None => {
                return Err(Problem::bad_request(format!(
                    "the message broke off: {} bytes, its prefix alone has {PREFIX_BYTES}",
                    first.len()
                )));
            }
        }
    }
    Ok(first.freeze())
}

fn encoding_of(flag: u8, headers: &HeaderMap) -> Result<Option<Encoding>, Problem> {
    match flag {
        0 => Ok(None),
        1 => {
            let name = headers
                .get(ENCODING)
                .map(|value| value.to_str().unwrap_or("(not text)"));
            let encoding = Encoding::from_header(name)
                .map_err(|error| Problem::unsupported_media_type(error.to_string()))?;
            if encoding == Encoding::Identity {
                return Err(Problem::bad_request(
                    "the message is marked as compressed, grpc-encoding does not say how",
                ));
            }
            Ok(Some(encoding))
        }
        _ => Err(Problem::bad_request(format!(
            "the message's first byte is {flag}, it must be 0 or 1"
        ))),
    }
}

/// The bytes of a message; an error when there are less or more than its prefix says.
struct Message {
    /// What came with the prefix.
    first: Option<Bytes>,
    frames: BodyDataStream,
    missing_bytes: usize,
}

impl HttpBody for Message {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let message = self.get_mut();
        let piece = match message.first.take() {
            Some(first) => first,
            None => match ready!(Pin::new(&mut message.frames).poll_next(context)) {
                Some(Ok(piece)) => piece,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None if message.missing_bytes == 0 => return Poll::Ready(None),
                None => return broken("the message broke off"),
            },
        };
        let Some(missing_bytes) = message.missing_bytes.checked_sub(piece.len()) else {
            return broken("there is more than one message");
        };
        message.missing_bytes = missing_bytes;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.missing_bytes as u64)
    }
}

fn broken<T>(reason: &'static str) -> Poll<Option<Result<T, axum::Error>>> {
    Poll::Ready(Some(Err(axum::Error::new(reason))))
}
