//! A position in a few bytes of text.

#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    pub fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub fn eat(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    pub fn eat_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let byte = self.peek().filter(|byte| bytes.contains(byte))?;
        self.at += 1;
        Some(byte)
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at.min(self.bytes.len())..]
    }

    /// How many digits follow.
    pub fn digit_run(&self) -> usize {
        self.rest()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    }

    /// Exactly `count` digits (at most 9); further digits are not looked at.
    pub fn digits(&mut self, count: usize) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + count)?;
        let mut value = 0;
        for digit in digits {
            let digit = digit.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            value = value * 10 + u32::from(digit);
        }
        self.at += count;
        Some(value)
    }

    /// One or two digits.
    pub fn one_or_two(&mut self) -> Option<u32> {
        match self.digit_run() {
            1 => self.digits(1),
            2 => self.digits(2),
            _ => None,
        }
    }

    /// A decimal fraction in nanoseconds; digits after the ninth are dropped.
    pub fn fraction(&mut self) -> Option<u32> {
        let run = self.digit_run();
        if run == 0 {
            return None;
        }
        let mut copy = *self;
        let kept = run.min(9);
        let value = copy.digits(kept)?;
        self.at += run;
        Some(value * 10_u32.pow(9 - u32::try_from(kept).ok()?))
    }

    /// A run of ASCII letters.
    pub fn letters(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let length = rest
            .iter()
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        self.at += length;
        &rest[..length]
    }

    /// Steps over spaces; how many.
    pub fn spaces(&mut self) -> usize {
        let start = self.at;
        while self.eat(b' ') {}
        self.at - start
    }
}
