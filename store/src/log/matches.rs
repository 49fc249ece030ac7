//! Everything that a question matches, counted in one pass: how often per template, service and severity, how
//! often per stretch of time, and the first records in the order asked for.
//!
//! Where rollups are enough they answer, and rows only give the parts of minutes at both ends. Else each slice of
//! rows is read once by its keys; a slice with more matches than that is counted by the database instead.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{
    LogFilter, LogRecord, NANOS_PER_MINUTE, Order, PageRequest, ProjectId, RecordId, Severity,
    TemplateCount, TemplateId, TimeRange,
};
use uuid::Uuid;

use super::budget::Budget;
use super::slices::Slices;
use super::statistics::minute_of;
use super::status::{self, StatusFilter};
use super::{attributes, filter as conditions, overview, row, search, tally};
use crate::blocks::count::{self, CountOf, Counted};
use crate::blocks::page;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// Triples of template, service and severity that are told apart; records of further ones count in the total only.
const MAX_TRIPLES: usize = 10_000;
/// Records whose ids are remembered for each triple.
const IDS_PER_TRIPLE: usize = 3;
/// Matches of a slice that are read one by one; a slice with more is counted by the database.
const KEYS_PER_SLICE: i64 = 1_000;
/// Rows with their texts that are read by one statement: see `search::ROWS_PER_STATEMENT`.
const TEXTS_PER_STATEMENT: i64 = 250;
/// Rows of a minute at the end of the range up to which it is counted row by row; a fuller one counts whole.
const EDGE_ROWS: u64 = 100_000;
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
#[derive(Debug, Clone, PartialEq)]
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
/// Instant, id, template, severity, service, body, attributes.
type LongTypes = (BigInt, Binary, BigInt, SmallInt, Text, Text, Text);
type LongRow = (i64, Vec<u8>, i64, i16, String, String, String);

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

/// A record that matched.
struct Hit {
    timestamp_ns: i64,
    id: Vec<u8>,
    template_id: i64,
    severity: i16,
    service: String,
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

    fn by_rollups(&mut self) -> Result<(), Error> {
        let range = self.request.filter.range;
        let first = minute_of(range.start_ns);
        let last = minute_of(range.end_ns);
        let mut whole = range;
        let mut edges = Vec::new();
        if first != range.start_ns && range.start_ns != i64::MIN {
            whole.start_ns = first.saturating_add(NANOS_PER_MINUTE);
            edges.push((first, range.start_ns, whole.start_ns.min(range.end_ns)));
        }
        if last != range.end_ns
            && range.end_ns != i64::MAX
            && edges.first().is_none_or(|edge| edge.0 != last)
        {
            whole.end_ns = last;
            edges.push((last, last.max(range.start_ns), range.end_ns));
        }
        for (minute_ns, start_ns, end_ns) in edges {
            self.edge(minute_ns, TimeRange { start_ns, end_ns })?;
        }
        // What the edges gave is shown by the search below, in the order of everything.
        self.keys.clear();
        if whole.start_ns < whole.end_ns {
            self.cells(whole)?;
        }
        if let Some(width) = self.request.bucket_ns {
            for bucket in tally::histogram(self.store, self.project_id, self.request.filter, width)?
            {
                let count = bucket.counts.iter().map(|(_, count)| count).sum();
                self.buckets.insert(bucket.start_ns, count);
            }
        }
        if self.total > 0 && self.request.records > 0 {
            let page = PageRequest {
                limit: self.request.records.min(search::MAX_PAGE),
                after: None,
                order: self.request.order,
            };
            self.records =
                search::search(self.store, self.project_id, self.request.filter, &page)?.items;
        }
        self.cited.clear();
        Ok(())
    }

    /// The part of a minute at an end of the range.
    fn edge(&mut self, minute_ns: i64, edge: TimeRange) -> Result<(), Error> {
        let minute = LogFilter {
            range: TimeRange {
                start_ns: minute_ns,
                end_ns: minute_ns.saturating_add(NANOS_PER_MINUTE),
            },
            ..self.request.filter.clone()
        };
        match tally::count(self.store, self.project_id, &minute)? {
            0 => Ok(()),
            1..=EDGE_ROWS => {
                let store = self.store;
                store.read_snapshot(|connection| {
                    self.stretch(connection, edge)?;
                    self.blocks(connection, edge, false).map(drop)
                })
            }
            _ => self.cells(minute.range),
        }
    }

