//! The corridor with a real store in a temporary folder, a clock that is moved by hand, and no loops.

use std::sync::Arc;

use alerting::{Machine, Settings};
use domain::{
    Incident, IncidentId, IncidentSeverity, IncidentState, LogRecord, ManualClock,
    NANOS_PER_MINUTE, ProjectId, RecordId, Severity, Template, TemplateId,
};
use embeddings::{EdgeIndex, IndexSchema};
use notify::{HttpPolicy, ReceiverConfig, Receivers};
use store::{
    CommitBatch, IdentityStore, JobQueue, LeaseRequest, LeasedJob, LogStore, Store, StoreConfig,
};

use crate::{EngineConfig, Inner, Narrator, Rooms, Semantic, Tasks};

/// 2026-11-23 14:00:00 UTC.
pub(crate) const NOON: i64 = 1_795_442_400_000_000_000;

/// What a test drives.
pub(crate) struct Bench {
    pub(crate) inner: Arc<Inner>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) project_id: ProjectId,
    pub(crate) tasks: Tasks,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    /// One without receivers.
    pub(crate) fn new() -> Self {
        Self::with(Vec::new())
    }

    pub(crate) fn with(receivers: Vec<ReceiverConfig>) -> Self {
        Self::make(receivers, |_| {})
    }

    pub(crate) fn make(receivers: Vec<ReceiverConfig>, set: impl Fn(&mut StoreConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = StoreConfig::in_data_dir(folder.path());
        set(&mut config);
        let store = Store::open(&config).unwrap();
        store.migrate().unwrap();
        let project_id = store.ensure_project("shop", NOON).unwrap().id;
        let clock = Arc::new(ManualClock::new(NOON));
        let schema = IndexSchema {
            model: "test".into(),
            dimension: 4,
        };
        let index = EdgeIndex::open(&folder.path().join("index"), &schema).unwrap();
        let receivers = Receivers::from_config(
            receivers,
            &HttpPolicy::default(),
            Arc::clone(&clock) as _,
            &|_| None,
        )
        .unwrap();
        let rooms = Rooms {
            store,
            semantic: Arc::new(Semantic::new(Arc::new(index))),
            narrator: Arc::new(Narrator::default()),
            receivers: Arc::new(receivers),
            clock: Arc::clone(&clock) as _,
        };
        let tasks = Tasks::new();
        let mut config = EngineConfig::new("http://localhost".into());
        config.policy_dir = Some(folder.path().join("policies"));
        let inner = Arc::new(Inner::new(rooms, config, &tasks));
        let bench = Self {
            inner,
            clock,
            project_id,
            tasks,
            folder,
        };
        bench.set_policies("", &[]);
        bench
    }

    /// Takes policies into use, and receivers of what none covers.
    pub(crate) fn set_policies(&self, yaml: &str, default_receivers: &[&str]) {
        let policies = if yaml.is_empty() {
            Vec::new()
        } else {
            alerting::parse_policies("test", yaml).unwrap()
        };
        let mut settings = Settings {
            default_receivers: default_receivers.iter().map(|&name| name.into()).collect(),
            ..Settings::default()
        };
        settings.gate.min_score = crate::policies::LEAST_SCORE;
        self.inner.alerts.set_machine(
            self.project_id,
            Machine::new(self.project_id, policies, settings),
        );
    }

    pub(crate) fn template(&self, id: u64, text: &str, first_seen_ns: i64) -> Template {
        Template {
            id: TemplateId(id),
            project_id: self.project_id,
            text: text.to_owned(),
            example: text.to_owned(),
            first_seen_ns,
            last_seen_ns: first_seen_ns,
            count: 0,
            services: Vec::new(),
            severity: Severity::Unspecified,
            merged_into: None,
            sequence: 0,
        }
    }

    pub(crate) fn record(
        &self,
        template_id: u64,
        service: &str,
        severity: Severity,
        at_ns: i64,
        body: &str,
    ) -> LogRecord {
        LogRecord {
            id: RecordId(uuid::Uuid::now_v7()),
            project_id: self.project_id,
            timestamp_ns: at_ns,
            observed_at_ns: at_ns,
            severity,
            service: service.to_owned(),
            body: body.to_owned(),
            attributes: String::new(),
            trace_id: None,
            span_id: None,
            template_id: TemplateId(template_id),
        }
    }

    pub(crate) fn append(&self, templates: Vec<Template>, records: Vec<LogRecord>) {
        let mut batch = CommitBatch::new(self.project_id, records);
        batch.new_templates = templates;
        self.inner.store.append(&batch).unwrap();
    }

    pub(crate) fn merge(&self, from: u64, into: u64) {
        let mut batch = CommitBatch::new(self.project_id, Vec::new());
        batch.merged.push((TemplateId(from), TemplateId(into)));
        self.inner.store.append(&batch).unwrap();
    }

    /// `count` records of one pattern in the minute that begins `minute` minutes after noon.
    pub(crate) fn minute(&self, minute: i64, template_id: u64, service: &str, count: i64) {
        let severity = if template_id >= 100 {
            Severity::Error
        } else {
            Severity::Info
        };
        let start_ns = NOON + minute * NANOS_PER_MINUTE;
        let records = (0..count)
            .map(|n| self.record(template_id, service, severity, start_ns + n, "text"))
            .collect();
        let text = format!("pattern {template_id}");
        self.append(vec![self.template(template_id, &text, start_ns)], records);
    }

    /// An incident that is in no store.
    pub(crate) fn incident(&self, severity: IncidentSeverity, state: IncidentState) -> Incident {
        Incident {
            id: IncidentId(uuid::Uuid::now_v7()),
            project_id: self.project_id,
            number: 0,
            state,
            severity,
            title: "checkout fails".to_owned(),
            dedup_key: uuid::Uuid::new_v4().to_string(),
            policy: None,
            services: vec!["checkout".to_owned()],
            anomaly_ids: Vec::new(),
            template_ids: Vec::new(),
            started_at_ns: NOON,
            opened_at_ns: NOON,
            updated_at_ns: NOON,
            acknowledged_at_ns: None,
            acknowledged_by: None,
            resolved_at_ns: None,
            resolved_by: None,
            summary: None,
        }
    }

    /// Tells the machine of an anomaly; the incidents that it changed.
    pub(crate) fn find(&self, anomaly: domain::Anomaly) -> Vec<IncidentId> {
        let input = alerting::Input::AnomalyOpened {
            anomaly: Box::new(anomaly),
            join: None,
        };
        self.inner.alerts.feed(self.project_id, &[input]).unwrap()
    }

    /// Takes one job of a kind.
    pub(crate) fn lease(&self, kind: &str, duration_ns: i64) -> Option<LeasedJob> {
        let request = LeaseRequest {
            kinds: vec![kind.into()],
            owner: "test".into(),
            duration_ns,
            limit: 1,
        };
        let now_ns = self.inner.clock.now_ns();
        self.inner.store.lease_jobs(&request, now_ns).unwrap().pop()
    }
}
