//! `vigil export`: everything that matches, into a file or another program.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::cli::ExportArgs;
use crate::config::Config;
use crate::remote::Server;

/// Writes every record that matches.
///
/// # Errors
/// Fails when the server refuses or the stream breaks: what was written until then is not everything. A file then
/// keeps its name ending in `.part`.
pub async fn run(args: ExportArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::for_reading(&args.remote, config).await?;
    let mut query = vec![("format", args.format.as_str().to_owned())];
    let filter = args.filter.join(" ");
    for (name, value) in [
        ("q", (!filter.is_empty()).then_some(filter)),
        ("from", args.from),
        ("to", args.to),
        ("service", args.service),
        ("severity", args.severity),
    ] {
        if let Some(value) = value {
            query.push((name, value));
        }
    }
    let response = server.stream("/api/v1/export", &query).await?;
    match &args.output {
        None => {
            copy(response, &mut tokio::io::stdout()).await?;
        }
        Some(path) => {
            let part = part_of(path);
            let mut file = tokio::fs::File::create(&part)
                .await
                .with_context(|| format!("creating {}", part.display()))?;
            let bytes = copy(response, &mut file).await?;
            file.sync_all().await?;
            tokio::fs::rename(&part, path).await?;
            eprintln!("{bytes} bytes written to {}", path.display());
        }
    }
    Ok(())
}

async fn copy(
    response: reqwest::Response,
    to: &mut (impl AsyncWrite + Unpin),
) -> anyhow::Result<u64> {
    let mut stream = response.bytes_stream();
    let mut bytes = 0;
    while let Some(piece) = stream.next().await {
        let piece = piece.context("the stream broke: what was written is not everything")?;
        to.write_all(&piece).await?;
        bytes += piece.len() as u64;
    }
    to.flush().await?;
    Ok(bytes)
}

/// Where a file grows until it is complete.
fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
