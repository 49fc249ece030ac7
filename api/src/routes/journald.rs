//! `POST /upload`, where `systemd-journal-upload` sends a journal: a body of any length, stored piece by piece.
//!
//! An upload that breaks off is sent again from where the last whole one ended. Every entry has a name of its own, its
//! cursor, which is its idempotency key: what was stored before the cut is not stored twice.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::{ErrorKind, LogRecord};
use futures_util::future::try_join_all;
use ingest::{Context, JournalEntry, JournalReader};
use sha2::{Digest as _, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::auth::Writer;
use crate::extract::next_frame;
use crate::problem::Problem;
use crate::routes::ingest::header_text;
use crate::state::AppState;

/// The format's content type.
const CONTENT_TYPE: &str = "application/vnd.fdo.journal";
/// Entries that are stored at once: each has a receipt of its own, so larger pieces gain nothing.
const PIECE_ENTRIES: usize = 1_000;
/// Bytes that are stored at once.
const PIECE_BYTES: usize = 1024 * 1024;
/// What an upload may hold without asking for memory.
const FREE_BYTES: usize = 64 * 1024;
/// What one that holds more is reckoned at: a piece, an entry that has begun, and the records made of a piece.
const SHARE_BYTES: usize = 4 * PIECE_BYTES;
/// Entries wait no longer than this for others: a journal that is followed sends them one by one.
const PAUSE: Duration = Duration::from_secs(1);
/// How long one entry may take.
const SLOWEST_ENTRY: Duration = Duration::from_secs(300);
/// How often, and how long apart, a piece is tried while the queue is full.
const TRIES: usize = 40;
const TRY_PAUSE: Duration = Duration::from_millis(500);

/// Takes a journal.
pub async fn upload(
    State(state): State<Arc<AppState>>,
    writer: Writer,
    request: Request,
) -> Result<Response, Problem> {
    check(request.headers())?;
    let default_service = header_text(request.headers(), "x-vigil-service");
    let mut frames = request.into_body().into_data_stream();
    let mut upload = Upload::new(state, writer, default_service);
    loop {
        let frame = tokio::select! {
            frame = next_frame(&mut frames) => frame?,
            () = tokio::time::sleep(PAUSE), if !upload.entries.is_empty() => {
                upload.store().await?;
                continue;
            }
        };
        let Some(frame) = frame else { break };
        upload.take(&frame).await?;
    }
    upload.finish().await?;
    Ok((StatusCode::ACCEPTED, "OK.\n").into_response())
}

/// Whether the body is one that is read here.
fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: header::HeaderName| {
        let value = headers.get(name)?;
        Some(value.to_str().unwrap_or("(not text)").trim())
    };
    if let Some(kind) = text(header::CONTENT_TYPE) {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(CONTENT_TYPE) {
            return Err(Problem::unsupported_media_type(format!(
                "content type is '{kind}', this address takes {CONTENT_TYPE}"
            )));
        }
    }
    match text(header::CONTENT_ENCODING) {
        None | Some("" | "identity") => Ok(()),
        Some(encoding) => Err(Problem::unsupported_media_type(format!(
            "content encoding is '{encoding}', a journal is read as it is only"
        ))),
    }
}

/// A journal that is being read.
struct Upload {
    state: Arc<AppState>,
    writer: Writer,
    default_service: Option<String>,
    reader: JournalReader,
    /// What is complete and not stored yet.
    entries: Vec<JournalEntry>,
    bytes: usize,
    share: Option<OwnedSemaphorePermit>,
    /// When the entry began that is being read, or the first of those that wait.
    since: Instant,
    accepted: usize,
    refused: usize,
    /// Why the first refused one was.
    reason: Option<String>,
}

impl Upload {
    fn new(state: Arc<AppState>, writer: Writer, default_service: Option<String>) -> Self {
        Self {
            reader: JournalReader::new(&state.limits),
            state,
            writer,
            default_service,
            entries: Vec::new(),
            bytes: 0,
            share: None,
            since: Instant::now(),
            accepted: 0,
            refused: 0,
            reason: None,
        }
    }

