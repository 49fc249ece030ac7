//! Questions about the trouble at hand, as people on call ask them: "which services are affected?", "when did it start?",
//! "is it over?", "are we down?".
//!
//! No record says "affected" or "over". Such words ask about errors, and where an incident is known, about its time.

mod words;

use domain::{Severity, TimeRange};

use self::words::{
    AFFECTED, BEGIN, COURSE, ENDED, FAILING, INCIDENTS, REMEDY, STATE, TROUBLE, WHOLE,
};
use super::intent::{self, Asked};
use super::{Claim, GroupBy, Intent, Reading, vocabulary};
use crate::context::QuestionContext;
use crate::time::{DAY_NS, HOUR_NS};

/// Longer questions say what they are about.
const MOST_WORDS: usize = 14;

/// What such a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What to do; `None` where the other words show it.
    intent: Option<Intent>,
    /// "it" is what the question before was about, and no trouble.
    leans: bool,
}

impl Trouble {
    /// Whether it is about the trouble at hand, whatever was asked before.
    pub(super) fn is_own(self) -> bool {
        !self.leans
    }

    /// The severities that are meant, where none were said.
    pub(super) fn severities(self) -> Vec<Severity> {
        match self.leans {
            true => Vec::new(),
            false => vec![Severity::Error, Severity::Fatal],
        }
    }

    /// What is to be done.
    pub(super) fn settle(self, asked: &mut Asked) {
        match self.intent {
            Some(intent) => *asked = Asked::new(intent),
            // No list of all services; and who is affected are services first of all.
            None if asked.intent == Intent::ListServices
                || asked.intent == Intent::Find && asked.group_by.is_none() =>
            {
                asked.intent = Intent::Top;
                asked.group_by = Some(GroupBy::Service);
            }
            None => {}
        }
    }

    /// Where it looks without a time: from the beginning of the trouble of these services, and for its course the last hour
    /// of it.
    pub(super) fn range(
        self,
        intent: Intent,
        services: &[String],
        context: &QuestionContext,
    ) -> Option<TimeRange> {
        if self.leans {
            return None;
        }
        let now_ns = context.now_ns;
        let lately_ns = now_ns.saturating_sub(HOUR_NS);
        let is_live = context.default_range.is_none();
        let onset_ns = context.trouble_at(services).filter(|at_ns| *at_ns < now_ns);
        let start_ns = match (intent, onset_ns) {
            (Intent::Why, _) => return None,
            (Intent::Trend, Some(at_ns)) => at_ns.max(lately_ns),
            (Intent::Trend, None) if is_live => lately_ns,
            (_, Some(at_ns)) => domain::minute_start(at_ns),
            (Intent::First, None) if is_live => now_ns.saturating_sub(DAY_NS),
            (_, None) => return None,
        };
        Some(TimeRange::new(start_ns, now_ns))
    }
}

/// Claims the words of such a question.
pub(super) fn read(reading: &mut Reading<'_>) -> Option<Trouble> {
    let is_plain = |claim: &Option<Claim>| {
        matches!(
            claim,
            None | Some(Claim::Time | Claim::Service | Claim::Group)
        )
    };
    let is_quoted = reading.words.iter().any(|word| word.quoted);
    if is_quoted || reading.words.len() > MOST_WORDS || !reading.claims.iter().all(is_plain) {
        return None;
    }
    let rest: Vec<usize> = (0..reading.words.len())
        .filter(|at| {
            let word = reading.free(*at);
            !word.is_empty() && !vocabulary::is_filler(word)
        })
        .collect();
    let words = Words {
        reading,
        rest: &rest,
    };
    let names_trouble = words.says(TROUBLE);
    let points = words.has(&["it", "this", "that"]);
    let intent = words
        .onset(points || names_trouble)
        .or_else(|| words.course(points || names_trouble))
        .or_else(|| words.incidents())
        .or_else(|| words.cause(points || names_trouble))
        .map(Some)
        .or_else(|| words.groups().then_some(None))
        .or_else(|| words.state(points).map(Some))?;
    for at in 0..reading.words.len() {
        let word = reading.free(at);
        let is_read = match intent {
            Some(_) => !word.is_empty(),
            // Who is asked for is read by others.
            None => {
                AFFECTED.contains(&word)
                    || FAILING.contains(&word)
                    || matches!(word, "components" | "component")
            }
        };
        if is_read {
            reading.claim(at..at + 1, Claim::Intent);
        }
    }
    Some(Trouble {
        intent,
        leans: points && !names_trouble && reading.context.is_follow_up,
    })
}

