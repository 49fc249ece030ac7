//! Why a test's surroundings could not be made.

use std::path::PathBuf;

/// A failure to set a test up. Tests show it and fail; they never skip.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No way led to a PostgreSQL server.
    #[error(
        "no PostgreSQL for the tests: {tried}. install one (`apt-get install postgresql`), or name the folder of \
         `initdb` and `postgres` in VIGIL_TEST_POSTGRES_BIN"
    )]
    NoPostgres {
        /// Each way that was tried and how it ended.
        tried: String,
    },
    /// A program could not be started at all.
    #[error("cannot run '{program}': {source}")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file or folder could not be made or read.
    #[error("'{}': {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The private server did not come up, or went away.
    #[error("the private PostgreSQL {what}: {log}")]
    Server {
        /// What went wrong.
        what: String,
        /// The end of its log.
        log: String,
    },
    /// The private server answered a statement with an error.
    #[error("the private PostgreSQL refused '{statement}': {message}; its log ends with: {log}")]
    Statement {
        /// The statement.
        statement: String,
        /// The server's words.
        message: String,
        /// The end of its log.
        log: String,
    },
    /// The `vigil` executable did not do what it should.
    #[error("vigil {what}: {log}")]
    Vigil {
        /// What went wrong.
        what: String,
        /// The end of what it logged or said.
        log: String,
    },
    /// A loopback listener could not be opened.
    #[error("cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
}

/// A failure of a file operation at a known path.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, source }
}
