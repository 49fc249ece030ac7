//! TLS of a door, out of PEM files.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::SyslogTls;

/// What the files hold.
pub(super) struct TlsFiles {
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_authorities: Option<Vec<CertificateDer<'static>>>,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// Fails with the name of the file that cannot be read or holds nothing of use.
    pub async fn read(tls: &SyslogTls) -> anyhow::Result<Self> {
        let key = contents(&tls.key).await?;
        let client_authorities = match &tls.client_authorities {
            Some(path) => Some(certificates(path).await?),
            None => None,
        };
        Ok(Self {
            certificates: certificates(&tls.certificates).await?,
            key: PrivateKeyDer::from_pem_slice(&key)
                .with_context(|| format!("no private key in {}", tls.key.display()))?,
            client_authorities,
        })
    }

    /// Accepts TLS 1.2 and 1.3 with these.
    ///
    /// # Errors
    /// Fails when the key does not fit the certificate, or a certificate cannot be used.
    pub fn acceptor(self) -> anyhow::Result<TlsAcceptor> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let config = match self.client_authorities {
            Some(authorities) => {
                let mut roots = RootCertStore::empty();
                for authority in authorities {
                    roots.add(authority).context("a client authority")?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .context("the client authorities")?;
                config.with_client_cert_verifier(verifier)
            }
            None => config.with_no_client_auth(),
        };
        let config = config
            .with_single_cert(self.certificates, self.key)
            .context("the certificate and the key of syslog over TLS")?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

async fn contents(path: &Path) -> anyhow::Result<Vec<u8>> {
    tokio::fs::read(path)
        .await
        .with_context(|| format!("reading {}", path.display()))
}

async fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let text = contents(path).await?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .with_context(|| format!("reading the certificates in {}", path.display()))?;
    ensure!(
        !certificates.is_empty(),
        "no certificate in {}",
        path.display()
    );
    Ok(certificates)
}
