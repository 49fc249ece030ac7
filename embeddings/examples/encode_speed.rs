//! How fast the encoder is, and how fast candle's own BERT is in the same run.
//!
//! ```text
//! cargo run --release -p embeddings --example encode_speed -- MODEL_DIR [LOGHUB_DIR] [THREADS]
//! ```
//!
//! The texts are what Vigil embeds: one `index_text` per distinct template of loghub's structured
//! csv files (template, service, example). Without a folder, made-up lines of the same length.
//! CPU-seconds are of the whole process, user and system.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use embeddings::{Encoder, EncoderConfig, index_text};
use tokenizers::{PaddingParams, Tokenizer, TruncationParams};

/// Texts that stock candle has to do; it is slow.
const STOCK_TEXTS: usize = 256;
/// Batch of stock candle; 16 sorted by length was its best.
const STOCK_BATCH: usize = 16;
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let model: PathBuf = arguments
        .next()
        .context("usage: encode_speed MODEL_DIR [LOGHUB_DIR] [THREADS]")?
        .into();
    let data = arguments.next();
    let threads = arguments.next().map(|text| text.parse()).transpose()?;
    let texts = match data {
        Some(dir) => loghub_texts(Path::new(&dir))?,
        None => made_up_texts(),
    };
    let before_kb = resident_kb();
    let encoder = Encoder::load(
        &model,
        EncoderConfig {
            threads,
            ..EncoderConfig::default()
        },
    )?;
    let loaded_kb = resident_kb();
    println!("{encoder:?}");
    println!(
        "{} texts, resident {} MB before and {} MB after loading",
        texts.len(),
        before_kb / 1024,
        loaded_kb / 1024
    );
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut vectors = Vec::new();
    for _ in 0..ROUNDS {
        vectors = timed("packed", texts.len(), || Ok(encoder.encode(&texts)?))?;
    }
    println!("resident {} MB after encoding", resident_kb() / 1024);
    let single = &texts[..64.min(texts.len())];
    let started = Instant::now();
    for text in single {
        encoder.encode_one(text)?;
    }
    println!(
        "one text alone: {:.2} ms",
        started.elapsed().as_secs_f64() * 1e3 / single.len() as f64
    );

    let stock = Stock::load(&model)?;
    let sample: Vec<usize> = (0..texts.len())
        .step_by(texts.len().div_ceil(STOCK_TEXTS).max(1))
        .collect();
    let chosen: Vec<&str> = sample.iter().map(|index| texts[*index]).collect();
    println!("{:.1} tokens a text", stock.mean_tokens(&chosen)?);
    timed("packed, sample", chosen.len(), || {
        Ok(encoder.encode(&chosen)?)
    })?;
    let reference = timed("stock candle, sample", chosen.len(), || {
        stock.encode(&chosen)
    })?;
    let worst = sample
        .iter()
        .zip(&reference)
        .map(|(index, theirs)| {
            vectors[*index]
                .iter()
                .zip(theirs)
                .map(|(a, b)| a * b)
                .sum::<f32>()
        })
        .fold(f32::INFINITY, f32::min);
    println!("smallest cosine to stock candle: {worst:.7}");
    Ok(())
}

fn timed<T>(name: &str, texts: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let result = work()?;
    let (wall, cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "{name:22} {:7.1} texts/s wall, {:7.1} texts/CPU-s ({wall:.2} s wall, {cpu:.2} s CPU)",
        texts as f64 / wall,
        texts as f64 / cpu
    );
    Ok(result)
}

/// candle-transformers' BERT as its own example uses it: padded batches.
struct Stock {
    model: BertModel,
    tokenizer: Tokenizer,
}

impl Stock {
    fn load(dir: &Path) -> Result<Self> {
        let config: Config =
            serde_json::from_str(&std::fs::read_to_string(dir.join("config.json"))?)?;
        let tensors = candle_core::safetensors::load(dir.join("model.safetensors"), &Device::Cpu)?;
        let variables = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let mut tokenizer =
            Tokenizer::from_file(dir.join("tokenizer.json")).map_err(anyhow::Error::msg)?;
        tokenizer
            .with_padding(Some(PaddingParams::default()))
            .with_truncation(Some(TruncationParams {
                max_length: embeddings::MAX_TOKENS,
                ..TruncationParams::default()
            }))
            .map_err(anyhow::Error::msg)?;
        Ok(Self {
            model: BertModel::load(variables, &config)?,
            tokenizer,
        })
    }

