//! Small writers of protobuf and MessagePack, so that requests, also impossible ones, are made in code.

/// A protobuf varint.
pub fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A field that is a varint.
pub fn number(field: u32, value: u64) -> Vec<u8> {
    [varint(u64::from(field) << 3), varint(value)].concat()
}

/// A field of eight bytes.
pub fn fixed64(field: u32, value: u64) -> Vec<u8> {
    [
        varint(u64::from(field) << 3 | 1),
        value.to_le_bytes().to_vec(),
    ]
    .concat()
}

/// A field of bytes with a length of its own choice.
pub fn claimed(field: u32, length: u64, data: &[u8]) -> Vec<u8> {
    [
        varint(u64::from(field) << 3 | 2),
        varint(length),
        data.to_vec(),
    ]
    .concat()
}

/// A field of bytes, a text or a message.
pub fn field(field: u32, data: impl AsRef<[u8]>) -> Vec<u8> {
    let data = data.as_ref();
    claimed(field, data.len() as u64, data)
}

/// OpenTelemetry's `KeyValue` with a text.
pub fn key_value(key: &str, value: &str) -> Vec<u8> {
    [field(1, key), field(2, field(1, value))].concat()
}

/// One block of snappy.
pub fn snappy(plain: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new()
        .compress_vec(plain)
        .unwrap_or_default()
}

/// A MessagePack text.
pub fn pack_text(text: &str) -> Vec<u8> {
    pack_claimed(0xdb, text.len(), text.as_bytes())
}

/// MessagePack bytes.
pub fn pack_bytes(data: &[u8]) -> Vec<u8> {
    pack_claimed(0xc6, data.len(), data)
}

/// A MessagePack array.
pub fn pack_array(elements: &[Vec<u8>]) -> Vec<u8> {
    pack_claimed(0xdd, elements.len(), &elements.concat())
}

/// A MessagePack map.
pub fn pack_map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<u8> = pairs
        .iter()
        .flat_map(|(key, value)| [pack_text(key), value.clone()].concat())
        .collect();
    pack_claimed(0xdf, pairs.len(), &members)
}

/// A MessagePack number.
pub fn pack_number(value: u64) -> Vec<u8> {
    [&[0xcf][..], &value.to_be_bytes()].concat()
}

/// A MessagePack head with four bytes of length, which may be a lie.
pub fn pack_claimed(marker: u8, length: usize, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    [&[marker][..], &length.to_be_bytes(), data].concat()
}
