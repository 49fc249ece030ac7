//! Real logs, when they are on this machine: how many lines get the labelled content as their body.

use std::path::PathBuf;

use domain::{LogRecord, ProjectId};
use ingest::{Context, Limits, LineDecoder};

/// 2026-11-23T14:00:00Z.
const NOW_NS: i64 = 1_795_442_400_000_000_000;

fn shared_data() -> Option<PathBuf> {
    let folder = std::env::var_os("VIGIL_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

/// The rows of a CSV text with quoted cells.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(character) = chars.next() {
        let row = rows.last_mut().expect("there is always a row");
        let cell = row.last_mut().expect("there is always a cell");
        match character {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            '\r' if !is_quoted => {}
            other => cell.push(other),
        }
    }
    rows.retain(|row| row.len() > 1);
    rows
}

fn decode(text: &[u8]) -> Vec<LogRecord> {
    let limits = Limits::default();
    let context = Context {
        project_id: ProjectId::from_parts(0, [0; 10]),
        received_at_ns: NOW_NS,
        default_service: Some("import".to_owned()),
        limits: &limits,
    };
    let mut decoder = LineDecoder::new(&context);
    let mut records: Vec<LogRecord> = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| decoder.push_line(line))
        .collect();
    records.extend(decoder.finish());
    records
}

#[test]
fn labelled_lines_of_every_set_get_their_content_as_body() {
    let Some(folder) = shared_data() else {
        return;
    };
    let mut report = String::new();
    for entry in std::fs::read_dir(folder.join("loghub")).expect("the folder is there") {
        let path = entry.expect("the entry can be read").path();
        if !path.is_dir() {
            continue;
        }
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let raw = std::fs::read(path.join(format!("{name}_2k.log"))).expect("the log is there");
        let labels =
            std::fs::read_to_string(path.join(format!("{name}_2k.log_structured_corrected.csv")))
                .expect("the labels are there");
        let rows = csv_rows(&labels);
        let column = rows[0]
            .iter()
            .position(|head| head == "Content")
            .expect("a content column");
        let records = decode(&raw);
        let mut hits = 0;
        let mut shown = 0;
        let mut bodies = records.iter().map(|record| record.body.as_str()).peekable();
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if records.len() == rows.len() - 1 {
            for row in &rows[1..] {
                let body = bodies.next().expect("one record a row");
                if squeeze(body) == squeeze(&row[column]) {
                    hits += 1;
                } else if shown < 5 {
                    shown += 1;
                    println!("{name}: got  {body:?}\n{name}: want {:?}", row[column]);
                }
            }
        }
        let dated = records
            .iter()
            .filter(|record| record.timestamp_ns != NOW_NS)
            .count();
        let levelled = records
            .iter()
            .filter(|record| record.severity.number() > 0)
            .count();
        let total = rows.len() - 1;
        report.push_str(&format!(
            "{name}: {hits}/{total} bodies, {dated} dated, {levelled} with a severity, {} records\n",
            records.len()
        ));
        assert_eq!(records.len(), total, "{report}");
        assert!(hits * 100 >= total * 99, "{report}");
        assert_eq!(dated, total, "{report}");
    }
    println!("{report}");
}
