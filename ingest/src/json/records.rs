//! Walks the records of a body, each on its own.

use super::scanner::{Field, ScanError, Scanner};
use crate::{Error, Limits, LogFormat};

/// One record of a body: its top-level fields, or why there are none.
pub(crate) enum Element<'f, 'a> {
    /// The members of the object, in order, duplicates included.
    Fields(&'f mut Vec<Field<'a>>),
    /// Not a record; the reason.
    Rejected(String),
}

/// Calls `visit(index, element)` for every record of a JSON or NDJSON text, in order; each index occurs once.
///
/// # Errors
/// More records than `limits.records`.
pub(crate) fn for_each_element<'a>(
    format: LogFormat,
    text: &'a str,
    limits: &Limits,
    visit: impl FnMut(usize, Element<'_, 'a>),
) -> Result<(), Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut walk = Walk {
        limits,
        fields: Vec::new(),
        index: 0,
        known_line: None,
        visit,
    };
    if format == LogFormat::Ndjson {
        walk.lines(text)
    } else {
        walk.sequence(text)
    }
}

/// Reads a text that should be one object into `fields`, which are replaced.
///
/// # Errors
/// The reason for rejecting it; `fields` are of no use then.
pub(crate) fn read_object<'a>(
    text: &'a str,
    limits: &Limits,
    fields: &mut Vec<Field<'a>>,
) -> Result<(), String> {
    let mut outcome = Ok(());
    let mut walk = Walk {
        limits,
        fields: std::mem::take(fields),
        index: 0,
        known_line: None,
        visit: |_, element: Element<'_, 'a>| match element {
            Element::Fields(found) => std::mem::swap(found, fields),
            Element::Rejected(reason) => outcome = Err(reason),
        },
    };
    let walked = walk.line(text.trim_ascii());
    walked.map_err(|error| error.to_string())?;
    outcome
}

/// Ends the reason of a rejection behind which nothing could be read.
const UNREAD: &str = ", the rest was not read";

/// Where the next line after `from` begins that begins with an object, without indentation: members of objects that
/// are printed over several lines are indented.
fn next_line_object(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\n', &bytes[from..])
        .map(|offset| from + offset + 1)
        .find(|at| bytes.get(*at) == Some(&b'{'))
}

struct Walk<'a, 'l, F> {
    limits: &'l Limits,
    fields: Vec<Field<'a>>,
    index: usize,
    /// The last answer of `next_line`: from where it was looked for, and what was found.
    known_line: Option<(usize, Option<usize>)>,
    visit: F,
}

