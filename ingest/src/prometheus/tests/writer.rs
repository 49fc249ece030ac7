//! Writes protobuf messages, field by field.

/// A message as written so far.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    pub fn double(mut self, field: u64, value: f64) -> Self {
        self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    pub fn message(self, field: u64, message: Self) -> Self {
        self.bytes(field, &message.0)
    }

    pub fn packed(self, field: u64, values: &[u64]) -> Self {
        let mut inner = Self::new();
        for value in values {
            inner.varint(*value);
        }
        self.message(field, inner)
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A label of version 1.
pub fn label_v1(name: &str, value: &str) -> Message {
    Message::new().text(1, name).text(2, value)
}

/// A sample of either version.
pub fn sample(value: f64, at_ms: i64) -> Message {
    Message::new()
        .double(1, value)
        .number(2, at_ms.cast_unsigned())
}

/// What says that a series has ended.
pub fn stale() -> f64 {
    f64::from_bits(0x7ff0_0000_0000_0002)
}
