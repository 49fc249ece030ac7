//! What was asked before in a conversation, so that "and yesterday?" means something.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use domain::ProjectId;
use query::Interpretation;

/// Conversations that are remembered; of more, the one that was silent longest is forgotten.
const MOST: usize = 1_000;
/// Of one caller.
const MOST_OF_CALLER: usize = 20;
/// A conversation that was silent for so long is over.
const MEMORY: Duration = Duration::from_secs(3_600);

/// Whose conversation it is, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConversationKey {
    /// Who asks: nobody goes on with what another one asked.
    pub caller: String,
    /// The caller's name for it.
    pub id: String,
}

/// The last question of each conversation, as it was understood.
#[derive(Debug, Default)]
pub(crate) struct Conversations {
    known: Mutex<HashMap<(ProjectId, ConversationKey), (Instant, Interpretation)>>,
}

impl Conversations {
    /// What was asked last, if that was not long ago.
    pub(super) fn last(
        &self,
        project_id: ProjectId,
        key: &ConversationKey,
    ) -> Option<Interpretation> {
        let known = self.known.lock().ok()?;
        known
            .get(&(project_id, key.clone()))
            .filter(|(at, _)| at.elapsed() < MEMORY)
            .map(|(_, last)| last.clone())
    }

    /// Remembers what was asked.
    pub(super) fn remember(
        &self,
        project_id: ProjectId,
        key: ConversationKey,
        asked: Interpretation,
    ) {
        let Ok(mut known) = self.known.lock() else {
            return;
        };
        known.retain(|_, (at, _)| at.elapsed() < MEMORY);
        let full_key = (project_id, key);
        if !known.contains_key(&full_key) {
            let caller = full_key.1.caller.clone();
            let is_theirs =
                |it: &(ProjectId, ConversationKey)| it.0 == project_id && it.1.caller == caller;
            if known.keys().filter(|it| is_theirs(it)).count() >= MOST_OF_CALLER {
                forget_oldest(&mut known, is_theirs);
            } else if known.len() >= MOST {
                forget_oldest(&mut known, |_| true);
            }
        }
        known.insert(full_key, (Instant::now(), asked));
    }
}

fn forget_oldest(
    known: &mut HashMap<(ProjectId, ConversationKey), (Instant, Interpretation)>,
    is_one: impl Fn(&(ProjectId, ConversationKey)) -> bool,
) {
    let oldest = known
        .iter()
        .filter(|(key, _)| is_one(key))
        .min_by_key(|(_, (at, _))| *at)
        .map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        known.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use query::QuestionContext;

    use super::*;

    fn key(caller: &str, id: &str) -> ConversationKey {
        ConversationKey {
            caller: caller.to_owned(),
            id: id.to_owned(),
        }
    }

    fn asked(question: &str) -> Interpretation {
        query::understand(question, &QuestionContext::at(0, jiff::tz::TimeZone::UTC))
    }

    #[test]
    fn nobody_goes_on_with_what_another_one_asked() {
        let conversations = Conversations::default();
        let (one, other) = (
            ProjectId(uuid::Uuid::from_u128(1)),
            ProjectId(uuid::Uuid::from_u128(2)),
        );
        conversations.remember(one, key("anna", "a"), asked("errors"));
        assert!(conversations.last(one, &key("anna", "a")).is_some());
        assert!(conversations.last(one, &key("bob", "a")).is_none());
        assert!(conversations.last(other, &key("anna", "a")).is_none());
        assert!(conversations.last(one, &key("anna", "b")).is_none());
    }

    #[test]
    fn a_caller_with_many_conversations_loses_the_oldest_of_its_own() {
        let conversations = Conversations::default();
        let project_id = ProjectId(uuid::Uuid::from_u128(1));
        conversations.remember(project_id, key("bob", "b"), asked("errors"));
        for number in 0..=MOST_OF_CALLER {
            conversations.remember(
                project_id,
                key("anna", &number.to_string()),
                asked("errors"),
            );
        }
        assert!(conversations.last(project_id, &key("anna", "0")).is_none());
        assert!(conversations.last(project_id, &key("anna", "1")).is_some());
        assert!(conversations.last(project_id, &key("bob", "b")).is_some());
    }
}
