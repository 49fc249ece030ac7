use std::time::{Duration, Instant};

use super::*;

#[test]
fn what_writes_sets_or_reaches_outside_is_refused() {
    for text in [
        "INSERT INTO logs SELECT * FROM logs",
        "DELETE FROM logs",
        "UPDATE logs SET body = 'x'",
        "DROP TABLE logs",
        "TRUNCATE TABLE logs",
        "CREATE TABLE x AS SELECT * FROM logs",
        "CREATE VIEW x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY logs TO '/tmp/x.csv'",
        "COPY (SELECT * FROM logs) TO 's3://bucket/x' STORED AS JSON",
        "SET datafusion.execution.batch_size = 1",
        "RESET datafusion.execution.batch_size",
        "SHOW ALL",
        "BEGIN",
        "PREPARE x AS SELECT 1",
        "EXECUTE x",
        "EXPLAIN INSERT INTO logs SELECT * FROM logs",
        "EXPLAIN ANALYZE COPY logs TO '/tmp/x.csv'",
        "SELECT * INTO x FROM logs",
        "GRANT ALL ON logs TO x",
        "CALL x()",
        "USE x",
        "",
        "   -- nothing\n",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE logs",
    ] {
        let message = refusal(text);
        assert!(!message.contains('\n'), "{message}");
    }
    assert_eq!(
        refusal("DROP TABLE logs"),
        "only queries are answered: begin with SELECT, WITH or EXPLAIN; nothing can be written or set"
    );
    for text in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd.csv\"",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM parquet_metadata('/tmp/x')",
        "SELECT * FROM other.public.logs",
        "SELECT load_extension('x')",
        "SELECT pg_read_file('/etc/passwd')",
    ] {
        refusal(text);
    }
}

#[test]
fn mistakes_are_told_in_one_plain_line() {
    let message = refusal("SELECT nothing FROM logs");
    assert!(message.starts_with("No field named nothing"), "{message}");
    let message = refusal("SELEC 1");
    assert!(
        message.contains("SELEC") && !message.contains("ParserError"),
        "{message}"
    );
    let message = refusal("SELECT * FROM logz");
    assert!(message.contains("logz"), "{message}");
    let message = refusal("SELECT unknown_function(body) FROM logs");
    assert!(message.contains("unknown_function"), "{message}");
    let message = refusal("SELECT body + 1 FROM logs");
    assert!(message.len() < 700, "{message}");
}

#[test]
fn trees_that_are_too_deep_or_too_wide_are_refused_before_they_are_planned() {
    let started = Instant::now();
    let chain = |piece: &str, count: usize| vec![piece; count].join("");
    for text in [
        format!("SELECT {}1{}", chain("(", 5_000), chain(")", 5_000)),
        format!(
            "SELECT 1 FROM logs WHERE service = 'a'{}",
            chain(" OR body='b'", 5_000)
        ),
        format!("SELECT 1{}", chain("|1", 30_000)),
        format!("SELECT {} 1", chain("- ", 20_000)),
        format!("SELECT {} true", chain("NOT ", 10_000)),
        format!("SELECT 1{}", chain("::int", 10_000)),
        format!("SELECT 1{}", chain(" UNION ALL SELECT 1", 3_000)),
        format!("SELECT 1 FROM logs{}", chain(",logs", 10_000)),
        format!("SELECT {}1{}", chain("(SELECT ", 2_000), chain(")", 2_000)),
        format!(
            "SELECT {}body{} FROM logs",
            chain("upper(", 5_000),
            chain(")", 5_000)
        ),
        format!("SELECT {} FROM logs", vec!["body"; 5_000].join(",")),
        "SELECT '".to_owned() + &"x".repeat(70_000) + "'",
        "SELECT 1 /* ".to_owned() + &"/*".repeat(30_000),
    ] {
        let message = refusal(&text);
        assert!(message.len() < 800, "{message}");
    }
    assert_eq!(
        refusal(&("SELECT ".to_owned() + &"x".repeat(70_000))),
        "length of the query in bytes is 70007, limit is 65536"
    );
    assert!(started.elapsed() < Duration::from_secs(30));
    let values: Vec<String> = (0..5_000).map(|n| format!("'{n}'")).collect();
    let text = format!(
        "SELECT count(*) FROM logs WHERE service IN ({})",
        values.join(",")
    );
    assert_eq!(ask(&Shop::small(), &text), [[Value::from(0)]]);
    let ors: Vec<String> = (0..300).map(|n| format!("body = 'order {n}'")).collect();
    let text = format!("SELECT count(*) FROM logs WHERE {}", ors.join(" OR "));
    assert_eq!(ask(&Shop::small(), &text), [[Value::from(0)]]);
}

