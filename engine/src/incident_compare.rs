//! Two incidents side by side: what they share, and what only one of them has.

use std::collections::BTreeSet;

use domain::{
    Incident, IncidentId, NANOS_PER_SECOND, ProjectId, Summary, Template, TemplateId,
    format_duration,
};
use jiff::tz::TimeZone;
use store::LogStore as _;

use crate::markdown::{count, counted};
use crate::tasks::blocking;
use crate::zoned::instant;
use crate::{Engine, Error, Inner};

/// Patterns that are named of each kind.
const NAMED: usize = 10;
/// From this likeness on two incidents are called alike.
const ALIKE: f64 = 0.6;
/// Below this they are called different.
const UNLIKE: f64 = 0.25;

/// A pattern of one or both incidents.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedPattern {
    /// Its id.
    pub id: TemplateId,
    /// Its text.
    pub text: String,
}

/// What both have, and what only one has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sides<T> {
    /// Both.
    pub both: Vec<T>,
    /// Only the first.
    pub only_a: Vec<T>,
    /// Only the second.
    pub only_b: Vec<T>,
}

/// Two incidents side by side.
#[derive(Debug, Clone)]
pub struct IncidentComparison {
    /// The first.
    pub a: Incident,
    /// The second.
    pub b: Incident,
    /// 0 to 1: shared patterns (70 %) and services (30 %), each as Jaccard's index.
    pub similarity: f64,
    /// Services.
    pub services: Sides<String>,
    /// Patterns, at most ten of each side.
    pub patterns: Sides<ComparedPattern>,
    /// Suspects by name.
    pub suspects: Sides<String>,
    /// The class of cause that the evidence of each speaks for.
    pub causes: (Option<String>, Option<String>),
    /// The comparison in sentences, written by rules.
    pub sentences: Vec<String>,
}

impl Engine {
    /// Sets two incidents side by side, with the times of a reader's zone (an IANA name), of the house's zone when the
    /// reader says none.
    ///
    /// # Errors
    /// Fails when the store cannot be read; an unknown id is [`Error::NotFound`], an unknown zone [`Error::BadRequest`].
    pub async fn compare_incidents(
        &self,
        project_id: ProjectId,
        a: IncidentId,
        b: IncidentId,
        time_zone: Option<&str>,
    ) -> Result<IncidentComparison, Error> {
        let inner = self.inner();
        let zone = inner.reader_zone(time_zone)?;
        blocking(move || inner.compare_incidents(project_id, a, b, &zone)).await
    }
}

impl Inner {
    /// As [`Engine::compare_incidents`]. Blocks.
    pub(crate) fn compare_incidents(
        &self,
        project_id: ProjectId,
        a: IncidentId,
        b: IncidentId,
        zone: &TimeZone,
    ) -> Result<IncidentComparison, Error> {
        let (a, summary_a) = self.with_summary(project_id, a)?;
        let (b, summary_b) = self.with_summary(project_id, b)?;
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let resolved = |ids: &[TemplateId]| -> BTreeSet<TemplateId> {
            use anomaly::TemplateInfo as _;
            ids.iter().map(|id| dictionary.resolve(*id)).collect()
        };
        let (patterns_a, patterns_b) = (resolved(&a.template_ids), resolved(&b.template_ids));
        let services = sides(&set(&a.services), &set(&b.services));
        let ids = sides(&patterns_a, &patterns_b);
        let similarity = 0.7 * likeness(&ids) + 0.3 * likeness(&services);
        let patterns = Sides {
            both: self.texts(project_id, &ids.both)?,
            only_a: self.texts(project_id, &ids.only_a)?,
            only_b: self.texts(project_id, &ids.only_b)?,
        };
        let names = |summary: &Summary| -> BTreeSet<String> {
            let names = summary.suspects.iter().map(|suspect| suspect.name.clone());
            names.collect()
        };
        let suspects = sides(&names(&summary_a), &names(&summary_b));
        let causes = (
            inference::cause_of(&summary_a.evidence, &summary_a.suspects),
            inference::cause_of(&summary_b.evidence, &summary_b.suspects),
        );
        let mut comparison = IncidentComparison {
            a,
            b,
            similarity,
            services,
            patterns,
            suspects,
            causes,
            sentences: Vec::new(),
        };
        comparison.sentences = sentences(&comparison, &ids, zone);
        Ok(comparison)
    }

    fn with_summary(
        &self,
        project_id: ProjectId,
        id: IncidentId,
    ) -> Result<(Incident, Summary), Error> {
        let incident = self.stored_incident(project_id, id)?;
        let summary = match incident.summary.clone() {
            Some(summary) => summary,
            None => self.draft(project_id, &incident)?.1,
        };
        Ok((incident, summary))
    }

