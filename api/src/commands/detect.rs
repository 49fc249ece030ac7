//! `vigil detect`: anomalies in stored records of the past.

use serde_json::Value;

use crate::cli::Remote;
use crate::config::Config;
use crate::remote::Server;

/// Asks the server to look at a stretch of the past and prints what it found.
///
/// # Errors
/// Fails when the server refuses.
pub async fn run(
    from: Option<String>,
    to: Option<String>,
    remote: &Remote,
    config: &Config,
) -> anyhow::Result<()> {
    let server = Server::for_reading(remote, config).await?;
    let body = serde_json::json!({ "from": from, "to": to });
    let found: Value = server
        .post("/api/v1/detect", "application/json", &body)
        .await?
        .json()
        .await?;
    let count = |name: &str| found[name].as_array().map_or(0, Vec::len);
    println!(
        "{} minutes looked at: {} anomalies, {} incidents",
        found["minutes"],
        count("anomalies"),
        count("incidents")
    );
    for incident in found["incidents"].as_array().into_iter().flatten() {
        println!(
            "  #{} {} {} {}",
            incident["number"],
            incident["severity"].as_str().unwrap_or_default(),
            incident["started_at"].as_str().unwrap_or_default(),
            incident["title"].as_str().unwrap_or_default(),
        );
    }
    Ok(())
}
