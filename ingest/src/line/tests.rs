mod hostile;

use domain::{ProjectId, Severity};

use super::*;
use crate::Limits;

/// 2026-11-23T14:00:00Z.
const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn decode_for(service: Option<&str>, lines: &str) -> Vec<LogRecord> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: service.map(str::to_owned),
        limits: &limits,
    };
    let mut decoder = LineDecoder::new(&context);
    let mut records: Vec<LogRecord> = lines
        .split('\n')
        .filter_map(|line| decoder.push_line(line.as_bytes()))
        .collect();
    while let Some(record) = decoder.finish() {
        records.push(record);
    }
    records
}

fn decode(lines: &str) -> Vec<LogRecord> {
    decode_for(Some("import"), lines)
}

/// `time | severity | body | attributes`, the time without the date when it is arrival.
fn show(line: &str) -> String {
    let records = decode(line);
    assert_eq!(records.len(), 1, "{line}");
    let record = &records[0];
    let time = if record.timestamp_ns == NOW_NS {
        "arrival".to_owned()
    } else {
        domain::format_timestamp(record.timestamp_ns)
    };
    format!(
        "{time} | {} | {} | {}",
        record.severity, record.body, record.attributes
    )
}

fn check(line: &str, expected: &str) {
    assert_eq!(show(line), expected, "{line}");
}

#[test]
fn java_and_python_layouts_lose_their_header() {
    check(
        "2026-11-23 13:00:00,123 INFO [main] org.example.Server: started in 3 s",
        r#"2026-11-23T13:00:00.123Z | info | started in 3 s | {"thread":"main","component":"org.example.Server"}"#,
    );
    check(
        "2026-11-23 13:00:00,123 - INFO  [Peer[myid=1]/0:0:0:0:2181:Election@774] - notification time out: 3200",
        r#"2026-11-23T13:00:00.123Z | info | notification time out: 3200 | {"thread":"Peer[myid=1]/0:0:0:0:2181:Election@774","component":"Election"}"#,
    );
    check(
        "13:00:00.123 [http-8080-1] WARN  c.e.shop.Cart - cart is empty",
        r#"2026-11-23T13:00:00.123Z | warn | cart is empty | {"thread":"http-8080-1","component":"c.e.shop.Cart"}"#,
    );
    check(
        "2026-11-23T13:00:00.123+01:00  INFO 1234 --- [app] [main] c.e.Demo : Started Demo",
        r#"2026-11-23T12:00:00.123Z | info | Started Demo | {"pid":1234,"context":"app","thread":"main","component":"c.e.Demo"}"#,
    );
    check(
        "2026-11-23 13:00:00,123 - shop.cart - ERROR - cannot add item",
        r#"2026-11-23T13:00:00.123Z | error | cannot add item | {"component":"shop.cart"}"#,
    );
    check(
        "ERROR:root:division by zero",
        r#"arrival | error | division by zero | {"component":"root"}"#,
    );
    check(
        "ERROR 2026-11-23 13:00:00,123 views 123 456 Internal Server Error: /cart",
        r#"2026-11-23T13:00:00.123Z | error | views 123 456 Internal Server Error: /cart | "#,
    );
    check(
        "2026-11-23 13:00:00.123 | WARNING  | shop.cart:add:12 - slow",
        r#"2026-11-23T13:00:00.123Z | warn | slow | {"component":"shop.cart:add:12"}"#,
    );
    check(
        "[2026-11-23 13:00:00,123: INFO/MainProcess] celery@host ready.",
        r#"2026-11-23T13:00:00.123Z | info | celery@host ready. | {"component":"MainProcess"}"#,
    );
    check(
        "[2026-11-23 13:00:00 +0000] [1234] [INFO] Booting worker with pid: 1240",
        r#"2026-11-23T13:00:00Z | info | Booting worker with pid: 1240 | {"pid":1234}"#,
    );
}

