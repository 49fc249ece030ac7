//! An interpretation in a shape that people and programs change and send back.

use domain::{AttributeFilter, AttributeOp, Severity, TextTerm, TimeRange};
use query::{
    Field, GroupBy, Intent, Interpretation, Measure, NumberCondition, NumberOp, Quantity,
    QuestionContext, StatusCode, TimeUnit,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Items of any list.
const MOST: usize = 200;
/// Characters of any text.
const MOST_CHARS: usize = 2_000;

/// What to do, where, and with which records. Everything but `intent` may be left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AskPlan {
    /// `find`, `count`, `rate`, `measure`, `trend`, `first`, `last`, `top`, `compare`, `why`, `explain`, `list_services`
    /// or `summary`.
    pub intent: String,
    /// First instant, RFC 3339; a day before now when it is left out.
    pub from: Option<String>,
    /// The instant after the last, RFC 3339; now when it is left out.
    pub to: Option<String>,
    /// The other time of a comparison: its first instant and the one after its last.
    pub compare_from: Option<String>,
    /// See `compare_from`.
    pub compare_to: Option<String>,
    /// Any of these services.
    pub services: Vec<String>,
    /// None of these.
    pub excluded_services: Vec<String>,
    /// Any of these severities.
    pub severities: Vec<String>,
    /// Each of these texts.
    pub texts: Vec<String>,
    /// None of these texts.
    pub excluded_texts: Vec<String>,
    /// `key=value` and `key!=value`.
    pub attributes: Vec<String>,
    /// Any of these status codes: `404`, `5xx`.
    pub statuses: Vec<String>,
    /// `duration > 2000`, in milliseconds, bytes or per cent; another word is an attribute or what stands beside a number,
    /// with `[ms]` or `[bytes]` behind it beside one that has a unit.
    pub numbers: Vec<String>,
    /// Exactly this trace.
    pub trace_id: Option<String>,
    /// `distinct`, `share`, `per second`, `per minute`, `per hour`, `per day`, or `average duration`, `p95 duration_ms`.
    pub measure: Option<String>,
    /// `service`, `severity`, `pattern`, `minute`, `hour`, `day`, `address`, `host`, `user`, `path`, `url`, `status`, `port`,
    /// `id`, or `attribute KEY`.
    pub group_by: Option<String>,
    /// Only these values of what is grouped by.
    pub among: Vec<String>,
    /// How many, 1 to 1,000.
    pub limit: Option<usize>,
    /// What is searched by meaning.
    pub topic: String,
    /// Words of the topic that stand for values: they must occur.
    pub values: Vec<String>,
    /// The line or pattern that is to be explained.
    pub explained: Option<String>,
    /// Nobody said the time: where it has nothing, it gives way to the stretch that has something.
    pub is_default_time: bool,
    /// It is about the trouble at hand: the answer tells which incidents are open.
    pub is_of_trouble: bool,
}

impl AskPlan {
    /// The plan of an interpretation.
    pub(super) fn of(it: &Interpretation) -> Self {
        let time = |at_ns: i64| Some(domain::format_timestamp(at_ns));
        let texts = |negated: bool| {
            let terms = it.terms.iter().filter(move |term| term.negated == negated);
            terms.map(|term| term.term.clone()).collect()
        };
        Self {
            intent: intent_word(it.intent).to_owned(),
            from: time(it.range.start_ns),
            to: time(it.range.end_ns),
            compare_from: it.compare_with.and_then(|range| time(range.start_ns)),
            compare_to: it.compare_with.and_then(|range| time(range.end_ns)),
            services: it.services.clone(),
            excluded_services: it.excluded_services.clone(),
            severities: it.severities.iter().map(ToString::to_string).collect(),
            texts: texts(false),
            excluded_texts: texts(true),
            attributes: it
                .attributes
                .iter()
                .map(|condition| match condition.op {
                    AttributeOp::Equal => format!("{}={}", condition.key, condition.value),
                    AttributeOp::NotEqual => format!("{}!={}", condition.key, condition.value),
                    AttributeOp::Exists => format!("{}=*", condition.key),
                })
                .collect(),
            statuses: it
                .status_codes
                .iter()
                .map(|code| match code {
                    StatusCode::Exact(code) => code.to_string(),
                    StatusCode::Class(class) => format!("{class}xx"),
                })
                .collect(),
            numbers: it
                .numbers
                .iter()
                .chain(&it.having)
                .map(number_text)
                .collect(),
            trace_id: it.trace_id.clone(),
            measure: it.measure.as_ref().map(measure_text),
            group_by: it.group_by.as_ref().map(group_text),
            among: it.among.clone(),
            limit: it.limit,
            topic: it.retrieval_text.clone(),
            values: it.named.clone(),
            explained: it.explained.clone(),
            is_default_time: it.range_is_default,
            is_of_trouble: it.is_of_trouble,
        }
    }

