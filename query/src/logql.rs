//! LogQL, the query language of Loki: what its clients ask, understood and answered out of stored records.
//!
//! A subset: selectors, line filters, the parsers `| json`, `| logfmt`, `| pattern`, `| regexp`, label filters, `| line_format`,
//! `| label_format`, `| drop`, `| keep`; counts and, with `| unwrap`, numbers over a window; `sum`, `avg`, `min`, `max`, `count`,
//! `topk`, `bottomk`; arithmetic, comparisons and sets of series with the same labels. What is not there is refused by its
//! name.
//!
//! Source: grafana.com/docs/loki/latest/query.

mod address;
mod ast;
mod error;
mod explore;
mod extract;
mod fields;
mod labels;
mod lexer;
mod logs;
mod metric;
mod parser;
mod pipeline;
mod selector;
mod source;
mod template;
mod value;

pub use ast::{Expression, LogQuery, Matcher, Metric};
pub use error::Error;
pub use explore::{
    DetectedField, IndexStats, PatternCounts, Volume, detected_fields, labels, patterns, stats,
    streams, values, volume, volume_labels, volume_range,
};
pub use labels::{LEVEL, Labels, SERVICE};
pub use logs::{LogEntry, LogsRequest, entry, logs};
pub use metric::{Numbers, Series, Steps, numbers};
pub use parser::{MAX_QUERY_BYTES, parse, parse_selector};
pub use source::{Budget, Source, Usage};
pub use value::parse_duration;

#[cfg(test)]
mod tests;
