//! One request and its answer, failures sorted by what they mean.

use std::error::Error as _;
use std::time::Duration;

use domain::Clock;
use reqwest::RequestBuilder;
use reqwest::header::RETRY_AFTER;

use super::{HttpClient, HttpError, RefusedAddress};
use crate::retry::MAX_RETRY_AFTER;
use crate::text::{clip, one_line};
use crate::{SendError, SendReason};

/// Characters of an answer that a message may quote.
const MAX_QUOTE: usize = 200;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: String,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A few words of the body for a message.
    pub fn quote(&self) -> String {
        clip(&one_line(&self.body), MAX_QUOTE)
    }
}

impl From<HttpError> for SendError {
    fn from(error: HttpError) -> Self {
        Self::permanent(SendReason::ClientError, error.to_string())
    }
}

/// Sends a request; an answer of any status is an answer.
pub(crate) async fn exchange(
    client: &HttpClient,
    clock: &dyn Clock,
    request: RequestBuilder,
) -> Result<Answer, SendError> {
    let response = request.send().await.map_err(transport_failure)?;
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| parse_retry_after(value, clock.now_ns()));
    let body = match client.read(response).await {
        Ok(body) => body,
        // The status says enough for a refusal; an acceptance must be complete.
        Err(_) if !(200..300).contains(&status) => String::new(),
        Err(error) => return Err(transport_failure(error)),
    };
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

fn transport_failure(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let mut source = error.source();
    let mut cause = String::new();
    while let Some(inner) = source {
        if let Some(refused) = inner.downcast_ref::<RefusedAddress>() {
            return SendError::permanent(SendReason::ClientError, refused.to_string());
        }
        cause = inner.to_string();
        source = inner.source();
    }
    if error.is_timeout() {
        let when = if error.is_connect() {
            "while connecting"
        } else {
            "before the answer"
        };
        return SendError::temporary(SendReason::Timeout, format!("the time was over {when}"));
    }
    if error.is_builder() {
        return SendError::permanent(SendReason::ClientError, "the request could not be built");
    }
    let what = if error.is_connect() {
        "cannot connect"
    } else {
        "the connection broke"
    };
    SendError::temporary(
        SendReason::ServerError,
        format!("{what}: {}", clip(&one_line(&cause), MAX_QUOTE)),
    )
}

/// What an answer that is not an acceptance means, by its status.
pub(crate) fn failure(answer: &Answer) -> SendError {
    let status = answer.status;
    let quote = answer.quote();
    let text = if quote.is_empty() {
        format!("answered {status}")
    } else {
        format!("answered {status}: {quote}")
    };
    let error = match status {
        401 | 403 => SendError::permanent(SendReason::AuthError, text),
        408 => SendError::temporary(SendReason::Timeout, text),
        429 => SendError::temporary(SendReason::RateLimited, text),
        500.. => SendError::temporary(SendReason::ServerError, text),
        300..=399 => SendError::permanent(
            SendReason::ClientError,
            format!("{text} (redirects are not followed)"),
        ),
        _ => SendError::permanent(SendReason::ClientError, text),
    };
    SendError {
        retry_after: answer.retry_after.filter(|_| error.retryable),
        ..error
    }
    .with_status(status)
}

/// `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3), at most an hour.
fn parse_retry_after(value: &str, now_ns: i64) -> Option<Duration> {
    let value = value.trim();
    let wait = match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            Duration::from_secs_f64(seconds.min(MAX_RETRY_AFTER.as_secs_f64()))
        }
        Ok(_) => return None,
        Err(_) => {
            let at = httpdate::parse_http_date(value).ok()?;
            let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
            let now = Duration::from_nanos(u64::try_from(now_ns).unwrap_or(0));
            at.saturating_sub(now)
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::{Duration, parse_retry_after};

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = 1_795_428_000_000_000_000;
        let check = |value, seconds: Option<u64>| {
            assert_eq!(
                parse_retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        };
        check("30", Some(30));
        check(" 5 ", Some(5));
        check("99999999", Some(3_600));
        check("Mon, 23 Nov 2026 10:01:00 GMT", Some(60));
        check("Mon, 23 Nov 2020 10:01:00 GMT", Some(0));
        check("-1", None);
        check("soon", None);
        check("NaN", None);
    }
}