#[test]
fn tables_that_would_multiply_are_refused() {
    let mut text = "WITH t0 AS (SELECT * FROM logs)".to_owned();
    for n in 1..30 {
        let before = n - 1;
        text += &format!(", t{n} AS (SELECT * FROM t{before} UNION ALL SELECT * FROM t{before})");
    }
    text += " SELECT count(*) FROM t29";
    assert!(refusal(&text).starts_with("number of tables of the query"));
    let text = text.replace("t29", "\"t29\"");
    assert!(refusal(&text).starts_with("number of tables of the query"));
    assert!(refusal("SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x)").contains("WITH"));
}

fn short(time_ms: u64) -> SqlLimits {
    SqlLimits {
        time: Duration::from_millis(time_ms),
        ..SqlLimits::default()
    }
}

#[test]
fn queries_without_an_end_are_ended_and_give_their_place_back() {
    let (shop, engine) = (Shop::endless(), engine(true));
    for text in [
        "SELECT count(*) FROM logs",
        "SELECT count(*) FROM logs WHERE body = 'nothing is like this'",
        "SELECT a.id FROM logs a CROSS JOIN logs b WHERE a.body = 'nothing'",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t) SELECT n FROM t WHERE n = 2",
        "SELECT count(*) FROM generate_series(1, 9000000000000000000)",
        "SELECT sum(a.value) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b, generate_series(1, 1000000) c",
    ] {
        let started = Instant::now();
        let outcome = wait(engine.query(source(&shop), text.to_owned(), short(700)));
        let error = outcome.expect_err(text);
        assert!(
            matches!(error, SqlError::Timeout(_) | SqlError::Memory { .. }),
            "{text}: {error}"
        );
        assert!(started.elapsed() < Duration::from_secs(10), "{text}");
    }
    let small = Shop::small();
    let answer = wait(engine.query(
        source(&small),
        "SELECT count(*) FROM logs".into(),
        short(20_000),
    ));
    assert_eq!(answer.unwrap().rows, [[Value::from(600)]]);
}

#[test]
fn memory_beyond_the_limit_is_refused_and_not_taken_from_others() {
    let limits = SqlLimits {
        memory_bytes: 2 * 1024 * 1024,
        ..short(20_000)
    };
    let shop = Arc::new(Shop::with_records(20_000));
    for text in [
        "SELECT a.body, b.body FROM logs a JOIN logs b ON a.service = b.service ORDER BY a.body, b.body",
        "SELECT count(DISTINCT body || id || coalesce(attributes, '') || service) FROM logs",
        "SELECT * FROM logs ORDER BY body",
        "SELECT array_agg(body || id || id || id || id || id) FROM logs",
    ] {
        let error = try_ask(&shop, text, limits).expect_err(text);
        assert!(matches!(error, SqlError::Memory { .. }), "{text}: {error}");
    }
}

#[test]
fn texts_that_grow_without_bound_are_refused() {
    let shop = Shop::small();
    let letters = "a".repeat(20_000);
    for text in [
        format!("SELECT replace('{letters}', 'a', '{letters}')"),
        format!("SELECT regexp_replace('{letters}', 'a', '{letters}', 'g')"),
        format!("SELECT regexp_replace(body, '.', '{letters}', 'g') FROM logs"),
        "SELECT repeat('x', 1000000000)".to_owned(),
        "SELECT lpad('x', 1000000000, 'y')".to_owned(),
        "WITH a AS (SELECT replace('aaaaaaaaaa', 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaa') AS x), \
         b AS (SELECT replace(x, 'a', x) AS x FROM a), c AS (SELECT replace(x, 'a', x) AS x FROM b) SELECT x FROM c"
            .to_owned(),
        format!("SELECT to_char(timestamp, '{}') FROM logs", "%c".repeat(30_000)),
        "SELECT string_agg(body, ',') OVER (ORDER BY timestamp) FROM logs".to_owned(),
    ] {
        let outcome = try_ask(&shop, &text, short(20_000));
        let error = outcome.map(|answer| answer.rows.len()).expect_err(&text[..text.len().min(60)]);
        assert_ne!(error.kind(), domain::ErrorKind::Internal, "{error}");
    }
}

