//! Speed of the encoder, and of ONNX Runtime on the same weights in the same run, and how equal their vectors are: `bench --
//! embed --model-dir DIR [--peer-python PYTHON] [--reference FILE]`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use embeddings::{Encoder, EncoderConfig};
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
    /// How often the texts are encoded.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Texts of a round.
    #[arg(long, default_value_t = 1_000)]
    texts: usize,
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

/// Measures and prints.
///
/// # Errors
/// Fails when the model cannot be loaded, when the peer ends, and when the reference cannot be read.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let began = Instant::now();
    let config = EncoderConfig {
        threads: NonZeroUsize::new(options.threads),
        max_tokens: None,
    };
    let encoder = Encoder::load(&options.model_dir, config)?;
    println!(
        "loaded in {:.2} s, {} threads",
        began.elapsed().as_secs_f64(),
        options.threads
    );
    if let Some(path) = &options.reference {
        compare(&encoder, path)?;
    }
    let texts = texts(options.texts);
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut peer = start_peer(options)?;
    let (mut own, mut theirs, mut least) = (Vec::new(), Vec::new(), f32::INFINITY);
    for _ in 0..options.rounds.max(1) {
        let (began, cpu) = (Instant::now(), process::cpu_seconds(std::process::id())?);
        let vectors = encoder.encode(&borrowed)?;
        let seconds = began.elapsed().as_secs_f64();
        let cpu = process::cpu_seconds(std::process::id())? - cpu;
        println!(
            "vigil: {:.0} texts/s, {:.0} texts per CPU-second",
            texts.len() as f64 / seconds,
            texts.len() as f64 / cpu
        );
        own.push(texts.len() as f64 / seconds);
        if let Some((peer, hello)) = &mut peer {
            let encoded: Encoded = peer.ask(&serde_json::json!(texts))?;
            anyhow::ensure!(
                encoded.vectors.len() == texts.len(),
                "the peer left texts out"
            );
            let rate = texts.len() as f64 / encoded.seconds;
            println!("{}: {rate:.0} texts/s", hello.name);
            theirs.push(rate);
            least = least.min(smallest(&vectors, &encoded.vectors));
        }
    }
    println!(
        "resident {} MB",
        process::resident_bytes(std::process::id())? >> 20
    );
    if !theirs.is_empty() {
        let ratio = median(&mut own) / median(&mut theirs);
        println!("ratio of medians {ratio:.2}, smallest cosine between the two {least:.7}");
    }
    Ok(())
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

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