    /// The interpretation of a plan.
    ///
    /// # Errors
    /// Fails on words that mean nothing, and when a list or a text is too long.
    pub(super) fn interpretation(
        &self,
        context: &QuestionContext,
    ) -> Result<Interpretation, Error> {
        self.check()?;
        let mut it = query::understand("", context);
        it.intent = Intent::parse(&self.intent).ok_or_else(|| wrong("intent", &self.intent))?;
        let start = instant("from", self.from.as_deref())?;
        let end = instant("to", self.to.as_deref())?;
        if start.is_some() || end.is_some() {
            let end_ns = end.unwrap_or(context.now_ns);
            let start_ns = start.unwrap_or(end_ns.saturating_sub(it.range.duration_ns()));
            if start_ns >= end_ns {
                return Err(Error::BadRequest(
                    "plan.from is not before plan.to".to_owned(),
                ));
            }
            it.range = TimeRange::new(start_ns, end_ns);
            it.range_is_default = self.is_default_time;
        }
        it.compare_with = match (
            instant("compare_from", self.compare_from.as_deref())?,
            instant("compare_to", self.compare_to.as_deref())?,
        ) {
            (Some(start_ns), Some(end_ns)) if start_ns < end_ns => {
                Some(TimeRange::new(start_ns, end_ns))
            }
            (None, None) if it.intent == Intent::Compare => {
                Some(TimeRange::last(it.range.start_ns, it.range.duration_ns()))
            }
            (None, None) => None,
            _ => {
                return Err(Error::BadRequest(
                    "plan.compare_from must be before plan.compare_to".to_owned(),
                ));
            }
        };
        it.services.clone_from(&self.services);
        it.excluded_services.clone_from(&self.excluded_services);
        it.severities = parsed("severities", &self.severities, |word| {
            word.parse::<Severity>().ok()
        })?;
        it.terms = terms(&self.texts, false)
            .chain(terms(&self.excluded_texts, true))
            .collect();
        it.attributes = parsed("attributes", &self.attributes, attribute)?;
        it.status_codes = parsed("statuses", &self.statuses, status)?;
        it.numbers = parsed("numbers", &self.numbers, number)?;
        let of_groups = it.numbers.iter().position(NumberCondition::is_of_groups);
        it.having = of_groups.map(|at| it.numbers.remove(at));
        it.trace_id.clone_from(&self.trace_id);
        it.measure = optional("measure", self.measure.as_deref(), measure)?;
        it.group_by = optional("group_by", self.group_by.as_deref(), group)?;
        it.among.clone_from(&self.among);
        it.limit = self.limit.map(|limit| limit.clamp(1, 1_000));
        it.retrieval_text.clone_from(&self.topic);
        it.named.clone_from(&self.values);
        it.explained.clone_from(&self.explained);
        it.is_of_trouble = self.is_of_trouble;
        if it.intent == Intent::Explain && it.explained.is_none() {
            return Err(wrong("explained", ""));
        }
        Ok(it.described(&context.time_zone))
    }

