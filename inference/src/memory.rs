//! How much memory this process may still take.

use std::path::Path;

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

/// Bytes that can still be taken without pushing anything out: the smaller of what the kernel calls
/// available and what the control groups of this process leave. `None` where neither can be read (not Linux).
#[must_use]
pub fn available_memory() -> Option<u64> {
    available_under(Path::new("/"))
}

/// Memory that a model of a GGUF file of so many bytes takes while it works, with its cache and its buffers: measured as
/// a little less than twice the file and 300 MB for Q4_K_M models of 0.1 to 1.5 billion parameters.
pub(crate) fn memory_of_file(file_bytes: u64) -> u64 {
    file_bytes.saturating_mul(2).saturating_add(300 * MIB)
}

/// Memory that a model of so many values takes while it works when its floats are kept in 8-bit blocks: 9 bits a value,
/// and cache, buffers and vocabulary (a vocabulary of 262,144 words with its merges is most of them).
pub(crate) fn memory_of_values(values: u64) -> u64 {
    (values / 8).saturating_mul(9).saturating_add(450 * MIB)
}

/// Says what is missing when this process cannot take so many bytes more now.
///
/// # Errors
/// Fails with both numbers in words.
pub fn require_memory(needed: u64) -> Result<(), String> {
    check(needed, available_memory())
}

fn check(needed: u64, available: Option<u64>) -> Result<(), String> {
    match available {
        Some(available) if available < needed => Err(format!(
            "it needs {} MB of memory and {} MB are available",
            needed / MIB,
            available / MIB
        )),
        _ => Ok(()),
    }
}

fn available_under(root: &Path) -> Option<u64> {
    let machine = std::fs::read_to_string(root.join("proc/meminfo"))
        .ok()
        .and_then(|text| field(&text, "MemAvailable:"))
        .map(|kib| kib.saturating_mul(1024));
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup"))
        .ok()
        .and_then(|text| left_by_groups(root, &text));
    match (machine, groups) {
        (Some(machine), Some(groups)) => Some(machine.min(groups)),
        (one, other) => one.or(other),
    }
}

/// What the control groups leave: a limit holds for a group and everything below it. Sources:
/// <https://docs.kernel.org/admin-guide/cgroup-v2.html#memory> and
/// <https://docs.kernel.org/admin-guide/cgroup-v1/memory.html>.
fn left_by_groups(root: &Path, membership: &str) -> Option<u64> {
    let mut left: Option<u64> = None;
    for line in membership.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (mount, names) = if controllers.is_empty() {
            (
                "sys/fs/cgroup",
                ["memory.max", "memory.current", "inactive_file"],
            )
        } else if controllers.split(',').any(|name| name == "memory") {
            (
                "sys/fs/cgroup/memory",
                [
                    "memory.limit_in_bytes",
                    "memory.usage_in_bytes",
                    "total_inactive_file",
                ],
            )
        } else {
            continue;
        };
        let mount = root.join(mount);
        // Inside a container the path can be one that is only seen from outside: then the mount itself counts.
        let group = mount.join(path.trim_start_matches('/'));
        for folder in group
            .ancestors()
            .take_while(|folder| folder.starts_with(&mount))
        {
            if let Some(here) = left_by_group(folder, names) {
                left = Some(left.map_or(here, |known| known.min(here)));
            }
        }
    }
    left
}

/// Limit minus use; pages of files that are read no more can be dropped and do not count as used.
fn left_by_group(folder: &Path, [limit, used, cache]: [&str; 3]) -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        std::fs::read_to_string(folder.join(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    let limit = number(limit)?;
    let used = number(used)?;
    let droppable = std::fs::read_to_string(folder.join("memory.stat"))
        .ok()
        .and_then(|text| field(&text, cache))
        .unwrap_or(0);
    Some(limit.saturating_sub(used.saturating_sub(droppable)))
}

/// The number behind a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(name)).then(|| words.next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests;
