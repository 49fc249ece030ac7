//! Understanding a question against what the project has, and finding the patterns that it is about.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use anomaly::TemplateInfo as _;
use domain::{ChangeKind, LogFilter, LogReader, PageRequest, ProjectId, TemplateId, TimeRange};
use embeddings::{IndexHit, Said};
use query::{Deploy, OpenIncident, QuestionContext};
use serde::de::IgnoredAny;
use store::{EventStore, LogStore};

use super::entities;
use super::words::{split, stem};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

/// How long the lists of services and attributes are believed.
const SERVICES_MEMORY: Duration = Duration::from_secs(15);
/// How far back deploys are known to questions.
const DEPLOYS_NS: i64 = 14 * 24 * 60 * domain::NANOS_PER_MINUTE;
/// Deploys that are known to questions.
const DEPLOYS: usize = 100;
/// A day: the default range of questions.
const DAY_NS: i64 = 24 * 60 * domain::NANOS_PER_MINUTE;
/// Patterns that are retrieved: several times those that are kept, because many do not occur in the range.
const HITS: usize = 100;
/// Newest records whose attributes are known to questions: of all, and of each of some services.
const KNOWN_RECORDS: usize = 200;
const KNOWN_RECORDS_OF_SERVICE: usize = 20;
const KNOWN_SERVICES: usize = 16;
/// Values of attributes that are known to questions.
const ATTRIBUTE_VALUES: usize = 5_000;
/// Attributes that are known to questions.
const ATTRIBUTES: usize = 500;
/// Patterns that a question is taken to be about, at most.
const RELEVANT: usize = 12;
/// Cosine from which a pattern found by meaning alone is taken to be meant (MiniLM: unrelated texts lie below).
const MEANT_SIMILARITY: f32 = 0.38;
/// The same when the ideas of the question are in the pattern as well.
const MEANT_SIMILARITY_WITH_TOPIC: f32 = 0.33;
/// From here on a pattern is meant beyond doubt: its cosine, and what the share of the question that it tells adds, less
/// what words take away that nothing here knows. Cosines decide more than shares: who shares no word and no idea with the
/// question must be as near as 0.54, who shares all of them 0.44. Chosen on 289 questions that seven sets of lines answer,
/// 83 that they do not, and 778 of other sets: of the unanswerable ones 1 in 80 reaches it.
const SURE: f32 = 0.54;
/// What a pattern adds that tells all of a question.
const TOLD: f32 = 0.1;
/// What a word takes away that neither the vocabulary nor any pattern knows: the name of something that is not here.
const UNKNOWN: f32 = 0.2;
/// Letters by which a word is looked for in all patterns: bent ones are it too.
const STEM_LETTERS: usize = 6;
/// Hits among which one that is beyond doubt is looked for.
const SURE_AMONG: usize = 3;
/// A hit far below the best one is noise: half as near, and of none of its ideas.
const LEAST_SHARE_OF_BEST: f32 = 0.5;
/// The same for one that no vector tells.
const LEAST_SHARE_WITHOUT_VECTOR: f32 = 0.3;
/// The same where words alone are compared.
const LEAST_SHARE_OF_WORDS: f64 = 0.45;

/// The patterns that a text is about.
pub(super) struct Relevant {
    /// Best first, none of them merged away.
    pub(super) ids: Vec<TemplateId>,
    /// One of the first is about it beyond doubt, by its vector or by its ideas.
    pub(super) is_sure: bool,
    /// The cosines of those that a vector was compared with.
    pub(super) cosines: HashMap<TemplateId, f32>,
    /// The semantic index did not answer: words were compared.
    pub(super) is_words_only: bool,
}

/// The value of an attribute.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Kept {
    Text(String),
    Other(IgnoredAny),
}