    fn check(&self) -> Result<(), Error> {
        let lists = [
            &self.services,
            &self.excluded_services,
            &self.severities,
            &self.texts,
            &self.excluded_texts,
            &self.attributes,
            &self.statuses,
            &self.numbers,
            &self.values,
            &self.among,
        ];
        let longest = lists.iter().map(|list| list.len()).max().unwrap_or(0);
        if longest > MOST {
            return Err(Error::BadRequest(format!(
                "a list of the plan has {longest} items, limit is {MOST}"
            )));
        }
        let texts = lists
            .into_iter()
            .flatten()
            .chain([&self.topic])
            .chain(&self.explained);
        let chars = texts.map(|text| text.chars().count()).max().unwrap_or(0);
        if chars > MOST_CHARS {
            return Err(Error::BadRequest(format!(
                "a text of the plan has {chars} characters, limit is {MOST_CHARS}"
            )));
        }
        Ok(())
    }
}

fn wrong(field: &str, value: &str) -> Error {
    let value: String = value.chars().take(64).collect();
    Error::BadRequest(format!("plan.{field} '{value}' means nothing here"))
}

fn optional<T>(
    field: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    text.map(|text| read(text).ok_or_else(|| wrong(field, text)))
        .transpose()
}

fn parsed<T>(
    field: &str,
    texts: &[String],
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Error> {
    texts
        .iter()
        .map(|text| read(text).ok_or_else(|| wrong(field, text)))
        .collect()
}

fn instant(field: &str, text: Option<&str>) -> Result<Option<i64>, Error> {
    optional(field, text, domain::parse_timestamp)
}

fn terms(texts: &[String], negated: bool) -> impl Iterator<Item = TextTerm> + '_ {
    texts
        .iter()
        .filter(|text| !text.is_empty())
        .map(move |text| TextTerm {
            term: text.clone(),
            negated,
            template_ids: Vec::new(),
        })
}

fn attribute(text: &str) -> Option<AttributeFilter> {
    let (key, value) = text.split_once('=')?;
    let (key, op) = match (key.strip_suffix('!'), value) {
        (Some(key), _) => (key, AttributeOp::NotEqual),
        (None, "*") => (key, AttributeOp::Exists),
        (None, _) => (key, AttributeOp::Equal),
    };
    let value = if op == AttributeOp::Exists { "" } else { value };
    (!key.is_empty()).then(|| AttributeFilter {
        key: key.to_owned(),
        op,
        value: value.to_owned(),
    })
}

fn status(text: &str) -> Option<StatusCode> {
    if let Some(class) = text.strip_suffix("xx") {
        return class
            .parse()
            .ok()
            .filter(|class| (1..=5).contains(class))
            .map(StatusCode::Class);
    }
    text.parse()
        .ok()
        .filter(|code| (100..=599).contains(code))
        .map(StatusCode::Exact)
}

fn intent_word(intent: Intent) -> &'static str {
    match intent {
        Intent::First => "first",
        Intent::Last => "last",
        Intent::Top => "top",
        Intent::ListServices => "list_services",
        other => other.as_str(),
    }
}

fn quantity(name: &str) -> Option<Quantity> {
    Some(match name {
        "" => return None,
        "duration" => Quantity::Duration,
        "size" => Quantity::Size,
        "percent" => Quantity::Percent,
        other => match (other.strip_suffix("[ms]"), other.strip_suffix("[bytes]")) {
            (Some(word), _) if !word.is_empty() => Quantity::DurationOf(word.to_owned()),
            (_, Some(word)) if !word.is_empty() => Quantity::SizeOf(word.to_owned()),
            _ => Quantity::Named(other.to_owned()),
        },
    })
}

fn quantity_text(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Percent => "percent".to_owned(),
        Quantity::DurationOf(word) => format!("{word}[ms]"),
        Quantity::SizeOf(word) => format!("{word}[bytes]"),
        other => other.name().to_owned(),
    }
}

