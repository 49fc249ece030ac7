use super::*;
use serde_json::json;

#[test]
fn records_are_grouped_by_minute_and_service() {
    let shop = Shop::small();
    let rows = ask(
        &shop,
        "SELECT minute(timestamp) AS at, service, count(*) AS n FROM logs \
         WHERE timestamp >= now() - interval '2 minutes' GROUP BY 1, 2 ORDER BY 1, 2",
    );
    assert_eq!(rows.len(), 6);
    assert_eq!(
        rows[0],
        [json!("2026-11-23T13:58:00Z"), json!("cart"), json!(20)]
    );
    let same = ask(
        &shop,
        "SELECT date_bin(interval '1 minute', timestamp) AS at, service, count(*) AS n FROM logs \
         WHERE timestamp >= now() - interval '2 minutes' GROUP BY 1, 2 ORDER BY 1, 2",
    );
    assert_eq!(rows, same);
}

#[test]
fn columns_have_names_and_types() {
    let answer = try_ask(
        &Shop::small(),
        "SELECT timestamp, severity, severity_number, trace_id, 1.5 AS x, true AS y, NULL AS z FROM logs ORDER BY id LIMIT 1",
        SqlLimits::default(),
    )
    .unwrap();
    let columns: Vec<(&str, &str)> = answer
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.kind.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("timestamp", "timestamp"),
            ("severity", "text"),
            ("severity_number", "integer"),
            ("trace_id", "text"),
            ("x", "float"),
            ("y", "boolean"),
            ("z", "null"),
        ]
    );
    assert_eq!(
        answer.rows[0],
        [
            json!("2026-11-23T13:50:00Z"),
            json!("error"),
            json!(17),
            json!("00000000000000000000000000000000"),
            json!(1.5),
            json!(true),
            json!(null)
        ]
    );
}

#[test]
fn attributes_are_read_by_key_and_by_path() {
    let shop = Shop::small();
    let one = |expression: &str, n: u32| {
        let text = format!(
            "SELECT {expression} FROM logs WHERE id = '00000000-0000-0000-0000-{:012x}'",
            n + 1
        );
        ask(&shop, &text).remove(0).remove(0)
    };
    assert_eq!(one("attr(attributes, 'user.id')", 8), json!("u3"));
    assert_eq!(one("attributes ->> 'duration_ms'", 8), json!("8"));
    assert_eq!(one("attributes -> 'http' ->> 'status'", 8), json!("202"));
    assert_eq!(
        one("json_get(attributes, 'http', 'tags', '1')", 8),
        json!("b0")
    );
    assert_eq!(
        one("json_get(attributes, 'http', 'tags', '9')", 8),
        json!(null)
    );
    assert_eq!(
        one("json_get(attributes, 'http', 'tags', 'x')", 8),
        json!(null)
    );
    assert_eq!(one("attr(attributes, 'user.id')", 1), json!("quo\"ted"));
    assert_eq!(one("attr(attributes, 'none')", 1), json!(null));
    assert_eq!(one("attributes", 2), json!(null));
    assert_eq!(one("attr(attributes, 'x')", 2), json!(null));
    assert_eq!(one("attr('{\"a\":1,\"a\":2}', 'a')", 2), json!("2"));
    assert_eq!(one("attr('no json', 'a')", 2), json!(null));
    assert_eq!(one("attr('{\"a\":', 'a')", 2), json!(null));
    assert_eq!(
        one("sum(cast(attr(attributes, 'duration_ms') AS double))", 8),
        json!(8.0)
    );
    assert!(refusal("SELECT attr(timestamp, 'x') FROM logs").contains("takes texts"));
}

#[test]
fn texts_are_joined_and_replaced_as_in_other_databases() {
    let shop = Shop::small();
    let rows = ask(
        &shop,
        "SELECT service || ':' || severity, service || NULL, concat(service, NULL, 'x'), \
         replace(service, 'a', 'oo'), regexp_replace(service, '[aeiou]', '_', 'g'), concat_ws('-', service, severity) \
         FROM logs ORDER BY id LIMIT 1",
    );
    assert_eq!(
        rows[0],
        [
            json!("cart:error"),
            json!(null),
            json!("cartx"),
            json!("coort"),
            json!("c_rt"),
            json!("cart-error")
        ]
    );
    let rows = ask(
        &shop,
        "SELECT count(*) FROM logs WHERE trace_id || 'x' IS NULL",
    );
    assert_eq!(rows, [[json!(500)]]);
}