#[test]
fn servers_and_databases_lose_their_header() {
    check(
        "2026-11-23 13:00:00.123 UTC [1234] LOG:  checkpoint complete: wrote 3 buffers",
        r#"2026-11-23T13:00:00.123Z | info | checkpoint complete: wrote 3 buffers | {"pid":1234}"#,
    );
    check(
        "2026-11-23 13:00:00.123 UTC [1234] app@shop ERROR:  relation \"x\" does not exist at character 15",
        r#"2026-11-23T13:00:00.123Z | error | relation "x" does not exist at character 15 | {"pid":1234,"user":"app@shop"}"#,
    );
    check(
        "2026-11-23T13:00:00.123456Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.36) starting",
        r#"2026-11-23T13:00:00.123456Z | info | /usr/sbin/mysqld (mysqld 8.0.36) starting | {"pid":0,"code":"MY-010116","component":"Server"}"#,
    );
    check(
        "1:M 23 Nov 2026 13:00:00.123 * Ready to accept connections",
        r#"2026-11-23T13:00:00.123Z | info | Ready to accept connections | {"pid":1}"#,
    );
    check(
        "2026/11/23 13:00:00 [error] 1234#1235: *5 open() \"/var/www/x\" failed (2: No such file)",
        r#"2026-11-23T13:00:00Z | error | *5 open() "/var/www/x" failed (2: No such file) | {"pid":1234,"tid":1235}"#,
    );
    check(
        "[Mon Nov 23 13:00:00.123456 2026] [core:error] [pid 12:tid 34] [client 10.0.0.1:5] AH00126: Invalid URI",
        r#"2026-11-23T13:00:00.123456Z | error | [client 10.0.0.1:5] AH00126: Invalid URI | {"component":"core","pid":12,"tid":34}"#,
    );
    check(
        "[2026-11-23 13:00:00,123] INFO [GroupCoordinator 0]: Preparing to rebalance group g (kafka.coordinator.group.GroupCoordinator)",
        r#"2026-11-23T13:00:00.123Z | info | [GroupCoordinator 0]: Preparing to rebalance group g (kafka.coordinator.group.GroupCoordinator) | "#,
    );
    check(
        "[2026-11-23T13:00:00,123][INFO ][o.e.n.Node               ] [node-1] started",
        r#"2026-11-23T13:00:00.123Z | info | [node-1] started | {"component":"o.e.n.Node"}"#,
    );
    check(
        "[2026-11-23 13:00:00.123][1][warning][main] [source/server.cc:12] there is no quorum",
        r#"2026-11-23T13:00:00.123Z | warn | [source/server.cc:12] there is no quorum | {"pid":1,"component":"main"}"#,
    );
    check(
        "2026-11-23 13:00:00.123456+00:00 [info] <0.230.0> node is up",
        r#"2026-11-23T13:00:00.123456Z | info | node is up | {"pid":"0.230.0"}"#,
    );
    check(
        "2026-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack v6.1",
        r#"2026-09-28T04:30:30Z | info | Loaded Servicing Stack v6.1 | {"component":"CBS"}"#,
    );
    check(
        "api.log.1.2026-05-16_13:53:08 2026-05-16 00:00:00.008 25746 INFO nova.wsgi.server [req-38101a0b 113d - - -] 10.11.10.1 \"GET /v2 HTTP/1.1\" status: 200",
        r#"2026-05-16T00:00:00.008Z | info | 10.11.10.1 "GET /v2 HTTP/1.1" status: 200 | {"file":"api.log.1.2026-05-16_13:53:08","pid":25746,"component":"nova.wsgi.server","request":"req-38101a0b 113d - - -"}"#,
    );
    check(
        "[10.30 16:49:06] chrome.exe - proxy.example.com:5070 open through proxy",
        r#"2026-10-30T16:49:06Z | unspecified | proxy.example.com:5070 open through proxy | {"component":"chrome.exe"}"#,
    );
    check(
        "[10.30 16:49:06] chrome.exe *64 - proxy.example.com:5070 close, 0 bytes sent",
        r#"2026-10-30T16:49:06Z | unspecified | proxy.example.com:5070 close, 0 bytes sent | {"component":"chrome.exe"}"#,
    );
}

