//! Prometheus: remote write 1.0 and 2.0, and the text that a scraper reads.
//!
//! Sources: prometheus.io/docs/specs/prw/remote_write_spec and .../remote_write_spec_2_0 (`prompb/types.proto`,
//! `prompb/remote.proto`, `io/prometheus/write/v2/types.proto`), prometheus.io/docs/instrumenting/exposition_formats,
//! OpenMetrics 1.0.
//!
//! Of values that are no finite number: the stale marker (0x7ff0000000000002) and every other NaN say that there is no
//! value, so nothing is stored and nothing is refused. No store takes an infinite one either; a line of a text is refused
//! for it, a sample of remote write is left out and counted, because its sender would take the refusal of one for that
//! of the whole request and complain at every one of them.

mod histogram;
mod kind;
mod series;
mod text;
mod v1;
mod v2;

use std::collections::BTreeMap;

use domain::MetricPoint;

pub use text::{Exposition, ExpositionFormat, TargetLabels, decode_exposition};

use crate::context::Origin;
use crate::otlp::REPEATED_BYTES;
use crate::wire::{Item, Malformed, Message, Names};
use crate::{Context, Decoded, Error};
use kind::MetricType;
use series::Series;

/// What a remote write request is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteWriteFormat {
    /// Which message the body holds.
    pub version: RemoteWriteVersion,
    /// Whether one block of snappy is around it; otherwise it is plain already.
    pub is_snappy: bool,
}

/// The version of the remote write protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoteWriteVersion {
    /// `prometheus.WriteRequest`.
    One,
    /// `io.prometheus.write.v2.Request`.
    Two,
}

/// What a remote write request held.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteWrite {
    /// The points to store. Positions count samples and histograms in the order they came; a histogram becomes several
    /// points of one position, a sample without a value none.
    pub decoded: Decoded<MetricPoint>,
    /// Its samples.
    pub samples: Tally,
    /// Its native histograms.
    pub histograms: Tally,
    /// Exemplars that were sent; none is kept.
    pub exemplars: usize,
    /// Samples that were left out because their value is infinite.
    pub infinite: usize,
    /// The positions of the histograms, ascending.
    histogram_positions: Vec<usize>,
}

/// How many came and how many of them cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that were sent.
    pub sent: usize,
    /// Those that were refused by the decoder.
    pub rejected: usize,
}

impl RemoteWrite {
    /// Whether a histogram, not a sample, stood at this position.
    #[must_use]
    pub fn is_histogram(&self, position: usize) -> bool {
        self.histogram_positions.binary_search(&position).is_ok()
    }
}

/// Reads a remote write request. Every sample is read on its own; a series whose labels cannot be used costs its own
/// samples only.
///
/// # Errors
/// The body is too large, is no snappy block, its outer level is no such request, or it holds or grows to more than one
/// request may.
pub fn decode_remote_write(
    format: RemoteWriteFormat,
    body: &[u8],
    context: &Context<'_>,
) -> Result<RemoteWrite, Error> {
    let unpacked;
    let plain = if format.is_snappy {
        unpacked = crate::compression::unsnap(body, context.limits)?;
        unpacked.as_slice()
    } else if body.len() > context.limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: context.limits.body_bytes,
        });
    } else {
        body
    };
    let origin = Origin::from(context);
    let mut sink = Sink::new(&origin);
    let read = match format.version {
        RemoteWriteVersion::One => v1::read(Message::Protobuf(plain), &mut sink),
        RemoteWriteVersion::Two => v2::read(Message::Protobuf(plain), &mut sink),
    };
    sink.finish(read)
}

const SAMPLE: Names = &[(1, "value"), (2, "timestamp")];

/// Where decoders put what they read of a request.
struct Sink<'o> {
    origin: &'o Origin,
    write: RemoteWrite,
    index: usize,
    point_bytes: usize,
    /// Why the whole request is refused, once it is.
    refused: Option<Error>,
}

impl<'o> Sink<'o> {
    fn new(origin: &'o Origin) -> Self {
        Self {
            origin,
            write: RemoteWrite {
                decoded: Decoded::new(),
                samples: Tally::default(),
                histograms: Tally::default(),
                exemplars: 0,
                infinite: 0,
                histogram_positions: Vec::new(),
            },
            index: 0,
            point_bytes: 0,
            refused: None,
        }
    }

