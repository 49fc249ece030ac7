//! `vigil models`: what there is, fetch, look at, check.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::bail;
use models::{Acquirer, Catalogue, ModelSpec, Status};

use crate::cli::ModelsCommand;
use crate::config::Config;
use crate::model_tasks::acquirer;
use crate::progress::BarProgress;

/// Runs a command. Blocks.
///
/// # Errors
/// Fails when a model is unknown, cannot be fetched or does not match.
pub fn run(command: &ModelsCommand, config: &Config) -> anyhow::Result<()> {
    let catalogue = Catalogue::load()?;
    let acquirer = acquirer(config, Arc::new(AtomicBool::new(false)));
    match command {
        ModelsCommand::List => {
            for model in catalogue.models() {
                print_model(model, &acquirer);
            }
        }
        ModelsCommand::Pull { ids } => {
            for model in chosen(&catalogue, ids, |model| model.default)? {
                let mut progress = BarProgress::for_command(&model.title);
                let files = acquirer.ensure(&model, &mut progress)?;
                drop(progress);
                println!("{}: {}", model.id, files.directory.display());
            }
        }
        ModelsCommand::Inspect { path } => inspect(path)?,
        ModelsCommand::Verify { ids } => {
            let is_here = |model: &ModelSpec| acquirer.status(model) != Status::Missing;
            let mut wrong = 0;
            for model in chosen(&catalogue, ids, is_here)? {
                match acquirer.verify(&model) {
                    Ok(files) => println!("{}: right, {}", model.id, files.directory.display()),
                    Err(error) => {
                        wrong += 1;
                        println!("{}: WRONG, {error}", model.id);
                    }
                }
            }
            if wrong > 0 {
                bail!("{wrong} models do not match the catalogue");
            }
        }
    }
    Ok(())
}

fn chosen(
    catalogue: &Catalogue,
    ids: &[String],
    otherwise: impl Fn(&ModelSpec) -> bool,
) -> anyhow::Result<Vec<ModelSpec>> {
    if ids.is_empty() {
        return Ok(catalogue
            .models()
            .iter()
            .filter(|model| otherwise(model))
            .cloned()
            .collect());
    }
    ids.iter().map(|id| named(catalogue, id)).collect()
}

/// A model of the catalogue, or of the hub: `owner/repository`, `owner/repository:file.gguf` or `:model.safetensors`.
fn named(catalogue: &Catalogue, id: &str) -> anyhow::Result<ModelSpec> {
    Ok(if id.contains(':') {
        ModelSpec::hub_narrator(id)?
    } else if id.contains('/') {
        ModelSpec::hub_embedding(id)?
    } else {
        catalogue.get(id)?.clone()
    })
}

/// Prints what a model is out of its header.
fn inspect(path: &Path) -> anyhow::Result<()> {
    const MB: u64 = 1_000_000;
    let header = inference::read_header(path)?;
    println!("name           {}", header.name);
    println!("architecture   {}", header.architecture);
    println!(
        "computed by    {}",
        if header.is_fast {
            "Vigil's own decoder"
        } else {
            "candle-transformers, if it knows the architecture"
        }
    );
    println!("on the disk    {} MB", header.file_bytes / MB);
    println!(
        "in memory      about {} MB while it works",
        header.memory_bytes / MB
    );
    if let Some(available) = inference::available_memory() {
        println!("available      {} MB now", available / MB);
    }
    Ok(())
}

fn print_model(model: &ModelSpec, acquirer: &Acquirer) {
    let status = match acquirer.status(model) {
        Status::Ready { .. } => "here",
        Status::Unverified { .. } => "here, not verified",
        Status::Missing => "not here",
    };
    println!(
        "{:<28} {:<18} {:>5} MB, {:>5} MB of memory  {:<11} {}{}",
        model.id,
        status,
        model.download_bytes() / 1_000_000,
        model.memory_bytes / 1_000_000,
        model.licence,
        model.title,
        if model.default { " [default]" } else { "" }
    );
}
