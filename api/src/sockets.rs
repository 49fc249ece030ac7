//! The doors that are sockets of their own: syslog, syslog over TLS, GELF and Fluentd's forward protocol, each when it is
//! switched on.
//!
//! A door writes into one project: that of its ingest token when it has one, else the default project. Most of these
//! protocols answer nothing, so nothing is promised; senders over streams are slowed down when the store is slow, datagrams
//! that find no room are dropped and counted.

mod destination;
mod fluent;
mod gelf;
mod inlet;
mod memory;
mod reader;
mod storing;
mod streams;
mod syslog;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use domain::ProjectId;
use engine::Tasks;
use secrecy::SecretString;
use tokio::net::{TcpListener, UdpSocket};

use crate::state::AppState;
use destination::Destination;
use tls::TlsFiles;

/// Which doors are open, and where.
#[derive(Debug, Clone, Default)]
pub struct SocketConfig {
    /// Syslog over UDP and TCP.
    pub syslog_addr: Option<SocketAddr>,
    /// Syslog over TLS (RFC 5425).
    pub syslog_tls: Option<SyslogTls>,
    /// The ingest token whose project syslog writes into.
    pub syslog_token: Option<SecretString>,
    /// GELF over UDP and TCP.
    pub gelf_addr: Option<SocketAddr>,
    /// The ingest token whose project GELF writes into.
    pub gelf_token: Option<SecretString>,
    /// Fluentd's forward protocol.
    pub fluent_addr: Option<SocketAddr>,
    /// The ingest token whose project it writes into; senders must know it as the shared key.
    pub fluent_token: Option<SecretString>,
}

/// Syslog over TLS.
#[derive(Debug, Clone)]
pub struct SyslogTls {
    /// Where.
    pub addr: SocketAddr,
    /// The server's certificate and those that vouch for it, PEM.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Certificates (PEM) of those that vouch for senders; with it only senders who have such a certificate may write.
    pub client_authorities: Option<PathBuf>,
}

/// The open sockets.
pub struct Sockets {
    syslog: Option<(Pair, Destination)>,
    syslog_tls: Option<(TcpListener, tokio_rustls::TlsAcceptor, Destination)>,
    gelf: Option<(Pair, Destination)>,
    fluent: Option<(Pair, Destination)>,
}

/// One address over UDP and TCP.
struct Pair {
    datagrams: UdpSocket,
    streams: TcpListener,
}

impl Pair {
    async fn bind(door: &str, addr: SocketAddr) -> anyhow::Result<Self> {
        let what = || format!("listening for {door} on {addr}");
        let streams = TcpListener::bind(addr).await.with_context(what)?;
        // Port 0 is whatever the first of the two was given.
        let addr = streams.local_addr()?;
        Ok(Self {
            datagrams: UdpSocket::bind(addr).await.with_context(what)?,
            streams,
        })
    }
}

impl Sockets {
    /// Takes the addresses.
    ///
    /// # Errors
    /// Fails when one is in use or not of this machine, a certificate or key cannot be used, or a token is not known.
    pub async fn bind(
        config: &SocketConfig,
        state: &AppState,
        default_project: ProjectId,
    ) -> anyhow::Result<Self> {
        let open = async |name: &str, token: &Option<SecretString>| {
            Destination::open(state, default_project, token.clone())
                .await
                .with_context(|| format!("the ingest token {name}"))
        };
        let pair = async |door: &str, addr: Option<SocketAddr>, name: &str, token: &_| {
            anyhow::Ok(match addr {
                Some(addr) => Some((Pair::bind(door, addr).await?, open(name, token).await?)),
                None => None,
            })
        };
        let syslog_tls = match &config.syslog_tls {
            Some(tls) => {
                let files = TlsFiles::read(tls).await?;
                let what = || format!("listening for syslog over TLS on {}", tls.addr);
                let listener = TcpListener::bind(tls.addr).await.with_context(what)?;
                let destination = open("VIGIL_SYSLOG_TOKEN", &config.syslog_token).await?;
                Some((listener, files.acceptor()?, destination))
            }
            None => None,
        };
        Ok(Self {
            syslog: pair(
                "syslog",
                config.syslog_addr,
                "VIGIL_SYSLOG_TOKEN",
                &config.syslog_token,
            )
            .await?,
            syslog_tls,
            gelf: pair(
                "GELF",
                config.gelf_addr,
                "VIGIL_GELF_TOKEN",
                &config.gelf_token,
            )
            .await?,
            fluent: pair(
                "the forward protocol",
                config.fluent_addr,
                "VIGIL_FLUENT_TOKEN",
                &config.fluent_token,
            )
            .await?,
        })
    }

    /// Begins to read; ends with the tasks.
    pub fn serve(self, state: &Arc<AppState>, tasks: &Tasks) {
        if let Some((pair, destination)) = self.syslog {
            syslog::serve(pair, destination, state, tasks);
        }
        if let Some((listener, acceptor, destination)) = self.syslog_tls {
            syslog::serve_tls(listener, acceptor, destination, state, tasks);
        }
        if let Some((pair, destination)) = self.gelf {
            gelf::serve(pair, destination, state, tasks);
        }
        if let Some((pair, destination)) = self.fluent {
            fluent::serve(pair, destination, state, tasks);
        }
    }
}
