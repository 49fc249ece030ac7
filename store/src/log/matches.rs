//! Everything that a question matches, counted in one pass: how often per template, service and severity, how
//! often per stretch of time, and the first records in the order asked for.
//!
//! Where rollups are enough they answer, and rows only give the parts of minutes at both ends. Else each slice of
//! rows is read once by its keys; a slice with more matches than that is counted by the database instead.

mod rollups;
mod rows;
mod triples;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::{
    LogFilter, LogRecord, Order, ProjectId, RecordId, Severity, TemplateCount, TemplateId,
    TimeRange,
};

use super::budget::Budget;
use super::status::StatusFilter;
use super::{filter as conditions, row};
use crate::blocks::count::{self, CountOf, Counted};
use crate::blocks::page;
use crate::connection::AnyConnection;
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// Triples of template, service and severity that are told apart; records of further ones count in the total only.
const MAX_TRIPLES: usize = 10_000;
/// Records whose ids are remembered for each triple.
const IDS_PER_TRIPLE: usize = 3;
/// Nobody waits longer for an answer: what is counted until then comes back as a lower bound.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Debug, Clone)]
pub struct MatchRequest<'a> {
    /// The conditions.
    pub filter: &'a LogFilter,
    /// Any of these status codes; none means no condition.
    pub statuses: &'a [StatusFilter],
    /// Which records come back: the newest or the oldest.
    pub order: Order,
    /// How many records come back, at most [`crate::MAX_PAGE`].
    pub records: usize,
    /// Width of the stretches of time that are counted apart, aligned to the epoch; at least a minute.
    pub bucket_ns: Option<i64>,
}

/// One triple.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchCount {
    /// The triple and how often it matched. Its first and last instants are those of records where rows were
    /// read, and minutes where rollups answered.
    pub count: TemplateCount,
    /// Some of its records, in the order asked for; none where rollups answered.
    pub records: Vec<RecordId>,
}

/// What matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Matches {
    /// Most frequent first.
    pub counts: Vec<MatchCount>,
    /// Records in all.
    pub total: u64,
    /// (start, records) of each stretch of time with a match, oldest first; empty unless they were asked for.
    pub buckets: Vec<(i64, u64)>,
    /// The first records in the order asked for.
    pub records: Vec<LogRecord>,
    /// The time or a limit ended the counting: numbers are lower bounds.
    pub is_cut: bool,
}

type Triple = (i64, String, i16);

impl Store {
    /// Counts and shows what matches, in one pass over the records. Blocks.
    ///
    /// # Errors
    /// Fails on a filter beyond its limits and when the database cannot be read.
    pub fn matches(
        &self,
        project_id: ProjectId,
        request: &MatchRequest<'_>,
    ) -> Result<Matches, Error> {
        conditions::check(request.filter)?;
        let mut pass = Pass::new(self, project_id, request);
        if request.filter.range.start_ns < request.filter.range.end_ns {
            if request.filter.is_answered_by_rollups() && request.statuses.is_empty() {
                pass.by_rollups()?;
            } else {
                pass.by_rows()?;
            }
        }
        pass.finish()
    }
}

struct Pass<'a> {
    store: &'a Store,
    backend: Backend,
    project_id: ProjectId,
    request: &'a MatchRequest<'a>,
    budget: Budget,
    triples: HashMap<Triple, MatchCount>,
    /// The first records of each triple in the order asked for.
    cited: HashMap<Triple, Vec<(i64, RecordId)>>,
    total: u64,
    buckets: BTreeMap<i64, u64>,
    keys: Vec<(i64, Vec<u8>)>,
    records: Vec<LogRecord>,
    is_cut: bool,
}

