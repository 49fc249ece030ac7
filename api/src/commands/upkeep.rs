//! Operator's commands on the stored records: check, tier, retention.

use anyhow::{Context as _, bail};
use domain::{Clock as _, SystemClock};
use store::IdentityStore as _;

use crate::bootstrap;
use crate::config::Config;

const DAY_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;

/// Moves blocks that are older than some days into the block storage. Blocks.
///
/// # Errors
/// Fails when none is configured, or it or the database cannot be used.
pub fn tier(config: &Config, older_than_days: u32) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    if !opened.store.has_objects() {
        bail!(
            "no block storage is configured: set block_storage, for example to s3://bucket/vigil"
        );
    }
    let now_ns = SystemClock.now_ns();
    let before_ns = now_ns.saturating_sub(i64::from(older_than_days) * DAY_NS);
    opened.store.seal(now_ns, false)?;
    for project in opened.store.projects()? {
        let moved = opened
            .store
            .tier(project.id, before_ns, now_ns)
            .with_context(|| format!("project {}", project.name))?;
        println!(
            "{}: {} blocks with {} records ({} bytes) moved",
            project.name, moved.blocks, moved.records, moved.bytes
        );
    }
    Ok(())
}

/// Reads every block and says what is damaged and exactly what is lost. Blocks.
///
/// # Errors
/// Fails when the database cannot be used, and when something is damaged.
pub fn check(config: &Config) -> anyhow::Result<()> {
    let opened = bootstrap::open(config)?;
    let mut lost = 0;
    for project in opened.store.projects()? {
        let check = opened.store.check_blocks(project.id)?;
        println!(
            "{}: {} blocks, {} records, {} bytes, {} damaged",
            project.name,
            check.blocks,
            check.records,
            check.bytes,
            check.damaged.len()
        );
        for block in check.damaged {
            lost += block.records;
            println!(
                "  {} records from {} to {} of {} are lost: {}",
                block.records,
                domain::format_timestamp_short(block.range.start_ns),
                domain::format_timestamp_short(block.range.end_ns),
                block.services.join(", "),
                block.damage
            );
        }
    }
    if lost > 0 {
        bail!("{lost} records are lost; a backup of the database may still have their blocks");
    }
    Ok(())
}
