use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;

#[tokio::test]
async fn a_model_that_could_not_be_fetched_is_tried_again_until_it_is_there() {
    let stop = CancellationToken::new();
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let told = Mutex::new(Vec::new());
    let pauses = [Duration::ZERO, Duration::from_millis(1)];
    keep_trying(
        &stop,
        &pauses,
        move || match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Err(ModelState::Failed("the hub is away".into())),
            1 => panic!("a defect"),
            2 => Err(ModelState::Off("no memory".into())),
            _ => Ok(()),
        },
        |outcome| told.lock().unwrap().push(outcome),
    )
    .await;
    assert_eq!(attempts.load(Ordering::Relaxed), 4);
    let told = told.into_inner().unwrap();
    assert_eq!(
        told[0],
        Some(ModelState::Failed(
            "the hub is away; tried again in 0 min".into()
        ))
    );
    let Some(ModelState::Failed(panicked)) = &told[1] else {
        panic!("{told:?}");
    };
    assert!(panicked.contains("broke off"), "{panicked}");
    assert!(matches!(told[2], Some(ModelState::Off(_))));
    assert_eq!(told[3], None);
}

#[tokio::test]
async fn a_stop_ends_the_trying() {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let mut heard = 0;
    keep_trying(
        &stop,
        &[Duration::from_secs(3_600)],
        || Err(ModelState::Failed("never".into())),
        |_| {
            heard += 1;
            token.cancel();
        },
    )
    .await;
    assert_eq!(heard, 1);
}

#[test]
fn a_narrator_is_an_id_a_file_or_a_file_of_the_hub() {
    let catalogue = Catalogue::load().unwrap();
    let find = |wanted: &str| Wanted::find(&catalogue, wanted);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.gguf");
    std::fs::write(&path, "GGUF").unwrap();
    assert!(matches!(find(path.to_str().unwrap()), Ok(Wanted::File(_))));
    let directory = folder.path().join("mine");
    std::fs::create_dir(&directory).unwrap();
    assert!(find(directory.to_str().unwrap()).is_err());
    std::fs::write(directory.join("config.json"), "{}").unwrap();
    let found = find(directory.to_str().unwrap());
    assert!(matches!(found, Ok(Wanted::File(_))), "{found:?}");
    let Ok(Wanted::Model(whole)) = find("Qwen/Qwen3-0.6B:model.safetensors") else {
        panic!("a model of the hub");
    };
    assert!(whole.file("config.json").is_some());
    let Ok(Wanted::Model(known)) = find(SMALL_NARRATOR) else {
        panic!("{SMALL_NARRATOR} is in the catalogue");
    };
    assert!(known.is_verifiable());
    let Ok(Wanted::Model(foreign)) = find("Qwen/Qwen3-0.6B-GGUF:Qwen3-0.6B-Q8_0.gguf") else {
        panic!("a file of the hub");
    };
    assert!(!foreign.is_verifiable());
    for wrong in [
        "all-minilm-l6-v2",
        "nonsense",
        "/no/such/file.gguf",
        "owner/name",
    ] {
        let error = find(wrong).unwrap_err();
        assert!(format!("{error:#}").contains(wrong), "{error:#}");
    }
}

#[test]
fn a_narrator_without_enough_memory_is_off_and_says_what_to_do() {
    let mut spec = Catalogue::load()
        .unwrap()
        .default_for(Task::Narrator)
        .unwrap()
        .clone();
    spec.memory_bytes = u64::MAX;
    let folder = tempfile::tempdir().unwrap();
    let acquirer = Acquirer::new(folder.path(), Options::default());
    let outcome = Wanted::Model(Box::new(spec)).load(&acquirer, None);
    let Err(ModelState::Off(reason)) = outcome.map(|_| ()) else {
        panic!("it was started");
    };
    assert!(reason.contains("--no-narrator"), "{reason}");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was fetched"
    );
}
