//! What is looked at before a query is planned: that it is one reading statement, and not one whose planning alone
//! would take all there is.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{
    Query, SetExpr, Statement as SqlStatement, Visit, Visitor, visit_relations,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::{MAX_SQL_BYTES, SqlError};

/// Parentheses and subqueries within each other.
const MAX_NESTING: usize = 50;
/// Operators and keywords of a query: chains of them (`a OR b OR ...`) are trees as deep as the chain is long, and
/// several steps of the planner go down such a tree one call a level. Lists of values are not counted.
const MAX_OPERATORS: usize = 1_000;
/// Tables of a query after each common table expression stands wherever it is named.
const MAX_RELATIONS: usize = 32;

const READ_ONLY: &str =
    "only queries are answered: begin with SELECT, WITH or EXPLAIN; nothing can be written or set";

/// The one reading statement of a text.
pub(super) fn parse(text: &str) -> Result<Statement, SqlError> {
    if text.len() > MAX_SQL_BYTES {
        return Err(SqlError::limit(
            "length of the query in bytes",
            text.len(),
            MAX_SQL_BYTES,
        ));
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize()
        .map_err(|error| SqlError::query(error.to_string()))?;
    let operators = tokens.iter().filter(|token| is_operator(token)).count();
    if operators > MAX_OPERATORS {
        return Err(SqlError::limit(
            "number of operators and keywords of the query (lists such as IN (...) count once)",
            operators,
            MAX_OPERATORS,
        ));
    }
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&dialect)
        .with_recursion_limit(MAX_NESTING)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| SqlError::of(&error, 0))?;
    match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => check(statement),
        (None, _) => Err(SqlError::query("the query is empty")),
        (Some(_), more) => Err(SqlError::limit("number of statements", more + 1, 1)),
    }
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::Whitespace(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::EOF => false,
        _ => true,
    }
}

fn check(statement: Statement) -> Result<Statement, SqlError> {
    let inner = match &statement {
        Statement::Explain(explain) => explain.statement.as_ref(),
        other => other,
    };
    let Statement::Statement(sql) = inner else {
        return Err(SqlError::query(READ_ONLY));
    };
    let query = match sql.as_ref() {
        SqlStatement::Query(query) => query,
        SqlStatement::Explain { statement, .. } => match statement.as_ref() {
            SqlStatement::Query(query) => query,
            _ => return Err(SqlError::query(READ_ONLY)),
        },
        _ => return Err(SqlError::query(READ_ONLY)),
    };
    if !matches!(
        query.body.as_ref(),
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::SetOperation { .. } | SetExpr::Values(_)
    ) {
        return Err(SqlError::query(READ_ONLY));
    }
    shape(query)?;
    Ok(statement)
}

/// Refuses a query whose tables would multiply: each common table expression is planned where it is named, so ten that
/// name their forerunner twice are a thousand.
fn shape(query: &Query) -> Result<(), SqlError> {
    let mut inner = WithInside::default();
    if let ControlFlow::Break(()) = query.visit(&mut inner) {
        return Err(SqlError::query(
            "WITH may stand at the begin of the query only",
        ));
    }
    let mut weights: HashMap<String, usize> = HashMap::new();
    for table in query.with.iter().flat_map(|with| &with.cte_tables) {
        let weight = relations(&table.query, &weights)?;
        weights.insert(table.alias.name.value.to_lowercase(), weight);
    }
    // The definitions count once more, which is harmless.
    relations(query, &weights)?;
    Ok(())
}

fn relations(query: &Query, weights: &HashMap<String, usize>) -> Result<usize, SqlError> {
    let mut total = 0_usize;
    let _: ControlFlow<()> = visit_relations(query, |name| {
        let name = name.to_string().replace(['"', '`'], "").to_lowercase();
        let weight = weights.get(&name).copied();
        total = total.saturating_add(weight.unwrap_or(1));
        ControlFlow::Continue(())
    });
    if total > MAX_RELATIONS {
        return Err(SqlError::limit(
            "number of tables of the query, with those of each WITH where it is named,",
            total,
            MAX_RELATIONS,
        ));
    }
    Ok(total.max(1))
}

/// Looks for a WITH below the outermost query.
#[derive(Default)]
struct WithInside {
    depth: usize,
}

impl Visitor for WithInside {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.depth += 1;
        if self.depth > 1 && query.with.is_some() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}
