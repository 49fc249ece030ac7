//! Signed sessions of people.

use domain::{ErrorKind, ProjectId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// Who issues and who accepts our sessions.
const ISSUER: &str = "vigil";

/// The keys of user sessions.
pub struct SessionKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    expiry_seconds: u64,
}

/// What a session says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: String,
    /// The user's name.
    pub name: String,
    /// The project that the session works in.
    pub project: String,
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// Issued at, unix seconds.
    pub iat: u64,
    /// Ends at, unix seconds.
    pub exp: u64,
    /// The session's own id, for revocation.
    pub jti: String,
}

impl SessionKeys {
    /// Keys out of a secret.
    #[must_use]
    pub fn new(secret: &str, expiry_seconds: u64) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            expiry_seconds,
        }
    }

    /// Seconds that a session lasts.
    #[must_use]
    pub fn expiry_seconds(&self) -> u64 {
        self.expiry_seconds
    }

    /// A signed session.
    ///
    /// # Errors
    /// Fails when signing fails, which a valid key excludes.
    pub fn issue(
        &self,
        user_id: UserId,
        name: &str,
        project_id: ProjectId,
        now_ns: i64,
    ) -> Result<(String, Claims), Problem> {
        let now = u64::try_from(now_ns / domain::NANOS_PER_SECOND).unwrap_or(0);
        let claims = Claims {
            sub: user_id.to_string(),
            name: name.to_owned(),
            project: project_id.to_string(),
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            iat: now,
            exp: now + self.expiry_seconds,
            jti: uuid::Uuid::new_v4().to_string(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|error| Problem::new(ErrorKind::Internal, error.to_string()))?;
        Ok((token, claims))
    }

    pub(super) fn verify(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .ok()
            .map(|data| data.claims)
    }
}

#[cfg(test)]
mod tests;
