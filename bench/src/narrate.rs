//! Summaries of the scenario suite: `bench -- narrate [--model GGUF]`. How many are true to their story by a check that
//! knows nothing of how they are written, how many of the key facts they tell, and how many texts of a model are accepted.

mod check;
mod cover;
mod play;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use domain::{Sentence, Summary, SummaryAuthor};
use inference::{
    CancellationToken, Generator, LoadPolicy, LocalConfig, LocalModel, PhraseBudget, SummaryFacts,
};
use testkit::scenario::{Story, scenarios};

pub(crate) use play::facts;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// A language model (GGUF) that phrases; only the rules otherwise.
    #[arg(long)]
    model: Option<PathBuf>,
    /// How often each scenario is played.
    #[arg(long, default_value_t = 8)]
    seeds: u64,
    /// The seed of its first play.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Only the scenario of this name.
    #[arg(long)]
    only: Option<String>,
    /// Prints each summary as it is forwarded.
    #[arg(long)]
    print: bool,
}

#[derive(Default)]
struct Tally {
    stories: usize,
    summaries: usize,
    faithful: usize,
    covered: [usize; 5],
    wrong: Vec<String>,
    uncovered: Vec<String>,
    /// Texts of a model: asked for, accepted, true to the story.
    asked: usize,
    accepted: usize,
    true_texts: usize,
    refused: BTreeMap<String, usize>,
    seconds: Vec<f64>,
}

/// Plays the suite and prints the figures.
///
/// # Errors
/// Fails when there is nothing to play, and when the model cannot be loaded.
pub fn run(options: &Options) -> anyhow::Result<()> {
    inference::wait_for(measure(options))?
}

async fn measure(options: &Options) -> anyhow::Result<()> {
    let model = match &options.model {
        Some(path) => Some(load(path).await?),
        None => None,
    };
    let mut tally = Tally::default();
    let is_wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    for scenario in scenarios().iter().filter(|s| is_wanted(s.name)) {
        for seed in options.first_seed..options.first_seed + options.seeds {
            let story = scenario.play(seed);
            if story.root.is_none() {
                continue;
            }
            tally.stories += 1;
            let Some(facts) = play::facts(&story) else {
                continue;
            };
            let draft = inference::draft_summary(&facts);
            let name = format!("{} seed {seed}", story.name);
            tally.hold(&name, &story, &facts, &draft);
            if options.print {
                println!(
                    "== {name} (root {}, {})",
                    story.root.as_deref().unwrap_or(""),
                    story.class
                );
                print(&draft);
            }
            if let Some(model) = &model {
                tally
                    .phrase(&name, model, &story, &facts, draft, options.print)
                    .await;
            }
        }
    }
    anyhow::ensure!(tally.summaries > 0, "nothing of that name is there to play");
    tally.print(model.as_ref().map(Generator::name));
    Ok(())
}

async fn load(path: &std::path::Path) -> anyhow::Result<LocalModel> {
    let config = LocalConfig {
        load: LoadPolicy::OnFirstUse,
        ..LocalConfig::default()
    };
    let model =
        LocalModel::start(path, config).with_context(|| format!("reading {}", path.display()))?;
    model.ready().await?;
    Ok(model)
}

impl Tally {
    fn hold(&mut self, name: &str, story: &Story, facts: &SummaryFacts, summary: &Summary) {
        self.summaries += 1;
        let wrong = check::check(story, facts, summary);
        self.faithful += usize::from(wrong.is_empty());
        self.wrong
            .extend(wrong.into_iter().map(|what| format!("{name}: {what}")));
        let covered = cover::covered(story, facts, summary);
        for (at, is_told) in covered.into_iter().enumerate() {
            self.covered[at] += usize::from(is_told);
            if !is_told {
                self.uncovered.push(format!("{name}: {}", cover::KEYS[at]));
            }
        }
    }

    async fn phrase(
        &mut self,
        name: &str,
        model: &LocalModel,
        story: &Story,
        facts: &SummaryFacts,
        draft: Summary,
        is_printed: bool,
    ) {
        let began = Instant::now();
        let mut budget = PhraseBudget::new(0x5eed_0000 + self.asked as u64);
        budget.timeout = Duration::from_secs(120);
        let stop = CancellationToken::new();
        let summary = inference::phrase_summary(model, facts, draft.clone(), &budget, stop).await;
        match &summary.author {
            SummaryAuthor::Rules => return,
            SummaryAuthor::Model { .. } => {
                self.accepted += 1;
                let is_new = |s: &&Sentence| !draft.what_happened.contains(s);
                let written: Vec<&Sentence> = summary.what_happened.iter().filter(is_new).collect();
                let mut wrong = check::check_written(facts, &written);
                wrong.extend(check::check(story, facts, &summary));
                self.true_texts += usize::from(wrong.is_empty());
                self.wrong.extend(
                    wrong
                        .into_iter()
                        .map(|what| format!("{name}, model: {what}")),
                );
            }
            SummaryAuthor::RulesAfterRejection { reason, .. } => {
                *self.refused.entry(reason.clone()).or_default() += 1;
            }
        }
        self.asked += 1;
        self.seconds.push(began.elapsed().as_secs_f64());
        if is_printed {
            println!("-- phrased by {:?}", summary.author);
            print(&summary);
        }
    }

    fn print(&mut self, model: Option<&str>) {
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        println!(
            "{} incidents, {} opened and summarised: true to their story {:.3}",
            self.stories,
            self.summaries,
            share(self.faithful, self.summaries)
        );
        let told: usize = self.covered.iter().sum();
        println!("key facts told {:.3}:", share(told, 5 * self.summaries));
        for (name, count) in cover::KEYS.iter().zip(self.covered) {
            println!("  {name:<15} {:.3}", share(count, self.summaries));
        }
        show("not true", &self.wrong);
        show("not told", &self.uncovered);
        let Some(name) = model else { return };
        self.seconds.sort_by(f64::total_cmp);
        println!(
            "{name}: {} texts, accepted {:.3}, of these true by the own check {:.3}; median {:.1} s, slowest {:.1} s",
            self.asked,
            share(self.accepted, self.asked),
            share(self.true_texts, self.accepted),
            self.seconds.get(self.seconds.len() / 2).unwrap_or(&0.0),
            self.seconds.last().unwrap_or(&0.0),
        );
        let mut refused: Vec<(&String, &usize)> = self.refused.iter().collect();
        refused.sort_by(|a, b| b.1.cmp(a.1));
        for (reason, count) in refused.into_iter().take(12) {
            println!("  refused {count}: {reason}");
        }
    }
}

fn show(what: &str, lines: &[String]) {
    const SHOWN: usize = 12;
    for line in lines.iter().take(SHOWN) {
        println!("  {what}: {line}");
    }
    if lines.len() > SHOWN {
        println!("  {what}: {} more", lines.len() - SHOWN);
    }
}

fn print(summary: &Summary) {
    println!("{}\n", summary.headline);
    for sentence in summary.what_happened.iter().chain(&summary.impact) {
        println!("{} {:?}", sentence.text, sentence.citations);
    }
    for entry in &summary.timeline {
        println!(
            "  {} {}",
            domain::format_timestamp_short(entry.at_ns),
            entry.text
        );
    }
    for suspect in &summary.suspects {
        println!(
            "  suspect {} {:.2}: {}",
            suspect.name, suspect.score, suspect.reason
        );
    }
    println!();
}
