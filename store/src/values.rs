//! Multi-row `VALUES` for SQLite with statement texts that are few and therefore cached.

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::SqliteConnection;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Binary;
use diesel::sqlite::Sqlite;
use domain::ProjectId;

use crate::Error;

/// Rows per statement. With 11 columns this is far below SQLite's 32,766 binds, and larger is not faster.
const MAX_ROWS: usize = 256;

/// A row that binds its columns.
pub(crate) trait BindRow {
    /// Pushes the binds of all columns but the first, comma separated, without parentheses.
    fn bind<'b>(&'b self, out: &mut AstPass<'_, 'b, Sqlite>) -> QueryResult<()>;
}

/// Runs `head VALUES (..),(..) tail` over all rows of a project (the first column), in pieces whose sizes are powers of two: so there are nine
/// texts per statement and Diesel's cache of prepared statements stays small.
pub(crate) fn insert<R: BindRow>(
    connection: &mut SqliteConnection,
    head: &'static str,
    project_id: ProjectId,
    mut rows: &[R],
    tail: &'static str,
) -> Result<(), Error> {
    while !rows.is_empty() {
        let size = if rows.len() >= MAX_ROWS {
            MAX_ROWS
        } else {
            1 << rows.len().ilog2()
        };
        let (piece, rest) = rows.split_at(size);
        Values {
            head,
            project_id,
            rows: piece,
            tail,
        }
        .execute(connection)?;
        rows = rest;
    }
    Ok(())
}

struct Values<'a, R> {
    head: &'static str,
    project_id: ProjectId,
    rows: &'a [R],
    tail: &'static str,
}

impl<R: BindRow> QueryFragment<Sqlite> for Values<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(self.head);
        for (index, row) in self.rows.iter().enumerate() {
            if index == 0 {
                out.push_sql(" VALUES (");
                out.push_bind_param::<Binary, [u8]>(self.project_id.0.as_bytes().as_slice())?;
                out.push_sql(",");
            } else {
                // Bound once, as parameter 1.
                out.push_sql("),(?1,");
            }
            row.bind(&mut out)?;
        }
        out.push_sql(") ");
        out.push_sql(self.tail);
        Ok(())
    }
}

impl<R> QueryId for Values<'_, R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R> RunQueryDsl<SqliteConnection> for Values<'_, R> {}
