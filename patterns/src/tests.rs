mod limits;
mod masking;
mod merging;
mod readable;
mod slots;
mod stability;
mod variables;

use crate::{Miner, MinerConfig};

/// A miner that has seen these lines.
fn miner_of<'line>(lines: impl IntoIterator<Item = &'line str>) -> Miner {
    let mut miner = Miner::new(MinerConfig::default());
    for line in lines {
        miner.mine(line);
    }
    miner
}

/// The texts of all live templates, sorted.
fn live(miner: &Miner) -> Vec<String> {
    let mut texts: Vec<String> = miner.templates().map(|(_, text)| text.to_owned()).collect();
    texts.sort();
    texts
}
