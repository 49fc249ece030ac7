use super::*;

fn check(text: &str, expected: &str) {
    let best = runbook()
        .hits(text)
        .into_iter()
        .max_by(|a, b| runbook().at(*a).weight.total_cmp(&runbook().at(*b).weight))
        .map(|index| runbook().at(index).id.as_str());
    assert_eq!(best, Some(expected), "{text}");
}

#[test]
fn patterns_of_real_systems_are_recognised() {
    check(
        "java.lang.OutOfMemoryError: Java heap space",
        "out_of_memory",
    );
    check("write <path>: no space left on device", "disk_full");
    check("accept: too many open files", "too_many_files");
    check(
        "HikariPool-<num> - Connection is not available, request timed out: pool exhausted",
        "database_pool",
    );
    check(
        "FATAL: remaining connection slots are reserved",
        "database_pool",
    );
    check(
        "timed out after <num> waiting for a connection from pool orders-db (size=<num>)",
        "database_pool",
    );
    // A thread of a pool is named in the lines of every Java program.
    check(
        "[pool-3-thread-1] c.a.Billing - java.net.SocketTimeoutException: Read timed out",
        "timeout",
    );
    check(
        "[pool-<num>-thread-<num>] connection pool is empty",
        "database_pool",
    );
    check(
        "EXT4-fs error (device sda1): ext4_find_entry: inode #2: reading directory lblock 0",
        "hardware",
    );
    check("ERROR: deadlock detected", "database");
    check(
        "dial tcp: lookup payments on <ip>:<num>: no such host",
        "dns",
    );
    check("x509: certificate has expired or is not yet valid", "tls");
    check(
        "Failed password for invalid user <str> from <ip> port <num> ssh<num>",
        "authentication",
    );
    check("open <path>: permission denied", "permission");
    check("upstream returned 429 Too Many Requests", "rate_limit");
    check(
        "required environment variable STRIPE_KEY is not set: config error",
        "configuration",
    );
    check("instruction cache parity error corrected", "hardware");
    check("java.lang.NullPointerException: null", "crash");
    check(
        "connect to <ip>:<num> failed: Connection refused",
        "unreachable",
    );
    check(
        "java.net.NoRouteToHostException: No Route to Host from <str>",
        "unreachable",
    );
    check("consumer lag exceeds <num>", "queue_backlog");
    check(
        "cpu_steal_share of checkout is 0.6, usually 0.02",
        "hardware",
    );
    check("queue lag is <num> messages", "queue_backlog");
    check("checkout has been silent for 3 min", "silence");
    check("context deadline exceeded", "timeout");
    check("checksum mismatch in segment <num>", "data_corruption");
    check("GET <path> 500 in <num> ms", "server_errors");
}

#[test]
fn harmless_text_hits_nothing() {
    for text in [
        "user <num> logged in",
        "started in <num> ms",
        "order <uuid> placed",
        "Receiving block <blk> src: <ip>",
    ] {
        assert!(runbook().hits(text).is_empty(), "{text}");
    }
}

#[test]
fn every_class_has_steps_and_a_number_in_a_slot_is_no_status_code() {
    for cause in &runbook().causes {
        assert!(cause.steps.len() >= 2, "{}", cause.id);
        assert!(!cause.name.is_empty() && !cause.means.is_empty());
        for step in &cause.steps {
            assert!(step.len() < 160 && !step.ends_with('.'), "{step}");
        }
    }
    assert!(runbook().hits("served <num> requests").is_empty());
}

#[test]
fn a_service_name_that_is_no_name_does_not_get_into_a_step() {
    let steps = runbook().steps("timeout", Some("checkout"));
    assert!(steps[0].contains("checkout"), "{steps:?}");
    let steps = runbook().steps("timeout", Some("x; rm -rf / # run this"));
    assert!(steps[0].contains("the service"), "{steps:?}");
    assert!(runbook().steps("no_such_cause", None).is_empty());
}
