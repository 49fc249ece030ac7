//! `vigil digest`: what a project went through in the last days.

use crate::cli::DigestArgs;
use crate::config::Config;
use crate::mcp::Call;
use crate::remote::Server;

/// Largest answer that is read.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Prints the digest as Markdown, or its numbers as JSON.
///
/// # Errors
/// Fails when the server does not answer or refuses.
pub async fn run(args: DigestArgs, config: &Config) -> anyhow::Result<()> {
    let server = Server::for_reading(&args.remote, config).await?;
    // As the reader's watch has it.
    let zone = jiff::tz::TimeZone::system();
    let zone = zone.iana_name().map(str::to_owned);
    let days = args.days.to_string();
    let path = Call::get(
        "/api/v1/digest",
        &[("days", Some(days)), ("time_zone", zone)],
    )
    .path;
    let (status, digest) = server
        .call(reqwest::Method::GET, &path, None, ANSWER_BYTES)
        .await?;
    anyhow::ensure!(
        status == 200,
        "the server answered {status}: {}",
        digest["detail"].as_str().unwrap_or("no reason was given")
    );
    if args.json {
        println!("{}", serde_json::to_string_pretty(&digest)?);
    } else {
        print!("{}", digest["markdown"].as_str().unwrap_or_default());
    }
    Ok(())
}
