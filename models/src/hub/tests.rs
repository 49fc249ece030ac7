use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

use super::*;
use crate::{Acquirer, ModelSpec, Options, Progress, SilentProgress};

/// How the double answers for one file.
#[derive(Clone)]
enum Answer {
    Whole(Vec<u8>),
    /// Says its size, sends the beginning, and then nothing more.
    StopsAfter(Vec<u8>),
    /// Takes the request and says nothing.
    Silence,
}

/// A hub on this machine: `/owner/name/resolve/main/<file>`.
struct Double {
    endpoint: String,
}

impl Double {
    fn start(files: &[(&str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let files: HashMap<String, Answer> = files
            .iter()
            .map(|(name, answer)| ((*name).to_owned(), answer.clone()))
            .collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, files) = (stream.unwrap(), files.clone());
                std::thread::spawn(move || serve(stream, &files));
            }
        });
        Self { endpoint }
    }

    fn acquirer(&self, cache: &Path, cancel: Arc<AtomicBool>) -> Acquirer {
        let mut acquirer = Acquirer::new(
            cache,
            Options {
                cancel,
                ..Options::default()
            },
        );
        acquirer.hub = Hub {
            endpoint: Some(self.endpoint.clone()),
            answer: Duration::from_millis(600),
            stall: Duration::from_millis(600),
        };
        acquirer
    }
}

fn serve(mut stream: TcpStream, files: &HashMap<String, Answer>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut name, mut is_probe) = (String::new(), false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(rest) = line.split("/resolve/main/").nth(1) {
            name = rest.split(' ').next().unwrap().to_owned();
        }
        is_probe |= line.to_lowercase().trim() == "range: bytes=0-0";
    }
    let (bytes, stops) = match files.get(&name) {
        None => {
            let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).ok();
            return;
        }
        Some(Answer::Silence) => return wait_for_the_end(reader),
        Some(Answer::Whole(bytes)) => (bytes, false),
        Some(Answer::StopsAfter(bytes)) => (bytes, true),
    };
    let total = bytes.len() + if stops { 1_000_000 } else { 0 };
    let length = if is_probe { 1 } else { total };
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nETag: \"{}\"\r\nX-Repo-Commit: abc\r\nConnection: close\r\n\
         Content-Range: bytes 0-{}/{total}\r\nContent-Length: {length}\r\n\r\n",
        hex::encode(Sha256::digest(bytes)),
        length - 1
    );
    stream.write_all(head.as_bytes()).ok();
    stream
        .write_all(if is_probe { &bytes[..1] } else { bytes })
        .ok();
    if stops && !is_probe {
        wait_for_the_end(reader);
    }
}

/// Keeps the connection open until the other side has closed it.
fn wait_for_the_end(mut reader: BufReader<TcpStream>) {
    let mut line = String::new();
    reader.read_line(&mut line).ok();
}

fn embedding() -> ModelSpec {
    ModelSpec::hub_embedding("owner/name").unwrap()
}

fn whole(text: &str) -> Answer {
    Answer::Whole(text.as_bytes().to_vec())
}

fn reason(error: &Error) -> String {
    error.to_string()
}

#[test]
fn any_repository_is_fetched_and_lies_apart_and_is_tidied() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[
        ("model.safetensors", whole("weights")),
        ("tokenizer.json", whole("{}")),
        ("config.json", whole("{\"hidden_size\": 3}")),
    ]);
    let acquirer = hub.acquirer(folder.path(), Arc::default());
    let files = acquirer.ensure(&embedding(), &mut SilentProgress).unwrap();
    assert_eq!(files.directory, folder.path().join("hub/owner--name"));
    assert_eq!(std::fs::read(&files.weights).unwrap(), b"weights");
    let mut left: Vec<String> = std::fs::read_dir(&files.directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["config.json", "model.safetensors", "tokenizer.json"]);
    // From now on without the hub.
    let offline = Acquirer::new(
        folder.path(),
        Options {
            is_network_allowed: false,
            ..Options::default()
        },
    );
    offline.ensure(&embedding(), &mut SilentProgress).unwrap();
}

