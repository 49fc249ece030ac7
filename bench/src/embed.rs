//! Speed of the encoder, and of ONNX Runtime on the same weights in the same run, and how equal their vectors are: `bench --
//! embed --model-dir DIR [--peer-python PYTHON] [--reference FILE]`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use embeddings::{Encoder, EncoderConfig, Precision};
use serde::Deserialize;

use crate::peer::Peer;
use crate::process;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Folder with config.json, tokenizer.json and model.safetensors.
    #[arg(long)]
    model_dir: PathBuf,
    /// Threads of both.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How often each side encodes the texts; the sides take turns, and who begins changes.
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Texts of a round: short rounds, because others may use the machine meanwhile.
    #[arg(long, default_value_t = 300)]
    texts: usize,
    /// A file with a text per line, instead of made ones.
    #[arg(long)]
    lines: Option<PathBuf>,
    /// A Python with onnxruntime and tokenizers: the peer is `bench/peers/embed.py`.
    #[arg(long)]
    peer_python: Option<PathBuf>,
    /// The f32 graph for the peer; it writes one from the weights otherwise.
    #[arg(long)]
    graph: Option<PathBuf>,
    /// Texts with their vectors, `{"text": ..., "vector": [...]}` a line, to compare with.
    #[arg(long)]
    reference: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Known {
    text: String,
    vector: Vec<f32>,
}

#[derive(Deserialize)]
struct Hello {
    name: String,
}

#[derive(Deserialize)]
struct Encoded {
    seconds: f64,
    vectors: Vec<Vec<f32>>,
}

/// Our encoder in one precision, or the peer.
struct Side {
    name: String,
    work: Work,
    /// Texts a second, a value per round.
    rates: Vec<f64>,
    vectors: Vec<Vec<f32>>,
}

enum Work {
    Ours(Box<Encoder>),
    Peer(Peer),
}

/// Measures and prints.
///
/// # Errors
/// Fails when the model cannot be loaded, when the peer ends, and when the reference cannot be read.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let texts = match &options.lines {
        Some(path) => read_lines(path, options.texts)?,
        None => texts(options.texts),
    };
    let mut sides = sides(options)?;
    for round in 0..options.rounds.max(1) {
        let first = round % sides.len();
        for at in (first..sides.len()).chain(0..first) {
            sides[at].turn(&texts)?;
        }
    }
    println!(
        "{} texts, {} threads, resident {} MB",
        texts.len(),
        options.threads,
        process::resident_bytes(std::process::id())? >> 20
    );
    print(&sides);
    Ok(())
}

/// Ours in both precisions, then the peer if there is one.
fn sides(options: &Options) -> anyhow::Result<Vec<Side>> {
    let mut sides = Vec::new();
    for precision in [Precision::Integer16, Precision::Float32] {
        let began = Instant::now();
        let config = EncoderConfig {
            threads: NonZeroUsize::new(options.threads),
            precision: Some(precision),
            ..EncoderConfig::default()
        };
        let encoder = Encoder::load(&options.model_dir, config)?;
        println!(
            "{encoder:?} loaded in {:.2} s",
            began.elapsed().as_secs_f64()
        );
        if let Some(path) = &options.reference {
            compare(&encoder, path)?;
        }
        let name = format!("vigil {precision:?}");
        sides.push(Side::new(name, Work::Ours(Box::new(encoder))));
    }
    if let Some((peer, hello)) = start_peer(options)? {
        sides.push(Side::new(hello.name, Work::Peer(peer)));
    }
    Ok(sides)
}

impl Side {
    fn new(name: String, work: Work) -> Self {
        Self {
            name,
            work,
            rates: Vec::new(),
            vectors: Vec::new(),
        }
    }

    fn turn(&mut self, texts: &[String]) -> anyhow::Result<()> {
        let seconds = match &mut self.work {
            Work::Ours(encoder) => {
                let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
                let began = Instant::now();
                self.vectors = encoder.encode(&borrowed)?;
                began.elapsed().as_secs_f64()
            }
            Work::Peer(peer) => {
                let encoded: Encoded = peer.ask(&serde_json::json!(texts))?;
                self.vectors = encoded.vectors;
                encoded.seconds
            }
        };
        anyhow::ensure!(
            self.vectors.len() == texts.len(),
            "{} left texts out",
            self.name
        );
        self.rates.push(texts.len() as f64 / seconds);
        Ok(())
    }
}

