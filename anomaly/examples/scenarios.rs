//! The scenario suite through detectors and ranking, as `bench -- detect` plays it, without the rest of that program.
//! Run: `cargo run --release -p anomaly --example scenarios -- [SEEDS [FIRST_SEED]]`.

#[path = "../../testkit/src/random.rs"]
mod random;
#[path = "../../testkit/src/scenario.rs"]
mod scenario;
#[path = "../../bench/src/detect/scenarios.rs"]
mod scenarios;

use random::Random;

fn main() -> std::io::Result<()> {
    let number = |at: usize, otherwise: u64| {
        let given = std::env::args().nth(at).and_then(|arg| arg.parse().ok());
        given.unwrap_or(otherwise)
    };
    scenarios::run(number(1, 3), number(2, 1), None)
}
