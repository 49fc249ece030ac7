//! The text that programs show to scrapers: Prometheus' format 0.0.4 and OpenMetrics 1.0.
//!
//! Sources: prometheus.io/docs/instrumenting/exposition_formats; the OpenMetrics specification 1.0, "Text format".

mod sample;

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::MetricPoint;

use super::kind::{MetricType, Types};
use super::point_bytes;
use super::series::{Series, insert};
use crate::context::Origin;
use crate::draft::cut;
use crate::otlp::REPEATED_BYTES;
use crate::wire::{Malformed, text_of_bytes};
use crate::{Context, Decoded, Error};
use sample::{Written, quoted, read_line};

/// Which text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpositionFormat {
    /// Prometheus' own, version 0.0.4: timestamps are milliseconds.
    Prometheus,
    /// `OpenMetrics` 1.0: timestamps are seconds, `# EOF` ends it.
    OpenMetrics,
}

impl ExpositionFormat {
    /// Reads a `Content-Type` header. Programs that send another type, or none, show Prometheus' text all the same.
    #[must_use]
    pub fn from_content_type(value: Option<&str>) -> Self {
        let full = value.unwrap_or_default();
        let media = full.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }
}

/// The labels of whatever shows the text.
#[derive(Debug, Clone, Default)]
pub struct TargetLabels {
    /// They are added to every series.
    pub labels: BTreeMap<String, String>,
    /// Where a series has a label of the same name: whether its own stays. Otherwise its own is called `exported_NAME`.
    pub honor_labels: bool,
}

/// What a text held.
#[derive(Debug, Clone, PartialEq)]
pub struct Exposition {
    /// The points to store. Positions count the lines that hold samples; a sample without a value becomes no point.
    pub decoded: Decoded<MetricPoint>,
    /// Samples that could be read, those without a value among them.
    pub samples: usize,
}

/// Reads the samples of a text, line by line. A line that cannot be read is refused alone; exemplars, help and units are
/// not kept. A sample without a timestamp has that of arrival.
///
/// # Errors
/// The body is too large, or holds or grows to more than one request may.
pub fn decode_exposition(
    format: ExpositionFormat,
    body: &[u8],
    target: &TargetLabels,
    context: &Context<'_>,
) -> Result<Exposition, Error> {
    if body.len() > context.limits.body_bytes {
        return Err(Error::BodyTooLarge {
            actual_bytes: body.len(),
            limit_bytes: context.limits.body_bytes,
        });
    }
    let origin = Origin::from(context);
    let text = text_of_bytes(body);
    let mut reader = Reader {
        format,
        target,
        origin: &origin,
        types: Types::default(),
        is_ended: false,
        index: 0,
        point_bytes: 0,
        exposition: Exposition {
            decoded: Decoded::new(),
            samples: 0,
        },
    };
    for line in text.lines() {
        reader.line(line.trim_matches([' ', '\t', '\r']))?;
    }
    if format == ExpositionFormat::OpenMetrics && !reader.is_ended {
        reader.take(Err("text ends without '# EOF'".to_owned()))?;
    }
    Ok(reader.exposition)
}

