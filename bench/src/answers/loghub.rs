//! Questions about Loghub samples (Zhu and others, ISSRE 2023), counted from their lines.

use std::path::Path;

use anyhow::Context;
use serde_json::json;

use super::expect::{Expect, Pair, Style};

/// The samples that are used.
const SETS: [&str; 6] = ["OpenSSH", "Apache", "HDFS", "Hadoop", "Linux", "Spark"];
/// Seconds between two lines of a sample.
const STEP: i64 = 30;
/// Seconds from the first line to now: less than a day, the default time of questions.
const BACK: i64 = 20 * 3_600;

/// A line of a sample.
struct Line {
    service: String,
    at: i64,
    level: String,
    content: String,
}

/// Records and pairs.
pub struct Loghub {
    lines: Vec<Line>,
}

impl Loghub {
    /// Reads the samples out of `FOLDER/loghub` or the folder itself.
    pub fn read(folder: &Path, now: i64) -> anyhow::Result<Self> {
        let inner = folder.join("loghub");
        let folder = if inner.is_dir() {
            inner
        } else {
            folder.to_path_buf()
        };
        let mut lines = Vec::new();
        for set in SETS {
            let path = folder
                .join(set)
                .join(format!("{set}_2k.log_structured_corrected.csv"));
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("reading {}", path.display()))?;
            let mut rows = text.lines().map(cells);
            let head = rows.next().unwrap_or_default();
            let column = |name: &str| head.iter().position(|it| it == name);
            let (content, level) = (column("Content"), column("Level"));
            for (number, row) in rows.enumerate() {
                let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).cloned();
                let level = cell(level).unwrap_or_default().to_lowercase();
                let is_level = matches!(
                    level.as_str(),
                    "info" | "warn" | "error" | "fatal" | "notice"
                );
                lines.push(Line {
                    service: set.to_lowercase(),
                    at: now - BACK + number as i64 * STEP,
                    level: if is_level { level } else { String::new() },
                    content: cell(content).unwrap_or_default(),
                });
            }
        }
        Ok(Self { lines })
    }

    /// The records as NDJSON.
    pub fn ndjson(&self) -> Vec<String> {
        self.lines
            .iter()
            .map(|line| {
                let mut object = json!({
                    "timestamp": line.at * 1_000,
                    "service": line.service,
                    "message": line.content,
                });
                if !line.level.is_empty() {
                    object["level"] = line.level.clone().into();
                }
                object.to_string()
            })
            .collect()
    }

    fn count(&self, service: &str, texts: &[&str]) -> Expect {
        Expect::Count(self.holding(service, texts).count() as u64)
    }

    fn holding<'a>(
        &'a self,
        service: &'a str,
        texts: &'a [&'a str],
    ) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| {
            line.service == service && texts.iter().all(|text| line.content.contains(text))
        })
    }

    fn level(&self, service: &str, levels: &[&str]) -> Expect {
        let lines = self.lines.iter().filter(|line| line.service == service);
        Expect::Count(
            lines
                .filter(|line| levels.contains(&line.level.as_str()))
                .count() as u64,
        )
    }

    /// The text after a mark that most lines have, with their number.
    fn most_after(&self, service: &str, texts: &[&str], mark: &str) -> Expect {
        let mut counts: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
        for line in self.holding(service, texts) {
            if let Some((_, rest)) = line.content.split_once(mark) {
                let value = rest
                    .split(|c: char| c.is_whitespace() || c == ']')
                    .next()
                    .unwrap_or("");
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
        let best = counts.into_iter().max_by_key(|it| it.1).unwrap_or_default();
        Expect::Top(vec![best])
    }

    fn edge(&self, service: &str, texts: &[&str], is_first: bool) -> Expect {
        let at = self.holding(service, texts).map(|line| line.at);
        let found = if is_first { at.min() } else { at.max() };
        found.map_or(Expect::Nothing, Expect::At)
    }

    /// The questions.
    pub fn pairs(&self) -> Vec<Pair> {
        let ssh = |texts: &[&str]| self.count("openssh", texts);
        let mut pairs = Vec::new();
        let mut add = |style: Style, question: &str, expect: Expect| {
            pairs.push(Pair {
                style,
                question: question.to_owned(),
                expect,
                before: Vec::new(),
            });
        };
        use Style::{Clumsy, Plain, Terse};
        // "Failed password" also occurs inside "message repeated ... times": those records say it too.
        add(
            Plain,
            "How many failed passwords for root are there in openssh?",
            ssh(&["Failed password for root"]),
        );
        add(
            Terse,
            "openssh \"POSSIBLE BREAK-IN ATTEMPT\" count",
            ssh(&["POSSIBLE BREAK-IN ATTEMPT"]),
        );
        add(
            Plain,
            "how many break-in attempts did openssh report?",
            ssh(&["POSSIBLE BREAK-IN ATTEMPT"]),
        );
        add(
            Clumsy,
            "in openssh how many time connection was closed by preauth",
            ssh(&["Connection closed by"]),
        );
        add(
            Plain,
            "how many openssh records mention 183.62.140.253?",
            ssh(&["183.62.140.253"]),
        );
        add(
            Plain,
            "How many times did openssh not receive an identification string?",
            ssh(&["Did not receive identification"]),
        );
        add(
            Plain,
            "which IP had the most failed passwords for root in openssh?",
            self.most_after("openssh", &["Failed password for root"], " from "),
        );
        add(
            Terse,
            "openssh accepted password",
            ssh(&["Accepted password"]),
        );
        add(
            Plain,
            "when was a password accepted in openssh?",
            self.edge("openssh", &["Accepted password"], true),
        );
        add(
            Plain,
            "When was the first break-in attempt in openssh?",
            self.edge("openssh", &["POSSIBLE BREAK-IN ATTEMPT"], true),
        );
        add(
            Clumsy,
            "how many authentication failure from openssh pam for user root",
            ssh(&["authentication failure;", "user=root"]),
        );
        add(
            Plain,
            "How many errors does apache have?",
            self.level("apache", &["error", "fatal"]),
        );
        add(
            Terse,
            "apache errors count",
            self.level("apache", &["error", "fatal"]),
        );
        add(
            Plain,
            "how often was a directory index forbidden in apache?",
            self.count("apache", &["Directory index forbidden"]),
        );
        add(
            Clumsy,
            "apache mod_jk child workerEnv is in error state how many times",
            self.count("apache", &["mod_jk child workerEnv in error state"]),
        );
        add(
            Plain,
            "when did apache first forbid a directory index?",
            self.edge("apache", &["Directory index forbidden"], true),
        );
        add(
            Plain,
            "how many times did apache find a child in the scoreboard?",
            self.count("apache", &["Found child"]),
        );
        add(
            Plain,
            "How many warnings are there in hdfs?",
            self.level("hdfs", &["warn"]),
        );
        add(
            Plain,
            "how often did hdfs get an exception while serving a block?",
            self.count("hdfs", &["Got exception while serving"]),
        );
        add(
            Terse,
            "hdfs received block count",
            self.count("hdfs", &["Received block"]),
        );
        add(
            Plain,
            "how many blocks did hdfs delete from the data node's disk: \"Deleting block\"?",
            self.count("hdfs", &["Deleting block"]),
        );
        add(
            Plain,
            "How many records of hdfs are about blk_38865049064139660?",
            self.count("hdfs", &["blk_38865049064139660"]),
        );
        add(
            Plain,
            "How many errors and fatals does hadoop have?",
            self.level("hadoop", &["error", "fatal"]),
        );
        add(
            Plain,
            "how many times did hadoop fail to renew a lease?",
            self.count("hadoop", &["Failed to renew lease"]),
        );
        add(
            Terse,
            "hadoop address change detected count",
            self.count("hadoop", &["Address change detected"]),
        );
        add(
            Clumsy,
            "hadoop error in contacting RM, how many",
            self.count("hadoop", &["ERROR IN CONTACTING RM"]),
        );
        add(
            Plain,
            "How many authentication failures are in linux?",
            self.count("linux", &["authentication failure"]),
        );
        add(
            Plain,
            "which rhost caused the most authentication failures in linux?",
            self.most_after("linux", &["authentication failure", "rhost="], "rhost="),
        );
        add(
            Plain,
            "how many ftp connections came from 222.33.90.199 in linux?",
            self.count("linux", &["connection from 222.33.90.199"]),
        );
        add(
            Terse,
            "linux session opened for user cyrus count",
            self.count("linux", &["session opened for user cyrus"]),
        );
        add(
            Plain,
            "How many warnings or errors are there in spark?",
            self.level("spark", &["warn", "error", "fatal"]),
        );
        add(
            Plain,
            "how many tasks did spark finish?",
            self.count("spark", &["Finished task"]),
        );
        for question in [
            "how many kafka consumers were rebalanced in openssh?",
            "when did apache run out of file descriptors?",
            "How many disk failures does spark have?",
            "which user changed the sudoers file in linux?",
            "how many records of nginx are there today?",
            "why did hdfs lose its license?",
        ] {
            add(Plain, question, Expect::Nothing);
        }
        pairs
    }
}

/// The cells of a line of CSV (RFC 4180).
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = cells.len() - 1;
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells[last].push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => cells[last].push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn commas_and_quotes_may_stand_inside_quotes() {
        assert_eq!(cells(r#"1,"a, ""b""",c,"#), ["1", r#"a, "b""#, "c", ""]);
    }
}
