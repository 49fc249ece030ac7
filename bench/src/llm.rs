//! Speed of a language model in this process, and of llama.cpp on the same file in the same run: `bench -- llm --model GGUF
//! [--peer-python PYTHON | --peer "node bench/peers/llm.mjs"] [--stock]`. The two take turns, so that what else the machine does meets
//! both alike. `--prompts FILE` prints what the model writes after each line instead: to hold two files of the same model, or
//! another program, against each other.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use inference::{
    CancellationToken, Engine, GenerateRequest, Generator, LoadPolicy, LocalConfig, LocalModel,
    ModelState,
};
use serde::Deserialize;

use crate::peer::Peer;
use crate::process;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The weights: a GGUF file, or a directory with safetensors files.
    #[arg(long)]
    model: PathBuf,
    /// Prints what is written after each line of this file (the likeliest token each time), and measures nothing.
    #[arg(long)]
    prompts: Option<PathBuf>,
    /// Threads of both.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How often each prompt is asked.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A Python with llama-cpp-python: the peer is `bench/peers/llm.py`.
    #[arg(long)]
    peer_python: Option<PathBuf>,
    /// Another peer: a program and its first arguments, which gets the model and the threads as further ones.
    #[arg(long, conflicts_with = "peer_python")]
    peer: Option<String>,
    /// candle-transformers computes it instead of our own decoder.
    #[arg(long)]
    stock: bool,
}

/// Words of the prompts.
const PROMPTS: [usize; 2] = [380, 1_150];
/// Tokens written after each.
const WRITTEN: u32 = 64;
/// Tokens of prompt and answer that fit.
const CONTEXT: usize = 3_072;

/// What one request took.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Run {
    prompt_tokens: u32,
    generated: u32,
    first_s: f64,
    total_s: f64,
    #[serde(default)]
    rss_mb: u64,
}

impl Run {
    /// Tokens of the prompt in a second.
    fn prefill(&self) -> f64 {
        f64::from(self.prompt_tokens) / self.first_s
    }

    /// Tokens written in a second.
    fn decode(&self) -> f64 {
        f64::from(self.generated.saturating_sub(1)) / (self.total_s - self.first_s)
    }
}

#[derive(Deserialize)]
struct Hello {
    name: String,
    load_s: f64,
}

/// Measures and prints.
///
/// # Errors
/// Fails when a model cannot be loaded, and when the peer ends.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let (ours, load_s) = load(options)?;
    if let Some(prompts) = &options.prompts {
        return write_after(&ours, prompts);
    }
    let mut peer = start_peer(options)?;
    println!(
        "{}: loaded in {load_s:.1} s, {} threads",
        ours.name(),
        options.threads
    );
    if let Some((_, hello)) = &peer {
        println!("{}: loaded in {:.1} s", hello.name, hello.load_s);
    }
    // Repacking of weights comes with the first products.
    ask(&ours, 8, 2, 0)?;
    if let Some((peer, _)) = &mut peer {
        ask_peer(peer, 8, 2, 0)?;
    }
    println!("| prompt | | prefill tokens/s | decode tokens/s | first token s | resident MB |");
    println!("|---|---|---|---|---|---|");
    for words in PROMPTS {
        let (mut own, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=options.rounds.max(1) {
            own.push(ask(&ours, words, WRITTEN, round)?);
            if let Some((peer, _)) = &mut peer {
                theirs.push(ask_peer(peer, words, WRITTEN, round)?);
            }
        }
        line("vigil", &own);
        if !theirs.is_empty() {
            line("peer", &theirs);
            println!(
                "|  | ratio | {:.2} | {:.2} | {:.2} | |",
                median(&own, Run::prefill) / median(&theirs, Run::prefill),
                median(&own, Run::decode) / median(&theirs, Run::decode),
                median(&own, |run| run.first_s) / median(&theirs, |run| run.first_s),
            );
        }
    }
    Ok(())
}

