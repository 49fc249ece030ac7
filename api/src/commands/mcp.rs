//! `vigil mcp`: the tools for agents over standard input and output.

use std::sync::Arc;

use anyhow::Context as _;
use rmcp::ServiceExt as _;

use crate::cli::Remote;
use crate::config::Config;
use crate::mcp::{Outside, ToolServer};

/// Serves one client until it closes its end.
///
/// # Errors
/// Fails when no credential can be had and when the client does not speak the protocol.
pub async fn run(remote: Remote, config: &Config) -> anyhow::Result<()> {
    let door = Outside::new(remote, config.clone()).await?;
    let server = ToolServer::new(Arc::new(door));
    let running = server
        .serve(rmcp::transport::stdio())
        .await
        .context("greeting the client on standard input")?;
    running.waiting().await.context("serving the client")?;
    Ok(())
}
