//! Which lines belong to the record before them: stack traces and indented text.

use domain::{LogRecord, Severity};

use super::stamp::leading_stamp;

/// What kind of stack trace is being read, which decides how its last lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StackTrace {
    None,
    /// After `Traceback (most recent call last)`: up to the first line that is not indented, the exception itself.
    Python,
    /// After `panic:` or `goroutine 1 [running]:`: function names without indentation.
    Go,
}

impl StackTrace {
    pub fn of(body: &str) -> Self {
        if body.contains("Traceback (most recent call last)") {
            Self::Python
        } else if body.starts_with("panic: ")
            || body.starts_with("fatal error: ")
            || body.starts_with("goroutine ")
        {
            Self::Go
        } else {
            Self::None
        }
    }
}

/// Whether a line that is not empty continues the record before it.
pub(super) fn continues(
    line: &str,
    before: &LogRecord,
    trace: &mut StackTrace,
    received_at_ns: i64,
) -> bool {
    let trimmed = line.trim_start();
    if trimmed.len() < line.len() {
        // Some formats indent whole records.
        return leading_stamp(trimmed, received_at_ns).is_none() && !trimmed.starts_with('{');
    }
    if is_trace_line(line) {
        return true;
    }
    // A trace that stands alone begins a record; after a warning or an error it explains that.
    let explains = before.severity >= Severity::Warn || before.severity == Severity::Unspecified;
    if line.starts_with("Traceback (most recent call last)") {
        *trace = StackTrace::Python;
        return explains;
    }
    match *trace {
        StackTrace::Python => {
            let is_exception = is_python_exception(line);
            if is_exception {
                *trace = StackTrace::None;
            }
            is_exception
        }
        StackTrace::Go => is_go_frame(line),
        StackTrace::None => explains && is_exception_line(line),
    }
}

/// Lines that only occur inside stack traces.
fn is_trace_line(line: &str) -> bool {
    const STARTS: [&str; 12] = [
        "Caused by: ",
        "Caused by:",
        "Suppressed: ",
        "... ",
        "at ",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "stack backtrace:",
        "note: run with `RUST_BACKTRACE",
        "note: Some details are omitted",
        "--- End of ",
        "   --- End of ",
    ];
    STARTS.iter().any(|start| {
        line.starts_with(start)
            && match *start {
                "... " => line.ends_with(" more") || line.ends_with("common frames omitted"),
                "at " => line.contains(['(', '/', ':']),
                _ => true,
            }
    })
}

/// `java.lang.IllegalStateException: text`, `System.InvalidOperationException: text`: a dotted name that ends in
/// `Exception`, `Error` or `Throwable`.
pub(super) fn is_exception_line(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or("");
    let ends =
        name.ends_with("Exception") || name.ends_with("Error") || name.ends_with("Throwable");
    ends && name.contains('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$'))
}

/// `ValueError: text`, `KeyboardInterrupt`, `requests.exceptions.Timeout: text`.
fn is_python_exception(line: &str) -> bool {
    let name = line.split([':', ' ', '(']).next().unwrap_or("");
    let last = name.rsplit('.').next().unwrap_or("");
    last.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        && (name.len() == line.trim_end().len() || line[name.len()..].starts_with(": "))
}

/// `main.main()`, `created by net/http.(*Server).Serve`, `goroutine 7 [select]:`, `exit status 2`.
fn is_go_frame(line: &str) -> bool {
    line.starts_with("goroutine ")
        || line.starts_with("created by ")
        || line.starts_with("exit status ")
        || line.starts_with("[signal ")
        || (line.ends_with(')') && line.contains('.') && line.contains('('))
}