impl<'a, F: FnMut(usize, Element<'_, 'a>)> Walk<'a, '_, F> {
    fn lines(&mut self, text: &'a str) -> Result<(), Error> {
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).chain(std::iter::once(text.len()));
        for end in ends {
            let line = text[start..end].trim_ascii();
            start = end + 1;
            if !line.is_empty() {
                self.line(line)?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &'a str) -> Result<(), Error> {
        if line.len() > self.limits.record_bytes {
            return self.reject(self.too_large(line.len()));
        }
        let mut scanner = Scanner::new(line);
        match self.element(&mut scanner) {
            Ok(None) if scanner.at == line.len() => self.accept(),
            Ok(None) => self.reject(format!(
                "more text after the object at byte {} of the line",
                scanner.at
            )),
            Ok(Some(reason)) => self.reject(reason),
            Err(error) => {
                let reason = self.explain(error, &mut scanner, 0).0;
                self.reject(reason)
            }
        }
    }

    /// One value after the other; arrays are opened, their elements are the records. Where an object breaks, the next
    /// line that begins with one goes on, because NDJSON is often sent as JSON and one torn line must not cost the rest.
    fn sequence(&mut self, text: &'a str) -> Result<(), Error> {
        let mut scanner = Scanner::new(text);
        loop {
            scanner.whitespace();
            match scanner.peek() {
                None => return Ok(()),
                Some(b'[') => {
                    scanner.at += 1;
                    if !self.array(&mut scanner, text)? {
                        return Ok(());
                    }
                }
                Some(b',' | b']') => {
                    let next = self.next_line(text, scanner.at);
                    self.reject(format!(
                        "invalid JSON at byte {}: expected an object or an array{}",
                        scanner.at,
                        if next.is_some() { "" } else { UNREAD }
                    ))?;
                    match next {
                        Some(next) => scanner.at = next,
                        None => return Ok(()),
                    }
                }
                Some(_) => {
                    if !self.record(&mut scanner, text)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// [`next_line_object`], looked for once for all the broken records before it.
    fn next_line(&mut self, text: &str, from: usize) -> Option<usize> {
        if let Some((since, found)) = self.known_line
            && since <= from
            && found.is_none_or(|at| from < at)
        {
            return found;
        }
        let found = next_line_object(text, from);
        self.known_line = Some((from, found));
        found
    }

    /// One record. False when nothing after it can be found.
    fn record(&mut self, scanner: &mut Scanner<'a>, text: &'a str) -> Result<bool, Error> {
        let start = scanner.at;
        let error = match self.element(scanner) {
            Ok(None) => return self.accept().map(|()| true),
            Ok(Some(reason)) => return self.reject(reason).map(|()| true),
            Err(error) => error,
        };
        self.broken(error, scanner, text, start)
    }

    /// Rejects what broke, and steps over it. False when nothing after it can be found.
    fn broken(
        &mut self,
        error: ScanError,
        scanner: &mut Scanner<'a>,
        text: &'a str,
        start: usize,
    ) -> Result<bool, Error> {
        // The brackets of a torn line close nowhere or in a line that is not its own.
        let next = self.next_line(text, start);
        let mut own = Scanner::new(&text[..next.unwrap_or(text.len())]);
        let (mut reason, is_closed) = self.explain(error, &mut own, start);
        let goes_on = if is_closed && own.at > start {
            scanner.at = own.at;
            true
        } else if let Some(next) = next {
            scanner.at = next;
            true
        } else {
            reason.push_str(UNREAD);
            false
        };
        self.reject(reason)?;
        Ok(goes_on)
    }

    /// The elements of an array whose bracket was read. False when it breaks and the rest cannot be read.
    fn array(&mut self, scanner: &mut Scanner<'a>, text: &'a str) -> Result<bool, Error> {
        loop {
            scanner.whitespace();
            match scanner.peek() {
                Some(b']') => {
                    scanner.at += 1;
                    return Ok(true);
                }
                None => {
                    self.reject("the array ends without ']', records may be missing".to_owned())?;
                    return Ok(false);
                }
                Some(b',') => {
                    let at = scanner.at;
                    self.reject(format!("invalid JSON at byte {at}: expected a value"))?;
                    scanner.at += 1;
                    continue;
                }
                Some(_) => {}
            }
            if !self.record(scanner, text)? {
                return Ok(false);
            }
            scanner.whitespace();
            match scanner.peek() {
                Some(b',') => scanner.at += 1,
                // Between two objects a comma is not missed.
                Some(b']' | b'{') | None => {}
                Some(_) => {
                    // What stands there up to the next comma is a record that cannot be read.
                    let (at, expected) = (scanner.at, "',' or ']'");
                    if !self.broken(ScanError::Syntax { at, expected }, scanner, text, at)? {
                        return Ok(false);
                    }
                    scanner.whitespace();
                    if scanner.peek() == Some(b',') {
                        scanner.at += 1;
                    }
                }
            }
        }
    }

    /// Reads the value that begins here into `self.fields`; `Some(reason)` when it is valid but no record.
    fn element(&mut self, scanner: &mut Scanner<'a>) -> Result<Option<String>, ScanError> {
        let start = scanner.at;
        // Fields that are not attributes: a few aliases of each role.
        let keep = self.limits.attributes + 64;
        if scanner.peek() != Some(b'{') {
            let value = scanner.value(self.limits.depth)?;
            return Ok(Some(format!(
                "record is {}, not an object",
                value.kind.with_article()
            )));
        }
        let count = scanner.object(&mut self.fields, keep, self.limits.depth)?;
        let length = scanner.at - start;
        if length > self.limits.record_bytes {
            return Ok(Some(self.too_large(length)));
        }
        if count > keep {
            return Ok(Some(too_many_attributes(count, self.limits)));
        }
        Ok(None)
    }

    /// Words for a scan error, and whether the scanner now stands after the broken record.
    fn explain(&self, error: ScanError, scanner: &mut Scanner<'a>, start: usize) -> (String, bool) {
        let end = scanner.resync(start);
        let length = scanner.at - start;
        match error {
            ScanError::TooDeep => {
                let deepest = end.unwrap_or(self.limits.depth + 1);
                let reason = if length > self.limits.record_bytes {
                    self.too_large(length)
                } else {
                    format!(
                        "record is nested {deepest} levels deep, limit is {}",
                        self.limits.depth
                    )
                };
                (reason, end.is_some())
            }
            ScanError::Syntax { at, expected } => (
                format!("invalid JSON at byte {at}: expected {expected}"),
                end.is_some(),
            ),
        }
    }

    fn too_large(&self, length: usize) -> String {
        format!(
            "record is {length} bytes, limit is {}",
            self.limits.record_bytes
        )
    }

    fn accept(&mut self) -> Result<(), Error> {
        let index = self.next_index()?;
        (self.visit)(index, Element::Fields(&mut self.fields));
        Ok(())
    }

    fn reject(&mut self, reason: String) -> Result<(), Error> {
        let index = self.next_index()?;
        (self.visit)(index, Element::Rejected(reason));
        Ok(())
    }

    fn next_index(&mut self) -> Result<usize, Error> {
        if self.index >= self.limits.records {
            return Err(Error::TooManyRecords {
                limit: self.limits.records,
            });
        }
        self.index += 1;
        Ok(self.index - 1)
    }
}

/// The reason for a record with more attributes than allowed.
pub(crate) fn too_many_attributes(count: usize, limits: &Limits) -> String {
    format!(
        "record has {count} attributes, limit is {}",
        limits.attributes
    )
}