    /// The cells of whole minutes.
    fn cells(&mut self, range: TimeRange) -> Result<(), Error> {
        let filter = LogFilter {
            range,
            ..self.request.filter.clone()
        };
        let rows = overview::template_counts(self.store, self.project_id, &filter, MAX_TRIPLES)?;
        if rows.len() < MAX_TRIPLES {
            self.total += rows.iter().map(|row| row.count).sum::<u64>();
        } else {
            self.is_cut = true;
            self.total += tally::count(self.store, self.project_id, &filter)?;
        }
        for row in rows {
            self.add_count(row);
        }
        Ok(())
    }

    fn by_rows(&mut self) -> Result<(), Error> {
        let (store, filter) = (self.store, self.request.filter);
        store.read_snapshot(|connection| {
            self.tail(connection)?;
            let of_blocks = self.blocks(connection, filter.range, true)?;
            self.load_records(connection, &of_blocks)
        })
    }

    fn tail(&mut self, connection: &mut AnyConnection) -> Result<(), Error> {
        let filter = self.request.filter;
        let mut slices = Slices::new(self.project_id, filter.range, self.request.order);
        loop {
            let stretches = slices.next(connection, filter, None)?;
            if stretches.is_empty() {
                return Ok(());
            }
            for stretch in stretches {
                if self.budget.check().is_err() {
                    self.is_cut = true;
                    return Ok(());
                }
                self.stretch(connection, stretch)?;
            }
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

    /// Counts one stretch of rows.
    fn stretch(&mut self, connection: &mut AnyConnection, range: TimeRange) -> Result<(), Error> {
        if !self.request.filter.attributes.is_empty() || !self.request.statuses.is_empty() {
            return self.texts(connection, range);
        }
        let mut statement = Statement::new(
            "SELECT timestamp_ns, id, template_id, severity, service FROM log_tail WHERE project_id = ",
        );
        self.row_conditions(&mut statement, range);
        statement
            .sql(self.order_by())
            .int(KEYS_PER_SLICE.saturating_add(1));
        let rows = statement.returning::<(BigInt, Binary, BigInt, SmallInt, Text)>();
        let rows: Vec<(i64, Vec<u8>, i64, i16, String)> =
            on_both!(connection, concrete => rows.load(concrete))?;
        let is_whole = i64::try_from(rows.len()).unwrap_or(i64::MAX) <= KEYS_PER_SLICE;
        for (timestamp_ns, id, template_id, severity, service) in rows {
            let hit = Hit {
                timestamp_ns,
                id,
                template_id,
                severity,
                service,
            };
            self.show(&hit);
            if is_whole {
                self.add_hit(hit);
            }
        }
        if is_whole {
            Ok(())
        } else {
            self.grouped(connection, range)
        }
    }

    /// Counts a crowded stretch inside the database.
    fn grouped(&mut self, connection: &mut AnyConnection, range: TimeRange) -> Result<(), Error> {
        let mut statement = Statement::new("SELECT ");
        tally::bucket(&mut statement, "timestamp_ns", self.request.bucket_ns);
        statement.sql(
            " AS bucket, template_id, severity, service, CAST(COUNT(*) AS BIGINT), MIN(timestamp_ns), \
             MAX(timestamp_ns) FROM log_tail WHERE project_id = ",
        );
        self.row_conditions(&mut statement, range);
        statement.sql(" GROUP BY 1, template_id, severity, service");
        let rows =
            statement.returning::<(BigInt, BigInt, SmallInt, Text, BigInt, BigInt, BigInt)>();
        let rows: Vec<(i64, i64, i16, String, i64, i64, i64)> =
            on_both!(connection, concrete => rows.load(concrete))?;
        for (bucket, template_id, severity, service, count, first, last) in rows {
            let count = u64::try_from(count).unwrap_or(0);
            self.total += count;
            if let Some(width) = self.request.bucket_ns {
                *self
                    .buckets
                    .entry(bucket.saturating_mul(width))
                    .or_insert(0) += count;
            }
            self.add_count(TemplateCount {
                template_id: TemplateId::from_i64(template_id),
                service,
                severity: Severity::from_number(i64::from(severity)),
                count,
                first_minute_ns: first,
                last_minute_ns: last,
            });
        }
        Ok(())
    }

    /// Counts a stretch whose attributes or texts are decided here, page by page because they are long.
    fn texts(&mut self, connection: &mut AnyConnection, range: TimeRange) -> Result<(), Error> {
        let mut after: Option<(i64, Vec<u8>)> = None;
        let mut range = range;
        loop {
            // The bound leads the database to where the page before ended; the condition on ids alone would let
            // it walk there again for each page.
            if let Some((timestamp_ns, _)) = &after {
                match self.request.order {
                    Order::NewestFirst => range.end_ns = timestamp_ns.saturating_add(1),
                    Order::OldestFirst => range.start_ns = *timestamp_ns,
                }
            }
            let mut statement = Statement::new(
                "SELECT timestamp_ns, id, template_id, severity, service, body, attributes \
                 FROM log_tail WHERE project_id = ",
            );
            self.row_conditions(&mut statement, range);
            status::prefilter(&mut statement, self.request.statuses, self.backend);
            if let Some((timestamp_ns, id)) = after.take() {
                let (beyond, at) = match self.request.order {
                    Order::NewestFirst => (" AND (timestamp_ns < ", " AND id < "),
                    Order::OldestFirst => (" AND (timestamp_ns > ", " AND id > "),
                };
                statement.sql(beyond).int(timestamp_ns);
                statement.sql(" OR (timestamp_ns = ").int(timestamp_ns);
                statement.sql(at).bytes(id).sql("))");
            }
            statement.sql(self.order_by()).int(TEXTS_PER_STATEMENT);
            let rows = statement.returning::<LongTypes>();
            let rows: Vec<LongRow> = on_both!(connection, concrete => rows.load(concrete))?;
            let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < TEXTS_PER_STATEMENT;
            for (timestamp_ns, id, template_id, severity, service, body, text) in rows {
                after = Some((timestamp_ns, id.clone()));
                let is_match = attributes::all_match(&self.request.filter.attributes, &text)
                    && status::any_matches(self.request.statuses, &body, &text);
                if is_match {
                    let hit = Hit {
                        timestamp_ns,
                        id,
                        template_id,
                        severity,
                        service,
                    };
                    self.show(&hit);
                    self.add_hit(hit);
                }
            }
            if is_last {
                return Ok(());
            }
            if self.budget.check().is_err() {
                self.is_cut = true;
                return Ok(());
            }
        }
    }

    fn row_conditions(&self, statement: &mut Statement<'a>, range: TimeRange) {
        statement.bytes(self.project_id.as_bytes().to_vec());
        conditions::time_conditions(statement, range);
        conditions::cell_conditions(statement, self.request.filter);
        conditions::row_conditions(statement, self.request.filter, self.backend);
    }

    fn order_by(&self) -> &'static str {
        match self.request.order {
            Order::NewestFirst => " ORDER BY timestamp_ns DESC, id DESC LIMIT ",
            Order::OldestFirst => " ORDER BY timestamp_ns, id LIMIT ",
        }
    }

    /// Remembers a record that comes back, and where its triple is cited.
    fn show(&mut self, hit: &Hit) {
        if self.keys.len() < self.request.records {
            self.keys.push((hit.timestamp_ns, hit.id.clone()));
        }
        if self
            .triple(hit.template_id, &hit.service, hit.severity)
            .is_none()
        {
            return;
        }
        let key = (hit.template_id, hit.service.clone(), hit.severity);
        let cited = self.cited.entry(key).or_default();
        if cited.len() < IDS_PER_TRIPLE
            && let Ok(id) = Uuid::from_slice(&hit.id)
        {
            cited.push((hit.timestamp_ns, RecordId(id)));
        }
    }

    fn add_hit(&mut self, hit: Hit) {
        self.total += 1;
        if let Some(width) = self.request.bucket_ns.filter(|width| *width > 0) {
            let start_ns = hit.timestamp_ns.div_euclid(width).saturating_mul(width);
            *self.buckets.entry(start_ns).or_insert(0) += 1;
        }
        self.add_count(TemplateCount {
            template_id: TemplateId::from_i64(hit.template_id),
            service: hit.service,
            severity: Severity::from_number(i64::from(hit.severity)),
            count: 1,
            first_minute_ns: hit.timestamp_ns,
            last_minute_ns: hit.timestamp_ns,
        });
    }

    fn triple(
        &mut self,
        template_id: i64,
        service: &str,
        severity: i16,
    ) -> Option<&mut MatchCount> {
        let key = (template_id, service.to_owned(), severity);
        if self.triples.len() >= MAX_TRIPLES && !self.triples.contains_key(&key) {
            self.is_cut = true;
            return None;
        }
        Some(self.triples.entry(key).or_insert_with(|| MatchCount {
            count: TemplateCount {
                template_id: TemplateId::from_i64(template_id),
                service: service.to_owned(),
                severity: Severity::from_number(i64::from(severity)),
                count: 0,
                first_minute_ns: i64::MAX,
                last_minute_ns: i64::MIN,
            },
            records: Vec::new(),
        }))
    }

    fn add_count(&mut self, row: TemplateCount) {
        let template_id = row.template_id.to_i64();
        if let Some(found) = self.triple(template_id, &row.service, row.severity.number()) {
            let count = &mut found.count;
            count.count += row.count;
            count.first_minute_ns = count.first_minute_ns.min(row.first_minute_ns);
            count.last_minute_ns = count.last_minute_ns.max(row.last_minute_ns);
        }
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
