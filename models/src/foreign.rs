//! Models that the catalogue does not know: any repository of the hub, taken as it is.

use crate::{Error, ModelFile, ModelSpec, Task};

/// Longest part of a name; the hub's own limit is 96.
const MAX_PART: usize = 96;
/// Longest path of a file inside of a repository.
const MAX_PATH: usize = 200;

/// Weights in one file.
const SAFETENSORS: &str = "model.safetensors";
/// A language model as Hugging Face's transformers keeps it, and whether it works without. What it can do without comes before
/// what completes it, so that a complete model was asked for everything.
const SAFETENSORS_MODEL: [(&str, bool); 6] = [
    (SAFETENSORS, false),
    ("generation_config.json", true),
    ("chat_template.jinja", true),
    ("tokenizer_config.json", true),
    ("tokenizer.json", false),
    ("config.json", false),
];

impl ModelSpec {
    /// The embedding model of a repository, `owner/name`. Its files carry no digest of ours; they lie apart from
    /// the catalogue's models, under `hub/`.
    ///
    /// # Errors
    /// Fails when the text is not the name of a repository.
    pub fn hub_embedding(name: &str) -> Result<Self, Error> {
        let repository = repository(name)?;
        let files = [
            ("model.safetensors", false),
            // Before what completes the model, so that a complete model was asked for everything.
            ("1_Pooling/config.json", true),
            ("tokenizer.json", false),
            ("config.json", false),
        ];
        Ok(foreign(
            Task::Embedding,
            repository,
            files
                .into_iter()
                .map(|(name, optional)| file(name, optional))
                .collect(),
        ))
    }

    /// The language model of a GGUF file in a repository, `owner/name:file.gguf`, or the one that its
    /// `model.safetensors` and the files beside it are, `owner/name:model.safetensors`; see [`ModelSpec::hub_embedding`].
    ///
    /// # Errors
    /// Fails when the text is not the name of a repository and of such a file.
    pub fn hub_narrator(name: &str) -> Result<Self, Error> {
        let bad = || Error::HubName(name.chars().take(MAX_PATH).collect());
        let (repository_name, path) = name.split_once(':').ok_or_else(bad)?;
        if path == SAFETENSORS {
            let files = SAFETENSORS_MODEL.map(|(name, optional)| file(name, optional));
            let repository = repository(repository_name)?;
            return Ok(foreign(Task::Narrator, repository, files.into()));
        }
        let is_gguf = path.to_ascii_lowercase().ends_with(".gguf");
        if !is_gguf || path.len() > MAX_PATH || !path.split('/').all(is_plain) {
            return Err(bad());
        }
        Ok(foreign(
            Task::Narrator,
            repository(repository_name)?,
            vec![file(path, false)],
        ))
    }

    /// Whether the catalogue says what its weights have to be.
    #[must_use]
    pub fn is_verifiable(&self) -> bool {
        self.files
            .first()
            .is_some_and(|weights| weights.sha256.is_some())
    }
}

fn foreign(task: Task, repository: &str, files: Vec<ModelFile>) -> ModelSpec {
    ModelSpec {
        id: format!("hub/{}", repository.replace('/', "--")),
        task,
        default: false,
        title: format!("{repository} (not in the catalogue: taken as the hub sends it)"),
        architecture: String::new(),
        licence: "not known".to_owned(),
        hub_repository: Some(repository.to_owned()),
        dimension: None,
        max_tokens: None,
        memory_bytes: 0,
        files,
        packages: Vec::new(),
        parts: Vec::new(),
    }
}

fn file(name: &str, optional: bool) -> ModelFile {
    ModelFile {
        name: name.to_owned(),
        bytes: None,
        sha256: None,
        optional,
    }
}

fn repository(name: &str) -> Result<&str, Error> {
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() == 2 && parts.iter().all(|part| is_plain(part)) {
        return Ok(name);
    }
    Err(Error::HubName(name.chars().take(MAX_PATH).collect()))
}

/// A part of a name that cannot lead out of a folder.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= MAX_PART
        && !part.starts_with('.')
        && part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}
