//! Answers: a message and a status, or a status alone that says whether and when to try again.
//!
//! Sources: OTLP specification 1.x, "OTLP/gRPC Throttling"; google/rpc/{code,status,error_details}.proto.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::{BufMut as _, Bytes};
use tonic::codec::{BufferSettings, EncodeBody, EncodeBuf, Encoder};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::problem::{LoggedStatus, Problem};
use crate::routes::otlp::{Refused, push_bytes, push_number, rpc_code, success_message};

const CONTENT_TYPE: &str = "application/grpc";
/// The type of the detail that tells when to try again.
const RETRY_INFO: &[u8] = b"type.googleapis.com/google.rpc.RetryInfo";
/// Where the SDK for Python looks for the same detail.
const RETRY_INFO_KEY: &str = "google.rpc.retryinfo-bin";
/// An answer is empty or holds one reason.
const BUFFER_BYTES: usize = 256;

/// What is durable is durable; what was refused is told.
pub fn success(refused: &Refused) -> Response {
    let message = Bytes::from(success_message(refused));
    let messages = tokio_stream::once(Ok(message));
    let body = EncodeBody::new_server(Verbatim, messages, None, Default::default(), None);
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    name_encodings(headers);
    response
}

/// Nothing was taken.
pub fn refusal(problem: Problem) -> Response {
    refusal_as(code_of(&problem), problem)
}

/// Nothing was taken, in other words than the problem's own.
pub fn refusal_as(code: Code, problem: Problem) -> Response {
    let status = problem.status();
    let text = problem.public_detail();
    let mut outcome = Status::new(code, text);
    if let Some(seconds) = problem.retry_after_seconds() {
        let info = retry_info(seconds);
        let details = Bytes::from(details(code, text, &info));
        outcome = Status::with_details(code, text, details);
        let value = MetadataValue::from_bytes(&info);
        outcome.metadata_mut().insert_bin(RETRY_INFO_KEY, value);
    }
    let mut response = problem.answer_with(StatusCode::OK, CONTENT_TYPE, Vec::new());
    response.extensions_mut().insert(LoggedStatus(status));
    let headers = response.headers_mut();
    if let Err(error) = outcome.add_header(headers) {
        tracing::error!(%error, "a gRPC status cannot be written");
    }
    name_encodings(headers);
    response
}

/// What a message may be compressed with, so that a client need not guess.
fn name_encodings(headers: &mut HeaderMap) {
    headers.insert(
        "grpc-accept-encoding",
        HeaderValue::from_static("identity,gzip,zstd,deflate"),
    );
}

/// INVALID_ARGUMENT is never sent again; RESOURCE_EXHAUSTED and UNAVAILABLE are, after the time of the details.
fn code_of(problem: &Problem) -> Code {
    match problem.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::Unimplemented,
        StatusCode::REQUEST_TIMEOUT => Code::DeadlineExceeded,
        _ => i32::try_from(rpc_code(problem.kind())).map_or(Code::Unknown, Code::from),
    }
}

/// A `RetryInfo` of `retry_delay` (1), which is a `Duration` of `seconds` (1).
fn retry_info(seconds: u64) -> Vec<u8> {
    let (mut delay, mut info) = (vec![], vec![]);
    push_number(1, seconds, &mut delay);
    push_bytes(1, &delay, &mut info);
    info
}

/// A `google.rpc.Status` of `code` (1), `message` (2) and one of `details` (3), which is an `Any` of `type_url` (1) and `value` (2).
fn details(code: Code, text: &str, info: &[u8]) -> Vec<u8> {
    let (mut detail, mut status) = (vec![], vec![]);
    push_bytes(1, RETRY_INFO, &mut detail);
    push_bytes(2, info, &mut detail);
    push_number(1, u64::from((code as i32).unsigned_abs()), &mut status);
    push_bytes(2, text.as_bytes(), &mut status);
    push_bytes(3, &detail, &mut status);
    status
}

/// Writes messages that are bytes already.
struct Verbatim;

impl Encoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, BUFFER_BYTES)
    }
}