    /// The texts of the patterns with the most records.
    fn texts(
        &self,
        project_id: ProjectId,
        ids: &[TemplateId],
    ) -> Result<Vec<ComparedPattern>, Error> {
        let mut templates: Vec<Template> = self.store.templates_by_ids(project_id, ids)?;
        templates.sort_by(|a, b| b.count.cmp(&a.count).then(a.id.cmp(&b.id)));
        templates.truncate(NAMED);
        Ok(templates
            .into_iter()
            .map(|template| ComparedPattern {
                id: template.id,
                text: template.text,
            })
            .collect())
    }
}

fn set(names: &[String]) -> BTreeSet<String> {
    names.iter().cloned().collect()
}

fn sides<T: Ord + Clone>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> Sides<T> {
    Sides {
        both: a.intersection(b).cloned().collect(),
        only_a: a.difference(b).cloned().collect(),
        only_b: b.difference(a).cloned().collect(),
    }
}

/// Jaccard's index; 0 when neither side has anything.
fn likeness<T>(sides: &Sides<T>) -> f64 {
    let all = sides.both.len() + sides.only_a.len() + sides.only_b.len();
    if all == 0 {
        return 0.0;
    }
    sides.both.len() as f64 / all as f64
}

fn sentences(
    found: &IncidentComparison,
    patterns: &Sides<TemplateId>,
    zone: &TimeZone,
) -> Vec<String> {
    let (a, b) = (&found.a, &found.b);
    let mut all = Vec::new();
    let verdict = if found.similarity >= ALIKE {
        "look alike"
    } else if found.similarity < UNLIKE {
        "have little in common"
    } else {
        "are partly alike"
    };
    all.push(format!(
        "Incidents {} and {} {verdict}: {} in common of {}, {} in common of {}.",
        a.number,
        b.number,
        counted(patterns.both.len() as u64, "pattern"),
        count(total(patterns)),
        counted(found.services.both.len() as u64, "service"),
        count(total(&found.services)),
    ));
    let (earlier, later) = if a.started_at_ns <= b.started_at_ns {
        (a, b)
    } else {
        (b, a)
    };
    let kind = |incident: &Incident| {
        format!(
            "incident {} ({})",
            incident.number,
            incident.severity.as_str()
        )
    };
    let after_ns = later.started_at_ns.saturating_sub(earlier.started_at_ns);
    let after = if after_ns < NANOS_PER_SECOND {
        "at the same time".to_owned()
    } else {
        format!("{} later", format_duration(after_ns))
    };
    all.push(format!(
        "{} began {} and {}; {} began {after} and {}.",
        capitalised(&kind(earlier)),
        instant(earlier.started_at_ns, zone),
        lasted(earlier),
        kind(later),
        lasted(later),
    ));
    for (incident, own) in [(a, &found.services.only_a), (b, &found.services.only_b)] {
        if !own.is_empty() {
            all.push(format!(
                "Only incident {} touches {}.",
                incident.number,
                listed(own)
            ));
        }
    }
    all.push(match &found.causes {
        (Some(x), Some(y)) if x == y => format!("The evidence of both speaks for: {x}."),
        (Some(x), Some(y)) => format!(
            "The evidence of incident {} speaks for: {x}; that of incident {} for: {y}.",
            a.number, b.number
        ),
        (Some(x), None) | (None, Some(x)) => {
            let number = if found.causes.0.is_some() { a } else { b }.number;
            format!("Only the evidence of incident {number} speaks for a class of causes: {x}.")
        }
        (None, None) => "The evidence of neither speaks for a class of causes.".to_owned(),
    });
    if let Some(name) = found.suspects.both.first() {
        all.push(format!("Both have {name} among their suspects."));
    }
    all
}

fn total<T>(sides: &Sides<T>) -> u64 {
    (sides.both.len() + sides.only_a.len() + sides.only_b.len()) as u64
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `cart`, `cart and shop`, `cart, mail, shop and 2 more`.
fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        _ => {
            let named: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
            match names.len() - named.len() {
                0 => format!("{}, {} and {}", named[0], named[1], named[2]),
                more => format!("{} and {} more", named.join(", "), count(more as u64)),
            }
        }
    }
}

fn lasted(incident: &Incident) -> String {
    match incident.resolved_at_ns {
        Some(end_ns) => format!(
            "lasted {}",
            format_duration(end_ns.saturating_sub(incident.started_at_ns).max(0))
        ),
        None => "still goes on".to_owned(),
    }
}

#[cfg(test)]
mod tests;
