//! `prometheus.WriteRequest`.

use std::borrow::Cow;

use super::Sink;
use super::kind::{MetricType, Types};
use super::series::Series;
use crate::context::Origin;
use crate::wire::{Item, Malformed, Message, Names};

const REQUEST: Names = &[(1, "timeseries")];
const REQUEST_METADATA: Names = &[(3, "metadata")];
const SERIES_LABELS: Names = &[(1, "labels"), (3, "exemplars")];
const LABEL: Names = &[(1, "name"), (2, "value")];
const METADATA: Names = &[(1, "type"), (2, "metricFamilyName")];
/// The numbers of samples and native histograms in a series.
const VALUES: [u32; 2] = [2, 4];

/// Reads the whole request. What its metadata says of a family's type counts for the series beside it; Prometheus sends
/// metadata in requests of their own, whose families are not remembered: a kind must not depend on who came first.
pub(super) fn read(root: Message<'_>, sink: &mut Sink<'_>) -> Result<(), Malformed> {
    let mut types = Types::default();
    root.fields(REQUEST_METADATA, &mut |_, item| {
        if let Ok((family, metric_type)) = metadata(item) {
            types.add(family, metric_type);
        }
        Ok(())
    })?;
    root.fields(REQUEST, &mut |_, item| {
        let message = item.message()?;
        let mut exemplars = 0;
        let series = series(message, sink.origin, &mut exemplars).map(|series| {
            let metric_type = types.of(&series.name);
            (series, metric_type)
        });
        sink.write.exemplars += exemplars;
        sink.series(message, &series, VALUES)
    })
}

fn metadata(item: Item<'_>) -> Result<(Cow<'_, str>, MetricType), Malformed> {
    let (mut family, mut metric_type) = (Cow::Borrowed(""), MetricType::Unknown);
    item.message()?.fields(METADATA, &mut |number, item| {
        match number {
            1 => metric_type = MetricType::from_number(item.u64()?),
            _ => family = item.text()?,
        }
        Ok(())
    })?;
    Ok((family, metric_type))
}

fn series(
    message: Message<'_>,
    origin: &Origin,
    exemplars: &mut usize,
) -> Result<Series, Malformed> {
    let most = origin.limits.metric_labels + 1;
    let mut pairs = Vec::new();
    message.fields(SERIES_LABELS, &mut |number, item| {
        match number {
            1 => {
                if pairs.len() > most {
                    return Err(format!(
                        "series has more than {most} labels, limit is {}",
                        most - 1
                    ));
                }
                pairs.push(label(item)?);
            }
            _ => *exemplars += 1,
        }
        Ok(())
    })?;
    Series::of_pairs(pairs, origin)
}

fn label(item: Item<'_>) -> Result<(Cow<'_, str>, Cow<'_, str>), Malformed> {
    let mut pair = (Cow::Borrowed(""), Cow::Borrowed(""));
    item.message()?.fields(LABEL, &mut |number, item| {
        match number {
            1 => pair.0 = item.text()?,
            _ => pair.1 = item.text()?,
        }
        Ok(())
    })?;
    Ok(pair)
}
