//! Fetching a page of metrics over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::{Fetch, Page};
use ingest::{Encoding, Limits};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

/// Largest page, before and after it is unpacked. A busy exporter shows one or two megabytes.
const PAGE_BYTES: usize = 10 * 1024 * 1024;
/// What is understood, the best first.
const ACCEPTED: &str =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// What a target wants to see.
#[derive(Debug, Clone)]
pub(super) enum Credential {
    None,
    Bearer(SecretString),
    Basic {
        username: String,
        password: SecretString,
    },
}

/// The page of one target.
#[derive(Debug)]
pub(super) struct HttpPage {
    pub http: reqwest::Client,
    pub url: Url,
    pub credential: Credential,
    /// Told to the target; the client itself keeps to it.
    pub timeout: Duration,
    /// Pages that may be in memory at once.
    pub room: Arc<Semaphore>,
}

#[async_trait]
impl Fetch for HttpPage {
    async fn fetch(&self) -> Result<Page, String> {
        let mut response = self.request().send().await.map_err(|error| words(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("it answered {}", status.as_u16()));
        }
        let encoding = Encoding::from_header(text(response.headers(), &CONTENT_ENCODING))
            .map_err(|error| error.to_string())?;
        let content_type = text(response.headers(), &CONTENT_TYPE).map(str::to_owned);
        // Only now: a target that does not answer keeps no room from the others.
        let place = Arc::clone(&self.room)
            .acquire_owned()
            .await
            .map_err(|error| error.to_string())?;
        let mut packed = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| words(&error))? {
            if packed.len() + chunk.len() > PAGE_BYTES {
                return Err(format!("its page is larger than {PAGE_BYTES} bytes"));
            }
            packed.extend_from_slice(&chunk);
        }
        let body = if encoding == Encoding::Identity {
            packed
        } else {
            unpack(encoding, packed).await?
        };
        Ok(Page {
            content_type,
            body,
            place: Some(place),
        })
    }
}

impl HttpPage {
    fn request(&self) -> RequestBuilder {
        let request = self
            .http
            .get(self.url.clone())
            .header(ACCEPT, ACCEPTED)
            .header(ACCEPT_ENCODING, "gzip")
            .header(
                "X-Prometheus-Scrape-Timeout-Seconds",
                self.timeout.as_secs_f64().to_string(),
            );
        match &self.credential {
            Credential::None => request,
            Credential::Bearer(token) => request.bearer_auth(token.expose_secret()),
            Credential::Basic { username, password } => {
                request.basic_auth(username, Some(password.expose_secret()))
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &reqwest::header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

async fn unpack(encoding: Encoding, packed: Vec<u8>) -> Result<Vec<u8>, String> {
    let work = move || {
        let limits = Limits {
            body_bytes: PAGE_BYTES,
            ..Limits::default()
        };
        ingest::decompress(encoding, &packed, &limits)
            .map(std::borrow::Cow::into_owned)
            .map_err(|error| error.to_string())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| error.to_string())?
}

/// What went wrong, with its cause and without the address.
fn words(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() {
        "it did not answer in time".to_owned()
    } else if error.is_connect() {
        "it cannot be reached".to_owned()
    } else {
        "the answer broke off".to_owned()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.source().is_none() {
            words = format!("{words}: {error}");
        }
        cause = error.source();
    }
    words
}
