use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::mcp::door::Call;

/// Remembers what it was asked.
#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

#[async_trait]
impl Door for Ear {
    async fn call(&self, call: Call) -> Result<Value, Refusal> {
        let body = call
            .body
            .map_or_else(String::new, |body| format!(" {body}"));
        let asked = format!("{} {}{body}", call.method, call.path);
        self.0.lock().unwrap().push(asked);
        Ok(json!({}))
    }
}

async fn asked(tool: &str, arguments: Value) -> Result<Vec<String>, String> {
    let ear = Ear::default();
    let Value::Object(arguments) = arguments else {
        panic!("no object");
    };
    let outcome = find(tool).unwrap().run(&ear, arguments).await;
    outcome
        .map(|_| ear.0.into_inner().unwrap())
        .map_err(|refusal| refusal.text)
}

#[test]
fn every_tool_has_a_schema_that_forbids_other_arguments_and_explains_each() {
    let tools = list();
    assert_eq!(tools.len(), 9);
    for tool in tools {
        let schema = tool.schema_as_json_value();
        assert_eq!(schema["additionalProperties"], false, "{}", tool.name);
        for (name, property) in schema["properties"].as_object().unwrap() {
            let text = property["description"].as_str().unwrap();
            assert!(text.len() > 10, "{}.{name}", tool.name);
        }
        assert!(tool.description.as_deref().unwrap().len() > 80);
        let hints = tool.annotations.unwrap();
        assert_eq!(hints.read_only_hint, Some(true));
    }
}

#[tokio::test]
async fn arguments_become_one_request_of_the_interface() {
    let search = asked(
        "search_logs",
        json!({ "query": "level>=error \"a b\"", "from": "1h", "limit": 5, "to": null }),
    );
    assert_eq!(
        search.await.unwrap(),
        ["GET /api/v1/logs?q=level%3E%3Derror%20%22a%20b%22&from=1h&limit=5"]
    );
    let summary = asked("incident_summary", json!({ "incident": 12 }))
        .await
        .unwrap();
    assert_eq!(summary[0], "GET /api/v1/incidents/12");
    // What would lead elsewhere stays one segment of the path.
    let odd = asked("incident_summary", json!({ "incident": "../tokens?x=" }))
        .await
        .unwrap();
    assert_eq!(odd[0], "GET /api/v1/incidents/..%2Ftokens%3Fx%3D");
    let sql = asked("run_query", json!({ "sql": "SELECT 1", "limit": "7" }))
        .await
        .unwrap();
    assert_eq!(sql, ["POST /api/v1/sql {\"sql\":\"SELECT 1\",\"limit\":7}"]);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_what_would() {
    for (tool, arguments, part) in [
        ("ask", json!({}), "ask needs 'question'"),
        ("ask", json!({ "question": "  " }), "ask needs 'question'"),
        (
            "search_logs",
            json!({ "quary": "x" }),
            "search_logs takes no 'quary'; it takes query, from",
        ),
        (
            "search_logs",
            json!({ "limit": 0 }),
            "'limit' is 0, it must lie between 1 and 200",
        ),
        (
            "search_logs",
            json!({ "limit": "many" }),
            "'limit' must be a whole number",
        ),
        (
            "incidents",
            json!({ "state": "burning" }),
            "'state' must be one of active, open",
        ),
        ("run_query", json!({}), "one of 'sql' and 'query'"),
        (
            "run_query",
            json!({ "query": "count" }),
            "'query' must be an object",
        ),
    ] {
        let refused = asked(tool, arguments).await.unwrap_err();
        assert!(refused.contains(part), "{refused}");
    }
}