#[test]
fn go_rust_ruby_android_and_node_layouts_lose_their_header() {
    check(
        "I1123 13:00:00.123456    1234 server.go:12] listening on :8080",
        r#"2026-11-23T13:00:00.123456Z | info | listening on :8080 | {"pid":1234,"component":"server.go:12"}"#,
    );
    check(
        "2026/11/23 13:00:00 listening on :8080",
        "2026-11-23T13:00:00Z | unspecified | listening on :8080 | ",
    );
    check(
        "2026-11-23T13:00:00.123Z\tINFO\tserver/main.go:12\tlistening\t{\"port\":1}",
        "2026-11-23T13:00:00.123Z | info | listening\t{\"port\":1} | {\"component\":\"server/main.go:12\"}",
    );
    check(
        "2026-11-23T13:00:00.123456Z  WARN my_crate::net: retrying in 3 s",
        r#"2026-11-23T13:00:00.123456Z | warn | retrying in 3 s | {"component":"my_crate::net"}"#,
    );
    check(
        "\u{1b}[2m2026-11-23T13:00:00Z\u{1b}[0m \u{1b}[32m INFO\u{1b}[0m my_crate: started",
        r#"2026-11-23T13:00:00Z | info | started | {"component":"my_crate"}"#,
    );
    check(
        "[2026-11-23T13:00:00Z ERROR my_crate::net] connection lost",
        r#"2026-11-23T13:00:00Z | error | connection lost | {"component":"my_crate::net"}"#,
    );
    check(
        "W, [2026-11-23T13:00:00.123456 #1234]  WARN -- : slow query",
        r#"2026-11-23T13:00:00.123456Z | warn | slow query | {"pid":1234}"#,
    );
    check(
        "03-17 16:13:38.811  1702  2395 D WindowManager: printing windows: all",
        r#"2026-03-17T16:13:38.811Z | debug | printing windows: all | {"pid":1702,"tid":2395,"component":"WindowManager"}"#,
    );
    check(
        "E/AndroidRuntime( 1702): FATAL EXCEPTION: main",
        r#"arrival | error | FATAL EXCEPTION: main | {"component":"AndroidRuntime","pid":1702}"#,
    );
    check(
        "2026-11-23 13:00:00 info: server started",
        "2026-11-23T13:00:00Z | info | server started | ",
    );
    check(
        "[13:00:00 INF] Application started",
        "2026-11-23T13:00:00Z | info | Application started | ",
    );
    check("[ERROR] no such file", "arrival | error | no such file | ");
    check(
        "20171223-22:15:29:606|Step_LSC|30002312|onStandStepChanged 3579",
        r#"2017-12-23T22:15:29.606Z | unspecified | onStandStepChanged 3579 | {"component":"Step_LSC","pid":30002312}"#,
    );
    check(
        "[    0.123456] usb 1-1: new device",
        r#"arrival | unspecified | usb 1-1: new device | {"uptime":"0.123456"}"#,
    );
}

#[test]
fn syslog_is_read_with_and_without_priority() {
    check(
        "Nov 23 13:00:00 web1 sshd[24200]: Invalid user admin from 10.0.0.1",
        r#"2026-11-23T13:00:00Z | unspecified | Invalid user admin from 10.0.0.1 | {"host":"web1","component":"sshd","pid":24200}"#,
    );
    check(
        "<34>Nov 23 13:00:00 web1 su: 'su root' failed",
        r#"2026-11-23T13:00:00Z | fatal | 'su root' failed | {"host":"web1","component":"su","facility":4}"#,
    );
    check(
        "<165>1 2026-11-23T13:00:00.003Z web1 app 12 ID47 [ex@32473 iut=\"3\" q=\"a\\\"b\"] \u{feff}an event",
        r#"2026-11-23T13:00:00.003Z | info | an event | {"host":"web1","component":"app","pid":12,"message_id":"ID47","ex@32473.iut":"3","ex@32473.q":"a\"b","facility":20}"#,
    );
    check(
        "2026-11-23T13:00:00.123456+00:00 web1 kernel: usb 1-1: new device",
        r#"2026-11-23T13:00:00.123456Z | unspecified | usb 1-1: new device | {"host":"web1","component":"kernel"}"#,
    );
    check(
        "Jul  1 09:00:55 mac-10 com.apple.xpc.launchd[1] (com.apple.quicklook[64219]): Endpoint active",
        r#"2026-07-01T09:00:55Z | unspecified | Endpoint active | {"host":"mac-10","component":"com.apple.xpc.launchd","pid":1}"#,
    );
    check(
        "Jun 14 15:16:01 combo syslogd 1.4.1: restart.",
        r#"2026-06-14T15:16:01Z | unspecified | restart. | {"host":"combo","component":"syslogd"}"#,
    );
    check("<999>hello", "arrival | unspecified | <999>hello | ");
    let records = decode_for(
        None,
        "Nov 23 13:00:00 web1 postfix/smtpd[7]: connect from x",
    );
    assert_eq!(records[0].service, "postfix");
}