#[test]
fn a_gguf_file_of_a_repository_is_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[("q4/model-Q4.gguf", whole("GGUF"))]);
    let acquirer = hub.acquirer(folder.path(), Arc::default());
    let spec = ModelSpec::hub_narrator("owner/name:q4/model-Q4.gguf").unwrap();
    let files = acquirer.ensure(&spec, &mut SilentProgress).unwrap();
    assert_eq!(std::fs::read(files.weights).unwrap(), b"GGUF");
}

#[test]
fn a_safetensors_model_of_a_repository_comes_with_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[
        ("model.safetensors", whole("weights")),
        ("tokenizer.json", whole("{}")),
        ("tokenizer_config.json", whole("{}")),
        ("config.json", whole("{}")),
    ]);
    let acquirer = hub.acquirer(folder.path(), Arc::default());
    let spec = ModelSpec::hub_narrator("owner/name:model.safetensors").unwrap();
    let files = acquirer.ensure(&spec, &mut SilentProgress).unwrap();
    assert!(files.weights.ends_with("model.safetensors"));
    for name in ["tokenizer.json", "tokenizer_config.json", "config.json"] {
        assert!(files.directory.join(name).is_file(), "{name}");
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in [
        "name",
        "/name",
        "a/b/c",
        "../name",
        "owner/..",
        "owner/na me",
        "",
    ] {
        assert!(ModelSpec::hub_embedding(name).is_err(), "{name}");
    }
    for name in [
        "owner/name",
        "owner/name:model.bin",
        "owner/name:other.safetensors",
        "owner/name:../x.gguf",
        "owner/name:/etc/x.gguf",
        "name:x.gguf",
    ] {
        assert!(ModelSpec::hub_narrator(name).is_err(), "{name}");
    }
}

#[test]
fn a_hub_that_stops_sending_is_given_up_and_the_next_source_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[("model.safetensors", Answer::StopsAfter(b"some".to_vec()))]);
    let acquirer = hub.acquirer(folder.path(), Arc::default());
    let error = acquirer
        .ensure(&embedding(), &mut SilentProgress)
        .unwrap_err();
    assert!(reason(&error).contains("hub: stalled"), "{error}");
    assert!(reason(&error).contains("pip:"), "{error}");
}

#[test]
fn a_hub_that_does_not_answer_is_given_up_soon() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[("model.safetensors", Answer::Silence)]);
    let mut acquirer = hub.acquirer(folder.path(), Arc::default());
    acquirer.hub.stall = Duration::from_secs(600);
    let error = acquirer
        .ensure(&embedding(), &mut SilentProgress)
        .unwrap_err();
    assert!(reason(&error).contains("hub: no answer within"), "{error}");
}

/// Asks for the stop with the first byte that it hears of.
struct StopsAtOnce(Arc<AtomicBool>);

impl Progress for StopsAtOnce {
    fn update(&mut self, done: u64, _total: u64, _what: &str) {
        if done > 0 {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    fn message(&mut self, _text: &str) {}
}

#[test]
fn a_download_is_cancelled_while_the_hub_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Double::start(&[("model.safetensors", Answer::StopsAfter(b"some".to_vec()))]);
    let cancel = Arc::new(AtomicBool::new(false));
    let mut acquirer = hub.acquirer(folder.path(), Arc::clone(&cancel));
    acquirer.hub.stall = Duration::from_secs(600);
    let error = acquirer
        .ensure(&embedding(), &mut StopsAtOnce(cancel))
        .unwrap_err();
    assert!(matches!(error, Error::Cancelled), "{error}");
}

#[test]
fn a_download_that_panics_is_a_source_that_failed() {
    let receiver = on_thread(|_| std::panic::resume_unwind(Box::new("a defect"))).unwrap();
    let cancel = AtomicBool::new(false);
    let mut fetch = Fetch {
        done: 0,
        total: 0,
        progress: &mut SilentProgress,
        cancel: &cancel,
    };
    let spec = embedding();
    let error = Hub::default()
        .follow(&receiver, &spec.files[0], &mut fetch)
        .unwrap_err();
    assert!(reason(&error).contains("broke off"), "{error}");
}

#[test]
fn bytes_that_are_not_what_the_hub_calls_them_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let blob = folder.path().join("ab".repeat(32));
    std::fs::write(&blob, "other").unwrap();
    let spec = embedding();
    assert!(matches!(
        check_blob(&blob, &spec.files[0]),
        Err(Error::Mismatch { .. })
    ));
    assert!(!blob.exists());
}
