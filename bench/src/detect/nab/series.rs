//! Reads the benchmark's series and labelled windows.

use std::collections::BTreeMap;
use std::io::{self, Error};
use std::path::Path;

use domain::{NANOS_PER_SECOND, parse_timestamp};

/// A labelled series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The file under the folder `data`, with its family: `realTraffic/speed_7578.csv`.
    pub name: String,
    /// Unix seconds; the files' local times are taken for UTC.
    pub at_s: Vec<i64>,
    pub values: Vec<f64>,
    /// First and last index of each labelled window, in order.
    pub windows: Vec<(usize, usize)>,
}

impl Series {
    /// What comes before the slash of the name.
    pub fn family(&self) -> &str {
        self.name
            .split_once('/')
            .map_or(self.name.as_str(), |(family, _)| family)
    }
}

/// Reads `windows.json` (windows by name) and the series that it names from `dir/data`.
///
/// # Errors
/// Fails when a file is missing or is not as expected.
pub fn load(dir: &Path) -> io::Result<Vec<Series>> {
    let text = std::fs::read_to_string(dir.join("windows.json"))?;
    let windows: BTreeMap<String, Vec<(String, String)>> = serde_json::from_str(&text)?;
    windows
        .into_iter()
        .map(|(name, windows)| {
            let text = std::fs::read_to_string(dir.join("data").join(&name))?;
            series(&name, &text, &windows)
                .map_err(|reason| Error::other(format!("{name}: {reason}")))
        })
        .collect()
}

/// A series from its text: a header, then lines `time,value`.
pub(super) fn series(
    name: &str,
    text: &str,
    windows: &[(String, String)],
) -> Result<Series, String> {
    let (mut at_s, mut values) = (Vec::new(), Vec::new());
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let (at, value) = line
            .split_once(',')
            .ok_or_else(|| format!("no comma in {line:?}"))?;
        at_s.push(seconds(at)?);
        values.push(
            value
                .trim()
                .parse()
                .map_err(|_| format!("not a number: {value:?}"))?,
        );
    }
    let index = |at: &str| {
        let wanted = seconds(at)?;
        at_s.iter()
            .position(|at_s| *at_s == wanted)
            .ok_or_else(|| format!("no value at {at}, where a window begins or ends"))
    };
    let windows = windows
        .iter()
        .map(|(left, right)| Ok((index(left)?, index(right)?)))
        .collect::<Result<Vec<_>, String>>()?;
    if windows.iter().any(|(left, right)| left >= right) {
        return Err("a window that ends where it begins".to_owned());
    }
    Ok(Series {
        name: name.to_owned(),
        at_s,
        values,
        windows,
    })
}

fn seconds(text: &str) -> Result<i64, String> {
    let iso = format!("{}Z", text.trim().replace(' ', "T"));
    parse_timestamp(&iso)
        .map(|at_ns| at_ns / NANOS_PER_SECOND)
        .ok_or_else(|| format!("not a time: {text:?}"))
}
