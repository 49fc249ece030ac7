//! Bytes of a block change, or of its index: what is lost is said exactly, nothing else is.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value as Json;
use testkit::{Door, HttpConnection, Random, Verdict, now_ns, rfc3339};

use super::batch::{ANSWER, Batch};
use super::damage::database_file;
use super::ledger::{Ledger, Tally, compare};
use super::site::{Site, Stage};
use super::sqlite::{DatabaseFile, Value};

/// Records of one request that becomes a block of its own: some more than the server wants for one.
const RECORDS: usize = 2_500;
/// Requests beside them, and their records, which stay rows.
const SMALL: usize = 40;
const FEW: usize = 100;
/// How long a stop may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Whose records they are.
const BLOCKS: &str = "blocks";
const ROWS: &str = "rows";

/// First a byte of a block's index, then one of a block itself.
pub fn trial(stage: &Stage, random: &mut Random) -> anyhow::Result<Tally> {
    let mut site = Site::open_plain(stage)?;
    let (mut rows, mut blocks) = (Ledger::default(), Ledger::default());
    for number in 0..SMALL {
        let door = Door::ALL[number % Door::ALL.len()];
        let few = send(&site, door, &format!("few{number}"), ROWS, FEW)?;
        rows.acknowledged.push(few);
    }
    for door in Door::ALL {
        let many = send(&site, door, "before", BLOCKS, RECORDS)?;
        blocks.acknowledged.push(many);
    }
    stop(&mut site)?;
    let place = damage(&site, "log_block_index", random).context("the index of a block")?;
    site.vigil.start_again()?;
    check_index(&site, &blocks).context("after a byte of an index changed")?;
    stop(&mut site)?;
    let other = damage(&site, "log_block_data", random).context("the bytes of a block")?;
    site.vigil.start_again()?;
    let lost = check_block(&site, &blocks).context("after a byte of a block changed")?;
    let (door, gone) = (lost.door, lost.count);
    blocks.acknowledged.retain(|batch| batch.key != lost.key);
    let after = send(&site, Door::Ndjson, "after", BLOCKS, RECORDS)?;
    blocks.acknowledged.push(after);
    // Whatever happens next, the damage stays where it is.
    site.vigil.kill();
    site.vigil.start_again()?;
    let session = site.vigil.session()?;
    let mut tally = compare(&blocks, &site.read(&session, BLOCKS, "newest")?);
    let others = site.check(ROWS, &rows)?;
    tally.acknowledged += others.acknowledged;
    tally.unknown += others.unknown;
    tally.stored += others.stored;
    tally.lost.extend(others.lost);
    tally.doubled.extend(others.doubled);
    tally.altered.extend(others.altered);
    Ok(tally.with_note(place).with_note(other).with_note(format!(
        "the {gone} records of one block ({}) are gone, and it is said",
        door.name()
    )))
}

/// One request that is a commit of its own.
fn send(
    site: &Site<'_>,
    door: Door,
    name: &str,
    service: &str,
    count: usize,
) -> anyhow::Result<Batch> {
    let batch = Batch {
        key: format!("{name}-{}-", door.name()),
        door,
        is_grpc: false,
        count,
        service: service.to_owned(),
        made_at_ns: now_ns(),
    };
    let verdict = batch.send_alone(&site.vigil.address, &site.vigil.token)?;
    ensure!(verdict == Verdict::Taken, "{}: {verdict:?}", door.name());
    Ok(batch)
}

fn stop(site: &mut Site<'_>) -> anyhow::Result<()> {
    let status = site.vigil.terminate(LIMIT)?;
    let status = status.context("still running a minute after SIGTERM")?;
    ensure!(status.success(), "ended with {status} after SIGTERM");
    Ok(())
}

/// Changes a byte in the `data` of one row and says which.
fn damage(site: &Site<'_>, table: &str, random: &mut Random) -> anyhow::Result<String> {
    let Some(postgres) = &site.stage.postgres else {
        let (_, path) = database_file(site)?;
        let file = DatabaseFile::open(&path)?;
        let rows = file.rows(table)?;
        ensure!(
            rows.len() == Door::ALL.len(),
            "{table} has {} rows, one for each of {} requests is expected",
            rows.len(),
            Door::ALL.len()
        );
        let row = &rows[random.below(rows.len() as u64) as usize];
        let Some(Value::Bytes(data)) = row.values()?.pop() else {
            bail!("the last column of {table} holds no bytes");
        };
        let at = random.below(data.len() as u64) as usize;
        file.damage(row, data.start + at)?;
        return Ok(format!("byte {at} of {} in {table}", data.len()));
    };
    let row = random.below(Door::ALL.len() as u64);
    let permille = random.below(1_000);
    postgres.execute(
        &site.database,
        &format!(
            "update {table} set data = set_byte(data, place, 255 - get_byte(data, place)) from \
             (select block_id as id, length(data) * {permille} / 1000 as place from {table} order by block_id \
             offset {row} limit 1) as one where block_id = id"
        ),
    )?;
    Ok(format!("a byte at {permille} of 1000 in {table}"))
}

