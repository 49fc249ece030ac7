use std::sync::atomic::{AtomicBool, Ordering};

use domain::{AnomalyKind, Template};

use super::*;

const STARTED: TemplateId = TemplateId(1);
const STORED: TemplateId = TemplateId(2);
const ACCESS: TemplateId = TemplateId(3);
const ORDERS: i64 = 40;

/// Orders of a made-up shop, made as they are read; a broken one fails with 503 and is never stored.
#[derive(Default)]
struct Shop {
    is_broken: AtomicBool,
}

impl Shop {
    fn records(&self, minute: i64) -> Vec<(TemplateId, String)> {
        let mut all = Vec::new();
        for n in 0..ORDERS {
            let is_broken = self.is_broken.load(Ordering::Relaxed) && n % 3 == 0;
            let (status, id) = (if is_broken { 503 } else { 200 }, format!("r{minute}-{n}"));
            all.push((STARTED, format!("order started request_id={id}")));
            let took = 20 + n;
            let access = format!("POST /orders request_id={id} status={status} took={took} ms");
            all.push((ACCESS, access));
            if !is_broken {
                all.push((STORED, format!("order stored request_id={id}")));
            }
        }
        all
    }

    fn cells(&self, minute: i64) -> Vec<RollupCell> {
        let records = self.records(minute);
        [STARTED, ACCESS, STORED]
            .into_iter()
            .map(|template_id| RollupCell {
                minute_ns: minute * NANOS_PER_MINUTE,
                template_id,
                service: "shop".into(),
                severity: Severity::Info,
                count: records.iter().filter(|r| r.0 == template_id).count() as u64,
            })
            .collect()
    }
}

impl RecordScanner for Shop {
    fn scan(
        &self,
        _: ProjectId,
        filter: &LogFilter,
        columns: ScanColumns,
        sink: &mut domain::ScanSink<'_>,
    ) -> Result<(), ReadError> {
        assert!(columns.body && columns.trace && columns.attributes && columns.id);
        let start_ns = filter.range.start_ns;
        // In no order: what was written last comes first.
        for (n, (template_id, body)) in self
            .records(start_ns / NANOS_PER_MINUTE)
            .into_iter()
            .enumerate()
            .rev()
        {
            let at_ns = start_ns + n as i64;
            let flow = sink(RecordColumns {
                len: 1,
                timestamps_ns: vec![at_ns],
                severities: vec![Severity::Info],
                services: vec![Arc::from("shop")],
                ids: vec![RecordId(uuid::Uuid::from_u128(at_ns as u128))],
                observed_at_ns: Vec::new(),
                template_ids: vec![template_id],
                trace_ids: vec![None],
                span_ids: vec![None],
                bodies: vec![body],
                attributes: vec![String::new()],
            });
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn templates(project_id: ProjectId) -> HashMap<TemplateId, Template> {
    [
        (STARTED, "order started request_id=<*>"),
        (
            ACCESS,
            "POST <path> request_id=<*> status=<num> took=<num> ms",
        ),
        (STORED, "order stored request_id=<*>"),
    ]
    .into_iter()
    .map(|(id, text)| {
        let template = Template {
            id,
            project_id,
            text: text.to_owned(),
            example: String::new(),
            first_seen_ns: 0,
            last_seen_ns: 0,
            count: 0,
            services: Vec::new(),
            severity: Severity::Info,
            merged_into: None,
            sequence: 0,
        };
        (id, template)
    })
    .collect()
}

#[test]
fn orders_that_break_off_with_503_are_found_as_sessions_and_as_values() {
    let project_id = ProjectId(uuid::Uuid::nil());
    let (shop, info) = (Shop::default(), templates(project_id));
    let mut watch = RecordWatch::new(project_id);
    let mut found = Vec::new();
    for minute in 1_000..1_080 {
        shop.is_broken.store(minute >= 1_070, Ordering::Relaxed);
        let cells = shop.cells(minute);
        let minute = Minute {
            project_id,
            start_ns: minute * NANOS_PER_MINUTE,
            cells: &cells,
        };
        for seen in watch.see(&shop, &minute, &info) {
            found.extend(seen.anomalies);
        }
    }
    found.sort_by_key(|anomaly| anomaly.kind.as_str());
    let kinds: Vec<AnomalyKind> = found.iter().map(|anomaly| anomaly.kind).collect();
    assert_eq!(
        kinds,
        [AnomalyKind::UnusualSession, AnomalyKind::ValueShift],
        "{found:#?}"
    );
    assert!(
        found[0]
            .reason
            .contains("'order stored request_id=<*>' is missing"),
        "{}",
        found[0].reason
    );
    assert_eq!(found[1].labels["value"], "503");
    assert_eq!(found[1].severity, Severity::Error);
    let record: RecordId = found[1].labels["records"].parse().expect("an id");
    let began_ns = 1_070 * NANOS_PER_MINUTE;
    assert!(record.0.as_u128() >= began_ns as u128);
}

#[test]
fn of_too_many_sessions_an_even_part_is_followed_as_a_whole() {
    let keys: Vec<String> = (0..4_000).map(|n| format!("order-{n}")).collect();
    for parts in [1, 2, 8] {
        let chosen = keys.iter().filter(|key| is_in_part(key, parts)).count();
        let expected = 4_000 / parts as usize;
        assert!(
            (expected * 3 / 4..=expected * 5 / 4).contains(&chosen),
            "{chosen} of {parts}"
        );
    }
    let mut watch = RecordWatch::new(ProjectId(uuid::Uuid::nil()));
    let mut parts = |records: u64| {
        watch.choose_part(records);
        watch.parts
    };
    assert_eq!(parts(10), 1);
    assert_eq!(parts(SESSION_RECORDS * 3), 4);
    assert_eq!(parts(SESSION_RECORDS * 2), 4, "it does not go to and fro");
    assert_eq!(parts(10), 1);
}
