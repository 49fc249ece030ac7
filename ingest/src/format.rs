//! What kind of text a body is.

use crate::Error;

/// How the records of a body are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One JSON object, an array of objects, or several of these one after the other.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// One record per line of plain text, read like a log file.
    Text,
    /// Nobody said: the first bytes decide.
    #[default]
    Auto,
}

impl LogFormat {
    /// Reads a `Content-Type` header. A missing one, `application/octet-stream` and the form type that curl sends
    /// with `-d` say nothing about the body and become [`LogFormat::Auto`].
    ///
    /// # Errors
    /// Any other content type.
    pub fn from_content_type(value: Option<&str>) -> Result<Self, Error> {
        let full = value.unwrap_or("");
        let media = full.split(';').next().unwrap_or("").trim();
        match media.to_ascii_lowercase().as_str() {
            "" | "*/*" | "application/octet-stream" | "application/x-www-form-urlencoded" => {
                Ok(Self::Auto)
            }
            "application/json" | "text/json" => Ok(Self::Json),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "application/stream+json" => Ok(Self::Ndjson),
            "text/plain" | "application/logplex-1" => Ok(Self::Text),
            other if other.ends_with("+json") => Ok(Self::Json),
            _ => Err(Error::UnsupportedContentType(
                media.chars().take(64).collect(),
            )),
        }
    }

    /// What the body is; only [`LogFormat::Auto`] looks at it.
    pub(crate) fn resolve(self, text: &str) -> Self {
        if self != Self::Auto {
            return self;
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
        match text.as_bytes().first() {
            Some(b'{') => sniff_object(text),
            Some(b'[') => {
                // `[{` and `[]` begin a JSON array, `[2026-11-23 ...` and `[error]` a line of text.
                match text[1..].trim_start().as_bytes().first() {
                    None | Some(b'{' | b']') => Self::Json,
                    Some(_) => Self::Text,
                }
            }
            _ => Self::Text,
        }
    }
}

/// A first line that is an object of its own, followed by more, is NDJSON: there a broken line cannot
/// harm its neighbours.
fn sniff_object(text: &str) -> LogFormat {
    match text.split_once('\n') {
        Some((first, rest)) if first.trim_end().ends_with('}') && !rest.trim_start().is_empty() => {
            LogFormat::Ndjson
        }
        _ => LogFormat::Json,
    }
}

#[cfg(test)]
mod tests;
