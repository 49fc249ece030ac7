//! `io.prometheus.write.v2.Request`: texts stand once in a table, series refer to them by number.

use std::borrow::Cow;

use super::Sink;
use super::kind::MetricType;
use super::series::Series;
use crate::context::Origin;
use crate::wire::{Item, Malformed, Message, Names, Packing};

const SYMBOLS: Names = &[(4, "symbols")];
const REQUEST: Names = &[(5, "timeseries")];
/// A created timestamp (6) is stepped over: a series begins with its first sample here.
const SERIES: Names = &[(1, "labelsRefs"), (4, "exemplars"), (5, "metadata")];
const METADATA: Names = &[(1, "type")];
/// The numbers of samples and native histograms in a series.
const VALUES: [u32; 2] = [2, 3];
/// Most texts of a table: several for each sample that a request may hold.
const MOST_SYMBOLS: usize = 1_000_000;

/// Reads the whole request.
pub(super) fn read(root: Message<'_>, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut symbols: Vec<Item<'_>> = Vec::new();
    root.fields(SYMBOLS, &mut |_, item| {
        if symbols.len() == MOST_SYMBOLS {
            return Err(format!("request has more than {MOST_SYMBOLS} symbols"));
        }
        symbols.push(item);
        Ok(())
    })?;
    root.fields(REQUEST, &mut |_, item| {
        let message = item.message()?;
        let mut exemplars = 0;
        let series = series(message, &symbols, sink.origin, &mut exemplars);
        sink.write.exemplars += exemplars;
        sink.series(message, &series, VALUES)
    })
}

fn series(
    message: Message<'_>,
    symbols: &[Item<'_>],
    origin: &Origin,
    exemplars: &mut usize,
) -> Result<(Series, MetricType), Malformed> {
    // A name and a value for each label, and the metric's own name.
    let most = 2 * (origin.limits.metric_labels + 1);
    let (mut references, mut metric_type) = (Vec::new(), MetricType::Unknown);
    message.fields(SERIES, &mut |number, item| {
        match number {
            1 => item.each_number(Packing::Varint, &mut |item| {
                if references.len() == most {
                    return Err(format!(
                        "series has more than {} labels, which is the limit",
                        origin.limits.metric_labels
                    ));
                }
                references.push(item.u64()?);
                Ok(())
            })?,
            4 => *exemplars += 1,
            _ => item.message()?.fields(METADATA, &mut |_, item| {
                metric_type = MetricType::from_number(item.u64()?);
                Ok(())
            })?,
        }
        Ok(())
    })?;
    if !references.len().is_multiple_of(2) {
        return Err(format!(
            "series has {} references to symbols, they must be pairs",
            references.len()
        ));
    }
    let mut pairs = Vec::with_capacity(references.len() / 2);
    for pair in references.chunks_exact(2) {
        pairs.push((symbol(symbols, pair[0])?, symbol(symbols, pair[1])?));
    }
    Ok((Series::of_pairs(pairs, origin)?, metric_type))
}

fn symbol<'a>(symbols: &[Item<'a>], reference: u64) -> Result<Cow<'a, str>, Malformed> {
    let count = symbols.len();
    usize::try_from(reference)
        .ok()
        .and_then(|at| symbols.get(at))
        .ok_or_else(|| format!("symbol {reference} is not among the {count} of the request"))?
        .text()
}
