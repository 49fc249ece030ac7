use super::*;

const MEMINFO: &str = "MemTotal:       8000000 kB\nMemFree:  100 kB\nMemAvailable:    4000000 kB\n";

fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn check_available(files: &[(&str, &str)], expected: Option<u64>) {
    assert_eq!(available_under(root(files).path()), expected);
}

#[test]
fn without_a_limit_the_machine_decides() {
    check_available(&[("proc/meminfo", MEMINFO)], Some(4_000_000 * 1024));
    check_available(
        &[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/memory.current", "5\n"),
        ],
        Some(4_000_000 * 1024),
    );
    check_available(&[], None);
}

#[test]
fn the_tightest_control_group_above_the_process_counts_and_cached_files_do_not() {
    check_available(
        &[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/memory.max", "1000000000"),
            ("sys/fs/cgroup/outer/memory.current", "700000000"),
            (
                "sys/fs/cgroup/outer/memory.stat",
                "anon 5\ninactive_file 200000000\n",
            ),
            ("sys/fs/cgroup/outer/inner/memory.max", "2000000000"),
            ("sys/fs/cgroup/outer/inner/memory.current", "700000000"),
        ],
        Some(500_000_000),
    );
}

#[test]
fn the_first_version_of_control_groups_is_read_too() {
    check_available(
        &[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "9:cpu:/x\n4:memory:/docker/abc\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "600000000"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "100000000"),
        ],
        Some(500_000_000),
    );
}

#[test]
fn what_is_missing_is_said_in_numbers() {
    assert_eq!(
        check(2_500 * MIB, Some(1_200 * MIB)).unwrap_err(),
        "it needs 2500 MB of memory and 1200 MB are available"
    );
    check(2_500 * MIB, Some(2_500 * MIB)).unwrap();
    check(u64::MAX, None).unwrap();
}
