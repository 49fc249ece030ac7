//! `ip("..")`: an address, a network or a range of addresses.

use std::net::IpAddr;

/// Addresses that are looked for.
#[derive(Debug, Clone)]
pub struct Addresses {
    text: String,
    first: u128,
    last: u128,
    is_v4: bool,
}

impl Addresses {
    /// Reads `10.0.0.7`, `10.0.0.0/8` or `10.0.0.1-10.0.0.9`, also of version 6.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no address, network or range of addresses");
        let read = |part: &str| part.trim().parse::<IpAddr>().map_err(|_| wrong());
        let (first, last) = if let Some((network, length)) = text.split_once('/') {
            let network = read(network)?;
            let length: u32 = length.trim().parse().map_err(|_| wrong())?;
            let width: u32 = if network.is_ipv4() { 32 } else { 128 };
            let free = width.checked_sub(length).ok_or_else(wrong)?;
            let (number, is_v4) = number(network);
            let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |end| end - 1);
            let first = number & !mask;
            ((first, is_v4), (first | mask, is_v4))
        } else if let Some((first, last)) = text.split_once('-') {
            (number(read(first)?), number(read(last)?))
        } else {
            let one = number(read(text)?);
            (one, one)
        };
        if first.1 != last.1 || first.0 > last.0 {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            first: first.0,
            last: last.0,
            is_v4: first.1,
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is one of the addresses.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        text.trim().parse::<IpAddr>().is_ok_and(|address| {
            let (number, is_v4) = number(address);
            is_v4 == self.is_v4 && (self.first..=self.last).contains(&number)
        })
    }

    /// Whether one of the addresses stands in the line.
    #[must_use]
    pub fn is_in(&self, line: &str) -> bool {
        let is_part = |character: char| {
            character.is_ascii_hexdigit() || character == '.' || (character == ':' && !self.is_v4)
        };
        line.split(|character| !is_part(character))
            // The end of a sentence belongs to no address.
            .map(|word| word.trim_matches('.'))
            .any(|word| word.len() > 1 && self.holds(word))
    }
}

fn number(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()), true),
        IpAddr::V6(address) => (address.to_bits(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;

    #[track_caller]
    fn check(addresses: &str, inside: &[&str], outside: &[&str]) {
        let addresses = Addresses::new(addresses).unwrap();
        for text in inside {
            assert!(addresses.holds(text), "{text} is inside");
            let line = format!("from {text}, port 80.");
            assert!(addresses.is_in(&line), "{line}");
            let line = format!("from {text}.");
            assert!(addresses.is_in(&line), "{line}");
        }
        for text in outside {
            assert!(!addresses.holds(text), "{text} is outside");
            assert!(!addresses.is_in(&format!("from {text}")), "{text}");
        }
    }

    #[test]
    fn addresses_networks_and_ranges_are_told_apart() {
        check(
            "10.0.0.7",
            &["10.0.0.7"],
            &["10.0.0.70", "110.0.0.7", "x", ""],
        );
        check(
            "10.1.2.3/8",
            &["10.0.0.0", "10.255.255.255"],
            &["11.0.0.0", "9.9.9.9"],
        );
        check("10.0.0.9/32", &["10.0.0.9"], &["10.0.0.8"]);
        check("0.0.0.0/0", &["255.255.255.255"], &["::1"]);
        check(
            "10.0.0.1-10.0.0.9",
            &["10.0.0.1", "10.0.0.9"],
            &["10.0.0.10"],
        );
        check(
            "fd00::/8",
            &["fd12::1", "fdff:ffff::"],
            &["fe80::1", "10.0.0.1"],
        );
        check("::/0", &["::1"], &["10.0.0.1"]);
        let port = Addresses::new("10.0.0.7").unwrap();
        assert!(
            port.is_in("10.0.0.7:8080") && port.is_in("[10.0.0.7]") && port.is_in("a=10.0.0.7")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "x",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "10.0.0.9-10.0.0.1",
            "10.0.0.1-::1",
        ] {
            assert!(Addresses::new(text).is_err(), "{text}");
        }
    }
}