    fn finish(self, read: Result<(), Malformed>) -> Result<RemoteWrite, Error> {
        match (self.refused, read) {
            (Some(error), _) => Err(error),
            (None, Err(reason)) => Err(Error::Malformed {
                what: "a Prometheus remote write request",
                reason,
            }),
            (None, Ok(())) => Ok(self.write),
        }
    }

    /// Stops the walk through the request.
    fn refuse(&mut self, error: Error) -> Malformed {
        let reason = error.to_string();
        self.refused = Some(error);
        reason
    }

    /// Reads the samples and histograms of one series; `numbers` are those of the two fields. Only what refuses the
    /// whole request is an error.
    fn series(
        &mut self,
        message: Message<'_>,
        series: &Result<(Series, MetricType), Malformed>,
        numbers: [u32; 2],
    ) -> Result<(), Malformed> {
        const FIELDS: Names = &[(2, "samples"), (3, "histograms"), (4, "histograms")];
        let before = self.index;
        let walked = message.fields(FIELDS, &mut |number, item| {
            if number == numbers[0] {
                let read = series.as_ref().map_err(Clone::clone).and_then(|series| {
                    let (value, at_ms) = sample(item)?;
                    self.write.infinite += usize::from(value.is_infinite());
                    series.0.sample(series.1, value, at_ms, self.origin)
                });
                self.write.samples.sent += 1;
                if read.is_err() {
                    self.write.samples.rejected += 1;
                }
                self.take(read)?;
            } else if number == numbers[1] {
                let read = series
                    .as_ref()
                    .map_err(Clone::clone)
                    .and_then(|series| histogram::read(item.message()?, &series.0, self.origin));
                self.write.histograms.sent += 1;
                self.write.histogram_positions.push(self.index);
                if read.is_err() {
                    self.write.histograms.rejected += 1;
                }
                self.take(read)?;
            }
            Ok(())
        });
        match walked {
            Err(reason) if self.refused.is_some() => Err(reason),
            // Its frame is broken: what was read of it before stays.
            Err(reason) => self.broken(reason),
            Ok(()) => match series {
                Err(reason) if self.index == before => self.broken(reason.clone()),
                _ => Ok(()),
            },
        }
    }

    /// A series that cannot be walked counts as one sample.
    fn broken(&mut self, reason: Malformed) -> Result<(), Malformed> {
        self.write.samples.sent += 1;
        self.write.samples.rejected += 1;
        self.take(Err(reason))
    }

    /// Takes the points of the next position, or why there are none.
    fn take(&mut self, points: Result<Vec<MetricPoint>, Malformed>) -> Result<(), Malformed> {
        let limits = &self.origin.limits;
        if self.index >= limits.records {
            return Err(self.refuse(Error::TooManyRecords {
                limit: limits.records,
            }));
        }
        match points {
            Ok(points) => {
                for point in points {
                    self.point_bytes += point_bytes(&point);
                    if self.point_bytes > REPEATED_BYTES {
                        return Err(self.refuse(Error::GrowsTooLarge {
                            limit_bytes: REPEATED_BYTES,
                        }));
                    }
                    self.write.decoded.accept(self.index, point);
                }
            }
            Err(reason) => self.write.decoded.reject(self.index, reason, limits),
        }
        self.index += 1;
        Ok(())
    }
}

/// Value and unix milliseconds.
fn sample(item: Item<'_>) -> Result<(f64, i64), Malformed> {
    let (mut value, mut at_ms) = (0.0, 0);
    item.message()?.fields(SAMPLE, &mut |number, item| {
        match number {
            1 => value = item.f64()?,
            _ => at_ms = item.i64()?,
        }
        Ok(())
    })?;
    Ok((value, at_ms))
}

/// The instant of unix milliseconds, if it is believed.
fn instant_of_ms(at_ms: i64, origin: &Origin) -> Result<i64, Malformed> {
    const NANOS_PER_MS: i64 = 1_000_000;
    at_ms
        .checked_mul(NANOS_PER_MS)
        .filter(|at| origin.limits.is_plausible(*at, origin.received_at_ns))
        .ok_or_else(|| {
            format!("timestamp '{at_ms}' ms is not between 1990 and a day after arrival")
        })
}

/// About what a point takes in memory.
fn point_bytes(point: &MetricPoint) -> usize {
    128 + point.name.len() + labels_bytes(&point.labels)
}

fn labels_bytes(labels: &BTreeMap<String, String>) -> usize {
    labels
        .iter()
        .map(|(key, value)| key.len() + value.len() + 48)
        .sum()
}

#[cfg(test)]
mod tests;
