//! The columns of a block's Parquet file. The regression test of the stored format keeps files of every version.
//!
//! | column | type | what |
//! |---|---|---|
//! | `timestamp` | i64 | nanoseconds divided by the file's `vigil.unit_ns` |
//! | `observed_at_ns`, `severity`, `template_id` | i64, i32, i64 | as in a record |
//! | `id_high`, `id_low` | i64 | the two halves of the id |
//! | `service` | text | |
//! | `trace_id`, `span_id` | 16, 8 bytes | ids of lower-case hex digits |
//! | `trace_text`, `span_text` | text | ids of any other form |
//! | `template` | text | the template's text, where the body was split by it |
//! | `v0`.. | text | the values of the slots |
//! | `v_more` | text | the values of further slots, joined by U+001F |
//! | `v_rest` | text | what follows the template's last part |
//! | `body` | text | bodies that no template splits |
//! | `keys` | text | the raw keys of the attributes in order, joined by U+001F |
//! | `a:KEY` | text | the raw JSON value of a key |
//! | `a_more` | text | the values of rarer keys, joined by U+001F |
//! | `attributes` | text | attributes that are no compact object |
//!
//! Columns without a value are left out. Rows are sorted by service, template and time.

/// The version that is written. Readers read every version up to it.
pub(crate) const FORMAT: i16 = 1;
/// File metadata: the version.
pub(crate) const META_FORMAT: &str = "vigil.format";
/// File metadata: what `timestamp` counts in, nanoseconds.
pub(crate) const META_UNIT: &str = "vigil.unit_ns";
/// File metadata: what the records are; log records when it is missing.
pub(crate) const META_KIND: &str = "vigil.kind";
/// File metadata: the tenant, and when the block was made. Records that are the same make blocks that are not.
pub(crate) const META_PROJECT: &str = "vigil.project";
pub(crate) const META_CREATED: &str = "vigil.created_at_ns";

pub(crate) const TIMESTAMP: &str = "timestamp";
pub(crate) const OBSERVED_AT: &str = "observed_at_ns";
pub(crate) const ID_HIGH: &str = "id_high";
pub(crate) const ID_LOW: &str = "id_low";
pub(crate) const SEVERITY: &str = "severity";
pub(crate) const SERVICE: &str = "service";
pub(crate) const TEMPLATE_ID: &str = "template_id";
pub(crate) const TRACE_ID: &str = "trace_id";
pub(crate) const TRACE_TEXT: &str = "trace_text";
pub(crate) const SPAN_ID: &str = "span_id";
pub(crate) const SPAN_TEXT: &str = "span_text";
pub(crate) const TEMPLATE: &str = "template";
pub(crate) const VALUE: &str = "v";
pub(crate) const VALUES_MORE: &str = "v_more";
pub(crate) const VALUES_REST: &str = "v_rest";
pub(crate) const BODY: &str = "body";
pub(crate) const KEYS: &str = "keys";
pub(crate) const ATTRIBUTE: &str = "a:";
pub(crate) const ATTRIBUTES_MORE: &str = "a_more";
pub(crate) const ATTRIBUTES: &str = "attributes";

/// Slots with a column of their own.
pub(crate) const VALUE_COLUMNS: usize = 8;
/// Keys with a column of their own.
pub(crate) const KEY_COLUMNS: usize = 64;
/// Keys longer than this many bytes get none.
pub(crate) const MAX_KEY_BYTES: usize = 128;
/// Joins what has no column of its own. Text that holds it is never joined.
pub(crate) const JOINT: char = '\u{1f}';

/// Rows of a block at most.
pub(crate) const MAX_ROWS: usize = 65_536;
/// Text of a block at most, bytes: a block is decoded as a whole.
pub(crate) const MAX_TEXT_BYTES: usize = 32 * 1024 * 1024;