/// What the words of a question leave to be understood.
struct Words<'a> {
    reading: &'a Reading<'a>,
    /// Free words that are no fillers.
    rest: &'a [usize],
}

impl Words<'_> {
    /// Whether one of these stands free, fillers too.
    fn has(&self, words: &[&str]) -> bool {
        words
            .iter()
            .any(|word| self.reading.position(&[word]).is_some())
    }

    /// Whether one of the words with a meaning is one of these.
    fn says(&self, set: &[&str]) -> bool {
        self.rest
            .iter()
            .any(|at| set.contains(&self.reading.free(*at)))
    }

    /// Whether all words with a meaning are among these.
    fn is_rest_of(&self, sets: &[&[&str]]) -> bool {
        self.rest
            .iter()
            .all(|at| sets.iter().any(|set| set.contains(&self.reading.free(*at))))
    }

    fn opens_with(&self, words: &[&str]) -> bool {
        words.contains(&self.reading.lower(0))
    }

    fn names_service(&self) -> bool {
        self.reading.claims.contains(&Some(Claim::Service))
    }

    /// "which incidents are open?", "summarize the last incident"; not how many there were.
    fn incidents(&self) -> Option<Intent> {
        let counts = [Intent::Count, Intent::Top, Intent::Trend, Intent::Compare];
        let is_of_time = self
            .reading
            .claims
            .iter()
            .any(|claim| matches!(claim, Some(Claim::Time | Claim::Group)));
        let fits = self.has(&["incident", "incidents"])
            && !self.has(&["when", "rate"])
            && !is_of_time
            && !intent::is_signed(self.reading, &counts)
            && self.is_rest_of(&[INCIDENTS]);
        fits.then_some(Intent::Summary)
    }

    /// "when did it start?", "since when is checkout broken?", "which service failed first?"
    fn onset(&self, is_about_it: bool) -> Option<Intent> {
        let asks = self.has(&["when", "time"]);
        let begins = self.has(BEGIN);
        let is_wrong = self.says(FAILING) || self.says(AFFECTED) || self.says(&["ongoing"]);
        let lasts = self.reading.position(&["since", "when"]).is_some() && is_wrong
            || self.reading.position(&["how", "long"]).is_some()
                && (is_wrong || self.has(&["been"]))
                && !self.has(&["take", "takes", "took", "taken"]);
        let broke = self.has(&["broke", "break"]) || is_wrong;
        let is_meant = is_about_it || self.names_service() && broke;
        let of_services = matches!(
            (self.reading.lower(0), self.reading.lower(1)),
            ("which" | "what", "service" | "services" | "component")
        );
        let is_first = self.has(&["first"]) && of_services && (begins || is_wrong);
        let fits = self.is_rest_of(&[
            BEGIN,
            TROUBLE,
            FAILING,
            AFFECTED,
            &["long", "ongoing", "first", "component"],
        ]);
        let is_asked = (asks && begins || lasts) && is_meant || is_first;
        (is_asked && fits).then_some(Intent::First)
    }

    /// "is it getting better?", "is the incident over?", "is it still happening?", "has checkout recovered?"
    fn course(&self, is_about_it: bool) -> Option<Intent> {
        let opens = self.opens_with(&[
            "is",
            "are",
            "has",
            "have",
            "did",
            "does",
            "do",
            "still",
            "recovered",
            "fixed",
            "over",
            "better",
        ]);
        // "over" is a filler.
        let says = self.says(ENDED) || self.says(COURSE) || self.has(&["over", "still"]);
        let is_short = self.rest.len() == 1 && self.reading.words.len() <= 2;
        let is_meant = is_about_it || is_short || self.names_service() && self.says(ENDED);
        let fits = self.is_rest_of(&[ENDED, COURSE, TROUBLE, &["broken", "down", "failing"]]);
        (opens && says && is_meant && fits).then_some(Intent::Trend)
    }

    /// "where does it come from?", "whose fault is it?", "what should I do?", "how do I fix it?"
    fn cause(&self, is_about_it: bool) -> Option<Intent> {
        let comes = self.has(&["come", "comes", "coming"]) && self.has(&["where"]) && is_about_it;
        let acts = self.has(&["what", "how"])
            && [["i", "do"], ["we", "do"], ["to", "do"]]
                .iter()
                .any(|said| self.reading.position(said).is_some())
            && self.rest.is_empty();
        // "what time did it stop?" asks for no remedy.
        let is_remedy = self.says(REMEDY) && (self.opens_with(&["how"]) || !self.says(&["stop"]));
        let asks = self.opens_with(&["who", "whose", "what", "how", "which", "where"]);
        let blames = is_remedy && asks && (is_about_it || self.says(&["fault"]));
        let fits = self.is_rest_of(&[REMEDY, TROUBLE]);
        ((comes || acts || blames) && fits && !self.has(&["when", "time"])).then_some(Intent::Why)
    }

    /// "which services are affected?", "what hosts have problems?", "how many users are impacted?"
    fn groups(&self) -> bool {
        const THINGS: &[&str] = &[
            "hosts", "host", "servers", "server", "nodes", "node", "users",
        ];
        let asks = (0..self.reading.words.len()).any(|at| {
            matches!(
                self.reading.lower(at),
                "which" | "what" | "many" | "list" | "who"
            )
        });
        // "what problems do users have?" asks for the problems.
        let asks_for_problems = ["what", "which", "many"].iter().any(|word| {
            TROUBLE
                .iter()
                .any(|noun| self.reading.position(&[word, noun]).is_some())
        });
        let of_services = self.has(&["services", "service", "components", "component"]);
        let fits = match of_services {
            true => {
                (self.says(AFFECTED) || self.says(FAILING))
                    && self.is_rest_of(&[AFFECTED, FAILING, &["components", "component"]])
            }
            false => self.says(AFFECTED) && self.is_rest_of(&[AFFECTED, THINGS]),
        };
        let names = of_services
            || self.says(THINGS)
            || self.reading.claims.contains(&Some(Claim::Group))
            || self.opens_with(&["who"]);
        asks && fits
            && names
            && !asks_for_problems
            && !intent::is_signed(self.reading, &[Intent::Why, Intent::Compare])
    }

    /// "are we down?", "is checkout up?", "is everything ok?", "how bad is it?", "checkout broken?"
    fn state(&self, points: bool) -> Option<Intent> {
        let is_asked = self.opens_with(&[
            "is",
            "are",
            "does",
            "do",
            "how",
            "anything",
            "something",
            "everything",
            "all",
        ]) || self.reading.claims.first() == Some(&Some(Claim::Service));
        let names_whole = self.has(&["we"]) || self.has(WHOLE);
        let says = self.has(&["ok", "okay"]) || self.says(STATE);
        let signs = [Intent::Summary, Intent::Why, Intent::Count, Intent::Trend];
        let is_meant = self.names_service() || names_whole || points;
        (is_asked
            && is_meant
            && says
            && self.is_rest_of(&[STATE, WHOLE])
            && !intent::is_signed(self.reading, &signs))
        .then_some(Intent::Why)
    }
}
