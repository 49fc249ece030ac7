//! Which model makes the vectors, settled before the index is opened: an index belongs to one model.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use embeddings::{Encoder, EncoderConfig, IndexSchema};
use models::{Acquirer, Catalogue, ModelSpec, Progress, Status, Task};

use crate::config::Config;
use crate::progress::BarProgress;

/// Hex digits of the weights' digest in the name of a model that is not in the catalogue: other weights under
/// the same name get another index.
const DIGEST_DIGITS: usize = 12;

/// The embedding model in force.
#[derive(Debug, Clone)]
pub struct Embedding {
    /// What the index has to know about it.
    pub schema: IndexSchema,
    /// One line for people.
    pub title: String,
    max_tokens: Option<usize>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// Fetched when it is loaded: everything that the index needs stands in the catalogue.
    Catalogue(Box<ModelSpec>),
    /// Here already.
    Folder(PathBuf),
}

impl Embedding {
    /// The configured model, the catalogue's default otherwise. A model that the catalogue does not know is
    /// fetched now, because only its files say how long its vectors are. Blocks.
    ///
    /// # Errors
    /// Fails when there is no such model, or one outside the catalogue is not here and cannot be fetched.
    pub fn choose(config: &Config, acquirer: &Acquirer) -> anyhow::Result<Self> {
        let catalogue = Catalogue::load()?;
        let Some(wanted) = config.embedding.as_deref() else {
            let spec = catalogue
                .default_for(Task::Embedding)
                .context("the catalogue has no embedding model")?;
            return Self::of_catalogue(spec);
        };
        if let Ok(spec) = catalogue.get(wanted) {
            if spec.task != Task::Embedding {
                bail!("--embedding '{wanted}' is a language model, not an embedding model");
            }
            return Self::of_catalogue(spec);
        }
        let path = Path::new(wanted);
        if path.is_dir() {
            let name = path
                .canonicalize()
                .ok()
                .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
                .unwrap_or_else(|| "model".to_owned());
            return Self::of_folder(&name, wanted, path);
        }
        let spec = ModelSpec::hub_embedding(wanted).with_context(|| {
            format!(
                "--embedding '{wanted}' is no id of the catalogue (`vigil models list`), no folder, and"
            )
        })?;
        let files = acquirer
            .ensure(&spec, &mut BarProgress::new(&spec.title))
            .with_context(|| format!("--embedding '{wanted}'"))?;
        Self::of_folder(wanted, &spec.title, &files.directory)
    }

    fn of_catalogue(spec: &ModelSpec) -> anyhow::Result<Self> {
        let dimension = spec.dimension.with_context(|| {
            format!(
                "the catalogue does not say how long the vectors of '{}' are",
                spec.id
            )
        })?;
        Ok(Self {
            schema: IndexSchema {
                model: spec.id.clone(),
                dimension,
            },
            title: spec.title.clone(),
            max_tokens: spec.max_tokens,
            place: Place::Catalogue(Box::new(spec.clone())),
        })
    }

    fn of_folder(name: &str, title: &str, folder: &Path) -> anyhow::Result<Self> {
        let dimension = Encoder::dimension_of(folder)?;
        let digest = models::file_digest(&folder.join("model.safetensors"))?;
        Ok(Self {
            schema: IndexSchema {
                model: format!("{name}@{}", &digest[..DIGEST_DIGITS]),
                dimension,
            },
            title: title.to_owned(),
            max_tokens: None,
            place: Place::Folder(folder.to_owned()),
        })
    }

    /// Whether its files are here, right or wrong.
    #[must_use]
    pub fn is_here(&self, acquirer: &Acquirer) -> bool {
        match &self.place {
            Place::Catalogue(spec) => acquirer.status(spec) != Status::Missing,
            Place::Folder(_) => true,
        }
    }

    /// Fetches it if need be, verifies it and reads it into memory. Blocks.
    ///
    /// # Errors
    /// Fails when it cannot be fetched, does not match the catalogue or is no model.
    pub fn load(
        &self,
        acquirer: &Acquirer,
        threads: Option<usize>,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Encoder> {
        let folder = match &self.place {
            Place::Catalogue(spec) => acquirer.ensure(spec, progress)?.directory,
            Place::Folder(folder) => folder.clone(),
        };
        let encoder = Encoder::load(
            &folder,
            EncoderConfig {
                threads: threads.and_then(std::num::NonZeroUsize::new),
                max_tokens: self.max_tokens,
                precision: None,
            },
        )
        .with_context(|| format!("loading {}", folder.display()))?;
        let expected = self.schema.dimension;
        if encoder.dimension() != expected {
            bail!(
                "the vectors of {} have {} values, the index was opened for {expected}",
                folder.display(),
                encoder.dimension()
            );
        }
        Ok(encoder)
    }
}

#[cfg(test)]
mod tests;