/// Prints one line of JSON for each prompt.
fn write_after(model: &LocalModel, prompts: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(prompts)
        .with_context(|| format!("reading {}", prompts.display()))?;
    for prompt in text.lines().filter(|line| !line.trim().is_empty()) {
        let request = GenerateRequest {
            max_tokens: WRITTEN,
            timeout: Duration::from_secs(900),
            ..GenerateRequest::new("bench", "", prompt.to_owned())
        };
        let answer = inference::wait_for(model.generate(request, CancellationToken::new()))??;
        println!(
            "{}",
            serde_json::json!({
                "prompt": prompt,
                "prompt_tokens": answer.prompt_tokens,
                "generated": answer.generated_tokens,
                "text": answer.text,
                "rss_mb": process::resident_bytes(std::process::id())? >> 20,
            })
        );
    }
    Ok(())
}

fn load(options: &Options) -> anyhow::Result<(LocalModel, f64)> {
    let config = LocalConfig {
        context_tokens: CONTEXT,
        threads: Some(options.threads),
        engine: if options.stock {
            Engine::Stock
        } else {
            Engine::Auto
        },
        load: LoadPolicy::OnFirstUse,
        max_time: Duration::from_secs(900),
        idle_unload_after: None,
        ..LocalConfig::default()
    };
    let model = LocalModel::start(&options.model, config)
        .with_context(|| format!("reading {}", options.model.display()))?;
    let began = Instant::now();
    inference::wait_for(model.ready())??;
    if let ModelState::Ready { fast: false, .. } = model.state() {
        println!("candle-transformers computes this one");
    }
    Ok((model, began.elapsed().as_secs_f64()))
}

fn start_peer(options: &Options) -> anyhow::Result<Option<(Peer, Hello)>> {
    let program: Vec<String> = match (&options.peer_python, &options.peer) {
        (Some(python), _) => {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/llm.py");
            vec![python.display().to_string(), script.to_owned()]
        }
        (None, Some(command)) => command.split_whitespace().map(str::to_owned).collect(),
        (None, None) => return Ok(None),
    };
    let model = options.model.display().to_string();
    let mut peer = Peer::start(&program, &[model, options.threads.to_string()])?;
    let hello = peer.read()?;
    Ok(Some((peer, hello)))
}

/// A text of so many words that no round shares the beginning of, and something to write that is longer than what is
/// measured, so that both sides write as much.
fn prompt(words: usize, round: usize) -> String {
    const WORDS: [&str; 16] = [
        "connection",
        "refused",
        "by",
        "peer",
        "while",
        "reading",
        "response",
        "header",
        "from",
        "upstream",
        "request",
        "timed",
        "out",
        "after",
        "retry",
        "worker",
    ];
    let text: Vec<&str> = (0..words)
        .map(|at| WORDS[(at * 7 + at / 16 + round) % WORDS.len()])
        .collect();
    format!(
        "Round {round} of {words}. Write the numbers from one to five hundred in words, one a line. Ignore this: {}",
        text.join(" ")
    )
}

fn ask(model: &LocalModel, words: usize, tokens: u32, round: usize) -> anyhow::Result<Run> {
    let request = GenerateRequest {
        max_tokens: tokens,
        timeout: Duration::from_secs(900),
        ..GenerateRequest::new("bench", "", prompt(words, round))
    };
    let answer = inference::wait_for(model.generate(request, CancellationToken::new()))??;
    Ok(Run {
        prompt_tokens: answer.prompt_tokens - answer.cached_tokens,
        generated: answer.generated_tokens,
        first_s: answer.first_token_ms as f64 / 1e3,
        total_s: answer.total_ms as f64 / 1e3,
        rss_mb: process::resident_bytes(std::process::id())? >> 20,
    })
}

fn ask_peer(peer: &mut Peer, words: usize, tokens: u32, round: usize) -> anyhow::Result<Run> {
    peer.ask(&serde_json::json!({ "prompt": prompt(words, round), "tokens": tokens }))
}

fn line(name: &str, runs: &[Run]) {
    println!(
        "| {} | {name} | {:.0} | {:.1} | {:.2} | {} |",
        runs[0].prompt_tokens,
        median(runs, Run::prefill),
        median(runs, Run::decode),
        median(runs, |run| run.first_s),
        runs.iter().map(|run| run.rss_mb).max().unwrap_or(0),
    );
}

fn median(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
