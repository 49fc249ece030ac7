//! Inputs that are read to their end, on a thread of their own: a read of a pipe blocks.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use tokio::sync::mpsc;

use super::is_standard_input;

/// Bytes of one read.
const CHUNK_BYTES: usize = 256 * 1024;
/// Chunks that may wait; the reading thread waits for room.
const WAITING_CHUNKS: usize = 4;

/// What was read, in order; an error is the last.
pub(super) type Chunks = mpsc::Receiver<io::Result<Vec<u8>>>;

/// Begins to read a file or standard input, unpacked when it is compressed. The bar counts what is read of the file.
pub(super) fn open(path: &Path, bar: &ProgressBar) -> io::Result<Chunks> {
    let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
    let (path, bar) = (PathBuf::from(path), bar.clone());
    std::thread::Builder::new()
        .name("vigil-read".into())
        .spawn(move || {
            if let Err(error) = read(&path, &bar, &sender) {
                sender.blocking_send(Err(error)).ok();
            }
        })?;
    Ok(chunks)
}

fn read(
    path: &Path,
    bar: &ProgressBar,
    sender: &mpsc::Sender<io::Result<Vec<u8>>>,
) -> io::Result<()> {
    let raw: Box<dyn Read> = if is_standard_input(path) {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let file = BufReader::with_capacity(CHUNK_BYTES, bar.wrap_read(raw));
    let mut plain = ingest::unpacked(file)?;
    loop {
        let mut chunk = vec![0; CHUNK_BYTES];
        let count = match plain.read(&mut chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        };
        chunk.truncate(count);
        // Nobody listens any more when the command ends.
        if count == 0 || sender.blocking_send(Ok(chunk)).is_err() {
            return Ok(());
        }
    }
}
