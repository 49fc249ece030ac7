//! The newest records of several patterns at once, by their ids: what an answer shows beside a count.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Binary, SmallInt, Text};
use domain::{LogFilter, Order, ProjectId, RecordId, Severity, TemplateId};
use uuid::Uuid;

use super::budget::Budget;
use super::filter as conditions;
use crate::blocks::decode::Wanted;
use crate::blocks::outline::{Outline, cut};
use crate::blocks::select::Matcher;
use crate::blocks::visit;
use crate::connection::{AnyConnection, on_both};
use crate::statement::Statement;
use crate::{Error, Store};

/// Newest rows of the tail that are looked at.
const ROWS_OF_TAIL: i64 = 1_000;

/// Which records of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestOf {
    /// Records of any of these templates; none means none.
    pub template_ids: Vec<TemplateId>,
    /// Of this service only.
    pub service: Option<String>,
    /// Of this severity only.
    pub severity: Option<Severity>,
}

impl NewestOf {
    fn holds(&self, template_id: i64, severity: i16, service: &str) -> bool {
        self.template_ids
            .iter()
            .any(|id| id.to_i64() == template_id)
            && self.service.as_ref().is_none_or(|own| own == service)
            && self.severity.is_none_or(|own| own.number() == severity)
    }

    /// `None` when the filter has none of it.
    fn filter(&self, all: &LogFilter) -> Option<LogFilter> {
        let mut filter = LogFilter {
            template_ids: self.template_ids.clone(),
            ..all.clone()
        };
        if let Some(service) = &self.service {
            if !all.services.is_empty() && !all.services.contains(service) {
                return None;
            }
            filter.services = vec![service.clone()];
        }
        if let Some(severity) = self.severity {
            if !all.severities.is_empty() && !all.severities.contains(&severity) {
                return None;
            }
            filter.severities = vec![severity];
        }
        (!filter.template_ids.is_empty()).then_some(filter)
    }
}

/// Where a record lies: its id, or the number of its block among the entries and of its row there.
type Lying = Result<RecordId, (usize, usize)>;

impl Store {
    /// The ids of the newest records of each of `wanted` among those of a filter that rollups could answer, at most `limit`
    /// each, newest first. Where the tail holds very many records some of its newest may be passed over. Blocks.
    ///
    /// # Errors
    /// Fails on a filter beyond its limits or with conditions on texts, attributes or traces, and when the database cannot
    /// be read.
    pub fn newest_of(
        &self,
        project_id: ProjectId,
        filter: &LogFilter,
        wanted: &[NewestOf],
        limit: usize,
    ) -> Result<Vec<Vec<RecordId>>, Error> {
        conditions::check(filter)?;
        if !filter.is_answered_by_rollups() {
            return Err(Error::BadRequest {
                message: "the newest records of patterns take no condition on texts, attributes or traces"
                    .to_owned(),
            });
        }
        let mut all = filter.clone();
        all.template_ids = wanted
            .iter()
            .flat_map(|it| it.template_ids.clone())
            .collect();
        all.template_ids.sort_unstable();
        all.template_ids.dedup();
        if all.template_ids.is_empty() || limit == 0 {
            return Ok(vec![Vec::new(); wanted.len()]);
        }
        self.read_snapshot(|connection| {
            let mut newest = Newest {
                store: self,
                project_id,
                limit,
                found: vec![Vec::new(); wanted.len()],
            };
            newest.of_tail(connection, &all, filter, wanted)?;
            newest.of_blocks(connection, &all, filter, wanted)
        })
    }
}

struct Newest<'s> {
    store: &'s Store,
    project_id: ProjectId,
    limit: usize,
    found: Vec<Vec<(i64, Lying)>>,
}

