//! On whose behalf a language model is asked, in the words of the audit: `user anna`, `token ci`, `user anna (mcp)`,
//! `slack user U1 (anna)`.

use crate::auth::Member;

/// The way that a request came, where that is not our own interface; only this process can attach it to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Via(pub &'static str);

/// Characters of a name that are told.
const NAME_CHARS: usize = 64;

/// Who asks through our own interface, or through one that leads to it.
pub(crate) fn of_member(member: &Member, via: Option<Via>) -> String {
    let name = told(&member.name);
    // The name of a token says that it is one.
    let who = match &member.token {
        Some(_) => name,
        None => format!("user {name}"),
    };
    match via {
        Some(Via(via)) => format!("{who} ({via})"),
        None => who,
    }
}

/// Who asks out of Slack: the id that Slack gives, and the name of who that is of us.
pub(crate) fn of_slack(id: &str, name: Option<&str>) -> String {
    let told_id = told(id);
    match name {
        Some(name) => format!("slack user {told_id} ({})", told(name)),
        None => format!("slack user {told_id}"),
    }
}

/// One line of the log must stay one.
fn told(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use domain::{ProjectId, UserId};

    use super::*;

    #[test]
    fn people_tokens_and_the_ways_that_they_come_are_told_apart() {
        let member = |name: &str, token| Member {
            user_id: UserId::from_parts(0, [1; 10]),
            name: name.to_owned(),
            project_id: ProjectId::from_parts(0, [2; 10]),
            session_id: String::new(),
            expires_at: 0,
            token,
        };
        let anna = member("an\nna", None);
        assert_eq!(of_member(&anna, None), "user anna");
        assert_eq!(of_member(&anna, Some(Via("mcp"))), "user anna (mcp)");
        let token = member("token ci", Some([0; 32]));
        assert_eq!(of_member(&token, Some(Via("mcp"))), "token ci (mcp)");
    }
}