#[test]
fn structured_messages_inside_syslog_are_opened() {
    check(
        "Nov 23 13:00:00 web1 app[3]: {\"level\":\"error\",\"msg\":\"inner\",\"k\":1}",
        r#"2026-11-23T13:00:00Z | error | inner | {"k":1,"syslog":{"host":"web1","component":"app","pid":3}}"#,
    );
    check(
        "2026-11-23T13:00:00.000Z web1 app[12]: level=info msg=hi k=v",
        r#"2026-11-23T13:00:00Z | info | hi | {"k":"v","syslog":{"host":"web1","component":"app","pid":12}}"#,
    );
}

#[test]
fn rarer_layouts_lose_their_header() {
    check(
        "2026-11-23T13:00:00.123+0000 I NETWORK  [listener] connection accepted",
        r#"2026-11-23T13:00:00.123Z | info | [listener] connection accepted | {"component":"NETWORK"}"#,
    );
    check(
        "23-Nov-2026 13:00:00.123 INFO [main] org.example.startup.Server.start Server startup in [123] ms",
        r#"2026-11-23T13:00:00.123Z | info | Server startup in [123] ms | {"thread":"main","component":"org.example.startup.Server.start"}"#,
    );
    check(
        "Nov 23, 2026 1:00:00 PM org.example.Service startInternal",
        "2026-11-23T13:00:00Z | unspecified | org.example.Service startInternal | ",
    );
    check(
        "261123 13:00:00 [Note] mysqld: ready for connections",
        "2026-11-23T13:00:00Z | info | mysqld: ready for connections | ",
    );
    check(
        "type=USER_AUTH msg=audit(1795438800.123:456): pid=1 uid=0 res=failed",
        r#"2026-11-23T13:00:00.123Z | unspecified | pid=1 uid=0 res=failed | {"component":"USER_AUTH","serial":456}"#,
    );
    check(
        "2026-11-23 13:00:00 UTC:10.0.0.1(5432):app@shop:[123]:ERROR:  deadlock detected",
        r#"2026-11-23T13:00:00Z | error | deadlock detected | {"user":"10.0.0.1(5432):app@shop","pid":123}"#,
    );
    check(
        "2026-11-23 13:00:00 UTC::@:[123]:LOG:  checkpoint starting: time",
        r#"2026-11-23T13:00:00Z | info | checkpoint starting: time | {"pid":123}"#,
    );
}

#[test]
fn clusters_and_supercomputers_are_read() {
    check(
        "- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 2005-06-03-15.42.50.675872 R02-M1-N0-C:J12-U11 RAS KERNEL INFO cache parity error corrected",
        r#"2005-06-03T22:42:50.675872Z | info | cache parity error corrected | {"host":"R02-M1-N0-C:J12-U11","component":"KERNEL"}"#,
    );
    check(
        "- 1131566461 2005.11.09 dn228 Nov 9 12:01:01 dn228/dn228 crond(pam_unix)[2915]: session closed for user root",
        r#"2005-11-09T20:01:01Z | unspecified | session closed for user root | {"host":"dn228","component":"crond(pam_unix)","pid":2915}"#,
    );
    check(
        "134681 node-246 unix.hw state_change.unavailable 1077804742 1 Component State Change: Component is down",
        r#"2004-02-26T14:12:22Z | unspecified | Component State Change: Component is down | {"host":"node-246","component":"unix.hw","state":"state_change.unavailable"}"#,
    );
}

