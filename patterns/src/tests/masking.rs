use super::miner_of;

/// The template of the first line of a body that stands alone.
#[track_caller]
fn check(body: &str, expected: &str) {
    let miner = miner_of([body]);
    let texts = super::live(&miner);
    assert_eq!(texts, [expected], "of {body:?}");
}

#[test]
fn numbers_lose_their_sign_fraction_separators_and_units() {
    check("took 12 steps", "took <num> steps");
    check("offset -3.5e-7 reached", "offset <num> reached");
    check("read 1,234,567 rows", "read <num> rows");
    check(
        "slept 250ms then 1h30m and 2m3.5s",
        "slept <num> then <num> and <num>",
    );
    check(
        "heap 384.0 MB of 2 GB (95%)",
        "heap <num> of <num> (<num>%)",
    );
    check("server 5.14.0-rc1.x86_64 v2.3 up", "server <num> <num> up");
    check("values 1,2", "values <num>,<num>");
}

#[test]
fn hexadecimal_text_is_told_from_words() {
    check("at 0x7fff12 in deadbeef01", "at <hex> in <hex>");
    check("mac 00:1a:2b:3c:4d:5e up", "mac <hex> up");
    check("a cafe facade", "a cafe facade");
}

#[test]
fn addresses_keep_their_port_apart() {
    check(
        "from 10.0.0.1:8080 to 10.0.0.0/8",
        "from <ip>:<num> to <ip>",
    );
    check("peer /192.168.1.9:443 lost", "peer <ip>:<num> lost");
    check("v6 2001:db8::1 and fe80::1%eth0", "v6 <ip> and <ip>%eth0");
    check("std::vector<a::b>", "std::vector<a::b>");
}

#[test]
fn uuids_are_found_whatever_their_first_group_holds() {
    check("order 0191f3a2-7c1e-7b4a-9d5e-3f2a1b0c9d8e", "order <uuid>");
    check(
        "order abcdefab-7c1e-7b4a-9d5e-3f2a1b0c9d8e ok",
        "order <uuid> ok",
    );
    check(
        "order 12345678-7c1e-7b4a-9d5e-3f2a1b0c9d8e.",
        "order <uuid>.",
    );
}

#[test]
fn paths_end_at_delimiters_and_line_numbers() {
    check("open /var/log/app.log: denied", "open <path>: denied");
    check("in '/srv/a b'", "in '<path> b'");
    check(r"load C:\app\main.dll now", "load <path> now");
    check("panic at src/store/log.rs:42", "panic at <path>:<num>");
    check("~/notes and and/or", "<path> and and/or");
}

#[test]
fn urls_keep_their_scheme() {
    check(
        "GET https://api.example.com/v1?id=3 failed",
        "GET https://<url> failed",
    );
    check("db postgres://user@db:5432/app.", "db postgres://<url>.");
}

#[test]
fn emails_and_hosts_are_told_from_program_names() {
    check(
        "mail to jane.doe+x@mail.example.org bounced",
        "mail to <email> bounced",
    );
    check("mail to user123@example.com", "mail to <email>");
    check("resolve db1.eu.example.net now", "resolve <host> now");
    check(
        "call com.acme.shop.Cart.add()",
        "call com.acme.shop.Cart.add()",
    );
    check("node-12:8080 joined", "<host>:<num> joined");
    check("Event@1a2b3c4d", "Event@<hex>");
}

#[test]
fn times_of_all_usual_shapes_are_one_slot() {
    for time in [
        "2024-01-02T03:04:05.678Z",
        "2024-01-02 03:04:05,678",
        "2024-01-02 03:04:05 +0100",
        "2024/01/02",
        "02/Jan/2006:15:04:05 -0700",
        "Jan  2 03:04:05",
        "Sun Dec 04 04:47:44 2005",
        "20240102T030405Z",
        "03:04:05",
    ] {
        check(&format!("started [{time}] well"), "started [<time>] well");
    }
    check("May 5 users", "May <num> users");
}

#[test]
fn booleans_and_long_quoted_prose_are_values() {
    check("ready=true ok", "ready=<*> ok");
    check(
        r#"agent="Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Safari" ok"#,
        r#"agent="<quoted>" ok"#,
    );
    check(
        r#"msg="the connection to the payment provider was refused" n=1"#,
        r#"msg="the connection to the payment provider was refused" n=<num>"#,
    );
}

#[test]
fn identifiers_are_masked_and_names_with_few_digits_are_not() {
    check("block blk_-38865049 of attempt_14_m_0", "block <*> of <*>");
    check("pod web-7d4b9c6f5-x2x9z ready", "pod web-<*> ready");
    check("sha256 over ssh2 with utf8", "sha256 over ssh2 with utf8");
}

#[test]
fn headers_are_masked_where_they_stand() {
    check(
        "<34>Oct 11 22:14:15 web7 sshd[4721]: session closed",
        "<<num>><time> <host> sshd[<num>]: session closed",
    );
    check(
        "2024-01-02T03:04:05Z INFO [main] started",
        "<time> INFO [main] started",
    );
}

#[test]
fn lists_of_many_values_are_one_slot_however_long() {
    let miner = miner_of(["got 1 2 3 4 5 6 7 done", "got 1 2 3 4 5 6 7 8 9 10 done"]);
    assert_eq!(super::live(&miner), ["got <*> done"]);
}

#[test]
fn the_first_line_that_is_not_blank_decides() {
    let trace = "\n\n  java.lang.IllegalStateException: bad state 7\n\tat a.B.c(B.java:3)\n\tat d.E.f(E.java:9)";
    check(trace, "java.lang.IllegalStateException: bad state <num>");
    let frames = [
        "\tat a.b.C.d(C.java:42)",
        "    at e.f.G.<init>(Unknown Source)",
        "at async h (/srv/i.js:3:4)",
    ];
    assert_eq!(
        super::live(&miner_of(frames)),
        ["at <*> (<*>)", "at <*>(<*>)"]
    );
}

#[test]
fn text_that_looks_like_a_slot_is_one() {
    check(
        "literal <num> and <*> and <foo>",
        "literal <num> and <*> and <foo>",
    );
    let mut miner = miner_of(["literal 7 here"]);
    assert!(!miner.mine("literal <num> here").is_new);
}
