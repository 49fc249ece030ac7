//! Texts of messages: built in, or the lines of log files with half of their numbers changed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use testkit::Random;

use super::SERVICES;

/// Shapes of messages; `#` becomes a number, `@` an address, `$` a hexadecimal id, `%` one of some words.
const SHAPES: [&str; 48] = [
    "request completed method=GET path=/api/v2/orders/# status=200 bytes=# duration_ms=# client=@ user=#",
    "request completed method=POST path=/api/v2/carts/#/items status=201 bytes=# duration_ms=# client=@",
    "request failed method=PUT path=/api/v2/users/#/profile status=503 duration_ms=# upstream=@:8443 attempt=#",
    "connection from @:# accepted, # of 512 slots in use, queue empty for # ms",
    "connection to upstream % at @:443 refused after # attempts, next attempt in # ms",
    "slow query took # ms: SELECT id, state, total FROM orders WHERE customer_id = # AND state = '%' LIMIT 50",
    "cache hit ratio # percent over the last # lookups, # entries evicted, # bytes in use",
    "user # logged in from @ with session $ using %",
    "login failed for user # from @: wrong password (attempt # of 5), session $ discarded",
    "job $ finished in # ms, # rows written to partition # of table %_daily",
    "job $ retried, attempt #: lock wait timeout exceeded on shard #, holder was transaction #",
    "message $ published to topic %.created partition # offset # size # bytes",
    "consumer group % rebalanced: # partitions assigned, lag # messages, generation #",
    "garbage collection paused the process for # ms, heap # MB of 4096 MB, # objects promoted",
    "replica @ is # ms behind the primary, # segments of # bytes waiting to be applied",
    "disk usage of /var/lib/% at # percent, # GB free, # inodes free",
    "certificate for %.shop.example.com expires in # days, serial $",
    "feature flag new-% evaluated for customer #: variant b, rule #, took # us",
    "email $ queued for delivery through relay @, # recipients, # bytes",
    "payment $ authorised, amount # cents EUR, card network answered in # ms, terminal #",
    "payment $ declined by issuer with code #, order # released, customer # told by email",
    "worker # picked up task $ from queue %, # tasks waiting, oldest waits # s",
    "health check of @:8080 passed in # ms, # consecutive successes",
    "snapshot $ uploaded: # objects, # MB in # s to bucket backups-%",
    "rate limit of client @ reached: # requests in 60 s, answered 429, key $",
    "index % refreshed: # documents, # segments, # ms, # bytes read from disk",
    "token for service % issued to @, expires in # s, key id $",
    "circuit breaker of % opened after # failures in # s, half open in # s",
    "thumbnail of image # rendered at 320x240 in # ms, cache key $",
    "order # moved from state % to state shipped by operator #, parcel $",
    "inventory of article # in warehouse # corrected from # to # pieces",
    "price of article # changed from # to # cents, valid from batch #",
    "search for category % returned # hits in # ms, # shards of # answered",
    "websocket of user # closed by peer @ after # s, # messages sent, # received",
    "configuration % reloaded, # keys changed, revision #, checksum $",
    "leader election for % won with # votes in term #, previous leader @",
    "request $ cancelled by client @ after # ms, # bytes of # were sent",
    "retrying call to % in # ms (attempt # of 10): deadline exceeded after # ms",
    "batch $ of # events written to segment # at offset # in # ms",
    "compaction of level # finished: # files in, # files out, # MB read, # MB written, # s",
    "thread pool % saturated: # active, # queued, # rejected in the last # s",
    "dns lookup of %.internal took # ms and returned # addresses, first is @",
    "tls handshake with @:# failed: certificate unknown, peer sent alert #",
    "export $ started by user #: # rows, format %, estimated # s",
    "audit: user # changed permission % of user # from address @",
    "session $ expired after # minutes without activity, user #, cart # kept",
    "dead letter: message $ of topic % failed # times, last error code #",
    "scheduled task % started, run #, previous run took # ms and touched # rows",
];
/// What `%` becomes.
const WORDS: [&str; 12] = [
    "orders",
    "invoices",
    "customers",
    "sessions",
    "articles",
    "returns",
    "vouchers",
    "prices",
    "stock",
    "images",
    "mails",
    "metrics",
];
/// Of the numbers of a file's lines one of so many is changed.
const CHANGED: u64 = 2;
/// Lines of one file that are used.
const LINES: usize = 2_000;

/// Where messages come from.
#[derive(Debug, Clone)]
pub enum Texts {
    /// The shapes above; a service has a third of them.
    BuiltIn,
    /// Lines of files; a service has those of one file.
    Files(Vec<Vec<String>>),
}

impl Texts {
    /// The files of a folder, at any depth, whose names end in `.log`.
    pub fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        let mut paths = Vec::new();
        collect(folder, &mut paths)?;
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let text = std::fs::read(&path).with_context(|| path.display().to_string())?;
            let text = String::from_utf8_lossy(&text).into_owned();
            let lines: Vec<String> = text
                .lines()
                .map(str::trim_end)
                .filter(|line| !line.is_empty())
                .take(LINES)
                .map(str::to_owned)
                .collect();
            if !lines.is_empty() {
                files.push(lines);
            }
        }
        ensure!(
            !files.is_empty(),
            "no lines in files *.log of {}",
            folder.display()
        );
        Ok(Self::Files(files))
    }

    /// A message of a service.
    pub(super) fn next(&self, service: usize, random: &mut Random) -> String {
        match self {
            Self::BuiltIn => {
                let own = SHAPES.len() / 3;
                let start = service * SHAPES.len() / SERVICES.len();
                let place = start + random.below(own as u64) as usize;
                fill(SHAPES[place % SHAPES.len()], random)
            }
            Self::Files(files) => {
                let lines = &files[service % files.len()];
                let line = &lines[random.below(lines.len() as u64) as usize];
                change_numbers(line, random)
            }
        }
    }
}

fn fill(shape: &str, random: &mut Random) -> String {
    let mut text = String::with_capacity(shape.len() + 48);
    for character in shape.chars() {
        // Writing to a string cannot fail.
        let _ = match character {
            '#' => {
                let digits = random.below(5);
                write!(text, "{}", random.below(10_u64.pow(digits as u32 + 1)))
            }
            '@' => {
                let value = random.draw();
                write!(
                    text,
                    "10.{}.{}.{}",
                    value % 4,
                    (value >> 8) % 250,
                    (value >> 16) % 250
                )
            }
            '$' => write!(text, "{:016x}", random.draw()),
            '%' => write!(text, "{}", WORDS[random.below(WORDS.len() as u64) as usize]),
            other => write!(text, "{other}"),
        };
    }
    text
}

/// Gives every second run of digits others, as many.
fn change_numbers(line: &str, random: &mut Random) -> String {
    let mut text = String::with_capacity(line.len());
    let (mut is_number, mut is_changed) = (false, false);
    for character in line.chars() {
        if !character.is_ascii_digit() {
            is_number = false;
            text.push(character);
            continue;
        }
        if !is_number {
            is_number = true;
            is_changed = random.below(CHANGED) == 0;
        }
        if is_changed {
            text.push(char::from(b'0' + random.below(10) as u8));
        } else {
            text.push(character);
        }
    }
    text
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "log") {
            paths.push(path);
        }
    }
    Ok(())
}
