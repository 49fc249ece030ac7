//! Block bytes in object storage: a folder, S3, Google Cloud Storage or Azure.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::Error;

/// How long one object may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Where blocks lie, and a runtime to talk to it from threads that block.
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder when it is one of this machine: files are then made durable here, which the library does not do.
    folder: Option<PathBuf>,
    /// Always there until it is dropped.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for Objects {
    fn drop(&mut self) {
        // The last owner may be a task of another runtime, where waiting for this one would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable {
        message: format!("object storage: {error}"),
    }
}

impl Objects {
    /// Opens `file:///folder`, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`. Options are those of
    /// the `object_store` library, for example `aws_endpoint`, `aws_region`, `aws_access_key_id`; the usual environment variables
    /// (`AWS_..`, `GOOGLE_..`, `AZURE_..`) fill what is missing.
    ///
    /// # Errors
    /// Fails when the address or an option is not understood.
    pub(crate) fn open(url: &str, options: &[(String, String)]) -> Result<Self, Error> {
        let refused = |why: String| Error::BadRequest {
            message: format!("block storage '{url}': {why}"),
        };
        let parsed = url::Url::parse(url).map_err(|error| refused(error.to_string()))?;
        let known: HashMap<String, String> = std::env::vars()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| {
                ["aws_", "google_", "azure_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
            })
            .chain(options.iter().cloned())
            .collect();
        let mut folder = None;
        if parsed.scheme() == "file" {
            let path = parsed
                .to_file_path()
                .map_err(|()| refused("it is no absolute path of this machine".to_owned()))?;
            std::fs::create_dir_all(&path).map_err(unavailable)?;
            folder = Some(path);
        }
        let (store, prefix) = object_store::parse_url_opts(&parsed, known)
            .map_err(|error| refused(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vigil-objects")
            .enable_all()
            .build()
            .map_err(unavailable)?;
        Ok(Self {
            store: Arc::from(store),
            prefix,
            folder,
            runtime: Some(runtime),
        })
    }

    fn path(&self, name: &str) -> Path {
        name.split('/')
            .fold(self.prefix.clone(), |path, part| path.join(part))
    }

    fn run<T>(
        &self,
        what: impl Future<Output = object_store::Result<T>> + Send,
    ) -> Result<object_store::Result<T>, Error>
    where
        T: Send,
    {
        let runtime = self
            .runtime
            .as_ref()
            .ok_or_else(|| unavailable("it is closed"))?;
        let timed = async { tokio::time::timeout(TIMEOUT, what).await };
        // A thread of its own: the caller may be a thread of some other runtime, which must not wait inside.
        std::thread::scope(
            |scope| match scope.spawn(|| runtime.block_on(timed)).join() {
                Ok(done) => done.map_err(|_| unavailable("it did not answer in 60 s")),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        )
    }

    /// Writes an object; when this returns it is durable as far as the storage promises.
    pub(crate) fn put(&self, name: &str, bytes: Bytes) -> Result<(), Error> {
        if let Some(folder) = &self.folder {
            return put_file(&folder.join(name), &bytes).map_err(unavailable);
        }
        let path = self.path(name);
        self.run(self.store.put(&path, PutPayload::from_bytes(bytes)))?
            .map_err(unavailable)?;
        Ok(())
    }

    /// Reads an object. A missing one is [`Error::NotFound`]: it may be lost, or the wrong folder or bucket is looked at.
    pub(crate) fn get(&self, name: &str) -> Result<Bytes, Error> {
        let path = self.path(name);
        let read = self.run(async { self.store.get(&path).await?.bytes().await })?;
        match read {
            Ok(bytes) => Ok(bytes),
            Err(object_store::Error::NotFound { .. }) => Err(Error::NotFound {
                what: format!("object {name}"),
            }),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Deletes an object; one that is gone already is no error.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        match self.run(self.store.delete(&path))? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }
}

/// Writes a file so that it is there whole or not at all, whatever happens to the machine.
fn put_file(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(std::path::Path::new("/"));
    if !folder.is_dir() {
        std::fs::create_dir_all(folder)?;
        if let Some(parent) = folder.parent() {
            File::open(parent)?.sync_all()?;
        }
    }
    let temporary = path.with_extension("part");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}
