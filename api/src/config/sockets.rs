//! Settings of the doors that are sockets of their own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;
use secrecy::SecretString;

use super::{File, non_empty, pick, resolve};
use crate::cli::Settings;
use crate::sockets::{SocketConfig, SyslogTls};

/// Merges them.
///
/// # Errors
/// Fails with the name of the setting that cannot be used, or that another one needs.
pub(super) fn sockets(settings: &Settings, file: &File) -> anyhow::Result<SocketConfig> {
    Ok(SocketConfig {
        syslog_addr: addr(
            "VIGIL_SYSLOG_ADDR",
            &settings.syslog_addr,
            &file.syslog_addr,
        )?,
        syslog_tls: syslog_tls(settings, file)?,
        syslog_token: token(&settings.syslog_token, &file.syslog_token),
        gelf_addr: addr("VIGIL_GELF_ADDR", &settings.gelf_addr, &file.gelf_addr)?,
        gelf_token: token(&settings.gelf_token, &file.gelf_token),
        fluent_addr: addr(
            "VIGIL_FLUENT_ADDR",
            &settings.fluent_addr,
            &file.fluent_addr,
        )?,
        fluent_token: token(&settings.fluent_token, &file.fluent_token),
    })
}

fn addr(
    name: &str,
    first: &Option<String>,
    second: &Option<String>,
) -> anyhow::Result<Option<SocketAddr>> {
    non_empty(pick(first, second.clone()))
        .map(|text| resolve(name, &text))
        .transpose()
}

fn token(first: &Option<String>, second: &Option<String>) -> Option<SecretString> {
    non_empty(pick(first, second.clone())).map(SecretString::from)
}

fn syslog_tls(settings: &Settings, file: &File) -> anyhow::Result<Option<SyslogTls>> {
    let path = |first: &Option<PathBuf>, second: &Option<PathBuf>| {
        pick(first, second.clone()).filter(|path| !path.as_os_str().is_empty())
    };
    let Some(addr) = addr(
        "VIGIL_SYSLOG_TLS_ADDR",
        &settings.syslog_tls_addr,
        &file.syslog_tls_addr,
    )?
    else {
        return Ok(None);
    };
    let certificates = path(&settings.syslog_tls_cert, &file.syslog_tls_cert);
    let key = path(&settings.syslog_tls_key, &file.syslog_tls_key);
    let (Some(certificates), Some(key)) = (certificates, key) else {
        bail!(
            "VIGIL_SYSLOG_TLS_ADDR is {addr}, it needs VIGIL_SYSLOG_TLS_CERT and VIGIL_SYSLOG_TLS_KEY"
        );
    };
    Ok(Some(SyslogTls {
        addr,
        certificates,
        key,
        client_authorities: path(&settings.syslog_tls_client_ca, &file.syslog_tls_client_ca),
    }))
}
