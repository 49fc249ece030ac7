//! `vigil serve`: start, say what to do next, serve, stop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use crate::bootstrap::FirstSecrets;
use crate::config::{Config, DEFAULT_ADDR, DEFAULT_DATA_DIR, reachable};
use crate::serve::{self, Setup};
use crate::{program, progress, reload};

/// Serves until a signal.
///
/// # Errors
/// Fails when the server cannot be started.
pub async fn serve(config: &Config) -> anyhow::Result<()> {
    let started = Instant::now();
    let listener = serve::bind(config.addr).await?;
    let mut server = serve::start(listener, config, Setup::for_people()).await?;
    let url = format!("http://{}", reachable(server.addr));
    // A model may be on its way already, with a bar on the same terminal.
    progress::suspend(|| match &server.first {
        Some(first) => {
            let flags = client_flags(config, server.addr);
            println!("{}", greeting(&url, first, &program::name(), &flags));
        }
        None => println!(
            "Vigil is ready at {url} (data in {})",
            config.data_dir.display()
        ),
    });
    reload::on_hangup(config, server.state.slack.clone(), &server.tasks)?;
    server.listen();
    tracing::info!(
        addr = %server.addr, elapsed_ms = started.elapsed().as_millis() as u64,
        store = server.state.engine.store_backend(), index = server.state.engine.index_backend(), "ready"
    );
    serve::wait_for_signal().await;
    server.stop().await;
    tracing::info!("stopped; everything that was accepted is stored");
    Ok(())
}

/// Five lines: what to do next, each as it can be typed. Secrets are printed once, at the first start.
fn greeting(url: &str, first: &FirstSecrets, program: &str, flags: &str) -> String {
    let FirstSecrets { password, token } = first;
    format!(
        "\nVigil is ready. This is the first start: keep these two, they are not shown again.\n\n  \
         admin password  {password}\n  ingest token    {token}\n\nWhat to do next:\n  \
         1. Send a log:    curl {url}/api/v1/logs -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \
         -d '{{\"level\":\"error\",\"service\":\"shop\",\"message\":\"hello from curl\"}}'\n  \
         2. Open the page: {url}  (user admin, the password above)\n  \
         3. Read a file:   {program} ingest{flags} /var/log/syslog\n  \
         4. Ask:           {program} ask{flags} \"what went wrong in the last hour?\"\n  \
         5. See it work:   {program} demo\n"
    )
}

/// What a command on this machine must be told to find this server.
fn client_flags(config: &Config, addr: SocketAddr) -> String {
    let mut flags = String::new();
    if addr.to_string() != DEFAULT_ADDR {
        let _ = write!(flags, " --url http://{}", reachable(addr));
    }
    if config.data_dir != Path::new(DEFAULT_DATA_DIR) {
        let _ = write!(flags, " --data-dir '{}'", config.data_dir.display());
    }
    flags
}

#[cfg(test)]
mod tests;
