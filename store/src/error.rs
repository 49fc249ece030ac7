//! What can go wrong in the store. No Diesel type shows.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};
use domain::{ErrorKind, ReadError};

/// A failed call of the store.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The configured address is neither Postgres nor a file.
    #[error(
        "'{url}' is not a database address: use postgres://user:password@host/database or the path of an SQLite file"
    )]
    InvalidUrl {
        /// Without its password.
        url: String,
    },
    /// No connection could be made or none became free in time.
    #[error("the database cannot be reached: {message}")]
    Unavailable {
        /// What the driver said.
        message: String,
    },
    /// A statement or a whole read took longer than its budget.
    #[error("the database took longer than its limit: {message}")]
    Timeout {
        /// What the driver said, or which budget was spent.
        message: String,
    },
    /// A row with this key exists already.
    #[error("already exists ({constraint})")]
    Duplicate {
        /// The violated constraint or columns, in the driver's words.
        constraint: String,
    },
    /// Another transaction got in the way; the call may be repeated as it is.
    #[error("lost against a concurrent transaction: {message}")]
    Contention {
        /// What the driver said.
        message: String,
    },
    /// What was asked for is not there.
    #[error("{what} does not exist")]
    NotFound {
        /// The thing, for example `incident 018f...`.
        what: String,
    },
    /// The state of the thing does not allow this.
    #[error("{message}")]
    Conflict {
        /// What and why.
        message: String,
    },
    /// The request breaks a rule of the store.
    #[error("{message}")]
    BadRequest {
        /// Which value and which limit.
        message: String,
    },
    /// A migration failed; the database is as before it.
    #[error("migration failed: {message}")]
    Migration {
        /// Which one and why.
        message: String,
    },
    /// The database was migrated by a newer Vigil.
    #[error(
        "the database has migrations that this version does not know ({versions}); start the version that made them, or a newer one"
    )]
    DatabaseNewer {
        /// The unknown versions, comma separated.
        versions: String,
    },
    /// A stored value cannot be read back.
    #[error("stored {what} is damaged: {detail}")]
    Damaged {
        /// Table and column.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Any other failure of the database.
    #[error("database error: {message}")]
    Database {
        /// What the driver said.
        message: String,
    },
}

impl Error {
    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidUrl { .. } | Self::BadRequest { .. } => ErrorKind::BadRequest,
            Self::Unavailable { .. } | Self::Contention { .. } => ErrorKind::Unavailable,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Duplicate { .. } | Self::Conflict { .. } => ErrorKind::Conflict,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Migration { .. }
            | Self::DatabaseNewer { .. }
            | Self::Damaged { .. }
            | Self::Database { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn damaged(what: &'static str, detail: impl ToString) -> Self {
        Self::Damaged {
            what,
            detail: detail.to_string(),
        }
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return match error {
                DieselError::NotFound => Self::NotFound {
                    what: "the row".to_owned(),
                },
                DieselError::BrokenTransactionManager => Self::Unavailable {
                    message: "the connection broke inside a transaction".to_owned(),
                },
                other => Self::Database {
                    message: other.to_string(),
                },
            };
        };
        let message = information.message().to_owned();
        match kind {
            DatabaseErrorKind::UniqueViolation => Self::Duplicate {
                constraint: information.constraint_name().map_or(message, str::to_owned),
            },
            DatabaseErrorKind::SerializationFailure => Self::Contention { message },
            // A server that takes no writes is being replaced by another, or is out of space: no record is at fault.
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::ReadOnlyTransaction => Self::Unavailable { message },
            _ => from_message(message),
        }
    }
}

/// Diesel has no kind for these; the texts are libpq's, Postgres' (English is forced per session) and SQLite's.
fn from_message(message: String) -> Error {
    const UNAVAILABLE: [&str; 17] = [
        "server closed the connection",
        "terminating connection",
        "connection to server",
        "could not connect",
        "no connection to the server",
        "the database system is",
        "connection not open",
        "could not receive data",
        "SSL connection has been closed",
        "No space left",
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "readonly database",
        "out of memory",
        "out of shared memory",
        "could not extend file",
    ];
    const CONTENTION: [&str; 3] = [
        "deadlock detected",
        "database is locked",
        "database table is locked",
    ];
    const TIMEOUT: [&str; 3] = ["statement timeout", "lock timeout", "canceling statement"];
    let holds = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if holds(&CONTENTION) {
        Error::Contention { message }
    } else if holds(&TIMEOUT) {
        Error::Timeout { message }
    } else if holds(&UNAVAILABLE) {
        Error::Unavailable { message }
    } else {
        Error::Database { message }
    }
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable {
            message: error.to_string(),
        }
    }
}

impl From<diesel::r2d2::PoolError> for Error {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        Self::Unavailable {
            message: error.to_string(),
        }
    }
}

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_takes_no_writes_now_is_no_fault_of_the_records() {
        let kind = |kind, text: &str| {
            let error = DieselError::DatabaseError(kind, Box::new(text.to_owned()));
            Error::from(error).kind()
        };
        for (failure, text) in [
            (
                DatabaseErrorKind::ReadOnlyTransaction,
                "cannot execute COPY FROM in a read-only transaction",
            ),
            (
                DatabaseErrorKind::Unknown,
                "attempt to write a readonly database",
            ),
            (DatabaseErrorKind::Unknown, "out of memory"),
            (DatabaseErrorKind::Unknown, "database or disk is full"),
        ] {
            assert_eq!(kind(failure, text), ErrorKind::Unavailable, "{text}");
        }
        let text = "invalid byte sequence for encoding \"UTF8\": 0x00";
        assert_eq!(kind(DatabaseErrorKind::Unknown, text), ErrorKind::Internal);
    }
}