    /// Reads what came; full pieces are durable when this returns.
    async fn take(&mut self, frame: &Bytes) -> Result<(), Problem> {
        let (entries, bytes) = (&mut self.entries, &mut self.bytes);
        let before = entries.len();
        if before == 0 && !self.reader.is_torn() {
            self.since = Instant::now();
        }
        self.reader.push(frame, |entry| {
            *bytes += entry.size_bytes();
            entries.push(entry);
        });
        let is_late = self.since.elapsed() > PAUSE && !self.entries.is_empty();
        if self.entries.len() >= PIECE_ENTRIES || self.bytes >= PIECE_BYTES || is_late {
            self.store().await?;
        }
        if self.since.elapsed() > SLOWEST_ENTRY {
            return Err(Problem::slow_body(format!(
                "an entry took longer than {} s",
                SLOWEST_ENTRY.as_secs()
            )));
        }
        if self.bytes + self.reader.held_bytes() > FREE_BYTES && self.share.is_none() {
            match self.state.bodies.admit(SHARE_BYTES) {
                Ok(share) => self.share = share,
                Err(problem) if self.entries.is_empty() => return Err(problem),
                Err(_) => self.store().await?,
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<(), Problem> {
        let reader = std::mem::replace(&mut self.reader, JournalReader::new(&self.state.limits));
        let entries = &mut self.entries;
        reader.finish(|entry| entries.push(entry));
        self.store().await?;
        if self.refused > 0 {
            metrics::counter!("vigil_api_door_records_refused_total")
                .increment(self.refused as u64);
        }
        match self.reason {
            // A sender that hears of a problem sends all of it again, so it must be worth it.
            Some(reason) if self.accepted == 0 => Err(Problem::bad_request(reason)),
            _ => Ok(()),
        }
    }

    /// Makes durable what waits.
    async fn store(&mut self) -> Result<(), Problem> {
        let entries = std::mem::take(&mut self.entries);
        self.bytes = 0;
        let decoded = self.decode(entries).await?;
        let (mut keyed, mut others) = (Vec::new(), Vec::new());
        for (key, record) in decoded {
            match (record, key) {
                (Ok(record), Some(key)) => keyed.push((key, record)),
                (Ok(record), None) => others.push(record),
                (Err(reason), _) => {
                    self.refused += 1;
                    self.reason.get_or_insert(reason);
                }
            }
        }
        let jobs = keyed
            .into_iter()
            .map(|(key, record)| (Some(key), vec![record]))
            .chain((!others.is_empty()).then_some((None, others)));
        let (state, writer) = (&self.state, &self.writer);
        let stored = jobs.map(|(key, records)| submit(state, writer, key, records));
        let (mut accepted, mut refused) = (0, Vec::new());
        for (count, reasons) in try_join_all(stored).await? {
            accepted += count;
            refused.extend(reasons);
        }
        if accepted == 0 && refused.len() > 1 {
            // Not all of them can be at fault.
            return Err(Problem::new(ErrorKind::Internal, refused.swap_remove(0)));
        }
        self.accepted += accepted;
        self.refused += refused.len();
        if let Some(reason) = refused.into_iter().next() {
            self.reason.get_or_insert(reason);
        }
        self.share = None;
        self.since = Instant::now();
        Ok(())
    }

    async fn decode(&self, entries: Vec<JournalEntry>) -> Result<Vec<Decoded>, Problem> {
        let project_id = self.writer.project_id;
        let default_service = self.default_service.clone();
        let received_at_ns = self.state.clock.now_ns();
        let state = Arc::clone(&self.state);
        let work = move || {
            let context = Context {
                project_id,
                received_at_ns,
                default_service,
                limits: &state.limits,
            };
            entries
                .iter()
                .map(|entry| (entry.cursor().map(key_of), entry.decode(&context)))
                .collect()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))
    }
}

/// The key of an entry, and its record or why there is none.
type Decoded = (Option<[u8; 32]>, Result<LogRecord, String>);

fn key_of(cursor: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"journal");
    digest.update(cursor);
    digest.finalize().into()
}

/// Stores records, waiting while the queue is full; how many are durable then, and why the others are not.
async fn submit(
    state: &AppState,
    writer: &Writer,
    key: Option<[u8; 32]>,
    records: Vec<LogRecord>,
) -> Result<(usize, Vec<String>), Problem> {
    for _ in 0..TRIES {
        let outcome = state
            .engine
            .intake()
            .submit_once(writer.project_id, key, records.clone())
            .await;
        match outcome {
            Ok(accepted) => {
                let refused = accepted.refused.into_iter().map(|(_, reason)| reason);
                return Ok((accepted.count, refused.collect()));
            }
            Err(error) if error.kind() == ErrorKind::RateLimited => {
                tokio::time::sleep(TRY_PAUSE).await;
            }
            Err(error) if matches!(error.kind(), ErrorKind::Internal | ErrorKind::BadRequest) => {
                // What the database refuses for itself must not stand in the way of all that come after.
                return Ok((0, vec![error.to_string(); records.len()]));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(
        ErrorKind::RateLimited,
        "the queue is full; try again in a second",
    ))
}
