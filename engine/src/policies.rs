//! Policies: read from a folder and from the API, checked, and given to the alerting machine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use alerting::{Machine, Policy};
use domain::{
    DeliveryId, IncidentId, IncidentSeverity, IncidentState, Notification, NotificationKind,
    ProjectId,
};
use store::{PolicySource, PolicyStore, StoredPolicy};

use crate::tasks::blocking;
use crate::{Engine, Error, Inner};

/// Score from which an anomaly of logs opens an incident without a policy: the detectors' own mark.
pub(crate) const LEAST_SCORE: f64 = 0.5;
/// Most policies of a project.
const MAX_POLICIES: usize = 1_000;

/// What is wrong with the policy files, one line each.
#[derive(Debug, Default)]
pub(crate) struct Problems(Mutex<Vec<String>>);

impl Problems {
    /// All of them.
    pub(crate) fn list(&self) -> Vec<String> {
        self.0
            .lock()
            .map_or_else(|_| Vec::new(), |known| known.clone())
    }

    fn set(&self, problems: Vec<String>) {
        if let Ok(mut known) = self.0.lock() {
            *known = problems;
        }
    }
}

/// A policy as people see it.
#[derive(Debug, Clone)]
pub struct PolicyView {
    /// Its name.
    pub name: String,
    /// `file` or `api`.
    pub source: String,
    /// Its canonical YAML.
    pub yaml: String,
    /// What happens when, line by line.
    pub explanation: String,
    /// What does not stop it but is probably not meant.
    pub warnings: Vec<String>,
}