#[test]
fn access_logs_keep_the_request_and_take_severity_from_the_status() {
    check(
        r#"10.0.0.1 - ada [23/Nov/2026:13:00:00 +0100] "GET /cart?id=7 HTTP/1.1" 502 166 "-" "curl/8.5""#,
        r#"2026-11-23T12:00:00Z | error | "GET /cart?id=7 HTTP/1.1" 502 166 | {"client":"10.0.0.1","user":"ada","method":"GET","path":"/cart?id=7","status":502,"bytes":166,"user_agent":"curl/8.5"}"#,
    );
    check(
        r#"::1 - - [23/Nov/2026:13:00:00 +0000] "\x16\x03" 400 -"#,
        r#"2026-11-23T13:00:00Z | warn | "\x16\x03" 400 - | {"client":"::1","status":400}"#,
    );
}

#[test]
fn json_lines_and_logfmt_are_read() {
    check(
        r#"{"time":"2026-11-23T13:00:00Z","level":"error","msg":"m","k":1}"#,
        r#"2026-11-23T13:00:00Z | error | m | {"k":1}"#,
    );
    check(
        r#"time="2026-11-23T13:00:00Z" level=warning msg="it \"broke\"" port=8080"#,
        r#"2026-11-23T13:00:00Z | warn | it "broke" | {"port":"8080"}"#,
    );
    check("{\"broken\": ", "arrival | unspecified | {\"broken\": | ");
    check(
        "key=value and some words",
        "arrival | unspecified | key=value and some words | ",
    );
}

#[test]
fn container_wrappers_are_taken_off() {
    check(
        r#"{"log":"2026-11-23 12:00:00 ERROR boom\n","stream":"stderr","time":"2026-11-23T13:00:00.5Z"}"#,
        r#"2026-11-23T13:00:00.5Z | error | boom | {"stream":"stderr"}"#,
    );
    check(
        r#"{"log":"{\"level\":\"warn\",\"msg\":\"inner\",\"k\":1}\n","stream":"stdout","time":"2026-11-23T13:00:00Z"}"#,
        r#"2026-11-23T13:00:00Z | warn | inner | {"k":1,"stream":"stdout"}"#,
    );
    check(
        "2026-11-23T13:00:00.123456789Z stdout F level=info msg=hello",
        r#"2026-11-23T13:00:00.123456789Z | info | hello | {"stream":"stdout"}"#,
    );
    let records = decode("2026-11-23T13:00:00Z stdout P one \n2026-11-23T13:00:01Z stdout F two");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].body, "one two");
    assert_eq!(
        decode("2026-11-23T13:00:00Z stdout P never ended")[0].body,
        "never ended"
    );
    let records = decode_for(None, "checkout-1  | 2026-11-23 13:00:00 INFO started");
    assert_eq!(
        (records[0].service.as_str(), records[0].body.as_str()),
        ("checkout-1", "started")
    );
    check("name | value", "arrival | unspecified | name | value | ");
}

#[test]
fn bare_text_stays_as_it_is() {
    for line in [
        "hello world",
        "12 monkeys",
        "Error loading page",
        "a - b - c",
        "[foo] bar",
        "May I help",
        "I am here",
        "- item",
    ] {
        let record = &decode(line)[0];
        assert_eq!((record.body.as_str(), record.timestamp_ns), (line, NOW_NS));
        assert_eq!(record.service, "import");
    }
    check(
        "error: cannot open file",
        "arrival | error | error: cannot open file | ",
    );
    check(
        "2026-11-23 13:00:00 connection - closed by peer",
        "2026-11-23T13:00:00Z | unspecified | connection - closed by peer | ",
    );
    check(
        "2026-11-23 13:00:00 ERROR timeout: no answer",
        "2026-11-23T13:00:00Z | error | timeout: no answer | ",
    );
}