/// Whether a value is a word that people say.
fn is_word(value: &str) -> bool {
    (3..=32).contains(&value.len())
        && value.starts_with(|c: char| c.is_alphabetic())
        && value
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

impl Inner {
    /// The attributes of the newest records, the most frequent first. Blocks.
    pub(super) fn attribute_names(
        &self,
        project_id: ProjectId,
        services: &[String],
    ) -> Result<Vec<String>, Error> {
        if let Ok(known) = self.attribute_memory.lock()
            && let Some((at, names)) = known.get(&project_id)
            && at.elapsed() < SERVICES_MEMORY
        {
            return Ok(names.clone());
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut values = BTreeSet::new();
        let mut look = |filter: &LogFilter, records: usize| -> Result<(), Error> {
            let page = PageRequest::first(records);
            for record in self.store.search(project_id, filter, &page)?.items {
                if record.attributes.is_empty() {
                    continue;
                }
                let read: BTreeMap<String, Kept> =
                    serde_json::from_str(&record.attributes).unwrap_or_default();
                for (key, value) in read {
                    if let Kept::Text(value) = value
                        && is_word(&value)
                    {
                        values.insert(entities::known_value(&key, &value));
                    }
                    *counts.entry(key).or_insert(0) += 1;
                }
            }
            Ok(())
        };
        let everything = LogFilter::in_range(TimeRange::ALL);
        look(&everything, KNOWN_RECORDS)?;
        for service in services.iter().take(KNOWN_SERVICES) {
            let filter = LogFilter {
                services: vec![service.clone()],
                ..everything.clone()
            };
            look(&filter, KNOWN_RECORDS_OF_SERVICE)?;
        }
        let mut names: Vec<(String, usize)> = counts.into_iter().collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        names.truncate(ATTRIBUTES);
        let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
        if let Ok(mut known) = self.attribute_memory.lock() {
            known.insert(project_id, (Instant::now(), names.clone()));
        }
        if let Ok(mut known) = self.value_memory.lock() {
            let values = values.into_iter().take(ATTRIBUTE_VALUES).collect();
            known.insert(project_id, (Instant::now(), values));
        }
        Ok(names)
    }

    /// What questions and filters are read against. Blocks.
    pub(crate) fn question_context(&self, project_id: ProjectId) -> Result<QuestionContext, Error> {
        let now_ns = self.clock.now_ns();
        let mut context = QuestionContext::at(now_ns, jiff::tz::TimeZone::UTC);
        context.services = self.service_names(project_id)?;
        let range = TimeRange::last(now_ns.saturating_add(domain::NANOS_PER_MINUTE), DEPLOYS_NS);
        context.last_deploys = self
            .store
            .events(project_id, range, DEPLOYS)?
            .into_iter()
            .filter(|event| event.kind == ChangeKind::Deploy)
            .map(|event| Deploy {
                service: event.service,
                at_ns: event.timestamp_ns,
                title: event.title,
            })
            .collect();
        context.open_incident = self
            .alerts
            .open_incidents(project_id)?
            .into_iter()
            .max_by_key(|incident| incident.opened_at_ns)
            .map(|incident| OpenIncident {
                started_at_ns: incident.started_at_ns,
                services: incident.services,
            });
        // Who imported old files and names no time means the time of the files.
        context.default_range = self
            .store
            .bounds(project_id)?
            .filter(|bounds| bounds.end_ns < now_ns.saturating_sub(DAY_NS));
        Ok(context)
    }

    /// All services of a project. Blocks.
    pub(crate) fn service_names(&self, project_id: ProjectId) -> Result<Vec<String>, Error> {
        if let Ok(known) = self.service_memory.lock()
            && let Some((at, names)) = known.get(&project_id)
            && at.elapsed() < SERVICES_MEMORY
        {
            return Ok(names.clone());
        }
        let names: Vec<String> = self
            .store
            .services(project_id, TimeRange::ALL)?
            .into_iter()
            .map(|row| row.service)
            .collect();
        if let Ok(mut known) = self.service_memory.lock() {
            known.insert(project_id, (Instant::now(), names.clone()));
        }
        Ok(names)
    }

    /// The patterns that a text is about among those that are present, in these services when some are named.
    /// The index knows only who wrote a pattern when it was indexed, so it does not decide about
    /// services alone: the counts do. Blocks.
    pub(super) fn relevant_patterns(
        &self,
        project_id: ProjectId,
        text: &str,
        services: &[String],
        present: &HashMap<TemplateId, u64>,
    ) -> Result<Relevant, Error> {
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let mut is_words_only = false;
        let mut is_sure = false;
        let mut cosines = HashMap::new();
        let ranked = match self.hits(project_id, &dictionary, text, services) {
            Ok(found) => {
                is_sure = found.is_sure;
                cosines = found.cosines;
                found.ids
            }
            Err(error) => {
                tracing::warn!(%error, "the semantic index did not answer; words are compared");
                metrics::counter!("vigil_engine_ask_without_index_total").increment(1);
                is_words_only = true;
                by_words(&dictionary, text)
            }
        };
        let mut chosen = HashSet::new();
        let ids: Vec<TemplateId> = ranked
            .into_iter()
            .map(|id| dictionary.resolve(id))
            .filter(|id| present.contains_key(id) && chosen.insert(*id))
            .take(RELEVANT)
            .collect();
        Ok(Relevant {
            ids,
            is_sure,
            cosines,
            is_words_only,
        })
    }

    /// What the index finds and the question means: in all services, and then in the named ones, whose patterns
    /// others may crowd out.
    fn hits(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        text: &str,
        services: &[String],
    ) -> Result<Meant, Error> {
        let mut all = Meant::default();
        all.add(
            dictionary,
            text,
            &self.index_hits(project_id, dictionary, text, &[])?,
        );
        if !services.is_empty() {
            let theirs = self.index_hits(project_id, dictionary, text, services)?;
            all.add(dictionary, text, &theirs);
        }
        Ok(all)
    }

    /// What the index finds in some services, best first.
    pub(super) fn index_hits(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        text: &str,
        services: &[String],
    ) -> Result<Vec<IndexHit>, Error> {
        let said = |id: TemplateId| {
            dictionary.get(id).map(|template| Said {
                readable: patterns::readable(&template.text),
                severity: template.severity,
            })
        };
        self.semantic
            .search(project_id, text, services, HITS, &said)
    }
}

/// What searches found that a text means.
#[derive(Default)]
struct Meant {
    /// Best first, one search after the other.
    ids: Vec<TemplateId>,
    is_sure: bool,
    cosines: HashMap<TemplateId, f32>,
}

impl Meant {
    /// Adds the hits of one search.
    fn add(&mut self, dictionary: &Dictionary, text: &str, hits: &[IndexHit]) {
        self.ids.extend(meant(hits));
        self.is_sure |= is_sure(dictionary, text, hits);
        let compared = hits.iter().filter_map(|hit| {
            let id = dictionary.resolve(hit.template_id);
            hit.similarity.map(|cosine| (id, cosine))
        });
        for (id, cosine) in compared {
            let most = self.cosines.entry(id).or_insert(cosine);
            *most = most.max(cosine);
        }
    }
}

/// Whether one of the first hits is beyond doubt.
fn is_sure(dictionary: &Dictionary, question: &str, hits: &[IndexHit]) -> bool {
    let is_written = |word: &str| {
        let letters: String = word.chars().take(STEM_LETTERS).collect();
        !dictionary.texts().holding(&letters).is_empty()
    };
    hits.iter().take(SURE_AMONG).any(|hit| {
        let (Some(similarity), Some(template)) = (hit.similarity, dictionary.get(hit.template_id))
        else {
            return false;
        };
        let all = format!(
            "{} {} {}",
            template.services.join(" "),
            patterns::readable(&template.text),
            template.example
        );
        let told = embeddings::coverage(question, &all, &is_written);
        similarity + TOLD * told.share - UNKNOWN * told.unknown as f32 >= SURE
    })
}

/// The hits of one search that are meant, best first.
fn meant(hits: &[IndexHit]) -> Vec<TemplateId> {
    let best = hits.first().map_or(0.0, |hit| hit.score);
    hits.iter()
        .filter(|hit| {
            let least = if hit.topic.is_some() {
                MEANT_SIMILARITY_WITH_TOPIC
            } else {
                MEANT_SIMILARITY
            };
            let is_meant = match hit.similarity {
                Some(similarity) => similarity >= least,
                None => hit.topic.is_some(),
            };
            let share = match hit.similarity {
                Some(_) => LEAST_SHARE_OF_BEST,
                None => LEAST_SHARE_WITHOUT_VECTOR,
            };
            (is_meant || hit.lexical.is_some()) && hit.score >= best * share
        })
        .map(|hit| hit.template_id)
        .collect()
}

/// Patterns that hold words of a text, by how rare these words are; best first. What is left when the semantic
/// index does not answer.
pub(super) fn by_words(dictionary: &Dictionary, text: &str) -> Vec<TemplateId> {
    let wanted: HashSet<String> = words(text).collect();
    let mut holders: HashMap<&str, Vec<TemplateId>> = HashMap::new();
    let mut count = 0_usize;
    for template in dictionary.iter() {
        count += 1;
        let held: HashSet<String> = words(&template.text)
            .chain(words(&template.example))
            .chain(template.services.iter().flat_map(|service| words(service)))
            .collect();
        for word in wanted.intersection(&held) {
            if let Some(word) = wanted.get(word) {
                holders.entry(word).or_default().push(template.id);
            }
        }
    }
    let mut scores: HashMap<TemplateId, f64> = HashMap::new();
    for ids in holders.values() {
        // Inverse document frequency, as in BM25.
        let rarity = (1.0 + count as f64 / ids.len().max(1) as f64).ln();
        for id in ids {
            *scores.entry(*id).or_insert(0.0) += rarity;
        }
    }
    let mut ranked: Vec<(TemplateId, f64)> = scores.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let least = ranked
        .first()
        .map_or(0.0, |(_, best)| best * LEAST_SHARE_OF_WORDS);
    ranked.retain(|(_, score)| *score >= least);
    ranked.into_iter().map(|(id, _)| id).collect()
}

/// The stems of the words of a text.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    split(text).map(|word| stem(&word))
}
