//! What is asked about the made-up shop of `answers`, in words that the grammar has no reading for.

/// What is right.
pub enum Kind {
    /// One of these intents, counted by one of these groups (by anything when there is none), about records with these
    /// words.
    Plan {
        intents: &'static [&'static str],
        groups: &'static [&'static str],
        about: &'static [&'static str],
    },
    /// A search, as it is without a model.
    Search,
    /// No answer: the logs don't show it.
    Nothing,
}

pub struct Question {
    pub text: &'static str,
    pub kind: Kind,
}

const fn plan(
    text: &'static str,
    intents: &'static [&'static str],
    groups: &'static [&'static str],
    about: &'static [&'static str],
) -> Question {
    let kind = Kind::Plan {
        intents,
        groups,
        about,
    };
    Question { text, kind }
}

const fn search(text: &'static str) -> Question {
    let kind = Kind::Search;
    Question { text, kind }
}

const fn nothing(text: &'static str) -> Question {
    let kind = Kind::Nothing;
    Question { text, kind }
}

const COUNTED: &[&str] = &["count"];
const RANKED: &[&str] = &["top", "count"];

pub const ALL: &[Question] = &[
    plan(
        "tally up the declined payments of the last 6 hours",
        COUNTED,
        &[],
        &["declined"],
    ),
    plan(
        "what quantity of failed logins did we get in the last 2 hours",
        COUNTED,
        &[],
        &["login"],
    ),
    plan(
        "put a figure on the bounced mails of the last 12 hours",
        COUNTED,
        &[],
        &["bounced"],
    ),
    plan(
        "give me the volume of slow queries in the last 6 hours",
        COUNTED,
        &[],
        &["slow"],
    ),
    plan(
        "is there a ton of cache misses going on, a figure please",
        COUNTED,
        &[],
        &["cache"],
    ),
    plan(
        "quantify the rate limit hits of the last 12 hours for me",
        COUNTED,
        &[],
        &["limit"],
    ),
    plan(
        "who keeps failing to log in over the last 12 hours",
        RANKED,
        &["user", "address"],
        &["login"],
    ),
    plan(
        "who is hammering us with wrong passwords in the last 12 hours",
        RANKED,
        &["user", "address"],
        &["password"],
    ),
    plan(
        "rank the regions behind answered requests of the last 6 hours",
        RANKED,
        &["attribute region"],
        &[],
    ),
    plan(
        "leaderboard of hosts that answered requests in the last 6 hours",
        RANKED,
        &["attribute host", "host"],
        &[],
    ),
    plan(
        "from where do the rate limited clients come mainly",
        RANKED,
        &["address", "host"],
        &["limit"],
    ),
    plan(
        "what pages do people hit all day long in web-frontend",
        RANKED,
        &["path", "attribute http.route"],
        &[],
    ),
    plan(
        "whose logins go wrong again and again in the last 12 hours",
        RANKED,
        &["user"],
        &["login"],
    ),
    plan(
        "tell me the moment the null pointer exceptions showed up initially",
        &["first"],
        &[],
        &["null"],
    ),
    plan(
        "at what point did the out of memory trouble set in",
        &["first"],
        &[],
        &["memory"],
    ),
    plan(
        "since which moment do we see the voucher exception",
        &["first"],
        &[],
        &["voucher"],
    ),
    plan(
        "did the circuit breaker open again recently or is it over",
        &["last"],
        &[],
        &["circuit"],
    ),
    plan(
        "has the disk usage warning gone away by now",
        &["last", "trend"],
        &[],
        &["disk"],
    ),
    plan(
        "how fresh is our knowledge of a consumer lag",
        &["last"],
        &[],
        &["lag"],
    ),
    plan(
        "how long do the slow queries on table orders take",
        &["measure"],
        &[],
        &["quer"],
    ),
    plan(
        "how sluggish are answered requests in web-frontend in the last 6 hours",
        &["measure"],
        &[],
        &[],
    ),
    plan(
        "at what pace do failed logins come in over the last 6 hours",
        &["rate", "trend"],
        &[],
        &["login"],
    ),
    plan(
        "are declined payments picking up steam in the last 6 hours",
        &["trend", "compare"],
        &[],
        &["declined"],
    ),
    plan(
        "is it calming down with the database timeouts in the last 3 hours",
        &["trend", "compare"],
        &[],
        &["time"],
    ),
    plan(
        "do bounced mails come thicker and faster lately",
        &["trend", "compare"],
        &[],
        &["bounced"],
    ),
    plan(
        "are failed logins heavier now than they used to be",
        &["compare", "trend"],
        &[],
        &["login"],
    ),
    plan(
        "what lies behind the database timeouts of checkout",
        &["why"],
        &[],
        &[],
    ),
    plan(
        "who is to blame for declined payments today",
        &["why", "top"],
        &[],
        &["declined"],
    ),
    plan(
        "brief me on payments-worker over the last 6 hours",
        &["summary"],
        &[],
        &[],
    ),
    plan(
        "walk me through the night of the mailer service",
        &["summary"],
        &[],
        &[],
    ),
    search("did anybody complain about the voucher being empty"),
    search("let me read the lines where the breaker opened"),
    search("i want to look at certificates that run out soon"),
    search("pull up whatever mentions the newsletter being finished"),
    search("could you bring up logins that went through for anna"),
    search("any trace of mailboxes without room left"),
    search("are customers being refused by their bank"),
    search("is somebody trying passwords that do not fit"),
    search("does the stock topic have messages waiting"),
    search("anything about the database disk getting tight"),
    nothing("which colour has the moon over the harbour tonight"),
    nothing("tally up the refunds that lawyers asked for"),
    nothing("rank the drivers by parcels that got wet"),
    nothing("how sluggish is the espresso machine on floor two"),
    nothing("tell me the moment the penguins showed up initially"),
    nothing("are complaints about umbrellas picking up steam"),
    nothing("who keeps forgetting the keys of the warehouse"),
    nothing("what lies behind the missing trombones of the orchestra"),
];
