//! The protobuf wire format.

use super::{Item, Malformed, Names, Packing};

/// Steps through the fields of a message.
pub(super) fn fields<'a>(
    bytes: &'a [u8],
    names: Names,
    visit: &mut dyn FnMut(u32, Item<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    while reader.at < bytes.len() {
        let start = reader.at;
        let tag = reader.varint()?;
        let number = u32::try_from(tag >> 3)
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| format!("invalid field number at byte {start}"))?;
        let item = match tag & 7 {
            0 => Item::Varint(reader.varint()?),
            1 => Item::Fixed64(u64::from_le_bytes(reader.array()?)),
            2 => {
                let length = reader.varint()?;
                Item::Bytes(reader.take(length)?)
            }
            5 => Item::Fixed32(u32::from_le_bytes(reader.array()?)),
            // Groups (3, 4) were given up before any of these protocols began.
            other => return Err(format!("unknown wire type {other} at byte {start}")),
        };
        if names.iter().any(|(known, _)| *known == number) {
            visit(number, item)?;
        }
    }
    Ok(())
}

/// The numbers of a packed field.
pub(super) fn packed<'a>(
    bytes: &'a [u8],
    packing: Packing,
    visit: &mut dyn FnMut(Item<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    while reader.at < bytes.len() {
        visit(match packing {
            Packing::Varint => Item::Varint(reader.varint()?),
            Packing::Fixed64 => Item::Fixed64(u64::from_le_bytes(reader.array()?)),
        })?;
    }
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let Some(byte) = self.bytes.get(self.at) else {
                return Err(self.ends_early());
            };
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(format!(
            "a number is longer than ten bytes at byte {}",
            self.at
        ))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let rest = &self.bytes[self.at..];
        let taken = usize::try_from(length)
            .ok()
            .and_then(|length| rest.get(..length))
            .ok_or_else(|| self.ends_early())?;
        self.at += taken.len();
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let array = *self.bytes[self.at..]
            .first_chunk()
            .ok_or_else(|| self.ends_early())?;
        self.at += N;
        Ok(array)
    }

    fn ends_early(&self) -> Malformed {
        format!("the message ends inside a field at byte {}", self.at)
    }
}
