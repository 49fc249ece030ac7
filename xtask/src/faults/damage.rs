//! Stored bytes change: what cannot be read any more is noticed and said, everything else stays readable.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use testkit::Random;

use super::ledger::{Ledger, Stored, Tally, compare};
use super::load::{Load, ensure_no_refusal};
use super::site::{Site, Stage};

/// Size of a page of SQLite, unless the file says otherwise (bytes 16 and 17 of its head).
const PAGE_BYTES: u64 = 4_096;
/// Requests whose records are there before.
const REQUESTS: usize = 400;
/// Size of the database's file by then: most of its pages hold records.
const FILE_BYTES: u64 = 2 << 20;
/// How long both may take.
const FILLED: Duration = Duration::from_secs(60);
/// Whose records they are.
const SERVICE: &str = "damage";
/// How the server speaks of damage in its log, by this program's or SQLite's words.
const WORDS: [&str; 5] = [
    "damaged",
    "malformed",
    "corrupt",
    "not a database",
    "quarantine",
];

/// Changes bytes of a stopped store and says where.
type Break = fn(&Site<'_>, &mut Random) -> anyhow::Result<String>;

/// A page of the embedded database is overwritten.
pub fn page(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    trial(stage, random, overwrite_page)
}

/// Load, stop, damage, start, read everything. Further kinds of damage are further functions of the type [`Break`].
fn trial(stage: &Stage, random: &mut Random, damage: Break) -> anyhow::Result<Tally> {
    let mut site = Site::open_plain(stage)?;
    let load = Load::start(&site, SERVICE, 1, random);
    load.wait_for_more(&site, REQUESTS, FILLED)?;
    site.wait_for("the database's log moves into its file", FILLED, || {
        database_file(&site).is_ok_and(|(bytes, _)| bytes > FILE_BYTES)
    })?;
    let mut ledger = load.finish()?;
    ensure_no_refusal(&ledger)?;
    site.settle(&mut ledger, random)?;
    let status = site.vigil.terminate(Duration::from_secs(30))?;
    ensure!(status.is_some(), "still running 30 s after SIGTERM");
    let place = damage(&site, random)?;
    if let Err(error) = site.vigil.start_again() {
        let text = error.to_string();
        ensure!(
            is_said(&text),
            "does not start, and not for the damage: {text}"
        );
        return Ok(Tally {
            acknowledged: compare(&ledger, &Stored::default()).acknowledged,
            ..Tally::default()
        }
        .with_note(place)
        .with_note("noticed at the start, which is refused"));
    }
    read(&site, &ledger, place)
}

/// Everything that can be read is what was sent, and what cannot is said.
fn read(site: &Site<'_>, ledger: &Ledger, place: String) -> anyhow::Result<Tally> {
    let session = site.vigil.session();
    let mut found = Stored::default();
    let attempt = match &session {
        Ok(session) => site.read_into(&mut found, session, SERVICE, "oldest"),
        Err(error) => Err(anyhow::anyhow!("{error}")),
    };
    let log = site.vigil.log_end();
    if let Err(error) = attempt {
        ensure!(
            is_said(&log) || is_said(&error.to_string()),
            "reading fails, and the damage is not said: {error:#}"
        );
        return Ok(partly(site, ledger, session.ok(), found).with_note(place));
    }
    let mut tally = compare(ledger, &found).with_note(place);
    if tally.lost.is_empty() {
        return Ok(tally.with_note("every record is readable"));
    }
    if is_said(&log) {
        let lost = std::mem::take(&mut tally.lost).len();
        tally
            .notes
            .push(format!("{lost} records are gone, and it is said"));
    }
    Ok(tally)
}

/// What can be read from both ends when reading through fails: none of it is altered or doubled.
fn partly(site: &Site<'_>, ledger: &Ledger, session: Option<String>, oldest: Stored) -> Tally {
    let mut newest = Stored::default();
    if let Some(session) = session {
        // It fails as well, where it comes to the damage from the other side.
        site.read_into(&mut newest, &session, SERVICE, "newest")
            .ok();
    }
    let mut tally = compare(ledger, &oldest);
    let other = compare(ledger, &newest);
    tally.altered.extend(other.altered);
    tally.doubled.extend(other.doubled);
    tally.lost.retain(|name| other.lost.contains(name));
    let unread = std::mem::take(&mut tally.lost).len();
    tally.with_note(format!(
        "noticed when reading, which fails there; {unread} records cannot be reached from either end"
    ))
}

fn is_said(text: &str) -> bool {
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// Overwrites one page from the second half of the file, where the records are.
fn overwrite_page(site: &Site<'_>, random: &mut Random) -> anyhow::Result<String> {
    let (_, path) = database_file(site)?;
    let mut file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    let mut head = [0; 100];
    file.read_exact(&mut head)?;
    let page_bytes = match u64::from(u16::from_be_bytes([head[16], head[17]])) {
        1 => 65_536,
        0 => PAGE_BYTES,
        bytes => bytes,
    };
    let pages = file.metadata()?.len() / page_bytes;
    ensure!(pages > 20, "{} has {pages} pages only", path.display());
    let page = pages / 2 + random.below(pages / 2);
    let noise: Vec<u8> = (0..page_bytes).map(|_| random.draw() as u8).collect();
    file.seek(SeekFrom::Start(page * page_bytes))?;
    file.write_all(&noise)?;
    file.sync_all()?;
    Ok(format!("page {page} of {pages} overwritten"))
}

/// The largest file that begins as SQLite's do, and its size.
pub fn database_file(site: &Site<'_>) -> anyhow::Result<(u64, PathBuf)> {
    let folder = site.vigil.data_dir();
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        let mut head = [0; 16];
        let is_database = std::fs::File::open(&path)
            .and_then(|mut file| file.read_exact(&mut head))
            .is_ok_and(|()| head == *b"SQLite format 3\0");
        if is_database {
            found.push((entry.metadata()?.len(), path));
        }
    }
    found.sort();
    found
        .pop()
        .with_context(|| format!("no SQLite file in {}", folder.display()))
}