fn number_text(it: &NumberCondition) -> String {
    let op = match it.op {
        NumberOp::Above => ">",
        NumberOp::AtLeast => ">=",
        NumberOp::Below => "<",
        NumberOp::AtMost => "<=",
        NumberOp::Equal => "=",
    };
    format!("{} {op} {}", quantity_text(&it.quantity), it.value)
}

fn number(text: &str) -> Option<NumberCondition> {
    let mut words = text.split_whitespace();
    let (name, op, value) = (words.next()?, words.next()?, words.next()?);
    let op = match op {
        ">" => NumberOp::Above,
        ">=" => NumberOp::AtLeast,
        "<" => NumberOp::Below,
        "<=" => NumberOp::AtMost,
        "=" => NumberOp::Equal,
        _ => return None,
    };
    let value = value
        .parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())?;
    words.next().is_none().then_some(NumberCondition {
        quantity: quantity(name)?,
        op,
        value,
    })
}

fn measure_text(measure: &Measure) -> String {
    match measure {
        Measure::Distinct => "distinct".to_owned(),
        Measure::Share => "share".to_owned(),
        Measure::Rate(_) => measure.label(),
        Measure::Average(of) => format!("average {}", quantity_text(of)),
        Measure::Least(of) => format!("least {}", quantity_text(of)),
        Measure::Greatest(of) => format!("greatest {}", quantity_text(of)),
        Measure::Sum(of) => format!("sum {}", quantity_text(of)),
        Measure::Percentile(part, of) => format!("p{part} {}", quantity_text(of)),
    }
}

fn measure(text: &str) -> Option<Measure> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match word {
        "distinct" => Measure::Distinct,
        "share" => Measure::Share,
        "per" => Measure::Rate(match rest {
            "second" => TimeUnit::Second,
            "minute" => TimeUnit::Minute,
            "hour" => TimeUnit::Hour,
            "day" => TimeUnit::Day,
            _ => return None,
        }),
        "average" => Measure::Average(quantity(rest)?),
        "least" => Measure::Least(quantity(rest)?),
        "greatest" => Measure::Greatest(quantity(rest)?),
        "sum" => Measure::Sum(quantity(rest)?),
        other => {
            let part = other
                .strip_prefix('p')?
                .parse()
                .ok()
                .filter(|part| (1..=99).contains(part))?;
            Measure::Percentile(part, quantity(rest)?)
        }
    })
}

fn group_text(group: &GroupBy) -> String {
    match group {
        GroupBy::Service => "service".to_owned(),
        GroupBy::Severity => "severity".to_owned(),
        GroupBy::Template => "pattern".to_owned(),
        GroupBy::Field(Field::Attribute(key)) => format!("attribute {key}"),
        GroupBy::Field(field) => field.as_str().to_owned(),
        GroupBy::Time(TimeUnit::Second | TimeUnit::Minute) => "minute".to_owned(),
        GroupBy::Time(TimeUnit::Fitting | TimeUnit::Hour) => "hour".to_owned(),
        GroupBy::Time(TimeUnit::Day) => "day".to_owned(),
    }
}

fn group(text: &str) -> Option<GroupBy> {
    Some(match text {
        "service" => GroupBy::Service,
        "severity" => GroupBy::Severity,
        "pattern" => GroupBy::Template,
        "minute" => GroupBy::Time(TimeUnit::Minute),
        "hour" => GroupBy::Time(TimeUnit::Hour),
        "day" => GroupBy::Time(TimeUnit::Day),
        "address" => GroupBy::Field(Field::Address),
        "host" => GroupBy::Field(Field::Host),
        "user" => GroupBy::Field(Field::User),
        "path" => GroupBy::Field(Field::Path),
        "url" => GroupBy::Field(Field::Url),
        "status" => GroupBy::Field(Field::Status),
        "port" => GroupBy::Field(Field::Port),
        "id" => GroupBy::Field(Field::Id),
        other => {
            let key = other
                .strip_prefix("attribute ")
                .filter(|key| !key.is_empty())?;
            GroupBy::Field(Field::Attribute(key.to_owned()))
        }
    })
}

#[cfg(test)]
mod tests;
