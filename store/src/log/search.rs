//! Pages of records.

use domain::{
    Cursor, LogFilter, LogRecord, Order, Page, PageRequest, ProjectId, RecordContext, RecordId,
    TimeRange,
};

use super::budget::Budget;
use super::slices::Slices;
use super::{attributes, filter as conditions, row};
use crate::blocks::{catalogue, page};
use crate::connection::AnyConnection;
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// Records that a page holds at most.
pub const MAX_PAGE: usize = 1_000;
/// Neighbours on each side that a context holds at most.
pub const MAX_CONTEXT: usize = 500;
/// Rows read by one statement: with records of at most 1 MiB what is in memory at once stays bounded.
const ROWS_PER_STATEMENT: usize = 250;
/// A page ends early, with a cursor to go on from, when it holds this many bytes of text.
pub(crate) const MAX_PAGE_BYTES: usize = 32 * 1024 * 1024;

pub(crate) fn search(
    store: &Store,
    project_id: ProjectId,
    filter: &LogFilter,
    page: &PageRequest,
) -> Result<Page<LogRecord>, Error> {
    conditions::check(filter)?;
    if page.limit == 0 || page.limit > MAX_PAGE {
        return Err(Error::BadRequest {
            message: format!("page limit is {}, it must be 1 to {MAX_PAGE}", page.limit),
        });
    }
    store.read_snapshot(|connection| {
        let mut search = Search {
            connection,
            backend: store.backend(),
            budget: Budget::start(store.config().read_timeout),
            project_id,
            filter,
            order: page.order,
            after: page.after,
            bytes: 0,
        };
        // One more than asked for tells whether there is a next page.
        let wanted = page.limit + 1;
        let items = search.first(wanted)?;
        let is_tail_full = search.is_full();
        let of_blocks = page::PageOf {
            project_id,
            filter,
            range: search.remaining_range(),
            order: page.order,
            after: page.after,
            // What a full tail cut off could come before a record of a block.
            limit: if is_tail_full { items.len() } else { wanted },
        };
        let budget = Budget::start(store.config().read_timeout);
        let (mut items, is_cut) =
            page::merge(store, search.connection, &of_blocks, &budget, items)?;
        let is_long = items.len() > page.limit;
        let is_cut = cut_to_bytes(&mut items) || is_cut;
        let has_more = is_long || is_cut || is_tail_full;
        items.truncate(page.limit);
        let next = items.last().filter(|_| has_more).map(cursor_of);
        Ok(Page { items, next })
    })
}

/// Cuts a page to its bytes; the first record stays in any case.
fn cut_to_bytes(items: &mut Vec<LogRecord>) -> bool {
    let mut bytes = 0;
    let fitting = items
        .iter()
        .take_while(|record| {
            let fits = bytes < MAX_PAGE_BYTES;
            bytes += record.body.len() + record.attributes.len();
            fits
        })
        .count();
    let is_cut = fitting < items.len();
    items.truncate(fitting.max(1));
    is_cut
}

pub(crate) fn record(
    store: &Store,
    project_id: ProjectId,
    id: RecordId,
) -> Result<Option<LogRecord>, Error> {
    store.read_snapshot(|connection| {
        let mut statement = Statement::new(row::SELECT);
        statement.bytes(project_id.as_bytes().as_slice());
        statement.sql(" AND id = ").bytes(id.as_bytes().as_slice());
        if let Some(record) = row::load(connection, project_id, statement)?.pop() {
            return Ok(Some(record));
        }
        let entries = catalogue::with_ids(connection, project_id, id, id)?;
        page::by_id(store, connection, project_id, id, &entries)
    })
}

pub(crate) fn context(
    store: &Store,
    project_id: ProjectId,
    id: RecordId,
    before: usize,
    after: usize,
) -> Result<Option<RecordContext>, Error> {
    let Some(record) = record(store, project_id, id)? else {
        return Ok(None);
    };
    let mut same_service = LogFilter::in_range(TimeRange::ALL);
    same_service.services.push(record.service.clone());
    let side = |order, limit: usize| -> Result<Vec<LogRecord>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let page = PageRequest {
            limit: limit.min(MAX_CONTEXT),
            after: Some(cursor_of(&record)),
            order,
        };
        Ok(search(store, project_id, &same_service, &page)?.items)
    };
    let mut older = side(Order::NewestFirst, before)?;
    older.reverse();
    let newer = side(Order::OldestFirst, after)?;
    Ok(Some(RecordContext {
        before: older,
        record,
        after: newer,
    }))
}

fn cursor_of(record: &LogRecord) -> Cursor {
    Cursor {
        timestamp_ns: record.timestamp_ns,
        id: record.id,
    }
}

