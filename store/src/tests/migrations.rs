use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::Fixture;
use crate::connection::on_both;
use crate::statement::Statement;
use crate::{Backend, Error, Store};

/// `table.column` to (class of its type, whether it may be NULL).
fn columns(store: &Store) -> BTreeMap<String, (String, bool)> {
    let statement = Statement::new(match store.backend() {
        Backend::Postgres => {
            "SELECT table_name || '.' || column_name, data_type::text, is_nullable = 'YES' \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
        Backend::Sqlite => {
            "SELECT m.name || '.' || c.name, c.type, NOT c.\"notnull\" \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        }
    });
    let rows = statement.returning::<(Text, Text, Bool)>();
    let rows: Vec<(String, String, bool)> = store
        .read(|connection| Ok(on_both!(connection, concrete => rows.load(concrete))?))
        .expect("the catalogue is read");
    rows.into_iter()
        .filter(|(name, _, _)| !name.starts_with("__diesel"))
        .map(|(name, type_name, is_nullable)| {
            let class = match type_name.to_ascii_lowercase().as_str() {
                "bytea" | "blob" => "bytes",
                "bigint" => "bigint",
                "smallint" => "smallint",
                "integer" => "integer",
                "text" => "text",
                "double precision" | "double" => "double",
                "boolean" => "boolean",
                other => panic!("{name} has the type {other}, which has no class yet"),
            };
            (name, (class.to_owned(), is_nullable))
        })
        .collect()
}

#[test]
fn both_folders_end_in_the_same_tables_and_columns() {
    let sqlite = columns(&Fixture::new(Backend::Sqlite).store);
    let postgres = columns(&Fixture::new(Backend::Postgres).store);
    assert!(sqlite.contains_key("log_tail.body"));
    assert_eq!(sqlite, postgres);
}

pub(crate) fn migrating_twice_changes_nothing(fixture: &Fixture) {
    let before = columns(&fixture.store);
    fixture.store.migrate().expect("nothing to do");
    assert_eq!(columns(&fixture.store), before);
}

pub(crate) fn a_newer_database_is_refused(fixture: &Fixture) {
    fixture
        .store
        .write(|connection| {
            let newer =
                Statement::new("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
            on_both!(connection, concrete => newer.execute(concrete))?;
            Ok(())
        })
        .expect("a migration of the future");
    let error = fixture.store.migrate().expect_err("refused");
    assert!(matches!(&error, Error::DatabaseNewer { versions } if versions == "9999"));
    assert!(
        error.to_string().contains("does not know (9999)"),
        "{error}"
    );
}

pub(crate) fn processes_that_start_together_migrate_once(fixture: &Fixture) {
    let fresh = Fixture::unmigrated(fixture.store.backend());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let config = &fresh.config;
            scope.spawn(move || {
                let store = Store::open(config).expect("the store opens");
                store.migrate().expect("the migrations run");
            });
        }
    });
    assert!(columns(&fresh.store).contains_key("log_tail.body"));
}
