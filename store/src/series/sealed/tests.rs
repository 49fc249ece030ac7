use std::path::Path;

use bytes::Bytes;
use domain::ProjectId;
use proptest::prelude::*;
use uuid::Uuid;

use super::{FORMAT, Samples, all, encode, scale_of};
use crate::blocks::decode::OpenBlock;
use crate::blocks::kinds::Stamp;
use crate::blocks::stored::BlockKind;
use crate::tests::fixture::{NOON, SECOND};

const STAMP: Stamp = Stamp {
    project_id: ProjectId(Uuid::nil()),
    created_at_ns: NOON,
};

fn encoded(samples: &Samples) -> Vec<u8> {
    let block = encode(samples, vec!["m".to_owned()], STAMP);
    block.expect("it encodes").data
}

fn decoded(file: Vec<u8>) -> Samples {
    let block = OpenBlock::open(Bytes::from(file), BlockKind::Samples).expect("it opens");
    all(&block).expect("it is read")
}

/// The same bits, not only the same numbers.
fn bits(samples: &Samples) -> Vec<(i64, i64, u64)> {
    let bits = samples.iter();
    bits.map(|((series, at_ns), value)| (*series, *at_ns, value.to_bits()))
        .collect()
}

/// The samples of `samples-1.parquet`.
fn samples() -> Samples {
    let mut samples = Samples::new();
    for n in 0..50_i64 {
        let at_ns = NOON + n * 15 * SECOND;
        for (series, value) in [
            (i64::MIN, n as f64 * 1_000.0),
            (-7, 0.25 + n as f64 / 100.0),
            (3, (n as f64).sqrt()),
            (i64::MAX, if n % 2 == 0 { 0.0 } else { -0.0 }),
        ] {
            samples.insert((series, at_ns + series % 3 * 1_000_000), value);
        }
    }
    samples
}

#[test]
fn blocks_of_samples_of_every_version_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for version in 1..=FORMAT {
        let path = folder.join(format!("samples-{version}.parquet"));
        if version == FORMAT && !path.exists() {
            // Made once, when a format is new; the file is committed.
            std::fs::write(&path, encoded(&samples())).expect("it is written");
            panic!("{} is new: commit it", path.display());
        }
        let file = std::fs::read(&path).expect("a file of every version");
        assert_eq!(bits(&decoded(file)), bits(&samples()), "format {version}");
    }
}

#[test]
fn decimal_numbers_become_integers_where_that_is_exact() {
    let scale = |values: &[f64]| {
        let samples: Vec<(i64, f64)> = values.iter().map(|value| (1, *value)).collect();
        scale_of(&samples)
    };
    assert_eq!(scale(&[0.0, -3.0, 9_007_199_254_740_992.0]), Some(0));
    assert_eq!(scale(&[0.1, 99.95, -7.0]), Some(2));
    assert_eq!(scale(&[1e-9]), Some(9));
    assert_eq!(scale(&[1e-10]), None);
    assert_eq!(scale(&[-0.0]), None, "its sign would be lost");
    assert_eq!(scale(&[f64::MAX]), None);
    assert_eq!(scale(&[2.0_f64.sqrt()]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn samples_come_back_bit_for_bit(
        rows in prop::collection::btree_map(
            (0..4_i64, any::<i64>()),
            prop_oneof![
                any::<f64>().prop_filter("finite", |value| value.is_finite()),
                (-100_000..100_000_i32).prop_map(|n| f64::from(n) / 1_000.0),
                (0..1_000_u32).prop_map(f64::from),
            ],
            1..60,
        )
    ) {
        prop_assert_eq!(bits(&decoded(encoded(&rows))), bits(&rows));
    }
}
