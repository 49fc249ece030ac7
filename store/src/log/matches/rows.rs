//! Counting row by row: each slice is read once by its keys, and a crowded one is counted by the database.

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{Order, Severity, TemplateCount, TemplateId, TimeRange};

use super::Pass;
use super::triples::Hit;
use crate::Error;
use crate::connection::{AnyConnection, on_both};
use crate::log::slices::Slices;
use crate::log::{attributes, filter as conditions, status, tally};
use crate::statement::Statement;

/// Matches of a slice that are read one by one; a slice with more is counted by the database.
const KEYS_PER_SLICE: i64 = 1_000;
/// Rows with their texts that are read by one statement: see `search::ROWS_PER_STATEMENT`.
const TEXTS_PER_STATEMENT: i64 = 250;

/// Instant, id, template, severity, service, body, attributes.
type LongTypes = (BigInt, Binary, BigInt, SmallInt, Text, Text, Text);
type LongRow = (i64, Vec<u8>, i64, i16, String, String, String);

impl<'a> Pass<'a> {
    pub(super) fn by_rows(&mut self) -> Result<(), Error> {
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

    /// Counts one stretch of rows.
    pub(super) fn stretch(
        &mut self,
        connection: &mut AnyConnection,
        range: TimeRange,
    ) -> Result<(), Error> {
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
}
