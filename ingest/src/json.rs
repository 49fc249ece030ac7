//! A JSON reader made for logs.
//!
//! A record is split into the raw slices of its top-level fields without building a tree. Nothing recurses, so no
//! nesting overflows the stack; a broken element is stepped over by counting brackets, so its neighbours are read;
//! and what databases choke on (NUL, lone surrogates, numbers beyond an f64) is replaced while copying.
//!
//! It reads RFC 8259, except that unescaped control characters inside strings, and of the outermost array a trailing
//! comma and missing ones between objects are forgiven: hand-made senders produce all of them.

mod records;
mod rewrite;
mod scanner;
mod string;

pub(crate) use records::{Element, for_each_element, read_object, too_many_attributes};
pub(crate) use rewrite::{write_string, write_value};
pub(crate) use scanner::{Field, Form, Kind, ScanError, Scanner, Value};
pub(crate) use string::{decode_string, replace_nul};

#[cfg(test)]
mod tests;
