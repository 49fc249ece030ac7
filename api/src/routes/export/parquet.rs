//! The records of an export as one Parquet file, piece by piece.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use domain::RecordColumns;
use engine::ExportStream;
use store::ParquetExport;

use crate::problem::Problem;

/// What was written and not taken yet.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut pipe = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Piece = Result<Bytes, std::io::Error>;

/// A file under way.
pub(super) struct ParquetPieces {
    /// `None` when the file is complete or broken.
    file: Option<ParquetExport<Pipe>>,
    pipe: Pipe,
    first: Option<RecordColumns>,
    records: ExportStream,
}

impl ParquetPieces {
    pub(super) fn new(
        first: Option<RecordColumns>,
        records: ExportStream,
    ) -> Result<Self, Problem> {
        let pipe = Pipe::default();
        let file = ParquetExport::new(pipe.clone())
            .map_err(|error| Problem::from(engine::Error::Internal(error.to_string())))?;
        Ok(Self {
            file: Some(file),
            pipe,
            first,
            records,
        })
    }

    /// The next bytes of the file. One that broke off has no end, and no reader takes it for a whole one.
    pub(super) async fn step(mut self) -> Option<(Piece, Self)> {
        loop {
            let mut file = self.file.take()?;
            let batch = match self.first.take() {
                Some(batch) => Some(Ok(batch)),
                None => self.records.next().await,
            };
            let outcome = match batch {
                Some(Ok(batch)) => file.write(&batch).map(|()| self.file = Some(file)),
                Some(Err(error)) => {
                    tracing::error!(http.route = "/api/v1/export", %error, "an export broke off");
                    return Some((Err(std::io::Error::other("the export broke off")), self));
                }
                None => file.finish().map(drop),
            };
            if let Err(error) = outcome {
                tracing::error!(http.route = "/api/v1/export", %error, "an export broke off");
                self.file = None;
                return Some((Err(std::io::Error::other("the export broke off")), self));
            }
            let bytes = self.pipe.take();
            if !bytes.is_empty() {
                return Some((Ok(Bytes::from(bytes)), self));
            }
        }
    }
}