impl<'a> Pass<'a> {
    fn new(store: &'a Store, project_id: ProjectId, request: &'a MatchRequest<'a>) -> Self {
        Self {
            store,
            backend: store.backend(),
            project_id,
            request,
            budget: Budget::start(store.config().read_timeout.min(PATIENCE)),
            triples: HashMap::new(),
            cited: HashMap::new(),
            total: 0,
            buckets: BTreeMap::new(),
            keys: Vec::new(),
            records: Vec::new(),
            is_cut: false,
        }
    }

    /// Adds what blocks hold of a stretch; the first rows come back where records are told.
    fn blocks(
        &mut self,
        connection: &mut AnyConnection,
        range: TimeRange,
        tells_records: bool,
    ) -> Result<Counted, Error> {
        let what = CountOf {
            project_id: self.project_id,
            filter: self.request.filter,
            range,
            statuses: self.request.statuses,
            order: self.request.order,
            records: if tells_records {
                self.request.records
            } else {
                0
            },
            ids_per_triple: if tells_records { IDS_PER_TRIPLE } else { 0 },
            bucket_ns: self.request.bucket_ns,
        };
        let mut counted = count::count(self.store, connection, &what, &self.budget)?;
        self.is_cut |= counted.is_cut;
        self.total += counted.total;
        for (start_ns, count) in &counted.buckets {
            *self.buckets.entry(*start_ns).or_insert(0) += count;
        }
        for ((template_id, service, severity), of) in std::mem::take(&mut counted.triples) {
            if self.triple(template_id, &service, severity).is_some() {
                let key = (template_id, service.as_ref().to_owned(), severity);
                self.cited.entry(key).or_default().extend(of.ids);
            }
            self.add_count(TemplateCount {
                template_id: TemplateId::from_i64(template_id),
                service: service.as_ref().to_owned(),
                severity: Severity::from_number(i64::from(severity)),
                count: of.count,
                first_minute_ns: of.first_ns,
                last_minute_ns: of.last_ns,
            });
        }
        Ok(counted)
    }

    /// The first records of the tail and of the blocks together.
    fn load_records(
        &mut self,
        connection: &mut AnyConnection,
        of_blocks: &Counted,
    ) -> Result<(), Error> {
        let project_id = self.project_id;
        let order = self.request.order;
        for (timestamp_ns, id) in std::mem::take(&mut self.keys) {
            let mut statement = Statement::new(row::SELECT);
            statement.bytes(project_id.as_bytes().to_vec());
            statement.sql(" AND timestamp_ns = ").int(timestamp_ns);
            statement.sql(" AND id = ").bytes(id);
            self.records
                .extend(row::load(connection, project_id, statement)?);
        }
        let (of_blocks, _) = page::load(
            self.store,
            connection,
            project_id,
            &of_blocks.entries,
            &of_blocks.best,
        )?;
        self.records.extend(of_blocks);
        let key = |record: &LogRecord| (record.timestamp_ns, record.id);
        self.records
            .sort_unstable_by(|a, b| page::before(order, key(a), key(b)));
        self.records.truncate(self.request.records);
        Ok(())
    }

    fn finish(mut self) -> Result<Matches, Error> {
        let order = self.request.order;
        for (key, mut cited) in std::mem::take(&mut self.cited) {
            cited.sort_unstable_by(|a, b| page::before(order, *a, *b));
            cited.truncate(IDS_PER_TRIPLE);
            if let Some(found) = self.triples.get_mut(&key) {
                found.records = cited.into_iter().map(|(_, id)| id).collect();
            }
        }
        let mut counts: Vec<MatchCount> = self
            .triples
            .into_values()
            .filter(|found| found.count.count > 0)
            .collect();
        counts.sort_unstable_by(|a, b| {
            let key = |found: &MatchCount| (found.count.template_id, found.count.severity);
            b.count
                .count
                .cmp(&a.count.count)
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| a.count.service.cmp(&b.count.service))
        });
        Ok(Matches {
            counts,
            total: self.total,
            buckets: self.buckets.into_iter().collect(),
            records: self.records,
            is_cut: self.is_cut,
        })
    }
}
