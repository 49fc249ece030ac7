//! `vigil serve`: start, say what to do next, serve, stop.

use std::time::Instant;

use crate::config::Config;
use crate::serve::{self, Server, Setup};

/// Serves until a signal.
///
/// # Errors
/// Fails when the server cannot be started.
pub async fn serve(config: &Config) -> anyhow::Result<()> {
    let started = Instant::now();
    let server = serve::start(config, Setup::for_people()).await?;
    greet(&server, config);
    tracing::info!(
        addr = %server.addr, elapsed_ms = started.elapsed().as_millis() as u64,
        store = server.state.engine.store_backend(), index = server.state.engine.index_backend(), "ready"
    );
    serve::wait_for_signal().await;
    server.stop().await;
    tracing::info!("stopped; everything that was accepted is stored");
    Ok(())
}

/// Five lines: what to do next. Secrets are printed once, at the first start.
fn greet(server: &Server, config: &Config) {
    let url = format!("http://{}", server.addr);
    let Some(first) = &server.first else {
        println!(
            "Vigil is ready at {url} (data in {})",
            config.data_dir.display()
        );
        return;
    };
    println!(
        "\nVigil is ready. This is the first start: keep these two, they are not shown again.\n\n  \
         admin password  {}\n  ingest token    {}\n\nWhat to do next:\n  \
         1. Send a log:    curl {url}/api/v1/logs -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \
         -d '{{\"level\":\"error\",\"service\":\"shop\",\"message\":\"hello from curl\"}}'\n  \
         2. Open the page: {url}  (user admin, the password above)\n  \
         3. Read a file:   vigil ingest /var/log/syslog\n  \
         4. Ask:           vigil ask \"what went wrong in the last hour?\"\n  \
         5. See it work:   vigil demo\n",
        first.password, first.token, first.token
    );
}
