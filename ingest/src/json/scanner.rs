//! Finds where values begin and end, checking the grammar on the way.

use std::borrow::Cow;

use super::string::decode_string;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// What must be done to a slice before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing; the inside of a string is its text.
    Plain,
    /// It may be written as it is, but a string has escapes to undo.
    Escaped,
    /// It has white space to drop or something to replace.
    Dirty,
}

impl Form {
    fn of(is_clean: bool) -> Self {
        if is_clean { Self::Plain } else { Self::Dirty }
    }
}

/// A value as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    /// The slice, quotes and brackets included.
    pub raw: &'a str,
    pub kind: Kind,
    pub form: Form,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(crate) struct Field<'a> {
    /// Borrowed keys may be written as they are.
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
}

/// Why a value could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanError {
    /// It breaks the grammar at this byte.
    Syntax { at: usize, expected: &'static str },
    /// It is nested deeper than allowed.
    TooDeep,
}

pub(crate) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub at: usize,
}

type Scan<T> = Result<T, ScanError>;

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    pub fn slice_from(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over whitespace; whether there was any.
    #[inline]
    pub fn whitespace(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.at != start
    }

    fn error<T>(&self, expected: &'static str) -> Scan<T> {
        Err(ScanError::Syntax {
            at: self.at,
            expected,
        })
    }

    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Scan<()> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.error(expected)
        }
    }

    /// Reads the object that begins here into `fields` (cleared first) and says how many members it has.
    /// Only the first `keep` are kept. `levels` counts this object too.
    pub fn object(
        &mut self,
        fields: &mut Vec<Field<'a>>,
        keep: usize,
        levels: usize,
    ) -> Scan<usize> {
        fields.clear();
        if levels == 0 {
            return Err(ScanError::TooDeep);
        }
        self.expect(b'{', "'{'")?;
        let mut count = 0;
        self.whitespace();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(0);
        }
        loop {
            self.whitespace();
            let key = self.key()?;
            self.whitespace();
            self.expect(b':', "':' after a key")?;
            self.whitespace();
            let value = self.value(levels - 1)?;
            if count < keep {
                fields.push(Field { key, value });
            }
            count += 1;
            self.whitespace();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(count);
                }
                _ => return self.error("',' or '}' in an object"),
            }
        }
    }

    pub fn key(&mut self) -> Scan<Cow<'a, str>> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.error("a key in quotes");
        }
        let form = self.string()?;
        let raw = self.slice_from(start);
        Ok(match form {
            Form::Plain => Cow::Borrowed(&raw[1..raw.len() - 1]),
            _ => Cow::Owned(decode_string(raw).into_owned()),
        })
    }

    /// Reads the value that begins here; `levels` is how many containers it may nest.
    pub fn value(&mut self, levels: usize) -> Scan<Value<'a>> {
        let start = self.at;
        let (kind, form) = match self.peek() {
            Some(b'"') => (Kind::String, self.string()?),
            Some(b'{') => (Kind::Object, Form::of(self.container(levels)?)),
            Some(b'[') => (Kind::Array, Form::of(self.container(levels)?)),
            Some(b'-' | b'0'..=b'9') => (Kind::Number, Form::of(self.number()?)),
            Some(b't') => (Kind::Boolean, self.literal("true")?),
            Some(b'f') => (Kind::Boolean, self.literal("false")?),
            Some(b'n') => (Kind::Null, self.literal("null")?),
            _ => return self.error("a value"),
        };
        Ok(Value {
            raw: self.slice_from(start),
            kind,
            form,
        })
    }

    fn literal(&mut self, word: &'static str) -> Scan<Form> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(Form::Plain)
        } else {
            self.error("true, false or null")
        }
    }

    /// Steps over the string that begins here.
    #[inline]
    fn string(&mut self) -> Scan<Form> {
        let mut form = Form::Plain;
        let mut at = self.at + 1;
        loop {
            at += plain_run(&self.bytes[at..]);
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(form);
                }
                Some(b'\\') => {
                    let (length, is_plain) = self.escape(at)?;
                    if !is_plain {
                        form = Form::Dirty;
                    } else if form == Form::Plain {
                        form = Form::Escaped;
                    }
                    at += length;
                }
                Some(_) => {
                    // An unescaped control character.
                    form = Form::Dirty;
                    at += 1;
                }
                None => {
                    self.at = at;
                    return self.error("'\"' at the end of a string");
                }
            }
        }
    }

    /// The length of the escape at `at`, and whether it may be copied as it is.
    fn escape(&mut self, at: usize) -> Scan<(usize, bool)> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok((2, true)),
            Some(b'u') => {
                let digits = self.bytes.get(at + 2..at + 6);
                if digits.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                    return Ok((6, false));
                }
                self.at = at;
                self.error("four hex digits after '\\u'")
            }
            _ => {
                self.at = at;
                self.error("an escape that exists")
            }
        }
    }

    /// Steps over a number; whether every database can hold it.
    fn number(&mut self) -> Scan<bool> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.error("a digit"),
        }
        let mut is_plain = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.error("a digit after the point");
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_plain = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.error("a digit in the exponent");
            }
            self.digits();
        }
        let raw = self.slice_from(start);
        Ok((is_plain && raw.len() <= 18) || is_storable_number(raw))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    /// Steps over an object or array without recursion: bit `n` of `objects` says whether level `n` is an object.
    fn container(&mut self, levels: usize) -> Scan<bool> {
        let levels = levels.min(63);
        let (mut objects, mut depth, mut is_clean) = (0_u64, 0_usize, true);
        loop {
            // A value begins here.
            match self.peek() {
                Some(open @ (b'{' | b'[')) => {
                    if depth == levels {
                        return Err(ScanError::TooDeep);
                    }
                    self.at += 1;
                    objects = (objects << 1) | u64::from(open == b'{');
                    depth += 1;
                    is_clean &= !self.whitespace();
                    let close = if open == b'{' { b'}' } else { b']' };
                    if self.peek() != Some(close) {
                        if open == b'{' {
                            is_clean &= self.member_key()?;
                        }
                        continue;
                    }
                }
                _ => is_clean &= self.value(0)?.form != Form::Dirty,
            }
            // A value has ended here, or an empty container is about to.
            loop {
                if depth == 0 {
                    return Ok(is_clean);
                }
                is_clean &= !self.whitespace();
                let in_object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        is_clean &= !self.whitespace();
                        if in_object {
                            is_clean &= self.member_key()?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ if in_object => return self.error("',' or '}' in an object"),
                    _ => return self.error("',' or ']' in an array"),
                }
                self.at += 1;
                objects >>= 1;
                depth -= 1;
            }
        }
    }

    /// Steps over `"key":` and the whitespace around the colon.
    fn member_key(&mut self) -> Scan<bool> {
        if self.peek() != Some(b'"') {
            return self.error("a key in quotes");
        }
        let mut is_clean = self.string()? != Form::Dirty;
        is_clean &= !self.whitespace();
        self.expect(b':', "':' after a key")?;
        is_clean &= !self.whitespace();
        Ok(is_clean)
    }

    /// Steps over whatever begins at `start` by counting brackets outside strings, up to and including its closing
    /// bracket, or up to the `,` or `]` after a broken scalar. Gives the deepest level seen, or `None` (at the end of
    /// the text) when the brackets never close.
    pub fn resync(&mut self, start: usize) -> Option<usize> {
        self.at = start;
        let (mut depth, mut deepest) = (0_usize, 0_usize);
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.loose_string();
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(deepest);
                    }
                }
                b',' | b']' if depth == 0 => return Some(deepest),
                _ => {}
            }
            self.at += 1;
        }
        (depth == 0).then_some(deepest)
    }

    fn loose_string(&mut self) {
        self.at += 1;
        while let Some(offset) = memchr::memchr2(b'"', b'\\', &self.bytes[self.at..]) {
            self.at += offset;
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                return;
            }
            self.at = (self.at + 2).min(self.bytes.len());
        }
        self.at = self.bytes.len();
    }
}

