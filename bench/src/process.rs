//! CPU time and memory of processes out of `/proc`, and the size of folders.

use std::os::unix::fs::MetadataExt;

use anyhow::Context;

/// Clock ticks of a second in `/proc/<pid>/stat`; 100 on every Linux that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Size of a page in `/proc/<pid>/statm`.
const PAGE_BYTES: u64 = 4_096;
/// What `st_blocks` counts in.
const BLOCK_BYTES: u64 = 512;

/// CPU seconds of a process with all its threads and its ended children.
pub fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("reading the times of process {pid}"))?;
    // The name in parentheses may hold spaces; the fields after it are numbers.
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields: Vec<f64> = rest
        .split(' ')
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    Ok(fields.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// CPU seconds of a process and of all its living descendants.
pub fn tree_cpu_seconds(root: u32) -> anyhow::Result<f64> {
    let mut total = cpu_seconds(root)?;
    for child in children(root) {
        total += tree_cpu_seconds(child).unwrap_or(0.0);
    }
    Ok(total)
}

fn children(pid: u32) -> Vec<u32> {
    std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// Resident memory of a process.
pub fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm"))
        .with_context(|| format!("reading the memory of process {pid}"))?;
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|field| field.parse().ok())
        .context("statm has no second field")?;
    Ok(pages * PAGE_BYTES)
}

/// The most memory that a process ever had resident.
pub fn peak_bytes(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("reading the state of process {pid}"))?;
    let kib: u64 = text
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .context("the state has no VmHWM")?;
    Ok(kib << 10)
}

/// Forgets [`peak_bytes`] so far.
pub fn reset_peak(pid: u32) -> anyhow::Result<()> {
    // The value 5 does that and nothing else: proc(5), "clear_refs".
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5")
        .with_context(|| format!("forgetting the peak of process {pid}"))
}

/// Bytes that a folder's files of certain names take on the disk (holes take none).
pub fn folder_bytes(folder: &std::path::Path, is_counted: &dyn Fn(&str) -> bool) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path(), is_counted),
            Ok(metadata) if is_counted(&entry.file_name().to_string_lossy()) => {
                metadata.blocks() * BLOCK_BYTES
            }
            _ => 0,
        })
        .sum()
}
