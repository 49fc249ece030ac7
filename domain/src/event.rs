//! Change events: what people and pipelines did to the system.

use serde::{Deserialize, Serialize};

use crate::{EventId, ProjectId};

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A new version went out.
    Deploy,
    /// A setting was changed.
    ConfigChange,
    /// A feature flag was switched.
    FeatureFlag,
    /// More or fewer instances.
    Scale,
    /// A restart by hand or by the platform.
    Restart,
    /// Anything else, in the sender's word.
    #[serde(untagged)]
    Other(String),
}

impl ChangeKind {
    /// The snake_case word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Deploy => "deploy",
            Self::ConfigChange => "config_change",
            Self::FeatureFlag => "feature_flag",
            Self::Scale => "scale",
            Self::Restart => "restart",
            Self::Other(word) => word,
        }
    }

    /// Reads the word; unknown words are kept as [`ChangeKind::Other`].
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "deploy" | "deployment" | "release" => Self::Deploy,
            "config_change" | "config" => Self::ConfigChange,
            "feature_flag" => Self::FeatureFlag,
            "scale" => Self::Scale,
            "restart" => Self::Restart,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One change event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeEvent {
    /// Given by the intake; nil until then.
    pub id: EventId,
    /// The tenant.
    pub project_id: ProjectId,
    /// What was changed.
    pub kind: ChangeKind,
    /// The service it concerns, if one.
    pub service: Option<String>,
    /// One line for people, for example `checkout v2.4.1`.
    pub title: String,
    /// The other fields: one compact JSON object as text, `""` when there are none.
    pub attributes: String,
    /// When it happened: unix nanoseconds UTC.
    pub timestamp_ns: i64,
}
