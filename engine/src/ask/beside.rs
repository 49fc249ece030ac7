//! Topics of which only a part stands beside a text that must occur.

use domain::{ProjectId, TemplateId};
use query::{Intent, Interpretation};

use super::entities::drop_word;
use super::facts::Found;
use super::subject::is_doing;
use super::widen::is_about;
use super::words::{Stems, split, stem};
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

impl Inner {
    /// What holds a text that must occur, where its topic found nothing with it but patterns of what holds it say words of
    /// the topic: those that say the most. "FTP connections from 10.2.3.4" are connections that `ftpd` tells of. Blocks.
    pub(super) fn beside_text(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        question: &str,
    ) -> Result<Option<Found>, Error> {
        let has_text = understood.terms.iter().any(|term| !term.negated);
        if !has_text || understood.retrieval_text.is_empty() || understood.intent == Intent::Why {
            return Ok(None);
        }
        let plain = understood.without_topic();
        let scope = self.scope(project_id, &plain)?;
        let matched = self.matched(project_id, &plain, &scope, plain.range, 0)?;
        let dictionary = self.dictionaries.get(&self.store, project_id)?;
        let words: Vec<String> = split(&understood.retrieval_text)
            .filter(|word| !is_doing(word))
            .collect();
        let weights: Vec<f64> = words.iter().map(|word| weight(&dictionary, word)).collect();
        let rows = matched.counts.iter().map(|row| {
            let (id, service) = (row.count.template_id, row.count.service.as_str());
            says(&dictionary, id, service, &words)
        });
        let said: Vec<Vec<Said>> = rows.collect();
        let weight_of = |row: &[Said]| -> f64 {
            let words = row.iter().zip(&weights);
            words
                .filter(|(said, _)| **said != Said::No)
                .map(|(_, weight)| weight.max(f64::EPSILON))
                .sum()
        };
        let best = said
            .iter()
            .max_by(|a, b| weight_of(a).total_cmp(&weight_of(b)));
        let Some(best) = best.filter(|row| row.contains(&Said::ByPattern)) else {
            return Ok(None);
        };
        let mut reading = understood.clone();
        for (word, _) in words
            .iter()
            .zip(best)
            .filter(|(_, said)| **said != Said::ByPattern)
        {
            drop_word(&mut reading, word);
            reading.named.retain(|name| name != word);
            reading.not_understood.push(word.clone());
        }
        if best.contains(&Said::ByService) {
            let rows = matched.counts.iter().zip(&said);
            let own = rows.filter(|(_, row)| *row == best);
            reading.services = own.map(|(row, _)| row.count.service.clone()).collect();
            reading.services.sort_unstable();
            reading.services.dedup();
        }
        let mut found = self.attempt(project_id, &reading, question)?;
        // What nobody says at all is the heaviest word: connections are no "ftp connections", and that is said first.
        let foreign = (0..words.len()).filter(|at| weights[*at] == 0.0 && best[*at] == Said::No);
        found
            .facts
            .left_out
            .extend(foreign.map(|at| words[at].clone()));
        Ok(is_about(&found, &reading).then_some(found))
    }
}

/// Who says a word of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    No,
    ByPattern,
    /// The name of the service does: `ftpd` says `ftp`.
    ByService,
}

/// Who says each of these words where a service writes a pattern.
fn says(dictionary: &Dictionary, id: TemplateId, service: &str, words: &[String]) -> Vec<Said> {
    let stems = dictionary.get(id).map(|template| Stems::of(&template.text));
    let stems = stems.unwrap_or_default();
    let service = service.to_lowercase();
    let is_in_service = |word: &str| {
        let mut parts = service.split(|c: char| !c.is_alphanumeric());
        word.len() > 2 && parts.any(|part| part.starts_with(word))
    };
    let of_word = |word: &String| {
        if stems.hold(word, &stem(word)) {
            Said::ByPattern
        } else if is_in_service(word) {
            Said::ByService
        } else {
            Said::No
        }
    };
    words.iter().map(of_word).collect()
}

/// How rare a word is in the patterns of a project; 0 when none says it.
fn weight(dictionary: &Dictionary, word: &str) -> f64 {
    let start: String = word.chars().take(3).collect();
    let holding = dictionary.texts().holding(&start).into_iter();
    let count = holding
        .filter_map(|id| dictionary.get(id))
        .filter(|template| Stems::of(&template.text).hold(word, &stem(word)))
        .count();
    match count {
        0 => 0.0,
        count => 1.0 / count as f64,
    }
}