#[test]
fn the_present_is_that_of_the_clock() {
    let rows = ask(
        &Shop::small(),
        "SELECT now(), current_timestamp, current_date, today(), count(*) FILTER (WHERE timestamp > now()) FROM logs",
    );
    assert_eq!(
        rows[0],
        [
            json!("2026-11-23T14:00:00Z"),
            json!("2026-11-23T14:00:00Z"),
            json!("2026-11-23"),
            json!("2026-11-23"),
            json!(0)
        ]
    );
}

#[test]
fn rows_and_bytes_beyond_the_limits_are_left_out_and_that_is_told() {
    let limits = SqlLimits {
        rows: 10,
        ..SqlLimits::default()
    };
    let answer = try_ask(&Shop::small(), "SELECT * FROM logs", limits).unwrap();
    assert_eq!((answer.rows.len(), answer.is_truncated), (10, true));
    let answer = try_ask(&Shop::small(), "SELECT * FROM logs LIMIT 10", limits).unwrap();
    assert_eq!((answer.rows.len(), answer.is_truncated), (10, false));
    let limits = SqlLimits {
        bytes: 1_000,
        ..SqlLimits::default()
    };
    let answer = try_ask(&Shop::small(), "SELECT body FROM logs", limits).unwrap();
    assert!(answer.is_truncated);
    assert!(
        (20..80).contains(&answer.rows.len()),
        "{}",
        answer.rows.len()
    );
}

#[test]
fn another_projects_records_cannot_be_named() {
    let shop = Shop::small();
    for text in [
        "SELECT count(*) FROM logs WHERE body LIKE '%secret%'",
        "SELECT count(*) FROM logs WHERE service = 'foreign' OR 1 = 1 AND body LIKE '%secret%'",
        "SELECT count(*) FROM logs a JOIN logs b ON a.id = b.id WHERE a.service = 'foreign'",
        "WITH logs2 AS (SELECT * FROM logs) SELECT count(*) FROM logs2 WHERE service = 'foreign'",
        "SELECT count(*) FROM vigil.public.logs WHERE service = 'foreign'",
    ] {
        assert_eq!(ask(&shop, text), [[json!(0)]], "{text}");
    }
    assert_eq!(ask(&shop, "SELECT count(*) FROM logs"), [[json!(600)]]);
}

#[test]
fn tables_and_columns_can_be_listed_and_plans_explained() {
    let shop = Shop::small();
    let rows = ask(
        &shop,
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    assert_eq!(rows, [[json!("logs")]]);
    let rows = ask(
        &shop,
        "SELECT count(*) FROM information_schema.columns WHERE table_name = 'logs'",
    );
    assert_eq!(rows, [[json!(11)]]);
    let rows = ask(&shop, "EXPLAIN SELECT count(*) FROM logs");
    assert!(rows[0][1].as_str().unwrap().contains("TableScan: logs"));
}

#[test]
fn windows_subqueries_and_joins_work() {
    let shop = Shop::small();
    let rows = ask(
        &shop,
        "WITH errors AS (SELECT trace_id, min(timestamp) AS at FROM logs WHERE severity = 'error' AND trace_id IS NOT NULL GROUP BY 1) \
         SELECT count(*) FROM logs l JOIN errors e USING (trace_id) WHERE l.timestamp >= e.at",
    );
    assert!(rows[0][0].as_i64().unwrap() > 10);
    let rows = ask(
        &shop,
        "SELECT service, row_number() OVER (PARTITION BY service ORDER BY timestamp DESC) AS place FROM logs \
         QUALIFY place = 1 ORDER BY service",
    );
    assert_eq!(rows.len(), 3);
    let rows = ask(
        &shop,
        "SELECT approx_percentile_cont(0.9) WITHIN GROUP (ORDER BY cast(attr(attributes, 'duration_ms') AS double)) \
         FROM logs WHERE attr(attributes, 'duration_ms') != 'slow'",
    );
    assert!(rows[0][0].as_f64().unwrap() > 30.0);
}

#[test]
fn a_store_that_fails_is_told_as_such() {
    let mut shop = Shop::with_records(600);
    shop.is_broken = true;
    let error = try_ask(
        &Arc::new(shop),
        "SELECT count(*) FROM logs",
        SqlLimits::default(),
    )
    .unwrap_err();
    assert_eq!(error.kind(), domain::ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "the database has gone");
}
