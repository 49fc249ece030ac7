//! The Numenta Anomaly Benchmark, as `bench -- detect` scores it, without the rest of that program.
//! Run: `cargo run --release -p anomaly --example nab -- ../shared/data/nab [--verbose]`.

#[path = "../../bench/src/detect/nab.rs"]
mod nab;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let (flags, folders): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let folder = folders.first().map_or_else(
        || {
            let shared = std::env::var("VIGIL_SHARED_DATA");
            PathBuf::from(shared.unwrap_or_else(|_| "../shared/data".to_owned())).join("nab")
        },
        PathBuf::from,
    );
    if flags.iter().any(|flag| flag == "--verbose") {
        nab::run_all(&folder, true)
    } else {
        nab::run(&folder)
    }
}
