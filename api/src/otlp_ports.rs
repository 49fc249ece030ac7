//! The ports that every sender of OTLP expects, beside the main address, which takes OTLP as well.

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::config::{Config, OtlpPort};

/// Takes the addresses. One that nobody asked for and that is taken is only told of: most likely a collector runs here, or
/// a second Vigil.
///
/// # Errors
/// Fails when an address that was asked for is in use or not of this machine.
pub async fn bind(config: &Config) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let ports = [
        ("gRPC", "--otlp-grpc-addr", config.otlp_grpc),
        ("HTTP", "--otlp-http-addr", config.otlp_http),
    ];
    for (form, flag, port) in ports {
        let Some(port) = port else { continue };
        if let Some(listener) = bind_one(form, flag, port).await? {
            tracing::info!(addr = %listener.local_addr()?, "listening for OTLP over {form}");
            listeners.push(listener);
        }
    }
    Ok(listeners)
}

async fn bind_one(form: &str, flag: &str, port: OtlpPort) -> anyhow::Result<Option<TcpListener>> {
    let addr = port.addr;
    match TcpListener::bind(addr).await {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if port.is_default => {
            tracing::warn!(
                %addr, %error,
                "the usual port of OTLP over {form} cannot be opened, so only the main address takes it; \
                 {flag} names another one, or off"
            );
            Ok(None)
        }
        Err(error) => {
            Err(error).with_context(|| format!("listening for OTLP over {form} on {addr} ({flag})"))
        }
    }
}
