//! A store in memory that keeps the contract of `RecordScanner`.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use domain::{
    AttributeOp, LogFilter, LogRecord, NANOS_PER_MINUTE, NANOS_PER_SECOND, ProjectId, ReadError,
    RecordColumns, RecordId, RecordScanner, ScanColumns, ScanSink, Severity, TemplateId,
};
use serde_json::Value;
use uuid::Uuid;

/// 2026-11-23 14:00:00 UTC.
pub(super) const NOON: i64 = 1_795_442_400_000_000_000;
pub(super) const PROJECT: ProjectId = ProjectId(Uuid::from_u128(1));
pub(super) const OTHER: ProjectId = ProjectId(Uuid::from_u128(2));

/// Records of two projects.
#[derive(Default)]
pub(super) struct Shop {
    records: Vec<LogRecord>,
    /// What was asked of it.
    pub(super) reads: Mutex<Vec<(LogFilter, ScanColumns)>>,
    /// Gives the same records again and again.
    is_endless: bool,
    /// Fails after the first batch.
    pub(super) is_broken: bool,
}

impl Shop {
    /// Ten minutes of three services, and one record of another project.
    pub(super) fn small() -> Arc<Self> {
        Arc::new(Self::with_records(600))
    }

    pub(super) fn with_records(count: u64) -> Self {
        let mut records: Vec<LogRecord> = (0..count).map(record).collect();
        let mut foreign = record(0);
        foreign.project_id = OTHER;
        foreign.body = "a secret of another project".to_owned();
        foreign.service = "foreign".to_owned();
        records.push(foreign);
        Self {
            records,
            ..Self::default()
        }
    }

    pub(super) fn endless() -> Arc<Self> {
        Arc::new(Self {
            is_endless: true,
            ..Self::with_records(2_000)
        })
    }

    pub(super) fn last_read(&self) -> (LogFilter, ScanColumns) {
        self.reads.lock().unwrap().last().unwrap().clone()
    }
}

/// The `n`th record: one a second.
pub(super) fn record(n: u64) -> LogRecord {
    let service = ["cart", "checkout", "payments"][(n % 3) as usize];
    let severity = match n % 10 {
        0 => Severity::Error,
        1 | 2 => Severity::Warn,
        3 => Severity::Debug,
        4 if n % 20 == 4 => Severity::Fatal,
        _ => Severity::Info,
    };
    let at_ns = NOON - 10 * NANOS_PER_MINUTE + i64::try_from(n).unwrap() * NANOS_PER_SECOND;
    let body = match severity {
        Severity::Error => format!("Connection Refused by 10.0.0.{} kilo", n % 7),
        Severity::Fatal => "disk full: 100% of /data_1 \u{212a}elvin".to_owned(),
        _ => format!("order {n} placed in {} ms", n % 50),
    };
    let attributes = match n % 4 {
        0 => format!(
            r#"{{"user.id":"u{}","duration_ms":{},"http":{{"status":{},"tags":["a","b{}"]}}}}"#,
            n % 5,
            n % 50,
            200 + n % 3,
            n % 2
        ),
        1 => r#"{"user.id":"quo\"ted","duration_ms":"slow","none":null}"#.to_owned(),
        _ => String::new(),
    };
    LogRecord {
        id: RecordId(Uuid::from_u128(u128::from(n) + 1)),
        project_id: PROJECT,
        timestamp_ns: at_ns,
        observed_at_ns: at_ns + 5,
        severity,
        service: service.to_owned(),
        body,
        attributes,
        trace_id: n.is_multiple_of(6).then(|| format!("{:032x}", n / 12)),
        span_id: None,
        template_id: TemplateId(n % 4),
    }
}

fn attribute(record: &LogRecord, key: &str) -> Option<String> {
    let object: Value = serde_json::from_str(&record.attributes).ok()?;
    match object.get(key)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn matches(record: &LogRecord, filter: &LogFilter) -> bool {
    let body = record.body.to_ascii_lowercase();
    filter.range.contains(record.timestamp_ns)
        && (filter.services.is_empty() || filter.services.contains(&record.service))
        && !filter.excluded_services.contains(&record.service)
        && (filter.severities.is_empty() || filter.severities.contains(&record.severity))
        && (filter.template_ids.is_empty() || filter.template_ids.contains(&record.template_id))
        && filter
            .text
            .iter()
            .all(|term| body.contains(&term.term.to_ascii_lowercase()) != term.negated)
        && filter.attributes.iter().all(|condition| {
            let value = attribute(record, &condition.key);
            match condition.op {
                AttributeOp::Equal => value.as_ref() == Some(&condition.value),
                AttributeOp::NotEqual => value.as_ref() != Some(&condition.value),
                AttributeOp::Exists => value.is_some(),
            }
        })
        && (filter.trace_id.is_none() || filter.trace_id == record.trace_id)
}

fn columns(records: &[&LogRecord], wanted: ScanColumns) -> RecordColumns {
    fn all<T>(is_wanted: bool, records: &[&LogRecord], value: impl Fn(&LogRecord) -> T) -> Vec<T> {
        let taken = if is_wanted { records } else { &[] };
        taken.iter().map(|record| value(record)).collect()
    }
    RecordColumns {
        len: records.len(),
        timestamps_ns: all(true, records, |r| r.timestamp_ns),
        severities: all(true, records, |r| r.severity),
        services: all(true, records, |r| r.service.as_str().into()),
        ids: all(wanted.id, records, |r| r.id),
        observed_at_ns: all(wanted.observed_at, records, |r| r.observed_at_ns),
        template_ids: all(wanted.template_id, records, |r| r.template_id),
        trace_ids: all(wanted.trace, records, |r| r.trace_id.clone()),
        span_ids: all(wanted.trace, records, |r| r.span_id.clone()),
        bodies: all(wanted.body, records, |r| r.body.clone()),
        attributes: all(wanted.attributes, records, |r| r.attributes.clone()),
    }
}

impl RecordScanner for Shop {
    fn scan(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        wanted: ScanColumns,
        sink: &mut ScanSink<'_>,
    ) -> Result<(), ReadError> {
        self.reads.lock().unwrap().push((filter.clone(), wanted));
        let matching: Vec<&LogRecord> = self
            .records
            .iter()
            .filter(|record| record.project_id == project_id && matches(record, filter))
            .collect();
        loop {
            for batch in matching.chunks(128) {
                if sink(columns(batch, wanted)) == ControlFlow::Break(()) {
                    return Ok(());
                }
                if self.is_broken {
                    return Err(ReadError {
                        kind: domain::ErrorKind::Unavailable,
                        message: "the database has gone".into(),
                    });
                }
            }
            // Where nothing matches, an empty batch says that the read goes on.
            let is_wanted = sink(RecordColumns::default()).is_continue();
            if !self.is_endless || !is_wanted {
                return Ok(());
            }
        }
    }
}