#[test]
fn stack_traces_are_joined_to_their_record() {
    let java = "2026-11-23 13:00:00 ERROR [main] c.e.X - failed\njava.lang.IllegalStateException: no\n\tat c.e.X.run(X.java:1)\n\t... 3 more\nCaused by: java.io.IOException: disk\n\tat c.e.Y.read(Y.java:2)\n2026-11-23 13:00:01 INFO [main] c.e.X - next";
    let records = decode(java);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].body.lines().count(), 6);
    assert_eq!(records[1].body, "next");
    let python = "ERROR:root:failed\nTraceback (most recent call last):\n  File \"x.py\", line 1, in f\n    g()\nValueError: bad value\nINFO:root:next";
    let records = decode(python);
    assert_eq!(records.len(), 2);
    assert!(records[0].body.ends_with("ValueError: bad value"));
    let alone = "INFO:root:fine\nTraceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'a'\nnext words";
    let records = decode(alone);
    assert_eq!(records.len(), 3);
    assert_eq!(records[1].severity, Severity::Error);
    let go =
        "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:5 +0x1d\nexit status 2";
    let records = decode(go);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].severity, Severity::Fatal);
}

#[test]
fn joining_stops_at_the_limits() {
    let many = format!(
        "2026-11-23 13:00:00 ERROR x\n{}",
        "\tat a.b(C.java:1)\n".repeat(1_200)
    );
    let records = decode(&many);
    assert_eq!(records.len(), 3);
    assert_eq!(records[0].body.lines().count(), 500);
    let wide = format!(
        "first\n\t{}\n\t{}",
        "x".repeat(700_000),
        "y".repeat(700_000)
    );
    let records = decode(&wide);
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.body.len() <= 1_048_576));
}

#[test]
fn a_line_over_the_limit_is_cut_and_old_timestamps_are_kept() {
    let records = decode(&"é".repeat(1_000_000));
    assert_eq!(records[0].body.len(), 1_048_576);
    check(
        "2005-06-03 15:42:50 INFO old",
        "2005-06-03T15:42:50Z | info | old | ",
    );
    check(
        "2999-06-03 15:42:50 INFO new",
        r#"arrival | info | new | {"vigil.original_timestamp":"2999-06-03 15:42:50"}"#,
    );
}

#[test]
fn a_bare_number_is_a_time_only_in_company() {
    for line in [
        "1500000000 bytes sent",
        "1795442400 bytes sent",
        "1500000000",
        "1500000000 - 3 is negative",
        "1500000000: done",
        "1500000000000 rows in the table",
        "[ok] 1500000000 rows",
    ] {
        let record = &decode(line)[0];
        assert_eq!((record.body.as_str(), record.timestamp_ns), (line, NOW_NS));
    }
    for (line, expected) in [
        (
            "1795442399 ERROR disk full",
            "2026-11-23T13:59:59Z | error | disk full | ",
        ),
        (
            "1500000000 ERROR disk full",
            "2017-07-14T02:40:00Z | error | disk full | ",
        ),
        (
            "1795442399.5 started",
            "2026-11-23T13:59:59.5Z | unspecified | started | ",
        ),
        (
            "1500000000.25 started",
            "2017-07-14T02:40:00.25Z | unspecified | started | ",
        ),
        (
            "1795442399123 | started",
            "2026-11-23T13:59:59.123Z | unspecified | started | ",
        ),
        (
            "1795442399: started",
            "2026-11-23T13:59:59Z | unspecified | started | ",
        ),
        (
            "[1500000000] SERVICE ALERT: web1;disk",
            "2017-07-14T02:40:00Z | unspecified | SERVICE ALERT: web1;disk | ",
        ),
        (
            "1500000000 [error] disk full",
            "2017-07-14T02:40:00Z | error | disk full | ",
        ),
    ] {
        check(line, expected);
    }
    let joined = decode("upload\n  1500000000 bytes sent");
    assert_eq!(joined.len(), 1);
    assert_eq!(joined[0].body, "upload\n  1500000000 bytes sent");
}