impl Engine {
    /// All policies of a project.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn policies(&self, project_id: ProjectId) -> Result<Vec<PolicyView>, Error> {
        let inner = self.inner();
        blocking(move || {
            let stored = inner.store.policies(project_id)?;
            Ok::<_, Error>(stored.iter().flat_map(|row| inner.views(row)).collect())
        })
        .await
    }

    /// Adds or replaces the policies of a YAML text.
    ///
    /// # Errors
    /// [`Error::BadRequest`] with the line and a hint when the text is wrong.
    pub async fn put_policies(
        &self,
        project_id: ProjectId,
        text: String,
    ) -> Result<Vec<PolicyView>, Error> {
        let inner = self.inner();
        blocking(move || {
            let policies = parse("the request", &text)?;
            let count = inner.store.policies(project_id)?.len();
            if count + policies.len() > MAX_POLICIES {
                return Err(Error::BadRequest(format!(
                    "the project would have {} policies, limit is {MAX_POLICIES}",
                    count + policies.len()
                )));
            }
            let now_ns = inner.clock.now_ns();
            let mut views = Vec::new();
            for policy in policies {
                let row = StoredPolicy {
                    name: policy.name.clone(),
                    yaml: policy.to_yaml(),
                    enabled: policy.enabled,
                    source: PolicySource::Api,
                    updated_at_ns: now_ns,
                };
                inner.store.put_policy(project_id, &row, now_ns)?;
                views.extend(inner.views(&row));
            }
            inner.reload_policies(project_id)?;
            Ok(views)
        })
        .await
    }

    /// Removes a policy that came by the API.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown name; [`Error::Conflict`] for a policy of a file.
    pub async fn delete_policy(&self, project_id: ProjectId, name: String) -> Result<(), Error> {
        let inner = self.inner();
        blocking(move || {
            let found = inner.store.policy(project_id, &name)?;
            if found.is_some_and(|row| row.source == PolicySource::File) {
                return Err(Error::Conflict(format!(
                    "policy '{name}' comes from a file: remove it there"
                )));
            }
            inner.store.delete_policy(project_id, &name)?;
            inner.reload_policies(project_id)
        })
        .await
    }

    /// Reads the policy folder again and takes all policies into use. A file that is wrong stops neither the
    /// others nor the start: it is logged with its line, readiness tells of it, and what was stored of the
    /// files stays in force, whichever file it came from.
    ///
    /// # Errors
    /// Fails when the folder cannot be read or the store fails.
    pub async fn load_policies(&self, project_id: ProjectId) -> Result<usize, Error> {
        let inner = self.inner();
        blocking(move || {
            if let Some(folder) = inner.config.policy_dir.clone() {
                inner.read_policy_files(project_id, &folder)?;
            }
            inner.reload_policies(project_id)?;
            Ok::<_, Error>(inner.store.policies(project_id)?.len())
        })
        .await
    }

    /// The names of the configured receivers.
    #[must_use]
    pub fn receiver_names(&self) -> Vec<String> {
        self.inner_ref()
            .receivers
            .names()
            .map(str::to_owned)
            .collect()
    }

    /// Sends a test message; what the channel said, good or bad.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such receiver.
    pub async fn test_receiver(
        &self,
        project_id: ProjectId,
        receiver: String,
    ) -> Result<Result<String, String>, Error> {
        let inner = self.inner();
        if !inner.receivers.names().any(|name| name == receiver) {
            return Err(Error::NotFound(format!("receiver '{receiver}'")));
        }
        let now_ns = inner.clock.now_ns();
        let notification = Notification {
            id: DeliveryId(uuid::Uuid::new_v4()),
            project_id,
            incident_id: IncidentId(uuid::Uuid::nil()),
            incident_number: 0,
            receiver,
            kind: NotificationKind::Test,
            state: IncidentState::Open,
            severity: IncidentSeverity::Info,
            headline: "Test message from Vigil".into(),
            summary: "If you can read this, the receiver works. Nothing is wrong.".into(),
            facts: Vec::new(),
            suspects: Vec::new(),
            next_steps: Vec::new(),
            link: Some(inner.config.public_url.clone()),
            dedup_key: format!("vigil-test-{now_ns}"),
            started_at_ns: now_ns,
            anomalies: 0,
        };
        Ok(match inner.receivers.send(&notification).await {
            Ok(_) => Ok("the channel accepted the message".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }
}

impl Inner {
    fn read_policy_files(&self, project_id: ProjectId, folder: &Path) -> Result<(), Error> {
        let now_ns = self.clock.now_ns();
        let Folder {
            mut policies,
            mut problems,
        } = read_folder(folder)?;
        let stored = self.store.policies(project_id)?;
        policies.retain(|(name, _)| {
            let is_taken = stored
                .iter()
                .any(|row| row.name == *name && row.source == PolicySource::Api);
            if is_taken {
                problems.push(format!(
                    "policy '{name}' of a file was already made through the API"
                ));
            }
            !is_taken
        });
        if !problems.is_empty() {
            // Which stored policy a wrong file holds is not known: none is taken for removed.
            for row in stored {
                let is_read = policies.iter().any(|(name, _)| *name == row.name);
                if row.source == PolicySource::File && !is_read {
                    policies.push((row.name, row.yaml));
                }
            }
        }
        for problem in &problems {
            tracing::error!(problem, "a policy file is left out");
        }
        self.policy_problems.set(problems);
        Ok(self
            .store
            .sync_file_policies(project_id, &policies, now_ns)?)
    }

    /// Gives the machine the policies that are stored. Blocks.
    pub(crate) fn reload_policies(&self, project_id: ProjectId) -> Result<(), Error> {
        let mut policies = Vec::new();
        for row in self.store.policies(project_id)? {
            match parse(&row.name, &row.yaml) {
                Ok(parsed) => policies.extend(parsed.into_iter().map(|mut policy| {
                    policy.enabled &= row.enabled;
                    policy
                })),
                // A policy that an older version took must not stop the others.
                Err(error) => {
                    tracing::error!(policy = row.name, %error, "a stored policy cannot be read")
                }
            }
        }
        let known = self.known_receivers();
        for problem in alerting::unknown_receivers(&policies, &known)
            .into_iter()
            .chain(alerting::duplicate_policies(&policies))
        {
            tracing::warn!(
                policy = problem.policy_id.0,
                hint = problem.hint,
                "{}",
                problem.message
            );
        }
        let mut settings = alerting::Settings::default();
        settings
            .default_receivers
            .clone_from(&self.config.default_receivers);
        // What the detectors call worth an incident of its own.
        settings.gate.min_score = LEAST_SCORE;
        self.alerts
            .set_machine(project_id, Machine::new(project_id, policies, settings));
        Ok(())
    }

    fn known_receivers(&self) -> BTreeSet<String> {
        self.receivers.names().map(str::to_owned).collect()
    }

    fn views(&self, row: &StoredPolicy) -> Vec<PolicyView> {
        let Ok(policies) = parse(&row.name, &row.yaml) else {
            return Vec::new();
        };
        let known = self.known_receivers();
        policies
            .into_iter()
            .map(|policy| PolicyView {
                warnings: alerting::unknown_receivers(std::slice::from_ref(&policy), &known)
                    .into_iter()
                    .map(|problem| problem.message)
                    .collect(),
                explanation: policy.explain(),
                yaml: policy.to_yaml(),
                source: match row.source {
                    PolicySource::File => "file".into(),
                    PolicySource::Api => "api".into(),
                },
                name: policy.name,
            })
            .collect()
    }
}

fn parse(source: &str, text: &str) -> Result<Vec<Policy>, Error> {
    alerting::parse_policies(source, text).map_err(|error| Error::BadRequest(error.to_string()))
}

/// What the YAML files of a folder hold.
struct Folder {
    /// Name and canonical YAML.
    policies: Vec<(String, String)>,
    /// Files that are left out, and why.
    problems: Vec<String>,
}

fn read_folder(folder: &Path) -> Result<Folder, Error> {
    let unreadable =
        |error: std::io::Error| Error::BadRequest(format!("reading {}: {error}", folder.display()));
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml" || extension == "yml")
        })
        .collect();
    files.sort();
    let mut policies = Vec::new();
    let mut problems = Vec::new();
    for path in files {
        let shown = path.display().to_string();
        let parsed = std::fs::read_to_string(&path)
            .map_err(|error| format!("reading {shown}: {error}"))
            .and_then(|text| parse(&shown, &text).map_err(|error| error.to_string()));
        match parsed {
            Ok(parsed) => policies.extend(
                parsed
                    .into_iter()
                    .map(|policy| (policy.name.clone(), policy.to_yaml())),
            ),
            Err(problem) => problems.push(problem),
        }
    }
    Ok(Folder { policies, problems })
}

#[cfg(test)]
mod tests;