/// One line per side; ratio and cosine are those to the last side, the peer, or `f32` where there is none.
fn print(sides: &[Side]) {
    let Some((last, others)) = sides.split_last() else {
        return;
    };
    for side in sides {
        println!("{}: median {:.0} texts/s", side.name, median(&side.rates));
    }
    for side in others {
        // Round by round: what else runs on the machine changes slower than the turns.
        let rounds = side.rates.iter().zip(&last.rates);
        let ratios: Vec<f64> = rounds.map(|(ours, theirs)| ours / theirs).collect();
        println!(
            "{} to {}: median ratio {:.2}, smallest cosine {:.7}",
            side.name,
            last.name,
            median(&ratios),
            smallest(&side.vectors, &last.vectors)
        );
    }
}

fn read_lines(path: &Path, most: usize) -> anyhow::Result<Vec<String>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let lines: Vec<String> = lines.take(most).map(str::to_owned).collect();
    anyhow::ensure!(!lines.is_empty(), "{} holds no text", path.display());
    Ok(lines)
}

fn start_peer(options: &Options) -> anyhow::Result<Option<(Peer, Hello)>> {
    let Some(python) = &options.peer_python else {
        return Ok(None);
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/embed.py").to_owned();
    let program = [python.display().to_string(), script];
    let folder = options.model_dir.display().to_string();
    let mut arguments = vec![folder, options.threads.to_string()];
    arguments.extend(
        options
            .graph
            .as_ref()
            .map(|path| path.display().to_string()),
    );
    let mut peer = Peer::start(&program, &arguments)?;
    let hello = peer.read()?;
    Ok(Some((peer, hello)))
}

fn compare(encoder: &Encoder, path: &Path) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let known: serde_json::Result<Vec<Known>> = lines.map(serde_json::from_str).collect();
    let known = known.with_context(|| format!("reading {}", path.display()))?;
    anyhow::ensure!(!known.is_empty(), "{} holds no vector", path.display());
    let texts: Vec<&str> = known.iter().map(|one| one.text.as_str()).collect();
    let vectors = encoder.encode(&texts)?;
    let theirs: Vec<Vec<f32>> = known.iter().map(|one| one.vector.clone()).collect();
    println!(
        "{} vectors of the reference: smallest cosine {:.7}",
        known.len(),
        smallest(&vectors, &theirs)
    );
    Ok(())
}

/// The smallest cosine between vectors of the same texts.
fn smallest(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> f32 {
    let cosine = |a: &[f32], b: &[f32]| {
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter()
                .zip(b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        (dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()) as f32
    };
    let pairs = ours.iter().zip(theirs);
    pairs
        .map(|(a, b)| cosine(a, b))
        .fold(f32::INFINITY, f32::min)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// What Vigil embeds: patterns with their service and an example, of about forty tokens.
fn texts(count: usize) -> Vec<String> {
    const SERVICES: [&str; 6] = [
        "checkout",
        "orders-db",
        "gateway",
        "mail-relay",
        "search",
        "login",
    ];
    const WHAT: [&str; 8] = [
        "connection to {} refused after {} ms, retrying",
        "request {} answered {} in {} ms",
        "could not write block {} of segment {}: no space left on device",
        "user {} failed to log in from {}: wrong password",
        "queue {} has {} messages, the oldest waits for {} s",
        "certificate of {} expires in {} days",
        "slow query: {} ms, sequential scan on table {}",
        "worker {} stopped: {} jobs were given back",
    ];
    (0..count)
        .map(|at| {
            let (service, what) = (SERVICES[at % SERVICES.len()], WHAT[(at / 3) % WHAT.len()]);
            let example = what.replace("{}", &(1_000 + at * 37).to_string());
            let more = "while the cache was warming up and the pool had no free connection ";
            let tail: String = more.chars().take(at * 13 % more.len()).collect();
            format!("{service}: {} {tail}| {example}", what.replace("{}", ""))
        })
        .collect()
}