#[test]
fn split_lines_of_two_streams_are_put_together_apart() {
    let of = |stream: &str, tag: &str, text: &str| {
        format!("2026-11-23T13:00:00.000000001Z {stream} {tag} {text}\n")
    };
    let lines = [
        of("stdout", "P", "out-1 "),
        of("stderr", "P", "err-1 "),
        of("stdout", "F", "out-2"),
        of("stderr", "F", "err-2"),
        of("stderr", "P", "never ended"),
    ]
    .concat();
    let seen: Vec<String> = decode(&lines)
        .into_iter()
        .map(|record| format!("{} {}", record.body, record.attributes))
        .collect();
    assert_eq!(
        seen,
        [
            r#"out-1 out-2 {"stream":"stdout"}"#,
            r#"err-1 err-2 {"stream":"stderr"}"#,
            r#"never ended {"stream":"stderr"}"#,
        ]
    );
}

#[test]
fn a_pause_gives_the_held_record_and_keeps_split_lines_waiting() {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    };
    let mut decoder = LineDecoder::new(&context);
    assert_eq!(decoder.push_line(b"words"), None);
    decoder.push_line(b"2026-11-23T13:00:00.000000001Z stdout P one ");
    assert_eq!(
        decoder.pause().map(|record| record.body),
        Some("words".into())
    );
    assert_eq!(decoder.pause(), None);
    decoder.push_line(b"2026-11-23T13:00:00.000000001Z stdout F two");
    assert_eq!(
        decoder.finish().map(|record| record.body),
        Some("one two".into())
    );
}

#[test]
fn lines_that_docker_split_are_joined_and_short_ones_without_an_end_are_not() {
    let line = |text: &str, stream: &str| {
        let text = serde_json::Value::from(text);
        format!(r#"{{"log":{text},"stream":"{stream}","time":"2026-11-23T13:00:00.5Z"}}"#) + "\n"
    };
    let long = "x".repeat(16 * 1024);
    let input = [
        line(&long, "stdout"),
        line("beside it\n", "stderr"),
        line(&long, "stdout"),
        line("end\n", "stdout"),
        line("\n", "stdout"),
        line("one", "stdout"),
        line("two", "stdout"),
    ];
    let records = decode(&input.concat());
    let bodies: Vec<&str> = records.iter().map(|record| &*record.body).collect();
    let whole = format!("{long}{long}end");
    assert_eq!(bodies, ["beside it", &whole, "one", "two"]);
    assert_eq!(records[1].attributes, r#"{"stream":"stdout"}"#);
    assert_eq!(records[1].timestamp_ns, 1_795_438_800_500_000_000);
}

#[test]
fn the_decoder_tells_where_the_input_may_be_cut() {
    let limits = Limits::default();
    let mut decoder = LineDecoder::new(&Context {
        project_id: ProjectId::from_parts(0, [7; 10]),
        received_at_ns: NOW_NS,
        default_service: None,
        limits: &limits,
    });
    assert_eq!(decoder.cut_before(0), Some(0));
    let mut push = |line: &str, place: usize| {
        let given = decoder.push_line_at(line.as_bytes(), place);
        (
            given.map(|record| record.body),
            decoder.cut_before(place + 1),
        )
    };
    let cri = "2026-11-23T13:00:00.000000001Z";
    assert_eq!(push("", 0), (None, Some(1)));
    assert_eq!(push("one", 1), (None, Some(1)));
    assert_eq!(push("  more of one", 2), (None, Some(1)));
    let one = Some("one\n  more of one".to_owned());
    assert_eq!(push(&format!("{cri} stdout P two, "), 3), (None, Some(1)));
    assert_eq!(push(&format!("{cri} stderr F three"), 4), (one, Some(3)));
    // The third record is behind the beginning of the split second.
    let three = Some("three".to_owned());
    assert_eq!(push(&format!("{cri} stdout F four"), 5), (three, None));
    let two = Some("two, four".to_owned());
    assert_eq!(push("five", 6), (two, Some(6)));
    assert_eq!(
        decoder.pause().map(|record| record.body),
        Some("five".to_owned())
    );
    assert_eq!(decoder.cut_before(7), Some(7));
}
