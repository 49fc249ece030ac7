//! What each tool asks of the interface, and what of the answer an agent needs.

use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use crate::mcp::door::{Call, Door, Refusal, encoded};

/// Sample records of an answer.
const SAMPLES: usize = 5;

/// Runs a tool.
pub(super) async fn run(
    tool: &str,
    door: &dyn Door,
    arguments: &Arguments,
) -> Result<Value, Refusal> {
    match tool {
        "search_logs" => search_logs(door, arguments).await,
        "ask" => ask(door, arguments).await,
        "patterns" => patterns(door, arguments).await,
        "pattern_diff" => pattern_diff(door, arguments).await,
        "anomalies" => anomalies(door, arguments).await,
        "incidents" => incidents(door, arguments).await,
        "incident_summary" => incident_summary(door, arguments).await,
        "services" => services(door, arguments).await,
        "run_query" => run_query(door, arguments).await,
        other => Err(Refusal::new(format!("there is no tool '{other}'"))),
    }
}

async fn search_logs(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let call = Call::get(
        "/api/v1/logs",
        &[
            ("q", arguments.text("query")),
            ("from", arguments.text("from")),
            ("to", arguments.text("to")),
            ("service", arguments.text("service")),
            ("severity", arguments.text("severity")),
            ("trace_id", arguments.text("trace_id")),
            ("template", arguments.text("template_id")),
            ("order", arguments.text("order")),
            ("limit", Some(arguments.number("limit", 50))),
            ("cursor", arguments.text("cursor")),
        ],
    );
    let mut page = door.call(call).await?;
    each(&mut page["records"], &["observed_at", "span_id"]);
    Ok(page)
}

async fn ask(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let mut body = json!({
        "question": arguments.text("question"),
        "narrate": arguments.flag("narrate"),
    });
    if let Some(zone) = arguments.text("time_zone") {
        body["time_zone"] = zone.into();
    }
    if let Some(id) = arguments.text("conversation_id") {
        body["conversation_id"] = id.into();
    }
    let mut answer = door.call(Call::post("/api/v1/ask", body)).await?;
    each(&mut answer["evidence"], &["record_ids"]);
    each(&mut answer["samples"], &["observed_at", "span_id"]);
    if let Some(samples) = answer["samples"].as_array_mut() {
        samples.truncate(SAMPLES);
    }
    // The sentences stand in the text.
    without(&mut answer["answer"], &["facts", "narrative"]);
    Ok(answer)
}

async fn patterns(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let call = Call::get(
        "/api/v1/patterns",
        &[
            ("q", arguments.text("query")),
            ("from", arguments.text("from")),
            ("to", arguments.text("to")),
            ("service", arguments.text("service")),
            ("severity", arguments.text("severity")),
            ("limit", Some(arguments.number("limit", 50))),
        ],
    );
    Ok(json!({ "patterns": door.call(call).await? }))
}

async fn pattern_diff(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let call = Call::get(
        "/api/v1/patterns/diff",
        &[
            ("a", arguments.text("a")),
            ("b", arguments.text("b")),
            ("service", arguments.text("service")),
            ("severity", arguments.text("severity")),
            ("limit", Some(arguments.number("limit", 30))),
        ],
    );
    door.call(call).await
}

async fn anomalies(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let limit = arguments.number("limit", 30);
    let call = Call::get("/api/v1/anomalies", &[("limit", Some(limit))]);
    Ok(json!({ "anomalies": door.call(call).await? }))
}

async fn incidents(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let call = Call::get(
        "/api/v1/incidents",
        &[
            ("state", arguments.text("state")),
            ("limit", Some(arguments.number("limit", 20))),
        ],
    );
    let mut found = door.call(call).await?;
    each(&mut found, &["template_ids"]);
    Ok(json!({ "incidents": found }))
}

async fn incident_summary(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let name = arguments.text("incident").unwrap_or_default();
    let name = encoded(name.trim().trim_start_matches('#'));
    let path = format!("/api/v1/incidents/{name}");
    let zone = || ("time_zone", arguments.text("time_zone"));
    if arguments.flag("postmortem") {
        let path = format!("{path}/postmortem");
        let query = [("format", Some("json".to_owned())), zone()];
        return door.call(Call::get(&path, &query)).await;
    }
    let mut incident = door.call(Call::get(&path, &[zone()])).await?;
    if incident["summary"].is_null() {
        let path = format!("{path}/summary");
        incident["summary"] = door.call(Call::get(&path, &[zone()])).await?;
    }
    without(&mut incident, &["template_ids"]);
    each(&mut incident["summary"]["evidence"], &["record_ids"]);
    // The incident's own timeline has what the summary's has.
    without(&mut incident["summary"], &["timeline"]);
    Ok(incident)
}

async fn services(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    let range = [
        ("from", arguments.text("from")),
        ("to", arguments.text("to")),
    ];
    let found = door.call(Call::get("/api/v1/services", &range)).await?;
    let graph = door
        .call(Call::get("/api/v1/services/graph", &range))
        .await?;
    Ok(
        json!({ "services": found, "calls": graph["edges"], "from": graph["from"], "to": graph["to"] }),
    )
}

async fn run_query(door: &dyn Door, arguments: &Arguments) -> Result<Value, Refusal> {
    match (arguments.text("sql"), arguments.object("query")) {
        (Some(sql), None) => {
            let limit: u64 = arguments.number("limit", 200).parse().unwrap_or(200);
            let body = json!({ "sql": sql, "limit": limit });
            door.call(Call::post("/api/v1/sql", body)).await
        }
        (None, Some(query)) => {
            let mut answer = door.call(Call::post("/api/v1/query", query)).await?;
            each(&mut answer["records"], &["observed_at", "span_id"]);
            Ok(answer)
        }
        _ => Err(Refusal::new(
            "run_query needs one of 'sql' and 'query', and not both",
        )),
    }
}

/// Leaves fields out of each object of a list.
fn each(list: &mut Value, names: &[&str]) {
    if let Some(items) = list.as_array_mut() {
        for item in items {
            without(item, names);
        }
    }
}

/// Leaves fields out.
fn without(object: &mut Value, names: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        let object: &mut Map<String, Value> = object;
        object.retain(|name, _| !names.contains(&name.as_str()));
    }
}