impl Newest<'_> {
    fn of_tail(
        &mut self,
        connection: &mut AnyConnection,
        all: &LogFilter,
        filter: &LogFilter,
        wanted: &[NewestOf],
    ) -> Result<(), Error> {
        let mut statement = Statement::new(
            "SELECT timestamp_ns, id, template_id, severity, service FROM log_tail WHERE project_id = ",
        );
        statement.bytes(self.project_id.as_bytes().to_vec());
        conditions::time_conditions(&mut statement, filter.range);
        conditions::cell_conditions(&mut statement, all);
        statement
            .sql(" ORDER BY timestamp_ns DESC LIMIT ")
            .int(ROWS_OF_TAIL);
        let rows = statement.returning::<(BigInt, Binary, BigInt, SmallInt, Text)>();
        let rows: Vec<(i64, Vec<u8>, i64, i16, String)> =
            on_both!(connection, concrete => rows.load(concrete))?;
        for (at_ns, id, template_id, severity, service) in rows {
            let Ok(id) = Uuid::from_slice(&id) else {
                continue;
            };
            for (found, wanted) in self.found.iter_mut().zip(wanted) {
                if found.len() < self.limit && wanted.holds(template_id, severity, &service) {
                    found.push((at_ns, Ok(RecordId(id))));
                }
            }
        }
        Ok(())
    }

    fn of_blocks(
        mut self,
        connection: &mut AnyConnection,
        all: &LogFilter,
        filter: &LogFilter,
        wanted: &[NewestOf],
    ) -> Result<Vec<Vec<RecordId>>, Error> {
        let filters: Vec<Option<LogFilter>> = wanted.iter().map(|it| it.filter(filter)).collect();
        let matchers: Vec<Option<Matcher<'_>>> = filters
            .iter()
            .map(Option::as_ref)
            .map(|filter| filter.map(|filter| Matcher::new(filter, filter.range, &[])))
            .collect();
        let matcher = Matcher::new(all, all.range, &[]);
        let (store, limit) = (self.store, self.limit);
        let mut entries = visit::candidates(store, connection, self.project_id, all, &matcher)?;
        entries.reverse();
        let budget = Budget::start(store.config().read_timeout);
        let look = |entry: usize, outline: &Outline| {
            let newest = |matcher: &Option<Matcher<'_>>| {
                let Some(matcher) = matcher else {
                    return Vec::new();
                };
                outline
                    .first(matcher, Order::NewestFirst, None, limit)
                    // Many of one instant: any of them will do.
                    .unwrap_or_else(|| outline.newest(matcher, limit))
            };
            (entry, matchers.iter().map(newest).collect::<Vec<_>>())
        };
        let found = &mut self.found;
        visit::outlines(store, connection, &entries, look, |(entry, more)| {
            for (found, places) in found.iter_mut().zip(more) {
                let places = places.into_iter().take(limit);
                found.extend(places.map(|(at_ns, row)| (at_ns, Err((entry, row)))));
                cut(found, Order::NewestFirst, None, limit);
                found.truncate(limit);
            }
            budget.check()?;
            let Some(next) = entries.get(entry + 1) else {
                return Ok(ControlFlow::Continue(()));
            };
            let is_full = |(found, matcher): (&Vec<(i64, Lying)>, &Option<_>)| {
                let sure = |(at_ns, _): &&(i64, Lying)| *at_ns > next.header.max_ns;
                matcher.is_none() || found.iter().filter(sure).count() >= limit
            };
            Ok(if found.iter().zip(&matchers).all(is_full) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (_, lying) in self.found.iter().flatten() {
            if let Err((entry, row)) = lying {
                rows.entry(*entry).or_default().push(*row);
            }
        }
        let mut ids: BTreeMap<(usize, usize), RecordId> = BTreeMap::new();
        for (entry, mut rows) in rows {
            rows.sort_unstable();
            rows.dedup();
            let wanted = Wanted::ids();
            let Some(columns) = visit::read(store, connection, &entries[entry], &wanted, rows)?
            else {
                continue;
            };
            ids.extend((0..columns.len).map(|row| ((entry, columns.number(row)), columns.id(row))));
        }
        let id = |(_, lying): (i64, Lying)| match lying {
            Ok(id) => Some(id),
            Err(place) => ids.get(&place).copied(),
        };
        let found = self.found.into_iter();
        Ok(found
            .map(|found| found.into_iter().filter_map(id).collect())
            .collect())
    }
}
