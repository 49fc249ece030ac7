//! Who may do what: projects, users, tokens of programs, sessions, failed logins.

mod logins;
mod projects;
mod sessions;
mod tokens;
mod users;

use std::fmt;

use domain::{ProjectId, TokenId, UserId};

use crate::{Error, Store};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, unique in the installation.
    pub name: String,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything, users and tokens included.
    Admin,
    /// Everything but users, tokens and settings.
    Member,
}

impl Role {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

/// A person who can log in.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The login name, unique in the installation, compared exactly.
    pub name: String,
    /// The password's hash in PHC format (argon2id); never shown.
    pub password_hash: String,
    /// What they may do.
    pub role: Role,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
    /// When the password was set, unix nanoseconds UTC.
    pub password_changed_at_ns: i64,
    /// Set while they may not log in.
    pub disabled_at_ns: Option<i64>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .field("disabled_at_ns", &self.disabled_at_ns)
            .finish_non_exhaustive()
    }
}

/// What a token may do in its project, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokenScope {
    /// Write records; read nothing.
    #[default]
    Ingest,
    /// Search, ask and look; change nothing.
    Read,
}

impl TokenScope {
    /// The lowercase word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "ingest" => Some(Self::Ingest),
            "read" => Some(Self::Read),
            _ => None,
        }
    }
}

/// A credential of a program, for one project. The secret itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// The project it is for.
    pub project_id: ProjectId,
    /// What people call it.
    pub name: String,
    /// The first characters of the secret, to recognise it by.
    pub prefix: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
    /// To the minute.
    pub last_used_at_ns: Option<i64>,
    /// Set once it is refused.
    pub revoked_at_ns: Option<i64>,
}

/// A token to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The project it is for.
    pub project_id: ProjectId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the secret, which must have at least 128 random bits.
    pub hash: [u8; 32],
    /// The first characters of the secret, at most 16; few enough not to help a guesser.
    pub prefix: String,
    /// What it may do.
    pub scope: TokenScope,
}

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The `jti` of its token.
    pub id: String,
    /// Who.
    pub user_id: UserId,
    /// Unix nanoseconds UTC.
    pub created_at_ns: i64,
    /// Unix nanoseconds UTC.
    pub expires_at_ns: i64,
}

/// When failed logins lock a name or an address out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// Failures within `window_ns` that lock.
    pub limit: i64,
    /// Failures further apart than this begin a new count.
    pub window_ns: i64,
    /// How long it stays locked.
    pub lock_ns: i64,
}

/// How a name or an address stands after a failed login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoginFailures {
    /// Failures in the running window.
    pub failures: i64,
    /// Set while locked.
    pub locked_until_ns: Option<i64>,
}

/// Who may do what. All calls block; all fail when the database cannot be reached in time.
pub trait IdentityStore: Send + Sync {
    /// Adds a project; [`Error::Duplicate`] when the name is taken.
    fn create_project(&self, name: &str, now_ns: i64) -> Result<Project, Error>;
    /// The project of this name, added when there is none; nodes that start together agree on one.
    fn ensure_project(&self, name: &str, now_ns: i64) -> Result<Project, Error>;
    /// One project.
    fn project(&self, id: ProjectId) -> Result<Option<Project>, Error>;
    /// The first 1,000 projects, oldest first.
    fn projects(&self) -> Result<Vec<Project>, Error>;

    /// Adds a user; [`Error::Duplicate`] when the name is taken.
    fn create_user(&self, name: &str, hash: &str, role: Role, now_ns: i64) -> Result<User, Error>;
    /// Adds the first user as an admin; `None` when there is a user already.
    fn create_first_admin(
        &self,
        name: &str,
        hash: &str,
        now_ns: i64,
    ) -> Result<Option<User>, Error>;
    /// Adds the first user as an admin and a token, both or neither; `None` when there is a user already.
    fn create_first_admin_and_token(
        &self,
        name: &str,
        hash: &str,
        token: &NewToken,
        now_ns: i64,
    ) -> Result<Option<User>, Error>;
    /// One user.
    fn user(&self, id: UserId) -> Result<Option<User>, Error>;
    /// The user with this login name, disabled ones too.
    fn user_by_name(&self, name: &str) -> Result<Option<User>, Error>;
    /// The first 1,000 users, by name.
    fn users(&self) -> Result<Vec<User>, Error>;
    /// Sets the password and ends all sessions of the user. [`Error::NotFound`] when there is no such user.
    fn set_password(&self, id: UserId, hash: &str, now_ns: i64) -> Result<(), Error>;
    /// Forbids or allows to log in; forbidding ends all sessions. [`Error::NotFound`] when there is no such user.
    fn set_user_disabled(&self, id: UserId, disabled: bool, now_ns: i64) -> Result<(), Error>;

    /// Adds a token; [`Error::Duplicate`] when the hash is known.
    fn create_token(&self, token: &NewToken, now_ns: i64) -> Result<Token, Error>;
    /// The token whose secret has this SHA-256; `None` when unknown or revoked.
    fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>, Error>;
    /// The newest 1,000 tokens of a project, newest first, revoked ones too.
    fn tokens(&self, project_id: ProjectId) -> Result<Vec<Token>, Error>;
    /// Refuses a token from now on; again is no error. [`Error::NotFound`] when the project has no such token.
    fn revoke_token(&self, project_id: ProjectId, id: TokenId, now_ns: i64) -> Result<(), Error>;
    /// Notes that a token was used; written at most once a minute.
    fn touch_token(&self, id: TokenId, now_ns: i64) -> Result<(), Error>;

