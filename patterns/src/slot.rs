//! The kinds of variable that a template names, and how two kinds become one.
//!
//! Inside the miner a slot is one byte between 1 and 12. Bytes of that range never reach the
//! miner as text: the masker replaces control bytes by spaces or question marks.

/// One kind of variable. The discriminant is the byte that stands for it in masked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Slot {
    /// Anything.
    Any = 1,
    /// A decimal number with sign, fraction, exponent, thousands separators, version dots or a unit.
    Num = 2,
    /// Hexadecimal digits, with or without `0x`; also MAC addresses and digests.
    Hex = 3,
    /// An IPv4 or IPv6 address.
    Ip = 4,
    /// A UUID in its 8-4-4-4-12 form.
    Uuid = 5,
    /// A file path.
    Path = 6,
    /// What follows `scheme://`.
    Url = 7,
    /// An email address.
    Email = 8,
    /// A date, a time of day, or both.
    Time = 9,
    /// The inside of a long quoted text.
    Quoted = 10,
    /// A host name.
    Host = 11,
}

impl Slot {
    /// All of them, generic first.
    pub(crate) const ALL: [Self; 11] = [
        Self::Any,
        Self::Num,
        Self::Hex,
        Self::Ip,
        Self::Uuid,
        Self::Path,
        Self::Url,
        Self::Email,
        Self::Time,
        Self::Quoted,
        Self::Host,
    ];

    /// The byte that stands for it in masked text.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// The inverse of [`Slot::code`].
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        let index = usize::from(code).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// How it is written in a template's text.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "<*>",
            Self::Num => "<num>",
            Self::Hex => "<hex>",
            Self::Ip => "<ip>",
            Self::Uuid => "<uuid>",
            Self::Path => "<path>",
            Self::Url => "<url>",
            Self::Email => "<email>",
            Self::Time => "<time>",
            Self::Quoted => "<quoted>",
            Self::Host => "<host>",
        }
    }

    /// The slot that `text` starts with, and the length of its spelling.
    pub(crate) fn at_start_of(text: &[u8]) -> Option<(Self, usize)> {
        if text.first() != Some(&b'<') {
            return None;
        }
        Self::ALL
            .iter()
            .find(|slot| text.starts_with(slot.as_str().as_bytes()))
            .map(|slot| (*slot, slot.as_str().len()))
    }

    /// The least kind that covers both: itself, `<hex>` over `<num>`, else `<*>`.
    pub(crate) fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Num, Self::Hex) | (Self::Hex, Self::Num) => Self::Hex,
            _ => Self::Any,
        }
    }
}

/// Whether a byte of masked text is a slot.
pub(crate) const fn is_slot(byte: u8) -> bool {
    byte >= 1 && byte <= 12
}

/// Masked text as people read it: each slot spelt out.
pub(crate) fn spell(masked: &[u8]) -> String {
    let mut text = Vec::with_capacity(masked.len() + 32);
    for &byte in masked {
        match Slot::from_code(byte) {
            Some(slot) => text.extend_from_slice(slot.as_str().as_bytes()),
            None => text.push(byte),
        }
    }
    String::from_utf8(text)
        .unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned())
}

/// The inverse of [`spell`]: template text to masked text.
pub(crate) fn unspell(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut masked = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some((slot, length)) = Slot::at_start_of(&bytes[at..]) {
            masked.push(slot.code());
            at += length;
        } else {
            masked.push(bytes[at]);
            at += 1;
        }
    }
    masked
}
