#![doc = include_str!("../README.md")]

mod alerts;
mod alike;
mod ask;
mod clusters;
mod correlate;
mod detect;
mod dictionaries;
mod digest;
mod dispatch;
mod error;
mod evaluate;
mod explain;
mod export;
mod facts;
mod feedback;
mod incident_compare;
mod incident_graph;
mod incident_name;
mod incidents;
mod intake;
mod live;
pub mod logql;
mod markdown;
mod miners;
mod narrator;
mod past;
mod pattern_diff;
mod policies;
mod postmortem;
mod query_api;
mod read;
mod readiness;
mod regroup;
mod retain;
mod scrape;
mod scrubbing;
mod semantic;
mod spending;
mod sql;
mod suspects;
mod tasks;
#[cfg(test)]
mod testing;
mod text;
mod topology;
mod traces;
mod upkeep;
mod zoned;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::{ChangeEvent, Clock, EventId, MetricPoint, ProjectId};
use notify::Receivers;
use store::{EventStore, IdentityStore, LogStore, MetricStore, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use anomaly::Verdict;
pub use ask::{
    ABOUT_LIMIT, Answer, AnswerResult, AskEvent, AskPlan, AskRequest, AskStages, ConversationKey,
    Interpretation, PatternHit,
};
pub use clusters::ClusterView;
pub use digest::{AlertSource, DIGEST_DAYS, Digest, OnCallLoad, Pair, ServiceLine};
pub use error::Error;
pub use explain::{ExplainedPart, Explanation, LINE_BYTES, Subject};
pub use export::ExportStream;
pub use feedback::{FeedbackOutcome, IncidentVerdict};
pub use incident_compare::{ComparedPattern, IncidentComparison, Sides};
pub use incident_graph::{EdgeKind, GraphEdge, GraphNode, IncidentGraph};
pub use incidents::IncidentView;
pub use intake::{
    Accepted, Intake, KEY_LIFETIME_NS, QUEUE_KIB, QUEUE_RECORDS, RETRY_AFTER, RequestKey,
};
pub use live::{Lost, TAILS_PER_PROJECT, Tail, TailItem};
pub use narrator::Narrator;
pub use past::PastFindings;
pub use pattern_diff::{DIFF_LIMIT, PatternDiff, PatternShift, PatternTrend, TREND_BUCKETS};
pub use policies::PolicyView;
pub use query::sql::{Grouping, Measure, SqlAnswer, SqlColumn, SqlLimits, SqlStats};
pub use query::{Operation, Plan as TypedPlan, Question, Source};
pub use query_api::{Found, TypedAnswer};
pub use read::{CONTEXT_LIMIT, HISTOGRAM_BUCKETS, PAGE_LIMIT, PatternRow, parse_cursor};
pub use readiness::{Check, CheckStatus};
pub use scrape::{Fetch, Page, ScrapeTarget};
pub use scrubbing::{MessageMask, ScrubPolicy, Scrubbing};
pub use semantic::{Embed, ModelState, Semantic};
pub use spending::keep_spending;
pub use tasks::{Tasks, blocking};
pub use topology::{ServiceMap, ServiceNode};
pub use traces::{SPAN_QUEUE_KIB, SPAN_QUEUE_SPANS, TRACE_RECORDS, TraceView};
pub use zoned::zone_of;

/// How the corridor behaves.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How often detection and policies look, in real time.
    pub tick: Duration,
    /// How long a minute stays open for its last records, nanoseconds of data time.
    pub detect_grace_ns: i64,
    /// Folder of policy files.
    pub policy_dir: Option<PathBuf>,
    /// Receivers told about incidents that no policy covers.
    pub default_receivers: Vec<String>,
    /// Address of the page for people, without a slash at its end.
    pub public_url: String,
    /// Days that records are kept; 0 keeps them for ever.
    pub retention_days: u32,
    /// Days after which blocks move to the block storage, where one is configured; 0 is never.
    pub tier_after_days: u32,
    /// The zone of times in messages, and in summaries for whoever does not say theirs.
    pub time_zone: jiff::tz::TimeZone,
    /// What is taken out of what is stored and sent.
    pub scrubbing: Arc<Scrubbing>,
}