struct Reader<'a> {
    format: ExpositionFormat,
    target: &'a TargetLabels,
    origin: &'a Origin,
    types: Types<'a>,
    /// Whether `# EOF` was seen.
    is_ended: bool,
    index: usize,
    point_bytes: usize,
    exposition: Exposition,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &str) -> Result<(), Error> {
        if line.is_empty() {
            return Ok(());
        }
        if self.is_ended {
            return self.take(Err(format!("line '{}' comes after '# EOF'", cut(line, 64))));
        }
        if let Some(comment) = line.strip_prefix('#') {
            self.comment(comment);
            return Ok(());
        }
        let point = read_line(line).and_then(|written| self.point(written));
        self.take(point)
    }

    /// What stands behind `#`: the type of a family, the end, or nothing that matters.
    fn comment(&mut self, comment: &str) {
        let comment = comment.trim_start();
        if comment == "EOF" && self.format == ExpositionFormat::OpenMetrics {
            self.is_ended = true;
        }
        let Some(described) = comment.strip_prefix("TYPE ") else {
            return;
        };
        // Names that are not of the old alphabet stand in quotes.
        let described = described.trim_start();
        let split = described
            .split_once([' ', '\t'])
            .map(|(family, rest)| (Cow::Borrowed(family), rest));
        if let Some((family, rest)) = quoted(described).or(split)
            && let Some(metric_type) = MetricType::from_word(rest.trim())
        {
            self.types.add(Cow::Owned(family.into_owned()), metric_type);
        }
    }

    fn take(&mut self, point: Result<Option<MetricPoint>, Malformed>) -> Result<(), Error> {
        let limits = &self.origin.limits;
        if self.index >= limits.records {
            return Err(Error::TooManyRecords {
                limit: limits.records,
            });
        }
        match point {
            Ok(point) => {
                self.exposition.samples += 1;
                if let Some(point) = point {
                    self.point_bytes += point_bytes(&point);
                    if self.point_bytes > REPEATED_BYTES {
                        return Err(Error::GrowsTooLarge {
                            limit_bytes: REPEATED_BYTES,
                        });
                    }
                    self.exposition.decoded.accept(self.index, point);
                }
            }
            Err(reason) => self.exposition.decoded.reject(self.index, reason, limits),
        }
        self.index += 1;
        Ok(())
    }

    /// The point of a line; none when it has no value.
    fn point(&self, written: Written<'_>) -> Result<Option<MetricPoint>, Malformed> {
        let series = self.series(&written)?;
        let timestamp_ns = match written.timestamp {
            None => self.origin.received_at_ns,
            Some(text) => self.instant(text)?,
        };
        let value = written.value;
        if value.is_nan() {
            return Ok(None);
        }
        if value.is_infinite() {
            return Err(format!("value '{value}' is not a finite number"));
        }
        let kind = self.types.of(&series.name).kind_of(&series.name);
        series
            .point("", None, kind, value, timestamp_ns, self.origin)
            .map(Some)
    }

    /// The series of a line, with the labels of the target.
    fn series(&self, written: &Written<'_>) -> Result<Series, Malformed> {
        let mut labels = BTreeMap::new();
        for (key, value) in &written.labels {
            let is_taken = self.target.labels.contains_key(key.as_ref());
            if is_taken && !self.target.honor_labels {
                insert(&mut labels, &format!("exported_{key}"), value, self.origin)?;
            } else {
                insert(&mut labels, key, value, self.origin)?;
            }
        }
        for (key, value) in &self.target.labels {
            if !labels.contains_key(key) {
                labels.insert(key.clone(), value.clone());
            }
        }
        let name = crate::metrics::checked_name(&written.name, self.origin)?;
        let mut series = Series { name, labels };
        series.name_service(self.origin)?;
        Ok(series)
    }

    fn instant(&self, text: &str) -> Result<i64, Malformed> {
        let instant = match self.format {
            ExpositionFormat::Prometheus => {
                let at_ms: i64 = text.parse().map_err(|_| unreadable(text))?;
                return super::instant_of_ms(at_ms, self.origin);
            }
            ExpositionFormat::OpenMetrics => nanos_of_seconds(text).ok_or_else(|| unreadable(text)),
        }?;
        if self
            .origin
            .limits
            .is_plausible(instant, self.origin.received_at_ns)
        {
            Ok(instant)
        } else {
            Err(format!(
                "timestamp '{}' is not between 1990 and a day after arrival",
                cut(text, 64)
            ))
        }
    }
}

fn unreadable(text: &str) -> Malformed {
    format!("timestamp '{}' cannot be read", cut(text, 64))
}

/// Unix seconds with a fraction as nanoseconds; plain decimals exactly, others as a float has them.
fn nanos_of_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if let (true, Ok(seconds)) = (is_plain, whole.parse::<i64>()) {
        let nanos: i64 = format!("{fraction:0<9}").parse().ok()?;
        let whole = seconds.checked_mul(domain::NANOS_PER_SECOND)?;
        return if seconds < 0 {
            whole.checked_sub(nanos)
        } else {
            whole.checked_add(nanos)
        };
    }
    let seconds: f64 = text.parse().ok()?;
    let nanos = seconds * domain::NANOS_PER_SECOND as f64;
    nanos.is_finite().then_some(nanos as i64)
}

#[cfg(test)]
mod tests;
