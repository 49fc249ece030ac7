//! The disk is full.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use testkit::Random;

use super::ledger::Tally;
use super::load::{Load, ensure_no_refusal};
use super::site::{Site, Stage};

/// Size of the disk: an empty store and its index, and some seconds of load.
const SIZE: &str = "192m";
/// How long until a sender hears of it: a commit waits 20 s for its database.
const NOTICED: Duration = Duration::from_secs(60);
/// How long until the load goes on when there is room again.
const RECOVERY: Duration = Duration::from_secs(60);

/// Fills the disk of the store under load. Senders are told so, nothing is promised that is not stored, and the load
/// goes on by itself when there is room again.
pub fn full(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let disk = Disk::mount()?;
    // A PostgreSQL that loses a table space is of no more use, so it gets one of its own.
    let own = match stage.postgres {
        Some(_) => Some(stage.with_fresh_postgres()?),
        None => None,
    };
    let mut site = open(own.as_ref().unwrap_or(stage), &disk)?;
    let load = Load::start(&site, "full", 1, random);
    load.wait_for_more(&site, 10, RECOVERY)?;
    let session = site.vigil.session()?;
    let ballast = disk.fill()?;
    site.wait_for("a sender is told that the disk is full", NOTICED, || {
        load.busy() > 0
    })
    .with_context(|| load.state())?;
    let is_alive = site.vigil.get("/livez").is_ok_and(|status| status == 200);
    let is_readable = site.get(&session, "/api/v1/logs?limit=10").is_ok();
    let can_log_in = site.vigil.session().is_ok();
    let before = load.acknowledged();
    std::fs::remove_file(&ballast).context("removing the ballast")?;
    load.wait_for_more(&site, 20, RECOVERY)
        .context("after there was room again")?;
    let mut ledger = load.finish()?;
    ensure_no_refusal(&ledger)?;
    ensure!(is_alive, "/livez fails while the disk is full");
    site.settle(&mut ledger, random)?;
    site.check("full", &ledger)?;
    // What was written in the narrow moments must also be there for the next start.
    site.vigil.kill();
    site.vigil.start_again()?;
    ensure!(is_readable, "nothing can be read while the disk is full");
    let mut tally = site
        .check("full", &ledger)?
        .with_note(format!("{before} requests before"));
    if !can_log_in {
        tally.notes.push("nobody could log in meanwhile".to_owned());
    }
    Ok(tally)
}

/// SQLite lies on the disk itself; of PostgreSQL the tables do.
fn open<'a>(stage: &'a Stage, disk: &Disk) -> anyhow::Result<Site<'a>> {
    let Some(postgres) = &stage.postgres else {
        return Site::open(stage, Some(disk.path()), |_| Ok(()));
    };
    let tables = disk.path().join("tables");
    std::fs::create_dir(&tables).context("making a folder for tables")?;
    let owner = std::fs::metadata(postgres.data_dir()).context("looking at the data folder")?;
    std::os::unix::fs::chown(&tables, Some(owner.uid()), Some(owner.gid()))?;
    Site::open(stage, None, |database| {
        let space = format!("small_{database}");
        let path = tables.display();
        postgres.execute(
            "postgres",
            &format!("create tablespace {space} location '{path}'"),
        )?;
        postgres.execute(
            "postgres",
            &format!("alter database {database} set tablespace {space}"),
        )?;
        Ok(())
    })
}

/// A small disk of our own, in memory.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn mount() -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("vigil-disk-")
            .tempdir_in("/tmp")?;
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={SIZE},mode=0755"))
            .arg("tmpfs")
            .arg(folder.path())
            .output()
            .context("running mount")?;
        if !output.status.success() {
            bail!("mount: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes until nothing more fits.
    fn fill(&self) -> anyhow::Result<PathBuf> {
        let path = self.path().join("ballast");
        let mut file = std::fs::File::create(&path)?;
        let mut size = 1 << 20;
        while size >= 1 {
            match file.write(&vec![b'#'; size]) {
                Ok(written) if written > 0 => {}
                _ => size /= 2,
            }
        }
        Ok(path)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is about to end may still hold a file.
        Command::new("umount")
            .arg("-l")
            .arg(self.path())
            .status()
            .ok();
    }
}
