//! Every decoder under libFuzzer. `cargo xtask fuzz` builds and runs it; by hand:
//!
//! - `VIGIL_FUZZ_LIST=1` prints the names of the doors and ends;
//! - `VIGIL_FUZZ_DOOR=NAME` says which one is fuzzed, with the arguments of libFuzzer; a file among them is read once;
//! - `VIGIL_FUZZ_SEEDS=FOLDER` writes the requests that the door should read into this folder first.
//!
//! What must not happen is what the tests of the room check: a panic, or something accepted that no store takes.

#![no_main]
#![allow(dead_code, reason = "the tests use more of what they share with this")]

#[path = "../../tests/hostile/doors.rs"]
mod doors;
#[path = "../../tests/hostile/encode.rs"]
mod encode;
#[path = "../../tests/hostile/json.rs"]
mod json;
#[path = "../../tests/hostile/oracle.rs"]
mod oracle;
#[path = "../../tests/hostile/packed.rs"]
mod packed;
#[path = "../../tests/hostile/protobuf.rs"]
mod protobuf;
#[path = "../../tests/hostile/streams.rs"]
mod streams;
#[path = "../../tests/hostile/text.rs"]
mod text;

use std::path::PathBuf;
use std::sync::LazyLock;

use doors::Door;

/// The one that is fuzzed.
static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let name = std::env::var("VIGIL_FUZZ_DOOR").unwrap_or_default();
    doors::doors()
        .into_iter()
        .find(|door| door.name == name)
        .unwrap_or_else(|| panic!("VIGIL_FUZZ_DOOR is '{name}', which is no door"))
});

libfuzzer_sys::fuzz_target!(
    init: prepare(),
    |body: &[u8]| {
        oracle::check(&DOOR, body).ok();
    }
);

fn prepare() {
    if std::env::var_os("VIGIL_FUZZ_LIST").is_some() {
        for door in doors::doors() {
            println!("{}", door.name);
        }
        std::process::exit(0);
    }
    if let Some(folder) = std::env::var_os("VIGIL_FUZZ_SEEDS").map(PathBuf::from) {
        for (number, sample) in DOOR.all_samples().iter().enumerate() {
            let path = folder.join(format!("seed-{number}"));
            std::fs::write(path, sample).expect("the folder of seeds can be written");
        }
    }
}
