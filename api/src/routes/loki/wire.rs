//! Answers as Loki writes them.

use domain::NANOS_PER_SECOND;
use engine::Lost;
use engine::logql::{Labels, LogEntry, Numbers, Series, Usage};
use serde_json::{Map, Value, json};

/// What is answered to whom asks for labels in their kinds.
const CATEGORIZE: &str = "categorize-labels";

/// Whether a client's list of flags asks for labels in their kinds.
pub(super) fn is_categorized(flags: Option<&str>) -> bool {
    flags.is_some_and(|flags| flags.split(',').any(|flag| flag.trim() == CATEGORIZE))
}

/// The frame of every answer.
pub(super) fn success(data: Value) -> Value {
    json!({ "status": "success", "data": data })
}

/// Lines, grouped by what they have in common: by the labels of their stream when the others stand beside each line,
/// else by all labels.
pub(super) fn streams(entries: Vec<LogEntry>, is_categorized: bool, usage: &Usage) -> Value {
    let count = entries.len();
    let mut data = Map::new();
    data.insert("resultType".to_owned(), "streams".into());
    if is_categorized {
        data.insert("encodingFlags".to_owned(), json!([CATEGORIZE]));
    }
    data.insert("result".to_owned(), grouped(entries, is_categorized).into());
    data.insert("stats".to_owned(), statistics(usage, count));
    success(data.into())
}

/// A message of the tail. Loki names the entries that it dropped; here it is told how many there were.
pub(super) fn tailed(
    entries: Vec<LogEntry>,
    lost: Lost,
    now_ns: i64,
    is_categorized: bool,
) -> Value {
    let mut message = Map::new();
    message.insert(
        "streams".to_owned(),
        grouped(entries, is_categorized).into(),
    );
    if is_categorized {
        message.insert("encodingFlags".to_owned(), json!([CATEGORIZE]));
    }
    let dropped = if lost.is_nothing() {
        json!([])
    } else {
        json!([{
            "timestamp": now_ns.to_string(),
            "labels": { "dropped": lost.records.to_string(), "unseen": lost.unseen.to_string() },
        }])
    };
    message.insert("dropped_entries".to_owned(), dropped);
    message.into()
}

fn grouped(entries: Vec<LogEntry>, is_categorized: bool) -> Vec<Value> {
    let mut groups: Vec<(Labels, Vec<Value>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for entry in entries {
        let time = entry.timestamp_ns.to_string();
        let (labels, value) = if is_categorized {
            let mut kinds = Map::new();
            for (kind, labels) in [
                ("structuredMetadata", entry.metadata),
                ("parsed", entry.parsed),
            ] {
                if !labels.is_empty() {
                    kinds.insert(kind.to_owned(), object(labels));
                }
            }
            (entry.stream, json!([time, entry.line, kinds]))
        } else {
            let mut labels = entry.metadata;
            labels.extend(entry.parsed);
            labels.extend(entry.stream);
            (labels, json!([time, entry.line]))
        };
        let place = *places.entry(labels.clone()).or_insert_with(|| {
            groups.push((labels, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(value);
    }
    groups
        .into_iter()
        .map(|(labels, values)| json!({ "stream": object(labels), "values": values }))
        .collect()
}

/// Numbers over time.
pub(super) fn matrix(series: Vec<Series>, usage: &Usage) -> Value {
    let count = series.len();
    let result: Vec<Value> = series
        .into_iter()
        .map(|series| {
            let values: Vec<Value> = series
                .samples
                .iter()
                .map(|(at_ns, value)| sample(*at_ns, *value))
                .collect();
            json!({ "metric": object(series.labels), "values": values })
        })
        .collect();
    of_type("matrix", result.into(), usage, count)
}

/// Numbers at one instant.
pub(super) fn instant(numbers: Numbers, at_ns: i64, usage: &Usage) -> Value {
    let series = match numbers {
        Numbers::Scalar(value) => return of_type("scalar", sample(at_ns, value), usage, 1),
        Numbers::Series(series) => series,
    };
    let count = series.len();
    let result: Vec<Value> = series
        .into_iter()
        .filter_map(|series| {
            let (at_ns, value) = *series.samples.first()?;
            Some(json!({ "metric": object(series.labels), "value": sample(at_ns, value) }))
        })
        .collect();
    of_type("vector", result.into(), usage, count)
}

/// Results of a type.
pub(super) fn of_type(kind: &str, result: Value, usage: &Usage, count: usize) -> Value {
    success(json!({
        "resultType": kind,
        "result": result,
        "stats": statistics(usage, count),
    }))
}

/// Labels as an object.
pub(super) fn object(labels: Labels) -> Value {
    let labels = labels.into_iter();
    Value::Object(labels.map(|(name, value)| (name, value.into())).collect())
}

/// `[<seconds>, "<value>"]`.
pub(super) fn sample(at_ns: i64, value: f64) -> Value {
    json!([seconds(at_ns), number(value)])
}

/// Whole seconds, or with milliseconds.
pub(super) fn seconds(at_ns: i64) -> Value {
    if at_ns % NANOS_PER_SECOND == 0 {
        json!(at_ns / NANOS_PER_SECOND)
    } else {
        json!((at_ns / 1_000_000) as f64 / 1_000.0)
    }
}

/// As Go writes it.
fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

/// How much was read. Clients show the summary; the parts of Loki that the rest describes are not there.
fn statistics(usage: &Usage, entries: usize) -> Value {
    let seconds = usage.time.as_secs_f64();
    let per_second = |amount: usize| (amount as f64 / seconds.max(1e-9)) as u64;
    json!({
        "summary": {
            "bytesProcessedPerSecond": per_second(usage.bytes),
            "linesProcessedPerSecond": per_second(usage.records),
            "totalBytesProcessed": usage.bytes,
            "totalLinesProcessed": usage.records,
            "execTime": seconds,
            "queueTime": 0.0,
            "subqueries": 0,
            "totalEntriesReturned": entries,
            "splits": 0,
            "shards": 0,
        },
        "querier": { "store": store() },
        "ingester": {
            "totalReached": 0,
            "totalChunksMatched": 0,
            "totalBatches": 0,
            "totalLinesSent": 0,
            "store": store(),
        },
        "cache": { "chunk": {}, "index": {}, "result": {} },
    })
}

/// What Loki tells of its chunks: some clients do not understand an answer without it.
fn store() -> Value {
    json!({
        "totalChunksRef": 0,
        "totalChunksDownloaded": 0,
        "chunksDownloadTime": 0,
        "chunk": {
            "headChunkBytes": 0,
            "headChunkLines": 0,
            "decompressedBytes": 0,
            "decompressedLines": 0,
            "compressedBytes": 0,
            "totalDuplicates": 0,
        },
    })
}

#[cfg(test)]
mod tests;
