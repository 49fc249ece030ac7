//! Bytes as they come, cut into lines.

/// Cuts chunks of bytes into lines. An unfinished line waits for the chunk with its end; it may grow to the limit and
/// no further: then it counts as a line, and what follows up to its end is dropped.
#[derive(Debug)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to where there is no line end.
    searched: usize,
    /// Most bytes of a line.
    limit_bytes: usize,
    /// True while the rest of a line that was too long is dropped.
    is_dropping: bool,
}

impl Lines {
    /// A splitter for lines of at most `limit_bytes` (at least 1); longer ones are cut.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            searched: 0,
            limit_bytes: limit_bytes.max(1),
            is_dropping: false,
        }
    }

    /// Adds what came. All complete lines should have been taken before.
    pub fn extend(&mut self, mut chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.is_dropping {
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                return;
            };
            self.is_dropping = false;
            chunk = &chunk[end + 1..];
        }
        self.buffer.extend_from_slice(chunk);
    }

    /// The next line, without its end; `None` until more comes.
    pub fn next_line(&mut self) -> Option<&[u8]> {
        let start = self.start;
        if let Some(offset) = memchr::memchr(b'\n', &self.buffer[self.searched..]) {
            let end = self.searched + offset;
            self.start = end + 1;
            self.searched = self.start;
            let cut = end.min(start + self.limit_bytes);
            return Some(without_return(&self.buffer[start..cut]));
        }
        self.searched = self.buffer.len();
        if self.buffer.len() - start < self.limit_bytes {
            return None;
        }
        self.is_dropping = true;
        self.start = self.buffer.len();
        // Where the line end is found at once, it is taken off a cut line as well.
        Some(without_return(
            &self.buffer[start..start + self.limit_bytes],
        ))
    }

    /// Whether a line has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.start < self.buffer.len()
    }

    /// The line that has begun, as far as it came; for the end of the input. Bytes that come later begin a new line.
    pub fn take_rest(&mut self) -> Option<Vec<u8>> {
        self.is_dropping = false;
        let rest = self.buffer.split_off(self.start);
        self.buffer.clear();
        self.start = 0;
        self.searched = 0;
        (!rest.is_empty()).then_some(rest)
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests;