impl EngineConfig {
    /// Ten-second grace, a look every two seconds, everything kept.
    #[must_use]
    pub fn new(public_url: String) -> Self {
        Self {
            tick: Duration::from_secs(2),
            detect_grace_ns: 10 * domain::NANOS_PER_SECOND,
            policy_dir: None,
            default_receivers: Vec::new(),
            public_url,
            retention_days: 0,
            tier_after_days: 0,
            time_zone: jiff::tz::TimeZone::UTC,
            scrubbing: Arc::default(),
        }
    }
}

/// What the corridor joins.
pub struct Rooms {
    /// Everything durable.
    pub store: Store,
    /// The semantic index.
    pub semantic: Arc<Semantic>,
    /// The model that phrases.
    pub narrator: Arc<Narrator>,
    /// Configured channels.
    pub receivers: Arc<Receivers>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The use-cases and loops that join the rooms. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
    intake: Intake,
    spans: traces::SpanIntake,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) semantic: Arc<Semantic>,
    pub(crate) narrator: Arc<Narrator>,
    pub(crate) receivers: Arc<Receivers>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) config: EngineConfig,
    pub(crate) alerts: alerts::Alerts,
    pub(crate) dictionaries: dictionaries::Dictionaries,
    pub(crate) topologies: topology::Topologies,
    /// The minutes whose calls between services have to be counted.
    pub(crate) minutes: Arc<topology::Minutes>,
    pub(crate) service_memory: ServiceMemory,
    /// The same of the attributes of its records.
    pub(crate) attribute_memory: ServiceMemory,
    /// The same of values of these.
    pub(crate) value_memory: ServiceMemory,
    /// What was asked before.
    pub(crate) conversations: ask::Conversations,
    pub(crate) metric_queue: detect::MetricQueue,
    /// Projects whose detectors begin anew.
    pub(crate) relearn: detect::Relearn,
    pub(crate) queries: sql::Queries,
    pub(crate) exports: export::Exports,
    /// What is wrong with the policy files.
    pub(crate) policy_problems: policies::Problems,
    pub(crate) tasks: Tasks,
    pub(crate) tasks_stop: CancellationToken,
    /// Who leases jobs: new with every start.
    pub(crate) owner: String,
}

/// The services of each project, as they were a moment ago.
type ServiceMemory = Mutex<HashMap<ProjectId, (Instant, Vec<String>)>>;

/// Ends the committing thread.
pub struct CommitThread(Mutex<Option<std::thread::JoinHandle<()>>>);

impl CommitThread {
    /// Waits until everything that was accepted is committed. Drop every [`Engine`] before.
    pub fn join(&self) {
        let handle = self.0.lock().ok().and_then(|mut handle| handle.take());
        if let Some(handle) = handle
            && handle.join().is_err()
        {
            tracing::error!("the committing thread panicked");
        }
    }
}

impl Engine {
    /// Starts the committing thread and every loop.
    ///
    /// # Errors
    /// Fails when a thread cannot be started.
    pub fn start(
        rooms: Rooms,
        config: EngineConfig,
        tasks: &Tasks,
    ) -> Result<(Self, CommitThread), Error> {
        let (commits, _) = watch::channel(0);
        let (intake, thread) = Intake::start(
            rooms.store.clone(),
            Arc::clone(&rooms.clock),
            commits.clone(),
        )?;
        config.scrubbing.attach(&rooms.store);
        let intake = intake.with_scrubbing(Arc::clone(&config.scrubbing));
        let inner = Arc::new(Inner::new(rooms, config, tasks));
        let spans = traces::SpanIntake::start(inner.store.clone(), Arc::clone(&inner.minutes))?;
        Self::start_loops(&inner, &commits, tasks);
        Ok((
            Self {
                inner,
                intake,
                spans,
            },
            CommitThread(Mutex::new(Some(thread))),
        ))
    }

