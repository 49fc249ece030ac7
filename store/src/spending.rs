//! What models outside of the house cost, so that a limit of a day holds over restarts and for several processes together.

use diesel::prelude::*;
use domain::ProjectId;
use uuid::Uuid;

use crate::columns::{key, uuid};
use crate::connection::{AnyConnection, on_both};
use crate::schema_operations::model_spending::dsl;
use crate::{Error, Store};

/// What was spent on one day with one provider for one project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelSpending {
    /// For whom; `None`: for no project.
    pub project_id: Option<ProjectId>,
    /// Calls.
    pub calls: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Millionths of a millionth of a dollar.
    pub pico_dollars: u64,
}

/// Spending by day, UTC, counted from 1970-01-01. All calls block.
pub trait SpendingStore: Send + Sync {
    /// Adds to what was spent, all or nothing.
    fn add_spending(&self, provider: &str, day: i64, spent: &[ModelSpending]) -> Result<(), Error>;
    /// What all processes spent, in the order of the projects.
    fn spending(&self, provider: &str, day: i64) -> Result<Vec<ModelSpending>, Error>;
    /// Forgets the days before one; how many rows went.
    fn forget_spending(&self, before_day: i64) -> Result<usize, Error>;
}

impl SpendingStore for Store {
    fn add_spending(&self, provider: &str, day: i64, spent: &[ModelSpending]) -> Result<(), Error> {
        key("provider", provider)?;
        if spent.is_empty() {
            return Ok(());
        }
        // Always in one order: two processes that add to the same rows wait for each other, and never in a ring.
        let mut rows = spent.to_vec();
        rows.sort_by_key(|row| column(row.project_id));
        self.write(|connection| {
            for row in &rows {
                add(connection, provider, day, row)?;
            }
            Ok(())
        })
    }

    fn spending(&self, provider: &str, day: i64) -> Result<Vec<ModelSpending>, Error> {
        let rows: Vec<(Vec<u8>, i64, i64, i64)> = self.read(|connection| {
            Ok(dsl::model_spending
                .filter(dsl::day.eq(day))
                .filter(dsl::provider.eq(provider))
                .order(dsl::project_id)
                .select((dsl::project_id, dsl::calls, dsl::tokens, dsl::pico_dollars))
                .load(connection)?)
        })?;
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
        rows.into_iter()
            .map(|(project_id, calls, tokens, pico_dollars)| {
                let project_id = uuid(&project_id, "model_spending.project_id")?;
                Ok(ModelSpending {
                    project_id: (!project_id.is_nil()).then_some(ProjectId(project_id)),
                    calls: unsigned(calls),
                    tokens: unsigned(tokens),
                    pico_dollars: unsigned(pico_dollars),
                })
            })
            .collect()
    }

    fn forget_spending(&self, before_day: i64) -> Result<usize, Error> {
        self.write(|connection| {
            let old = dsl::model_spending.filter(dsl::day.lt(before_day));
            Ok(diesel::delete(old).execute(connection)?)
        })
    }
}

/// The project as it stands in its column.
fn column(project_id: Option<ProjectId>) -> Uuid {
    project_id.map_or(Uuid::nil(), |id| id.0)
}

fn add(
    connection: &mut AnyConnection,
    provider: &str,
    day: i64,
    spent: &ModelSpending,
) -> Result<(), Error> {
    let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let project = column(spent.project_id);
    let project = project.as_bytes().as_slice();
    on_both!(&mut *connection, concrete => {
        diesel::insert_into(dsl::model_spending)
            .values((
                dsl::day.eq(day),
                dsl::provider.eq(provider),
                dsl::project_id.eq(project),
                dsl::calls.eq(0),
                dsl::tokens.eq(0),
                dsl::pico_dollars.eq(0),
            ))
            .on_conflict((dsl::day, dsl::provider, dsl::project_id))
            .do_nothing()
            .execute(concrete)
    })?;
    diesel::update(dsl::model_spending.find((day, provider, project)))
        .set((
            dsl::calls.eq(dsl::calls + signed(spent.calls)),
            dsl::tokens.eq(dsl::tokens + signed(spent.tokens)),
            dsl::pico_dollars.eq(dsl::pico_dollars + signed(spent.pico_dollars)),
        ))
        .execute(connection)?;
    Ok(())
}
