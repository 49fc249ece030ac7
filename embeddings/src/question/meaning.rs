//! What a question means: its vector, and the ideas that it is near to without saying them.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock};

use crate::index::NearIdea;
use crate::{Result, vocabulary};

/// Questions whose vectors are kept, the newest: an answer looks for one several times.
const REMEMBERED: usize = 256;
/// Ideas that are encoded at once: the vectors of all of them are made while the server works.
const IDEAS_AT_ONCE: usize = 32;
/// Ideas that a question is taken to be near to.
const NEAREST: usize = 8;
/// Of those, what a question is widened by that says few itself.
const WIDENED_BY: usize = 2;
/// How fast an idea loses weight below the nearest one: half at 0.046 of cosine. As [`WEIGHT`] chosen on made-up
/// questions about programs that the vocabulary was not made for, where recall@10 rose by 0.017.
const SHARPNESS: f32 = 15.0;
/// What all near ideas together weigh; one that a word tells weighs 1.
const WEIGHT: f32 = 2.0;

/// Turns texts into vectors, one each, in order.
type Encode<'it> = dyn Fn(&[&str]) -> Result<Vec<Vec<f32>>> + Send + Sync + 'it;

/// What compares questions by meaning: an encoder, the vectors of all ideas of the vocabulary, and those of the
/// last questions.
pub struct Meaning<'it> {
    encode: Box<Encode<'it>>,
    /// One a group of the vocabulary, L2-normalised.
    ideas: OnceLock<Vec<Vec<f32>>>,
    asked: Mutex<VecDeque<(String, Asked)>>,
}

/// A question as it is looked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// L2-normalised.
    pub(super) vector: Option<Vec<f32>>,
    pub(super) ideas: Vec<NearIdea>,
}

impl<'it> Meaning<'it> {
    /// `encode` turns texts into L2-normalised vectors of one length, one each, in order.
    pub fn new(encode: impl Fn(&[&str]) -> Result<Vec<Vec<f32>>> + Send + Sync + 'it) -> Self {
        Self {
            encode: Box::new(encode),
            ideas: OnceLock::new(),
            asked: Mutex::new(VecDeque::new()),
        }
    }

    /// Makes the vectors of all ideas, about 620 short texts, unless they are there. Until then questions are
    /// compared without them. Blocks.
    ///
    /// # Errors
    /// When the encoder fails.
    pub fn learn_ideas(&self) -> Result<()> {
        if self.ideas.get().is_some() {
            return Ok(());
        }
        let texts = vocabulary::said_texts();
        let mut vectors = Vec::with_capacity(texts.len());
        for chunk in texts.chunks(IDEAS_AT_ONCE) {
            let chunk: Vec<&str> = chunk.iter().map(String::as_str).collect();
            vectors.extend((self.encode)(&chunk)?);
        }
        if self.ideas.set(vectors).is_ok()
            && let Ok(mut asked) = self.asked.lock()
        {
            asked.clear();
        }
        Ok(())
    }

    /// What a text asks for.
    pub(super) fn of(&self, text: &str) -> Result<Asked> {
        if let Ok(asked) = self.asked.lock()
            && let Some((_, known)) = asked.iter().find(|(known, _)| known == text)
        {
            return Ok(known.clone());
        }
        let mut vectors = (self.encode)(&[text])?;
        let ideas = match (self.ideas.get(), vectors.first()) {
            (Some(ideas), Some(vector)) => nearest(ideas, vector),
            _ => Vec::new(),
        };
        let near: Vec<usize> = ideas.iter().take(WIDENED_BY).map(|it| it.idea).collect();
        let widened = vocabulary::widened(text, &near);
        let translated = vocabulary::translated(text).filter(|told| told != text);
        let others: Vec<&str> = widened
            .as_deref()
            .into_iter()
            .chain(translated.as_deref())
            .collect();
        if !others.is_empty() {
            vectors.extend((self.encode)(&others)?);
        }
        let asked = Asked {
            vector: middle(vectors),
            ideas,
        };
        if let Ok(mut memory) = self.asked.lock() {
            memory.push_front((text.to_owned(), asked.clone()));
            memory.truncate(REMEMBERED);
        }
        Ok(asked)
    }
}

/// The middle of vectors, L2-normalised.
fn middle(vectors: Vec<Vec<f32>>) -> Option<Vec<f32>> {
    vectors.into_iter().reduce(add).map(|mut sum| {
        let length = product(&sum, &sum).sqrt();
        if length > 0.0 {
            sum.iter_mut().for_each(|value| *value /= length);
        }
        sum
    })
}

fn add(mut sum: Vec<f32>, vector: Vec<f32>) -> Vec<f32> {
    for (value, other) in sum.iter_mut().zip(vector) {
        *value += other;
    }
    sum
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The ideas nearest to a question and their weights, a softmax over their cosines.
fn nearest(ideas: &[Vec<f32>], question: &[f32]) -> Vec<NearIdea> {
    let mut near: Vec<(usize, f32)> = ideas
        .iter()
        .map(|vector| product(vector, question))
        .enumerate()
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1));
    near.truncate(NEAREST);
    let most = near.first().map_or(0.0, |it| it.1);
    let share = |cosine: f32| (SHARPNESS * (cosine - most)).exp();
    let all: f32 = near.iter().map(|it| share(it.1)).sum();
    near.into_iter()
        .map(|(idea, cosine)| NearIdea {
            idea,
            weight: WEIGHT * share(cosine) / all,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ideas_share_their_weight() {
        let ideas = vec![vec![1.0, 0.0], vec![0.8, 0.6], vec![0.0, 1.0]];
        let near = nearest(&ideas, &[1.0, 0.0]);
        let order: Vec<usize> = near.iter().map(|it| it.idea).collect();
        assert_eq!(order, [0, 1, 2]);
        let all: f32 = near.iter().map(|it| it.weight).sum();
        assert!((all - WEIGHT).abs() < 1e-5);
        assert!(near[0].weight > 10.0 * near[1].weight);
        assert!(nearest(&[], &[1.0, 0.0]).is_empty());
    }

    #[test]
    fn a_question_is_encoded_once_until_the_ideas_are_there() {
        let calls = std::sync::atomic::AtomicUsize::new(0);
        let meaning = Meaning::new(|texts: &[&str]| {
            calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(vec![vec![1.0, 0.0]; texts.len()])
        });
        assert!(meaning.of("hackers").unwrap().ideas.is_empty());
        meaning.of("hackers").unwrap();
        // As it is, and then widened and translated.
        assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), 2);
        meaning.learn_ideas().unwrap();
        let learnt = calls.load(std::sync::atomic::Ordering::Relaxed);
        meaning.learn_ideas().unwrap();
        assert_eq!(calls.load(std::sync::atomic::Ordering::Relaxed), learnt);
        assert_eq!(meaning.of("hackers").unwrap().ideas.len(), NEAREST);
    }

    #[test]
    fn what_the_encoder_refuses_is_told() {
        let meaning = Meaning::new(|_: &[&str]| Err(crate::Error::Encode("no".into())));
        assert!(meaning.learn_ideas().is_err());
        assert!(meaning.of("hackers").is_err());
    }
}