    fn mean_tokens(&self, texts: &[&str]) -> Result<f64> {
        let mut tokens = 0;
        for text in texts {
            tokens += self
                .tokenizer
                .encode(*text, true)
                .map_err(anyhow::Error::msg)?
                .len();
        }
        Ok(tokens as f64 / texts.len() as f64)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|index| texts[*index].len());
        let mut vectors = vec![Vec::new(); texts.len()];
        for batch in order.chunks(STOCK_BATCH) {
            let inputs: Vec<&str> = batch.iter().map(|index| texts[*index]).collect();
            let encodings = self
                .tokenizer
                .encode_batch(inputs, true)
                .map_err(anyhow::Error::msg)?;
            let ids: Vec<Tensor> = encodings
                .iter()
                .map(|e| Tensor::new(e.get_ids(), &Device::Cpu))
                .collect::<Result<_, _>>()?;
            let masks: Vec<Tensor> = encodings
                .iter()
                .map(|e| Tensor::new(e.get_attention_mask(), &Device::Cpu))
                .collect::<Result<_, _>>()?;
            let (ids, mask) = (Tensor::stack(&ids, 0)?, Tensor::stack(&masks, 0)?);
            let states = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
            let mask = mask.to_dtype(DType::F32)?.unsqueeze(2)?;
            let sums = states.broadcast_mul(&mask)?.sum(1)?;
            let norms = sums.sqr()?.sum_keepdim(1)?.sqrt()?;
            for (index, vector) in batch
                .iter()
                .zip(sums.broadcast_div(&norms)?.to_vec2::<f32>()?)
            {
                vectors[*index] = vector;
            }
        }
        Ok(vectors)
    }
}

/// One text per distinct template of every `*_structured.csv` below `dir`.
fn loghub_texts(dir: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with("_structured.csv") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let service = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .split('_')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let csv = std::fs::read_to_string(&file)?;
        let mut rows = csv_rows(&csv);
        let header = rows.next().context("empty csv")?;
        let column = |name: &str| {
            header
                .iter()
                .position(|field| field == name)
                .with_context(|| format!("no {name} in {}", file.display()))
        };
        let (content, template) = (column("Content")?, column("EventTemplate")?);
        let mut seen: HashMap<String, ()> = HashMap::new();
        for row in rows {
            if let (Some(content), Some(template)) = (row.get(content), row.get(template))
                && seen.insert(template.clone(), ()).is_none()
            {
                texts.push(index_text(
                    &template.replace("<*>", " "),
                    std::slice::from_ref(&service),
                    content,
                ));
            }
        }
    }
    Ok(texts)
}

/// Quoted fields with doubled quotes, as RFC 4180 has them; loghub has no line breaks inside fields.
fn csv_rows(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines().map(|line| {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        let mut characters = line.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    characters.next();
                    fields.last_mut().expect("never empty").push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().expect("never empty").push(c),
            }
        }
        fields
    })
}

fn made_up_texts() -> Vec<String> {
    const WORDS: [&str; 12] = [
        "connection",
        "refused",
        "by",
        "upstream",
        "request",
        "timed",
        "out",
        "after",
        "retry",
        "payment",
        "gateway",
        "error",
    ];
    (0..1_000_usize)
        .map(|n| {
            let words: Vec<&str> = (0..8 + n % 16)
                .map(|i| WORDS[(n * 7 + i * 5) % WORDS.len()])
                .collect();
            let template = words.join(" ");
            index_text(
                &template,
                &["shop".to_owned()],
                &format!("{template} 10.0.{}.{}", n % 7, n % 251),
            )
        })
        .collect()
}

/// User and system time of this process. The kernel counts in ticks of 10 ms (`USER_HZ` is 100 on Linux).
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