    /// Adds a session; [`Error::Duplicate`] when the id is known.
    fn create_session(&self, session: &Session) -> Result<(), Error>;
    /// The session, if it is neither expired nor revoked and its user is not disabled.
    fn valid_session(&self, id: &str, now_ns: i64) -> Result<Option<Session>, Error>;
    /// Ends one session; an unknown one is no error.
    fn revoke_session(&self, id: &str, now_ns: i64) -> Result<(), Error>;
    /// Ends all sessions of a user and says how many.
    fn revoke_sessions(&self, user_id: UserId, now_ns: i64) -> Result<usize, Error>;
    /// Forgets expired sessions and says how many.
    fn delete_expired_sessions(&self, now_ns: i64) -> Result<usize, Error>;

    /// Counts a failed login of a name or an address (whether or not it exists) and locks it at the limit.
    fn record_login_failure(
        &self,
        subject: &str,
        lockout: &Lockout,
        now_ns: i64,
    ) -> Result<LoginFailures, Error>;
    /// Until when it is locked, if it is now.
    fn login_locked_until(&self, subject: &str, now_ns: i64) -> Result<Option<i64>, Error>;
    /// Forgets the failures, after a good login.
    fn clear_login_failures(&self, subject: &str) -> Result<(), Error>;
    /// Forgets what last failed before an instant and is not locked; says how many.
    fn delete_login_failures(&self, before_ns: i64) -> Result<usize, Error>;
}

impl IdentityStore for Store {
    fn create_project(&self, name: &str, now_ns: i64) -> Result<Project, Error> {
        projects::create(self, name, now_ns)
    }
    fn ensure_project(&self, name: &str, now_ns: i64) -> Result<Project, Error> {
        projects::ensure(self, name, now_ns)
    }
    fn project(&self, id: ProjectId) -> Result<Option<Project>, Error> {
        projects::by_id(self, id)
    }
    fn projects(&self) -> Result<Vec<Project>, Error> {
        projects::list(self)
    }
    fn create_user(&self, name: &str, hash: &str, role: Role, now_ns: i64) -> Result<User, Error> {
        users::create(self, name, hash, role, now_ns)
    }
    fn create_first_admin(
        &self,
        name: &str,
        hash: &str,
        now_ns: i64,
    ) -> Result<Option<User>, Error> {
        users::create_first_admin(self, name, hash, None, now_ns)
    }
    fn create_first_admin_and_token(
        &self,
        name: &str,
        hash: &str,
        token: &NewToken,
        now_ns: i64,
    ) -> Result<Option<User>, Error> {
        users::create_first_admin(self, name, hash, Some(token), now_ns)
    }
    fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        users::by_id(self, id)
    }
    fn user_by_name(&self, name: &str) -> Result<Option<User>, Error> {
        users::by_name(self, name)
    }
    fn users(&self) -> Result<Vec<User>, Error> {
        users::list(self)
    }
    fn set_password(&self, id: UserId, hash: &str, now_ns: i64) -> Result<(), Error> {
        users::set_password(self, id, hash, now_ns)
    }
    fn set_user_disabled(&self, id: UserId, disabled: bool, now_ns: i64) -> Result<(), Error> {
        users::set_disabled(self, id, disabled, now_ns)
    }
    fn create_token(&self, token: &NewToken, now_ns: i64) -> Result<Token, Error> {
        tokens::create(self, token, now_ns)
    }
    fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>, Error> {
        tokens::by_hash(self, hash)
    }
    fn tokens(&self, project_id: ProjectId) -> Result<Vec<Token>, Error> {
        tokens::list(self, project_id)
    }
    fn revoke_token(&self, project_id: ProjectId, id: TokenId, now_ns: i64) -> Result<(), Error> {
        tokens::revoke(self, project_id, id, now_ns)
    }
    fn touch_token(&self, id: TokenId, now_ns: i64) -> Result<(), Error> {
        tokens::touch(self, id, now_ns)
    }
    fn create_session(&self, session: &Session) -> Result<(), Error> {
        sessions::create(self, session)
    }
    fn valid_session(&self, id: &str, now_ns: i64) -> Result<Option<Session>, Error> {
        sessions::valid(self, id, now_ns)
    }
    fn revoke_session(&self, id: &str, now_ns: i64) -> Result<(), Error> {
        sessions::revoke(self, id, now_ns)
    }
    fn revoke_sessions(&self, user_id: UserId, now_ns: i64) -> Result<usize, Error> {
        self.write(|connection| sessions::revoke_all(connection, user_id, now_ns))
    }
    fn delete_expired_sessions(&self, now_ns: i64) -> Result<usize, Error> {
        sessions::delete_expired(self, now_ns)
    }
    fn record_login_failure(
        &self,
        subject: &str,
        lockout: &Lockout,
        now_ns: i64,
    ) -> Result<LoginFailures, Error> {
        logins::record_failure(self, subject, lockout, now_ns)
    }
    fn login_locked_until(&self, subject: &str, now_ns: i64) -> Result<Option<i64>, Error> {
        logins::locked_until(self, subject, now_ns)
    }
    fn clear_login_failures(&self, subject: &str) -> Result<(), Error> {
        logins::clear(self, subject)
    }
    fn delete_login_failures(&self, before_ns: i64) -> Result<usize, Error> {
        logins::delete(self, before_ns)
    }
}
