//! SQL built from parts, for the reads whose shape depends on the filter and for batch writes.
//!
//! Values are always bound, never spliced; the only spliced ones are integers. One text serves both
//! databases because the parts that differ are chosen by the caller.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, SmallInt, Text};

/// A piece of a statement.
pub(crate) enum Part<'a> {
    Sql(Cow<'static, str>),
    Int(i64),
    Small(i16),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

/// A statement under construction.
#[derive(Default)]
pub(crate) struct Statement<'a> {
    parts: Vec<Part<'a>>,
}

impl<'a> Statement<'a> {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self {
            parts: vec![Part::Sql(Cow::Borrowed(sql))],
        }
    }

    pub(crate) fn sql(&mut self, sql: impl Into<Cow<'static, str>>) -> &mut Self {
        self.parts.push(Part::Sql(sql.into()));
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.parts.push(Part::Int(value));
        self
    }

    pub(crate) fn small(&mut self, value: i16) -> &mut Self {
        self.parts.push(Part::Small(value));
        self
    }

    pub(crate) fn text(&mut self, value: impl Into<Cow<'a, str>>) -> &mut Self {
        self.parts.push(Part::Text(value.into()));
        self
    }

    pub(crate) fn bytes(&mut self, value: impl Into<Cow<'a, [u8]>>) -> &mut Self {
        self.parts.push(Part::Bytes(value.into()));
        self
    }

    /// `column IN (..)` over texts; at least one.
    pub(crate) fn in_texts(&mut self, column: &'static str, values: &'a [String]) -> &mut Self {
        self.sql(column).sql(" IN (");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.sql(",");
            }
            self.text(value.as_str());
        }
        self.sql(")")
    }

    /// `column IN (..)` over integers, spliced because their number has no limit that binds have.
    pub(crate) fn in_ints(
        &mut self,
        column: &'static str,
        values: impl Iterator<Item = i64>,
    ) -> &mut Self {
        let mut list = String::new();
        for value in values {
            let comma = if list.is_empty() { "" } else { "," };
            if value == i64::MIN {
                // The literal would be read as a minus before a number that is too large.
                let _ = write!(list, "{comma}(-9223372036854775807-1)");
            } else {
                let _ = write!(list, "{comma}{value}");
            }
        }
        self.sql(column).sql(" IN (").sql(list).sql(")")
    }

    /// The statement as a query whose rows have these column types.
    pub(crate) fn returning<Types>(self) -> Rows<'a, Types> {
        Rows {
            statement: self,
            types: PhantomData,
        }
    }
}

impl<DB> QueryFragment<DB> for Statement<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<SmallInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    i16: ToSql<SmallInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Texts vary with the filter: caching each would only fill the cache.
        out.unsafe_to_cache_prepared();
        for part in &self.parts {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Part::Small(value) => out.push_bind_param::<SmallInt, _>(value)?,
                Part::Text(value) => out.push_bind_param::<Text, str>(value)?,
                Part::Bytes(value) => out.push_bind_param::<Binary, [u8]>(value)?,
            }
        }
        Ok(())
    }
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Connection> RunQueryDsl<Connection> for Statement<'_> {}

/// A statement that returns rows.
pub(crate) struct Rows<'a, Types> {
    statement: Statement<'a>,
    types: PhantomData<Types>,
}

impl<DB, Types> QueryFragment<DB> for Rows<'_, Types>
where
    DB: Backend,
    for<'a> Statement<'a>: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.statement.walk_ast(out)
    }
}

impl<Types> QueryId for Rows<'_, Types> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Types> Query for Rows<'_, Types> {
    type SqlType = Types;
}

impl<Connection, Types> RunQueryDsl<Connection> for Rows<'_, Types> {}