    fn start_loops(inner: &Arc<Inner>, commits: &watch::Sender<u64>, tasks: &Tasks) {
        let stop = tasks.soft_stop();
        let (owner, token, sender) = (Arc::clone(inner), stop.clone(), commits.clone());
        tasks.spawn_supervised("index", move || {
            semantic::follow(
                Arc::clone(&owner.semantic),
                owner.store.clone(),
                sender.subscribe(),
                token.clone(),
            )
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("index_health", move || {
            semantic::watch_health(Arc::clone(&owner.semantic), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("detect", move || {
            detect::run(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("evaluate", move || {
            evaluate::run(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("pages", move || {
            dispatch::run_pages(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("messages", move || {
            dispatch::run_messages(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("summaries", move || {
            dispatch::run_summaries(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("calls", move || {
            topology::run_calls(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("retain", move || {
            retain::run(Arc::clone(&owner), token.clone())
        });
        let (owner, token) = (Arc::clone(inner), stop.clone());
        tasks.spawn_supervised("upkeep", move || {
            upkeep::run(Arc::clone(&owner), token.clone())
        });
    }

    /// The way in for log records.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// What is taken out of what is stored and sent.
    #[must_use]
    pub fn scrubbing(&self) -> &Arc<Scrubbing> {
        &self.inner.config.scrubbing
    }

    /// The tasks of this process.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// The semantic index.
    #[must_use]
    pub fn semantic(&self) -> &Arc<Semantic> {
        &self.inner.semantic
    }

    /// The model that phrases.
    #[must_use]
    pub fn narrator(&self) -> &Arc<Narrator> {
        &self.inner.narrator
    }

    pub(crate) fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.inner)
    }

    pub(crate) fn inner_ref(&self) -> &Inner {
        &self.inner
    }

    /// Stores metric samples and shows them to the detectors. Returns the positions that were refused.
    ///
    /// # Errors
    /// Fails when the store cannot be written.
    pub async fn ingest_metrics(
        &self,
        project_id: ProjectId,
        points: Vec<MetricPoint>,
    ) -> Result<Vec<domain::Rejected>, Error> {
        let inner = self.inner();
        blocking(move || inner.ingest_metrics(project_id, points)).await
    }

    /// Stores change events.
    ///
    /// # Errors
    /// Fails when the store cannot be written.
    pub async fn ingest_events(
        &self,
        project_id: ProjectId,
        mut events: Vec<ChangeEvent>,
    ) -> Result<usize, Error> {
        let inner = self.inner();
        blocking(move || {
            for event in &mut events {
                event.project_id = project_id;
                event.id = EventId(uuid::Uuid::now_v7());
            }
            let scrubbing = &inner.config.scrubbing;
            scrubbing.mask_events(project_id, &mut events)?;
            Ok::<_, Error>(inner.store.add_events(project_id, &events)?)
        })
        .await
    }

    /// Writes what waits in memory; call it after the last request.
    ///
    /// # Errors
    /// Fails when the store cannot be written.
    pub async fn flush(&self) -> Result<(), Error> {
        let inner = self.inner();
        blocking(move || {
            inner.store.flush_statistics()?;
            inner.semantic.index().flush()?;
            Ok::<_, Error>(inner.store.checkpoint()?)
        })
        .await
    }
}

impl Inner {
    fn new(rooms: Rooms, config: EngineConfig, tasks: &Tasks) -> Self {
        Self {
            alerts: alerts::Alerts::new(rooms.store.clone(), Arc::clone(&rooms.clock)),
            store: rooms.store,
            semantic: rooms.semantic,
            narrator: rooms.narrator,
            receivers: rooms.receivers,
            clock: rooms.clock,
            config,
            dictionaries: dictionaries::Dictionaries::default(),
            topologies: topology::Topologies::default(),
            minutes: Arc::default(),
            service_memory: ServiceMemory::default(),
            attribute_memory: ServiceMemory::default(),
            value_memory: ServiceMemory::default(),
            conversations: ask::Conversations::default(),
            metric_queue: detect::MetricQueue::default(),
            relearn: detect::Relearn::default(),
            queries: sql::Queries::default(),
            exports: export::Exports::default(),
            policy_problems: policies::Problems::default(),
            tasks: tasks.clone(),
            tasks_stop: tasks.soft_stop(),
            owner: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// As [`Engine::ingest_metrics`]. Blocks.
    pub(crate) fn ingest_metrics(
        &self,
        project_id: ProjectId,
        mut points: Vec<MetricPoint>,
    ) -> Result<Vec<domain::Rejected>, Error> {
        for point in &mut points {
            point.project_id = project_id;
        }
        let scrubbing = &self.config.scrubbing;
        scrubbing.mask_points(project_id, &mut points)?;
        let receipt = self.store.append_metrics(project_id, &points)?;
        detect::queue_metrics(&self.metric_queue, &points);
        metrics::counter!("vigil_engine_metric_points_total").increment(receipt.stored as u64);
        Ok(receipt.rejected)
    }

    pub(crate) fn project_ids(&self) -> Result<Vec<ProjectId>, Error> {
        Ok(self
            .store
            .projects()?
            .into_iter()
            .map(|project| project.id)
            .collect())
    }
}
