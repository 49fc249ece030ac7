//! Among which patterns the words of a topic are looked for: those that can be meant, the most certain ones first.

use std::collections::{HashMap, HashSet};

use anomaly::TemplateInfo as _;
use domain::{LogFilter, ProjectId, TemplateId, TimeRange};
use query::{Interpretation, Quantity};

use super::numbers;
use super::scope::Scope;
use super::topic::Literal;
use crate::dictionaries::Dictionary;
use crate::{Error, Inner};

impl Inner {
    /// What the words of the topic select: among the patterns that tell the number which is asked for, else among those of
    /// the records that have what must occur, else among all that the services write. Blocks.
    pub(super) fn literal_among(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        understood: &Interpretation,
        filter: &LogFilter,
        present: &HashMap<TemplateId, u64>,
    ) -> Result<Option<Literal>, Error> {
        let look = |known: Option<&HashSet<TemplateId>>| {
            self.literal(project_id, dictionary, understood, filter, present, known)
        };
        // What another service calls it does not tell how these do.
        let theirs = self.written_by(project_id, dictionary, &understood.services)?;
        // Nor what records call it that have not what must occur.
        let exact = match is_exact(understood) {
            true => Some(self.exactly_present(project_id, understood, dictionary)?),
            false => None,
        };
        let base = exact.as_ref().or(theirs.as_ref());
        if let Some(telling) = telling(dictionary, understood, base)
            && let Some(literal) = look(Some(&telling))?
        {
            return Ok(Some(literal));
        }
        if let Some(exact) = &exact
            && let Some(literal) = look(Some(exact))?
        {
            return Ok(Some(literal));
        }
        look(theirs.as_ref())
    }

    /// The patterns that services wrote at any time; `None` for all where none is named.
    fn written_by(
        &self,
        project_id: ProjectId,
        dictionary: &Dictionary,
        services: &[String],
    ) -> Result<Option<HashSet<TemplateId>>, Error> {
        if services.is_empty() {
            return Ok(None);
        }
        let ever = LogFilter {
            services: services.to_vec(),
            ..LogFilter::in_range(TimeRange::ALL)
        };
        let ever = self.present(project_id, dictionary, &ever)?;
        Ok(Some(ever.into_keys().collect()))
    }

    /// The patterns of the records that have what a question says must occur, whatever its topic is.
    fn exactly_present(
        &self,
        project_id: ProjectId,
        understood: &Interpretation,
        dictionary: &Dictionary,
    ) -> Result<HashSet<TemplateId>, Error> {
        let mut scope = Scope::literal(understood);
        // A number or a status tells how a record is, not what it is about.
        scope.numbers.clear();
        scope.statuses.clear();
        self.plan(project_id, &mut scope.filter)?;
        let matched = self.matched(project_id, understood, &scope, understood.range, 0)?;
        let ids = matched.counts.iter().map(|row| row.count.template_id);
        Ok(ids.map(|id| dictionary.resolve(id)).collect())
    }
}

/// The patterns whose example tells each number that is asked for; `None` when none is asked for, or no pattern tells it:
/// then attributes may.
fn telling(
    dictionary: &Dictionary,
    understood: &Interpretation,
    known: Option<&HashSet<TemplateId>>,
) -> Option<HashSet<TemplateId>> {
    let measured = understood
        .measure
        .as_ref()
        .and_then(query::Measure::quantity);
    let quantities: Vec<&Quantity> = understood
        .numbers
        .iter()
        .map(|condition| &condition.quantity)
        .chain(measured)
        .collect();
    if quantities.is_empty() {
        return None;
    }
    let telling: HashSet<TemplateId> = dictionary
        .iter()
        .filter(|template| known.is_none_or(|known| known.contains(&template.id)))
        .filter(|template| {
            let mut quantities = quantities.iter();
            quantities.all(|quantity| numbers::is_told(quantity, &template.example))
        })
        .map(|template| template.id)
        .collect();
    (!telling.is_empty()).then_some(telling)
}

/// Whether something must occur in the records that are asked for: a text or an attribute.
fn is_exact(understood: &Interpretation) -> bool {
    !understood.attributes.is_empty() || understood.terms.iter().any(|term| !term.negated)
}
