//! All templates that were ever learnt, live or merged, and how a new shape joins them.
//!
//! Templates are never forgotten: a merged one stays as evidence. What is live is then a function
//! of the set of shapes that were learnt, not of their order, and a restart from the stored texts
//! (live and merged) rebuilds exactly this state.

use std::collections::HashMap;

use domain::TemplateId;

use crate::changes::Changes;
use crate::evidence::{self, MAX_PLACES, MAX_WORD_PLACES};
use crate::hash::{quick, template_id};
use crate::shape::{MAX_TOKENS, Shape, Token};
use crate::slot::Slot;

/// Index of a template in [`Known::templates`].
type Index = u32;

#[derive(Debug)]
struct Learnt {
    id: TemplateId,
    text: Box<str>,
    shape: Shape,
    any_count: usize,
    merged_into: Option<TemplateId>,
}

/// Templates of one token count.
#[derive(Debug, Default)]
struct Group {
    /// All, live or merged.
    all: Vec<Index>,
    /// The tokens of all, row after row, as short hashes: scanning them is what learning costs.
    rows: Vec<u32>,
    /// Live, without a generic slot, by all their tokens: these cover only lines with the same ones.
    by_tokens: HashMap<u64, Vec<Index>>,
    /// Live, with a generic slot but not in the first token, by their first token.
    by_first: HashMap<u64, Vec<Index>>,
    /// Live, with a generic first token.
    any_first: Vec<Index>,
}

impl Group {
    /// Templates that differ from `shape` in at most `places` tokens, in at most `words` of them
    /// without a slot on either side. Short hashes may hide a difference: the caller looks again.
    fn near<'group>(
        &'group self,
        shape: &Shape,
        places: usize,
        words: usize,
    ) -> impl Iterator<Item = Index> + use<'group> {
        let row = short_hashes(shape);
        let width = row.len();
        let is_near = move |(number, _): &(usize, &Index)| {
            let other = self.rows.get(number * width..).unwrap_or(&[]);
            let (mut all_differing, mut words_differing) = (0, 0);
            row.iter().zip(other).all(|(mine, theirs)| {
                all_differing += usize::from(mine != theirs);
                words_differing += usize::from(mine != theirs && (mine | theirs) & 1 == 0);
                all_differing <= places && words_differing <= words
            })
        };
        self.all
            .iter()
            .enumerate()
            .filter(is_near)
            .map(|(_, index)| *index)
    }
}

/// A hash for each token; odd where the core is a slot.
fn short_hashes(shape: &Shape) -> Vec<u32> {
    let short =
        |token: &Token| (token.erased as u32 & !1) | u32::from(shape.core_slot(token).is_some());
    shape.tokens.iter().map(short).collect()
}

/// A hash of all tokens with their slots alike.
fn tokens_hash(shape: &Shape) -> u64 {
    let erased = shape
        .tokens
        .iter()
        .flat_map(|token| token.erased.to_le_bytes());
    quick(&erased.collect::<Vec<u8>>())
}

/// The templates of one miner.
#[derive(Debug, Default)]
pub(crate) struct Known {
    templates: Vec<Learnt>,
    by_id: HashMap<TemplateId, Index>,
    aliases: HashMap<TemplateId, TemplateId>,
    groups: Vec<Group>,
    /// Grows when lines of a token count may get another answer than before.
    generations: Vec<u32>,
    /// Templates by first token, over all token counts.
    per_first: HashMap<u64, usize>,
    live_count: usize,
    changes: Changes,
}

impl Known {
    /// One generation per token count.
    pub(crate) fn generations(&self) -> &[u32] {
        &self.generations
    }

    /// Live templates.
    pub(crate) fn live_count(&self) -> usize {
        self.live_count
    }

    /// Live and merged templates.
    pub(crate) fn count(&self) -> usize {
        self.templates.len()
    }

    /// Templates, live or merged, that begin like `shape`.
    pub(crate) fn count_with_first_of(&self, shape: &Shape) -> usize {
        shape
            .tokens
            .first()
            .and_then(|token| self.per_first.get(&token.erased))
            .copied()
            .unwrap_or(0)
    }

    pub(crate) fn text(&self, id: TemplateId) -> Option<&str> {
        self.find(id).map(|learnt| &*learnt.text)
    }

    pub(crate) fn shape(&self, id: TemplateId) -> Option<&Shape> {
        self.find(id).map(|learnt| &learnt.shape)
    }

    fn find(&self, id: TemplateId) -> Option<&Learnt> {
        let id = self.aliases.get(&id).unwrap_or(&id);
        self.by_id
            .get(id)
            .map(|index| &self.templates[*index as usize])
    }

