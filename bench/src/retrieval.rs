//! Questions of people against templates: `bench -- retrieval --data DIR [--model-dir DIR]`.
//!
//! The templates are mined out of the sets of loghub, all systems together in one index, and looked for through
//! `embeddings::retrieve`, as the server does. The questions are the project's own (`questions/retrieval.jsonl`:
//! what is asked, in which style, and the ids of the events that answer it). Half of the needs tuned the
//! vocabulary; only the other half tells how good it is.

mod corpus;
mod padding;
mod questions;
mod score;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use domain::{ProjectId, TemplateId};
use embeddings::{
    EdgeIndex, Encoder, EncoderConfig, IndexHit, IndexPoint, IndexQuery, IndexSchema, Meaning,
    Said, VectorIndex,
};

use self::corpus::Corpus;
use self::questions::Question;
use self::score::Scores;
use crate::latency::Latencies;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The folder with a folder `loghub`, or that folder itself.
    #[arg(long)]
    data: PathBuf,
    /// Folder with the embedding model; words and ideas only otherwise.
    #[arg(long)]
    model_dir: Option<PathBuf>,
    /// Templates in the index where latency is measured.
    #[arg(long, default_value_t = 5_000)]
    templates: usize,
    /// Prints the questions of the tuning half that miss something, with what was found.
    #[arg(long)]
    misses: bool,
}

/// Hits that count.
const DEPTH: usize = 10;
/// What the server asks the index for.
const HITS: usize = 100;
const DIMENSION_WITHOUT_MODEL: usize = 384;

/// Measures and prints.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = Some(options.data.join("loghub"))
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(|| options.data.clone());
    let questions = questions::read()?;
    let corpus = Corpus::read(&folder)?;
    corpus.check(&questions)?;
    println!(
        "{} questions over {} templates mined from {} lines of {} systems, one index",
        questions.len(),
        corpus.templates.len(),
        corpus.lines,
        corpus.systems.len()
    );
    let encoder = options
        .model_dir
        .as_deref()
        .map(|folder| Encoder::load(folder, EncoderConfig::default()))
        .transpose()
        .context("loading the embedding model")?;
    if let Some(encoder) = &encoder {
        let mut bed = Bed::new(&corpus, Some(encoder))?;
        bed.judge("meaning, words and ideas", &questions, options.misses)?;
        bed.time(options.templates, &questions)?;
    }
    let mut bed = Bed::new(&corpus, None)?;
    let misses = options.misses && encoder.is_none();
    bed.judge("words and ideas, no model", &questions, misses)?;
    bed.time(options.templates, &questions)
}

/// An index of the corpus.
struct Bed<'it> {
    corpus: &'it Corpus,
    encoder: Option<&'it Encoder>,
    meaning: Option<Meaning<'it>>,
    index: EdgeIndex,
    _folder: tempfile::TempDir,
}

impl<'it> Bed<'it> {
    fn new(corpus: &'it Corpus, encoder: Option<&'it Encoder>) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let index = open(folder.path(), encoder)?;
        let mut points = corpus.points(project());
        if let Some(encoder) = encoder {
            let texts = corpus.meanings();
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let started = Instant::now();
            let vectors = encoder.encode(&borrowed)?;
            println!(
                "embedding: {:.0} templates/s on {} threads",
                texts.len() as f64 / started.elapsed().as_secs_f64(),
                encoder.threads()
            );
            for (point, vector) in points.iter_mut().zip(vectors) {
                point.vector = Some(vector);
            }
        }
        index.upsert(&points)?;
        index.flush()?;
        Ok(Self {
            corpus,
            encoder,
            meaning: encoder.map(learnt).transpose()?,
            index,
            _folder: folder,
        })
    }

    fn ask(&self, text: &str) -> anyhow::Result<Vec<IndexHit>> {
        let query = IndexQuery {
            project_id: project(),
            text: text.to_owned(),
            vector: None,
            ideas: Vec::new(),
            services: Vec::new(),
            min_severity: None,
            limit: HITS,
        };
        let said = |id: TemplateId| self.corpus.said(id);
        let said: &dyn Fn(TemplateId) -> Option<Said> = &said;
        Ok(embeddings::retrieve(
            &self.index,
            query,
            self.meaning.as_ref(),
            said,
        )?)
    }

    /// Asks everything and prints how good the answers are.
    fn judge(&self, title: &str, questions: &[Question], misses: bool) -> anyhow::Result<()> {
        let mut scores = Scores::default();
        for question in questions {
            let hits = self.ask(&question.text)?;
            let found: Vec<&corpus::Mined> = hits
                .iter()
                .take(DEPTH)
                .filter_map(|hit| self.corpus.templates.get(&hit.template_id))
                .collect();
            let outcome = scores.add(question, &found);
            if misses && question.is_tuning() && outcome.recall < 1.0 {
                println!(
                    "{:.2} [{}] {}",
                    outcome.recall, question.style, question.text
                );
                for it in found.iter().take(3) {
                    println!("       {}", it.readable);
                }
            }
        }
        println!("{title}\n{scores}");
        Ok(())
    }

    /// Fills the index up and prints how long a question takes.
    fn time(&mut self, templates: usize, questions: &[Question]) -> anyhow::Result<()> {
        // One that does not know the questions already.
        self.meaning = self.encoder.map(learnt).transpose()?;
        let more = templates.saturating_sub(self.corpus.templates.len());
        let dimension = self.encoder.map(Encoder::dimension);
        let points: Vec<IndexPoint> = padding::points(project(), more, dimension);
        self.index.upsert(&points)?;
        self.index.flush()?;
        let mut times = Vec::with_capacity(questions.len());
        for (number, question) in questions.iter().enumerate() {
            let started = Instant::now();
            self.ask(&question.text)?;
            // The first ones warm it.
            if number >= DEPTH {
                times.push(started.elapsed());
            }
        }
        let count = self.index.count(project())?;
        println!("  {count} templates: {}\n", Latencies::new(&times));
        Ok(())
    }
}

fn learnt(encoder: &Encoder) -> anyhow::Result<Meaning<'_>> {
    let meaning = Meaning::new(|texts: &[&str]| encoder.encode(texts));
    meaning.learn_ideas()?;
    Ok(meaning)
}

fn project() -> ProjectId {
    ProjectId::from_parts(0, [0; 10])
}

fn open(folder: &Path, encoder: Option<&Encoder>) -> anyhow::Result<EdgeIndex> {
    let schema = IndexSchema {
        model: "bench".to_owned(),
        dimension: encoder.map_or(DIMENSION_WITHOUT_MODEL, Encoder::dimension),
    };
    Ok(EdgeIndex::open(folder, &schema)?)
}
