//! The HDFS sessions, as `bench -- detect` scores them, without the rest of that program.
//! Run: `cargo run --release -p anomaly --example sessions -- ../shared/data/hdfs-sessions`.

#[path = "../../bench/src/detect/sessions.rs"]
mod sessions;

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).map_or_else(
        || {
            let shared = std::env::var("VIGIL_SHARED_DATA");
            PathBuf::from(shared.unwrap_or_else(|_| "../shared/data".to_owned()))
                .join("hdfs-sessions")
        },
        PathBuf::from,
    );
    sessions::run(&folder)
}
