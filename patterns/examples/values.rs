//! What looking at the values of slots costs beside mining: `values` (wall time of one thread, so run it alone).

use std::time::Instant;

use patterns::{Miner, MinerConfig, ValueConfig, ValueStatistics, is_sampled};

const RECORDS: u32 = 600_000;
const SERVICE: &str = "shop";

fn line(n: u32) -> String {
    match n % 6 {
        0 => format!(
            "GET /api/v1/carts/{n}/items status={} duration={}ms",
            200 + n % 5,
            n % 97
        ),
        1 => format!(
            "payment {n:08x} authorised for user {} amount={}",
            n % 700,
            n % 500
        ),
        2 => format!(
            "worker {} finished job {n} in {}.{} s",
            n % 16,
            n % 9,
            n % 10
        ),
        3 => format!(
            "cache miss for key session:{n:016x}, loading from replica {}",
            n % 3
        ),
        4 => format!(
            "connection from 10.{}.{}.7 closed after {} requests",
            n % 200,
            n % 251,
            n % 40
        ),
        _ => "heartbeat sent".to_owned(),
    }
}

fn main() {
    let lines: Vec<String> = (0..RECORDS).map(line).collect();
    let mut miner = Miner::new(MinerConfig::default());
    for line in lines.iter().take(10_000) {
        miner.mine(line);
    }
    let began = Instant::now();
    let ids: Vec<_> = lines
        .iter()
        .map(|line| miner.mine(line).template_id)
        .collect();
    let mining = began.elapsed().as_secs_f64() / f64::from(RECORDS) * 1e9;

    // A minute holds 100,000 records of six templates: 1,667 a second.
    let config = ValueConfig::default();
    let began = Instant::now();
    let chosen: Vec<usize> = (0..ids.len())
        .filter(|index| is_sampled(*index as u128, 100_000 / 6, config.samples_per_minute))
        .collect();
    let sampling = began.elapsed().as_secs_f64() / f64::from(RECORDS) * 1e9;

    let mut statistics = ValueStatistics::new(config);
    let began = Instant::now();
    for index in &chosen {
        let text = miner.text(ids[*index]).unwrap_or_default();
        statistics.add(ids[*index], text, SERVICE, &lines[*index], *index as u128);
    }
    let each = began.elapsed().as_secs_f64() / chosen.len() as f64 * 1e9;
    let began = Instant::now();
    let slots = statistics.end_minute().len();
    println!("mining {mining:.0} ns a record; choosing {sampling:.0} ns a record");
    println!(
        "{} of {RECORDS} records chosen, {each:.0} ns each; the end of a minute {:.0} us for {slots} slots",
        chosen.len(),
        began.elapsed().as_secs_f64() * 1e6
    );
}