    /// The live template that `id` became; `id` itself when it is unknown.
    pub(crate) fn resolve(&self, mut id: TemplateId) -> TemplateId {
        // A merge only ever leads to a more general text, so the way is at most as long as the
        // tokens of a line; the bound guards against a damaged store.
        for _ in 0..2 * MAX_TOKENS {
            let next = self
                .aliases
                .get(&id)
                .copied()
                .or_else(|| self.find(id)?.merged_into);
            match next {
                Some(next) if next != id => id = next,
                _ => break,
            }
        }
        id
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = (TemplateId, &str)> {
        self.templates
            .iter()
            .filter(|learnt| learnt.merged_into.is_none())
            .map(|learnt| (learnt.id, &*learnt.text))
    }

    /// The live template of which `shape` is an instance: the least general, ties by text.
    pub(crate) fn cover(&self, shape: &Shape) -> Option<TemplateId> {
        let group = self.groups.get(shape.tokens.len())?;
        let first = shape.tokens.first().map_or(0, |token| token.erased);
        let same_first = group.by_first.get(&first).map_or(&[][..], Vec::as_slice);
        let same_tokens = group.by_tokens.get(&tokens_hash(shape));
        same_tokens
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .chain(same_first)
            .chain(&group.any_first)
            .map(|index| &self.templates[*index as usize])
            .filter(|learnt| learnt.shape.covers(shape))
            .min_by(|a, b| {
                a.any_count
                    .cmp(&b.any_count)
                    .then_with(|| a.text.cmp(&b.text))
            })
            .map(|learnt| learnt.id)
    }

    /// Adds a shape that nothing covers: as a template of its own, or as the last piece of
    /// evidence for a more general one. Returns the live template of the shape.
    pub(crate) fn learn(&mut self, shape: Shape) -> TemplateId {
        let mut generals = self.generalisations(&shape);
        if generals.is_empty() {
            return self.add(shape);
        }
        generals.sort_by(|a, b| a.masked.cmp(&b.masked));
        let mut reached = TemplateId::default();
        for general in generals {
            reached = match self.cover(&general) {
                Some(id) => id,
                None => self.learn(general),
            };
        }
        self.cover(&shape).unwrap_or(reached)
    }

    /// The more general shapes for which `shape` is the last piece of evidence.
    fn generalisations(&self, shape: &Shape) -> Vec<Shape> {
        let Some(group) = self.groups.get(shape.tokens.len()) else {
            return Vec::new();
        };
        let mut by_places: HashMap<Places, Vec<&Shape>> = HashMap::new();
        for index in group.near(shape, MAX_PLACES, MAX_WORD_PLACES) {
            let other = &self.templates[index as usize].shape;
            if let Some(places) = differing(shape, other) {
                by_places.entry(places).or_default().push(other);
            }
        }
        by_places
            .keys()
            .flat_map(|places| {
                let mut members = vec![shape];
                for (other, shapes) in &by_places {
                    if other & !places == 0 {
                        members.extend(shapes);
                    }
                }
                general_shapes(members, &listed(*places))
            })
            .filter(|general| general != shape)
            .collect()
    }

    /// Adds a template, and merges into it what it covers.
    fn add(&mut self, shape: Shape) -> TemplateId {
        let text = shape.text();
        let id = template_id(&text);
        self.changes.created.push((id, text));
        self.insert(shape, None);
        for covered in self.covered_by(id) {
            self.changes.merged.push((covered, id));
            self.mark_merged(covered, id);
        }
        id
    }

    /// The template of a text that stands for lines which found no place, made at the first need.
    pub(crate) fn general(&mut self, masked: &[u8]) -> TemplateId {
        let shape = Shape::parse(masked);
        let id = template_id(&shape.text());
        if self.by_id.contains_key(&id) {
            return self.resolve(id);
        }
        self.add(shape)
    }

    /// Whether `id` was learnt after the first `count` templates.
    pub(crate) fn is_since(&self, id: TemplateId, count: usize) -> bool {
        self.by_id
            .get(&id)
            .is_some_and(|index| *index as usize >= count)
    }

    /// Live templates, other than `id`, whose every line is an instance of `id`.
    fn covered_by(&self, id: TemplateId) -> Vec<TemplateId> {
        let Some(general) = self.shape(id) else {
            return Vec::new();
        };
        let any = Some(Slot::Any);
        let variable = general
            .tokens
            .iter()
            .filter(|token| general.core_slot(token) == any);
        self.groups[general.tokens.len()]
            .near(general, variable.count(), 0)
            .map(|index| &self.templates[index as usize])
            .filter(|learnt| {
                learnt.merged_into.is_none() && learnt.id != id && general.covers(&learnt.shape)
            })
            .map(|learnt| learnt.id)
            .collect()
    }

    /// Puts a template where it will be found; a text that is known already stays as it is.
    pub(crate) fn insert(&mut self, shape: Shape, merged_into: Option<TemplateId>) -> TemplateId {
        let text = shape.text();
        let id = template_id(&text);
        if self.by_id.contains_key(&id) {
            return id;
        }
        let token_count = shape.tokens.len();
        let index = Index::try_from(self.templates.len())
            .expect("the limit of templates is far below 2^32");
        if self.groups.len() <= token_count {
            self.groups.resize_with(token_count + 1, Group::default);
            self.generations.resize(token_count + 1, 0);
        }
        let any_count = shape.any_count();
        if any_count > 0 {
            self.generations[token_count] = self.generations[token_count].wrapping_add(1);
        }
        if let Some(first) = shape.tokens.first() {
            *self.per_first.entry(first.erased).or_default() += 1;
        }
        self.groups[token_count].all.push(index);
        self.groups[token_count].rows.extend(short_hashes(&shape));
        self.by_id.insert(id, index);
        self.templates.push(Learnt {
            id,
            text: text.into(),
            shape,
            any_count,
            merged_into,
        });
        if merged_into.is_none() {
            self.live_count += 1;
            self.live_list(index).push(index);
        }
        id
    }

    /// The list in which a live template is found.
    fn live_list(&mut self, index: Index) -> &mut Vec<Index> {
        let Learnt {
            shape, any_count, ..
        } = &self.templates[index as usize];
        let group = &mut self.groups[shape.tokens.len()];
        match shape.tokens.first() {
            _ if *any_count == 0 => group.by_tokens.entry(tokens_hash(shape)).or_default(),
            Some(token) if shape.core_slot(token) != Some(Slot::Any) => {
                group.by_first.entry(token.erased).or_default()
            }
            _ => &mut group.any_first,
        }
    }

    /// Makes `from` a merged template.
    pub(crate) fn mark_merged(&mut self, from: TemplateId, into: TemplateId) {
        let Some(&index) = self.by_id.get(&from) else {
            return;
        };
        let learnt = &mut self.templates[index as usize];
        if from == into || learnt.merged_into.replace(into).is_some() {
            return;
        }
        let token_count = learnt.shape.tokens.len();
        self.live_count -= 1;
        self.live_list(index).retain(|other| *other != index);
        self.generations[token_count] = self.generations[token_count].wrapping_add(1);
    }

    /// Lets an id that is not the hash of its text stand for the template of that text.
    pub(crate) fn alias(&mut self, id: TemplateId, of: TemplateId) {
        if id != of && !self.by_id.contains_key(&id) {
            self.aliases.insert(id, of);
        }
    }
}

/// Places of a line, one bit each; the last bit stands for all from 127 on.
type Places = u128;

/// The places where two shapes of one length differ in more than the kinds of their slots;
/// `None` when there are too many for one message.
fn differing(a: &Shape, b: &Shape) -> Option<Places> {
    let mut places: Places = 0;
    let (mut all, mut words) = (0, 0);
    for (place, (mine, theirs)) in a.tokens.iter().zip(&b.tokens).enumerate() {
        if mine.erased != theirs.erased {
            all += 1;
            words += usize::from(a.core_slot(mine).is_none() && b.core_slot(theirs).is_none());
            if all > MAX_PLACES || words > MAX_WORD_PLACES {
                return None;
            }
            places |= 1 << place.min(127);
        }
    }
    Some(places)
}

fn listed(places: Places) -> Vec<usize> {
    (0..128).filter(|place| places >> place & 1 == 1).collect()
}

/// What members that are alike outside `places` are enough evidence for: with equal outer parts,
/// and with any.
fn general_shapes(members: Vec<&Shape>, places: &[usize]) -> Vec<Shape> {
    let alike = evidence::with_same_hulls(&members, places);
    let all = (alike.len() < members.len()).then_some(members);
    [Some(alike), all]
        .into_iter()
        .flatten()
        .filter(|members| members.len() > 1 && evidence::suffices(members, places))
        .filter_map(|members| join(&members))
        .collect()
}

/// The least general shape that covers all members; `None` when glued tokens cannot be generalised.
fn join(members: &[&Shape]) -> Option<Shape> {
    let first = members[0];
    let mut masked = Vec::with_capacity(first.masked.len());
    for (place, token) in first.tokens.iter().enumerate() {
        if token.range.start > 0 && first.masked[token.range.start - 1] == b' ' {
            masked.push(b' ');
        }
        if members
            .iter()
            .all(|shape| shape.tokens[place].erased == token.erased)
        {
            for offset in 0..token.range.len() {
                let byte = |shape: &Shape| shape.masked[shape.tokens[place].range.start + offset];
                let joined = members
                    .iter()
                    .filter_map(|shape| Slot::from_code(byte(shape)))
                    .reduce(Slot::join);
                masked.push(joined.map_or(byte(first), Slot::code));
            }
            continue;
        }
        let hull = first.hull(token);
        if members.iter().all(|shape| {
            let other = &shape.tokens[place];
            shape.hull(other) == hull && other.is_glued == token.is_glued
        }) {
            masked.extend_from_slice(hull.0);
            masked.push(Slot::Any.code());
            masked.extend_from_slice(hull.1);
        } else if members.iter().any(|shape| shape.tokens[place].is_glued) {
            return None;
        } else {
            masked.push(Slot::Any.code());
        }
    }
    let shape = Shape::parse(&masked);
    (shape.tokens.len() == first.tokens.len()).then_some(shape)
}