/// Whether a JSON number fits an f64 without becoming infinite or zero and is not absurdly long: `1e100000` is
/// 8 bytes here and 100,001 digits in a Postgres `jsonb`.
pub(crate) fn is_storable_number(raw: &str) -> bool {
    const LONGEST: usize = 64;
    if raw.len() > LONGEST {
        return false;
    }
    let Ok(value) = raw.parse::<f64>() else {
        return false;
    };
    let mantissa = raw.split(['e', 'E']).next().unwrap_or(raw);
    let is_zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    value.is_finite() && (value != 0.0 || is_zero) && (is_zero || value.abs() > 1e-300)
}

/// How many bytes at the beginning are neither a quote, a backslash nor a control character; eight at a time.
/// Source of the bit tricks: Sean Eron Anderson, "Bit Twiddling Hacks", "Determine if a word has a byte less than n".
#[inline]
fn plain_run(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let special = has_zero(word ^ (ONES * u64::from(b'"')))
            | has_zero(word ^ (ONES * u64::from(b'\\')))
            | (word.wrapping_sub(ONES * 0x20) & !word & HIGHS);
        if special != 0 {
            // The lowest mark is exact: borrows only spread upwards.
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let tail = bytes[at..]
        .iter()
        .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
        .count();
    at + tail
}