#[test]
fn texts_that_double_step_by_step_are_refused() {
    let shop = Shop::small();
    let mut text = "WITH t0 AS (SELECT body AS x FROM logs)".to_owned();
    for n in 1..28 {
        text += &format!(
            ", t{n} AS (SELECT overlay(x PLACING x FROM 1 FOR 0) AS x FROM t{})",
            n - 1
        );
    }
    text += " SELECT length(x) FROM t27";
    for text in [
        text.clone(),
        text.replace(" PLACING x FROM 1 FOR 0", ", x, 1, 0"),
    ] {
        let outcome = try_ask(&shop, &text, short(20_000));
        let error = outcome
            .map(|answer| answer.rows.len())
            .expect_err("too long");
        assert_ne!(error.kind(), domain::ErrorKind::Internal, "{error}");
    }
    assert_eq!(
        ask(
            &shop,
            "SELECT overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4)"
        ),
        [[Value::from("Thomas")]]
    );
}

#[test]
fn values_in_values_are_refused_before_their_types_double() {
    let started = Instant::now();
    let chain = |pair: &str| {
        let mut text = "WITH t0 AS (SELECT body AS x FROM logs)".to_owned();
        for n in 1..28 {
            text += &format!(", t{n} AS (SELECT {pair} AS x FROM t{})", n - 1);
        }
        text + " SELECT x FROM t27 LIMIT 1"
    };
    for pair in [
        "struct(x, x)",
        "named_struct('a', x, 'b', x)",
        "row(x, x)",
        "(x, x)",
    ] {
        refusal(&chain(pair));
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn types_that_take_gigabytes_a_null_are_refused() {
    let message = refusal("SELECT CAST(NULL AS INT[100000][100000]) FROM logs");
    assert!(message.contains("INT[3]"), "{message}");
    for text in [
        "SELECT NULL::INT[1000000000]",
        "SELECT TRY_CAST(NULL AS INT[1000000000]) FROM logs",
        "SELECT * FROM (VALUES (CAST(NULL AS INT[1000000000][])))",
        "SELECT count(*) FROM logs WHERE CAST(NULL AS INT[1000000000]) IS NULL",
        "EXPLAIN ANALYZE SELECT CAST(NULL AS INT[1000000000]) FROM logs",
        "SELECT arrow_cast(NULL, 'FixedSizeBinary(2000000000)') FROM logs",
        "SELECT arrow_try_cast(NULL, 'FixedSizeBinary(2000000000)') FROM logs",
    ] {
        refusal(text);
    }
    assert_eq!(
        ask(&Shop::small(), "SELECT CAST('7' AS INT)"),
        [[Value::from(7)]]
    );
}

#[test]
fn expressions_for_matching_have_bounds_of_their_own() {
    let shop = Shop::small();
    let error =
        refusal("SELECT count(*) FROM logs WHERE body ~ '((((a{1000}){1000}){1000}){1000})'");
    assert!(error.len() < 800, "{error}");
    // What makes others look back and forth for ever is one walk over the text here.
    let rows = ask(
        &shop,
        "SELECT count(*) FROM logs WHERE body ~ '^(([a-z ])+.)+[A-Z]([a-z ])+$'",
    );
    assert_eq!(rows.len(), 1);
}

#[test]
fn no_more_than_a_few_queries_run_at_once() {
    let (shop, engine) = (Shop::endless(), engine(true));
    let text = || "SELECT count(*) FROM logs".to_owned();
    let limits = short(4_000);
    let outcomes = wait(async {
        let queries = (0..3).map(|_| engine.query(source(&shop), text(), limits));
        futures_util::future::join_all(queries).await
    });
    let busy = outcomes.iter().filter(
        |outcome| matches!(outcome, Err(error) if error.kind() == domain::ErrorKind::RateLimited),
    );
    assert_eq!(busy.count(), 1, "{outcomes:?}");
}

#[test]
fn a_query_whose_asker_has_gone_is_ended() {
    let (shop, engine) = (Shop::endless(), engine(true));
    let asked = engine.query(
        source(&shop),
        "SELECT count(*) FROM logs".into(),
        short(60_000),
    );
    wait(async { tokio::time::timeout(Duration::from_millis(300), asked).await }).unwrap_err();
    // Both places are free again.
    let small = Shop::small();
    let outcomes = wait(async {
        let text = || "SELECT count(*) FROM logs".to_owned();
        let queries = (0..2).map(|_| engine.query(source(&small), text(), short(20_000)));
        futures_util::future::join_all(queries).await
    });
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
