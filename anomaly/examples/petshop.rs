//! PetShop's root causes, as `bench -- detect` ranks them, without the rest of that program.
//! Run: `cargo run --release -p anomaly --example petshop -- ../shared/data/petshop [--verbose]`.

#[path = "../../bench/src/detect/petshop.rs"]
mod petshop;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let (flags, folders): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let folder = folders.first().map_or_else(
        || {
            let shared = std::env::var("VIGIL_SHARED_DATA");
            PathBuf::from(shared.unwrap_or_else(|_| "../shared/data".to_owned())).join("petshop")
        },
        PathBuf::from,
    );
    if flags.iter().any(|flag| flag == "--verbose") {
        petshop::run_all(&folder, true)
    } else {
        petshop::run(&folder)
    }
}