/// Every record is found by its own words, whatever an index says; the damage is noticed, and mended by a check.
fn check_index(site: &Site<'_>, blocks: &Ledger) -> anyhow::Result<()> {
    let session = site.vigil.session()?;
    for batch in &blocks.acknowledged {
        let name = format!("{}r{}", batch.key, RECORDS / 2);
        let path = format!("/api/v1/logs?service={BLOCKS}&text={name}&from=3h&limit=10");
        let page = site.get(&session, &path)?;
        let found = page["records"].as_array().map_or(0, Vec::len);
        ensure!(found == 1, "{name} is found {found} times");
    }
    let log = site.vigil.log_end();
    ensure!(
        log.contains("the index of a block cannot be read"),
        "the damage was not noticed when it was read"
    );
    let check = check(site, &session)?;
    ensure!(
        check["damaged"].as_array().is_some_and(Vec::is_empty),
        "an index alone is no loss: {check}"
    );
    let log = site.vigil.log_end();
    ensure!(
        log.contains("the index of a block is made again"),
        "the check did not mend the index"
    );
    let all = compare(blocks, &site.read(&session, BLOCKS, "oldest")?);
    ensure!(all.is_clean(), "records are not what they were: {all:?}");
    Ok(())
}

/// The request whose records are gone: all of them, and no other record.
fn check_block(site: &Site<'_>, blocks: &Ledger) -> anyhow::Result<Batch> {
    let session = site.vigil.session()?;
    let stored = site.read(&session, BLOCKS, "oldest")?;
    let tally = compare(blocks, &stored);
    ensure!(
        tally.doubled.is_empty() && tally.altered.is_empty(),
        "other records are not what they were: {tally:?}"
    );
    let lost = blocks.acknowledged.iter().find(|batch| {
        let mut names: Vec<String> = batch.names().collect();
        names.sort();
        names == tally.lost
    });
    let lost = lost.with_context(|| {
        format!(
            "{} records are gone, which is not one block",
            tally.lost.len()
        )
    })?;
    let log = site.vigil.log_end();
    ensure!(log.contains("a block is damaged"), "the loss is not logged");
    let check = check(site, &session)?;
    let damaged = check["damaged"].as_array().context("no list of damage")?;
    ensure!(damaged.len() == 1, "one block is damaged, not {check}");
    let last_ns = lost.made_at_ns + RECORDS as i64;
    let expected = [
        ("records", Json::from(RECORDS)),
        ("services", Json::from(vec![BLOCKS])),
        ("from", Json::from(short(lost.made_at_ns))),
        ("to", Json::from(short(last_ns))),
    ];
    for (name, value) in expected {
        ensure!(
            damaged[0][name] == value,
            "{name} of the loss should be {value}: {}",
            damaged[0]
        );
    }
    let (printed, is_well) = site.vigil.ask(&["check"])?;
    ensure!(
        !is_well && printed.contains(&format!("{RECORDS} records are lost")),
        "`vigil check` says: {printed}"
    );
    Ok(lost.clone())
}

fn check(site: &Site<'_>, session: &str) -> anyhow::Result<Json> {
    let authorization = format!("Bearer {session}");
    let headers = [("authorization", authorization.as_str())];
    let mut connection = HttpConnection::open(&site.vigil.address, ANSWER)?;
    let answer = connection.exchange("POST", "/api/v1/blocks/check", &headers, &[])?;
    ensure!(answer.status == 200, "the check answers {}", answer.text());
    Ok(serde_json::from_slice(&answer.body)?)
}

/// An instant as the server writes it: no zeros at the end of the fraction.
fn short(at_ns: i64) -> String {
    let text = rfc3339(at_ns);
    let digits = text.trim_end_matches('Z').trim_end_matches('0');
    format!("{}Z", digits.trim_end_matches('.'))
}
