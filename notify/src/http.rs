//! The one outbound HTTP client.
//!
//! Every address that somebody can configure is a way to make this process talk to machines that only it can
//! reach (SSRF). So: no redirects, no proxy out of the environment, timeouts, a cap on the answer, https unless
//! the receiver may reach private networks, and a check of the *resolved* address at the moment of connecting,
//! which a name that changes its address in between (DNS rebinding) cannot get around.

use std::sync::Arc;
use std::time::Duration;

use domain::ErrorKind;
use reqwest::{RequestBuilder, Response, Url};

mod address;
mod exchange;
mod resolver;

pub use address::{AddressClass, classify_address};
pub(crate) use address::{Guard, RefusedAddress};
pub(crate) use exchange::{Answer, exchange, failure};

/// How outbound HTTP behaves.
#[derive(Debug, Clone)]
pub struct HttpPolicy {
    /// Until the connection stands, TLS included; 5 seconds.
    pub connect_timeout: Duration,
    /// Until the answer is complete; 15 seconds (Standard Webhooks recommends 15 to 30).
    pub total_timeout: Duration,
    /// Answers are read up to this many bytes; 64 KiB.
    pub max_response_bytes: usize,
    /// Whether private, loopback, link-local and carrier-grade NAT addresses may be reached, and http used.
    /// Cloud metadata services, multicast and reserved addresses stay out of reach.
    pub allow_private: bool,
    /// Host names (`hooks.internal`, `.internal` for all below), addresses or networks (`10.1.0.0/16`) that may
    /// be reached all the same.
    pub allow: Vec<String>,
    /// A proxy for everything; none by default, and the environment is not asked.
    pub proxy: Option<String>,
}

impl Default for HttpPolicy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
            max_response_bytes: 64 * 1024,
            allow_private: false,
            allow: Vec::new(),
            proxy: None,
        }
    }
}

/// An address that is not used, or a client that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Not an http or https address with a host.
    #[error("the address is not a usable url: {0}")]
    Url(String),
    /// Plain http to a public host.
    #[error(
        "http to '{0}' would show the message and its credential to the network; use https, or allow_private for a host inside"
    )]
    NotEncrypted(String),
    /// The guard refused it.
    #[error("{0}")]
    Refused(String),
    /// The client could not be set up.
    #[error("the http client cannot be set up: {0}")]
    Setup(String),
}

impl HttpError {
    /// The protocol-neutral kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Setup(_) => ErrorKind::Internal,
            _ => ErrorKind::BadRequest,
        }
    }
}

/// A client under an [`HttpPolicy`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    guard: Arc<Guard>,
    max_response_bytes: usize,
}

/// Makes a client. Installs `ring` as the process's TLS provider when there is none yet.
///
/// # Errors
/// Fails when the allow-list or the proxy cannot be read.
pub fn http_client(policy: &HttpPolicy) -> Result<HttpClient, HttpError> {
    // Already installed (by us, or by the executable) is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut guard = Guard::new(policy.allow_private, &policy.allow).map_err(HttpError::Setup)?;
    let proxy = policy
        .proxy
        .as_deref()
        .map(|text| parse_proxy(text, &mut guard))
        .transpose()?;
    let guard = Arc::new(guard);
    let builder = || {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(policy.connect_timeout)
            .timeout(policy.total_timeout)
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(4)
            .user_agent(concat!("vigil/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(resolver::GuardedResolver::new(guard.clone()));
        match &proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder,
        }
    };
    // A machine without certificates of its own (a bare container) gets Mozilla's.
    let client = builder()
        .build()
        .or_else(|_| {
            builder()
                .tls_backend_preconfigured(built_in_roots())
                .build()
        })
        .map_err(|error| HttpError::Setup(error.without_url().to_string()))?;
    Ok(HttpClient {
        client,
        guard,
        max_response_bytes: policy.max_response_bytes,
    })
}

fn built_in_roots() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The operator's own word: the proxy's host may be anywhere.
fn parse_proxy(text: &str, guard: &mut Guard) -> Result<reqwest::Proxy, HttpError> {
    let setup = |error: String| HttpError::Setup(format!("proxy: {error}"));
    let url = Url::parse(text).map_err(|error| setup(error.to_string()))?;
    if let Some(host) = url.host_str() {
        guard.allow_host(host);
    }
    reqwest::Proxy::all(url).map_err(|error| setup(error.without_url().to_string()))
}

impl HttpClient {
    /// Checks an address without connecting: scheme, encryption, and the host when it is a bare IP address
    /// (names are checked when they are resolved).
    ///
    /// # Errors
    /// Says why the address is not used.
    pub fn check(&self, url: &str) -> Result<Url, HttpError> {
        let url = Url::parse(url.trim()).map_err(|error| HttpError::Url(error.to_string()))?;
        let host = url
            .host_str()
            .ok_or_else(|| HttpError::Url("it has no host".to_owned()))?
            .to_owned();
        let inside = match literal_address(&host) {
            Some(address) => {
                self.guard
                    .check(&host, address)
                    .map_err(|refused| HttpError::Refused(refused.to_string()))?;
                self.guard.reaches_inside(&host) || self.guard.lists(address)
            }
            None => self.guard.reaches_inside(&host),
        };
        match url.scheme() {
            "https" => Ok(url),
            "http" if inside => Ok(url),
            "http" => Err(HttpError::NotEncrypted(host)),
            other => Err(HttpError::Url(format!(
                "scheme '{other}' is not http or https"
            ))),
        }
    }

    /// A POST to an address that passes [`HttpClient::check`].
    ///
    /// # Errors
    /// As [`HttpClient::check`].
    pub fn post(&self, url: &str) -> Result<RequestBuilder, HttpError> {
        Ok(self.client.post(self.check(url)?))
    }

    /// The client itself, for rooms that build their own requests: check every configured base address with
    /// [`HttpClient::check`] first. Names are guarded either way.
    #[must_use]
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The body of an answer up to the limit; what is beyond is not read.
    pub(crate) async fn read(&self, mut response: Response) -> Result<String, reqwest::Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let room = self.max_response_bytes - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() >= self.max_response_bytes {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// The address when a URL's host is one (`url` normalises `0x7f.1` and `[::1]`).
fn literal_address(host: &str) -> Option<std::net::IpAddr> {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests;