struct Search<'a> {
    connection: &'a mut AnyConnection,
    backend: Backend,
    budget: Budget,
    project_id: ProjectId,
    filter: &'a LogFilter,
    order: Order,
    after: Option<Cursor>,
    /// Text found so far.
    bytes: usize,
}

impl<'a> Search<'a> {
    fn is_full(&self) -> bool {
        self.bytes >= MAX_PAGE_BYTES
    }

    fn first(&mut self, wanted: usize) -> Result<Vec<LogRecord>, Error> {
        let range = self.remaining_range();
        let mut found = Vec::new();
        // The order of the table leads straight to these.
        if conditions::is_range_only(self.filter) {
            self.scan(range, wanted, &mut found)?;
            return Ok(found);
        }
        let mut slices = Slices::new(self.project_id, range, self.order);
        let by_rollups = self.filter.is_answered_by_rollups();
        loop {
            let missing = i64::try_from(wanted - found.len()).unwrap_or(i64::MAX);
            let stretches =
                slices.next(self.connection, self.filter, by_rollups.then_some(missing))?;
            if stretches.is_empty() {
                return Ok(found);
            }
            for stretch in stretches {
                self.budget.check()?;
                self.scan(stretch, wanted, &mut found)?;
                if found.len() >= wanted || self.is_full() {
                    return Ok(found);
                }
            }
        }
    }

    /// The part of the range that the cursor leaves, to the nanosecond of the cursor itself.
    fn remaining_range(&self) -> TimeRange {
        let mut range = self.filter.range;
        if let Some(after) = self.after {
            match self.order {
                Order::NewestFirst => {
                    range.end_ns = range.end_ns.min(after.timestamp_ns.saturating_add(1));
                }
                Order::OldestFirst => range.start_ns = range.start_ns.max(after.timestamp_ns),
            }
        }
        range
    }

    /// Adds the matching records of one stretch until there are `wanted`.
    fn scan(
        &mut self,
        stretch: TimeRange,
        wanted: usize,
        found: &mut Vec<LogRecord>,
    ) -> Result<(), Error> {
        let mut after = self.after;
        let mut stretch = stretch;
        loop {
            // Without the bound the database would walk from the start of the stretch for each statement.
            if let Some(after) = after {
                match self.order {
                    Order::NewestFirst => {
                        stretch.end_ns = stretch.end_ns.min(after.timestamp_ns.saturating_add(1));
                    }
                    Order::OldestFirst => {
                        stretch.start_ns = stretch.start_ns.max(after.timestamp_ns);
                    }
                }
            }
            let limit = if self.filter.attributes.is_empty() {
                (wanted - found.len()).min(ROWS_PER_STATEMENT)
            } else {
                ROWS_PER_STATEMENT
            };
            let statement = self.statement(stretch, after, limit);
            let records = row::load(self.connection, self.project_id, statement)?;
            let is_last = records.len() < limit;
            after = records.last().map(cursor_of);
            for record in records {
                if found.len() < wanted
                    && attributes::all_match(&self.filter.attributes, &record.attributes)
                {
                    self.bytes += record.body.len() + record.attributes.len();
                    found.push(record);
                }
            }
            if is_last || found.len() >= wanted || self.is_full() {
                return Ok(());
            }
            self.budget.check()?;
        }
    }

    fn statement(&self, stretch: TimeRange, after: Option<Cursor>, limit: usize) -> Statement<'a> {
        let filter: &'a LogFilter = self.filter;
        let mut statement = Statement::new(row::SELECT);
        statement.bytes(self.project_id.as_bytes().to_vec());
        conditions::time_conditions(&mut statement, stretch);
        if let Some(after) = after {
            let (beyond, at) = match self.order {
                Order::NewestFirst => (" AND (timestamp_ns < ", " AND id < "),
                Order::OldestFirst => (" AND (timestamp_ns > ", " AND id > "),
            };
            statement.sql(beyond).int(after.timestamp_ns);
            statement
                .sql(" OR (timestamp_ns = ")
                .int(after.timestamp_ns);
            statement.sql(at).bytes(after.id.as_bytes().to_vec());
            statement.sql("))");
        }
        conditions::cell_conditions(&mut statement, filter);
        conditions::row_conditions(&mut statement, filter, self.backend);
        statement.sql(match self.order {
            Order::NewestFirst => " ORDER BY timestamp_ns DESC, id DESC LIMIT ",
            Order::OldestFirst => " ORDER BY timestamp_ns, id LIMIT ",
        });
        statement.int(i64::try_from(limit).unwrap_or(i64::MAX));
        statement
    }
}
