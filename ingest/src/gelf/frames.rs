//! Messages out of a stream: each ends with NUL, or, of senders that do not know this, with a line end.

/// What has come of a message.
#[derive(Debug, Clone, Copy, Default)]
struct Nesting {
    /// Brackets that are open.
    depth: usize,
    is_in_string: bool,
    is_escaped: bool,
    /// Whether an object has begun.
    has_begun: bool,
}

impl Nesting {
    fn step(&mut self, byte: u8) {
        if self.is_in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.has_begun = true;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

/// Cuts a stream into messages. A message that is too long is cut, and its rest is dropped.
///
/// Until a NUL ends the first one, a line end does when it stands behind a whole object, or before a line that begins with
/// one; so one that is broken costs only itself, and one that is printed over several lines is whole.
#[derive(Debug)]
pub struct GelfFrames {
    buffer: Vec<u8>,
    limit_bytes: usize,
    nesting: Nesting,
    /// Whether a NUL has ended a message.
    has_nul: bool,
    /// Whether the byte before was a line end.
    is_after_line: bool,
}

impl GelfFrames {
    /// A splitter for messages of at most `limit_bytes` (at least 1).
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            limit_bytes: limit_bytes.max(1),
            nesting: Nesting::default(),
            has_nul: false,
            is_after_line: false,
        }
    }

    /// Bytes of a message that has begun.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.buffer.trim_ascii().len()
    }

    /// The memory that is held.
    #[must_use]
    pub fn capacity_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Adds what came and gives the messages that are complete.
    pub fn push(&mut self, mut chunk: &[u8], mut message: impl FnMut(&[u8])) {
        while !chunk.is_empty() {
            if self.has_nul {
                let Some(end) = memchr::memchr(0, chunk) else {
                    self.keep(chunk);
                    return;
                };
                self.keep(&chunk[..end]);
                self.end(&mut message);
                chunk = &chunk[end + 1..];
            } else {
                self.byte(chunk[0], &mut message);
                chunk = &chunk[1..];
            }
        }
    }

    /// Gives what is left when the stream ends.
    pub fn finish(mut self, mut message: impl FnMut(&[u8])) {
        self.end(&mut message);
    }

    fn byte(&mut self, byte: u8, message: &mut impl FnMut(&[u8])) {
        if byte == 0 {
            self.has_nul = true;
            return self.end(message);
        }
        let ends_line = byte == b'\n';
        let is_whole = self.nesting.has_begun && self.nesting.depth == 0;
        if (ends_line && is_whole && !self.nesting.is_in_string)
            || (byte == b'{' && self.is_after_line)
        {
            self.end(message);
        }
        self.is_after_line = ends_line;
        self.nesting.step(byte);
        self.keep(&[byte]);
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = self.limit_bytes.saturating_sub(self.buffer.len());
        self.buffer
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end(&mut self, message: &mut impl FnMut(&[u8])) {
        let whole = self.buffer.trim_ascii();
        if !whole.is_empty() {
            message(whole);
        }
        // A single long message must not hold its memory for as long as the connection lives.
        if self.buffer.capacity() > 64 * 1024 {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.nesting = Nesting::default();
        self.is_after_line = false;
    }
}
