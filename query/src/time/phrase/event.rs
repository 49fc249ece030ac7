//! Deploys, incidents and other happenings: "before and after the deploy", "since it crashed".

use domain::TimeRange;

use super::{Match, Scanner};
use crate::understand::deploy;

impl Scanner<'_> {
    /// "before and after the deploy".
    pub(super) fn around_event(&self, at: usize) -> Option<Match> {
        if (self.lower(at), self.lower(at + 1), self.lower(at + 2)) != ("before", "and", "after") {
            return None;
        }
        let (event_ns, length) = self.event(at + 3)?;
        let after = TimeRange::new(event_ns, self.now_ns);
        Some((
            after,
            length + 3,
            Some(TimeRange::last(event_ns, after.duration_ns())),
        ))
    }

    /// The instant of a deploy or of the open incident.
    pub(super) fn event(&self, at: usize) -> Option<(i64, usize)> {
        if let Some(found) = deploy::parse(self.rest(at), self.context) {
            return Some(found);
        }
        let of_service = self.names_service().then(|| self.happening(at)).flatten();
        if let Some(found) = of_service.or_else(|| self.trouble(at)) {
            return Some(found);
        }
        if let Some(found) = self.happening(at) {
            return Some(found);
        }
        let length = usize::from(self.lower(at) == "the") + 1;
        let incident = self.context.open_incident.as_ref()?;
        let is_incident = matches!(self.lower(at + length - 1), "incident" | "outage");
        let started = usize::from(matches!(self.lower(at + length), "started" | "began"));
        is_incident.then_some((incident.started_at_ns, length + started))
    }

    fn names_service(&self) -> bool {
        (0..self.words.len()).any(|at| deploy::is_service(self.rest(at), self.context))
    }

    /// "it started", "the trouble began": when the trouble at hand did.
    fn trouble(&self, at: usize) -> Option<(i64, usize)> {
        if self.context.is_follow_up {
            return None;
        }
        let at_ns = self.context.trouble_at(&[])?;
        let skip = usize::from(matches!(
            self.lower(at),
            "the" | "this" | "that" | "our" | "all"
        ));
        let is_it = skip == 0 && matches!(self.lower(at), "it" | "things" | "everything");
        let is_this = matches!(self.lower(at), "this" | "that");
        let verb = |at: usize| {
            matches!(
                self.lower(at),
                "started" | "start" | "starts" | "began" | "begin" | "begun" | "happened" | "broke"
            )
        };
        let names = |word: &str| {
            matches!(
                word,
                "trouble"
                    | "problem"
                    | "problems"
                    | "issue"
                    | "issues"
                    | "this"
                    | "that"
                    | "it"
                    | "incident"
                    | "outage"
            )
        };
        if is_it && verb(at + 1) || is_this && verb(at + 1) {
            return Some((at_ns, 2));
        }
        (skip == 1 && names(self.lower(at + 1)) && verb(at + 2)).then_some((at_ns, 3))
    }

    /// "it crashed", "the restart", "inventory went down", "the last crash of inventory".
    fn happening(&self, at: usize) -> Option<(i64, usize)> {
        let known = &self.context.happenings;
        let is_skipped = |word: &str| {
            matches!(
                word,
                "the"
                    | "it"
                    | "its"
                    | "last"
                    | "latest"
                    | "they"
                    | "went"
                    | "was"
                    | "got"
                    | "had"
                    | "that"
                    | "a"
                    | "has"
                    | "been"
                    | "server"
                    | "service"
                    | "process"
                    | "system"
                    | "app"
            )
        };
        let mut end = at;
        while end < at + 6 && end < self.words.len() {
            let word = self.lower(end);
            if let Some(word) = crate::context::happening_word(word) {
                let latest = known
                    .iter()
                    .filter(|it| it.word == word && it.at_ns <= self.now_ns);
                return latest
                    .map(|it| it.at_ns)
                    .max()
                    .map(|at_ns| (at_ns, end + 1 - at));
            }
            let is_service = deploy::is_service(self.rest(end), self.context);
            if !is_skipped(word) && !is_service || self.words[end].ends_phrase {
                return None;
            }
            end += 1;
        }
        None
    }
}
