//! The model hub as a source.

use std::path::Path;

use hf_hub::api::Progress as HubProgress;
use hf_hub::api::sync::ApiBuilder;

use crate::acquire::Fetch;
use crate::{Error, ModelSpec};

/// Fetches every missing file of a model from its repository into `target`.
pub(crate) fn fetch(spec: &ModelSpec, target: &Path, fetch: &mut Fetch<'_>) -> Result<(), Error> {
    let Some(repository) = &spec.hub_repository else {
        return Err(Error::Source(
            "hub: the catalogue names no repository".into(),
        ));
    };
    let scratch = target.join("hub");
    let api = ApiBuilder::from_env()
        .with_cache_dir(scratch.clone())
        .with_progress(false)
        .build()
        .map_err(|error| Error::Source(format!("hub: {error}")))?;
    let repository = api.model(repository.clone());
    for file in &spec.files {
        fetch.check_cancelled()?;
        if target.join(&file.name).exists() {
            continue;
        }
        let mut relay = Relay {
            fetch,
            name: &file.name,
        };
        let path = repository
            .download_with_progress(&file.name, &mut relay)
            .map_err(|error| Error::Source(format!("hub: {}", first_line(&error.to_string()))))?;
        // The hub's cache holds symbolic links to blobs; take the bytes themselves.
        let real = path.canonicalize().map_err(Error::io("reading", &path))?;
        fetch.adopt(&real, target, file)?;
    }
    std::fs::remove_dir_all(&scratch).ok();
    Ok(())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("no reason given")
}

struct Relay<'a, 'b> {
    fetch: &'a mut Fetch<'b>,
    name: &'a str,
}

impl HubProgress for &mut Relay<'_, '_> {
    fn init(&mut self, _size: usize, _filename: &str) {}

    fn update(&mut self, size: usize) {
        self.fetch.advance(size as u64, self.name);
    }

    fn finish(&mut self) {}
}
