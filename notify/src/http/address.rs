//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address that is not plainly public is for.
///
/// Source: the IANA special-purpose address registries (RFC 6890 and its successors).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Globally reachable.
    Public,
    /// This machine.
    Loopback,
    /// RFC 1918 or RFC 4193.
    Private,
    /// This network segment.
    LinkLocal,
    /// Carrier-grade NAT, RFC 6598.
    SharedNat,
    /// Hands credentials to whoever asks: the metadata services of the clouds.
    Metadata,
    /// Many receivers.
    Multicast,
    /// "This host", documentation, benchmarks, tunnels, future use.
    Reserved,
}

impl AddressClass {
    /// Words for a message.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "a public address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::SharedNat => "a carrier-grade nat address",
            Self::Metadata => "a cloud metadata service",
            Self::Multicast => "a multicast address",
            Self::Reserved => "a reserved address",
        }
    }

    /// Whether `allow_private` lets it through.
    fn is_inside(self) -> bool {
        matches!(
            self,
            Self::Loopback | Self::Private | Self::LinkLocal | Self::SharedNat
        )
    }
}

/// AWS, Google, Azure, DigitalOcean; AWS container credentials; Alibaba; Oracle; Azure's wire server.
const METADATA_V4: [Ipv4Addr; 5] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];
/// AWS over IPv6.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// What an address is for; an IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as itself.
#[must_use]
pub fn classify_address(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    if METADATA_V4.contains(&address) {
        return AddressClass::Metadata;
    }
    match address.octets() {
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressClass::Private,
        [169, 254, ..] => AddressClass::LinkLocal,
        [100, 64..=127, ..] => AddressClass::SharedNat,
        [224..=239, ..] => AddressClass::Multicast,
        [0, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    if address == METADATA_V6 {
        return AddressClass::Metadata;
    }
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        classify_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressClass::Reserved,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        // IPv4-mapped, IPv4-compatible, IPv4-translated, NAT64
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        // 6to4
        [0x2002, high, low, ..] => embedded(high, low),
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        // unique local, and the old site-local
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => AddressClass::Private,
        // Teredo, benchmarks, ORCHID, documentation
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            AddressClass::Reserved
        }
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

/// A connection that was refused before it was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{host}' is {}; allow_private or an entry in allow would permit it", .class.as_str())]
pub(crate) struct RefusedAddress {
    pub host: String,
    pub class: AddressClass,
}

/// Decides on addresses.
#[derive(Debug)]
pub(crate) struct Guard {
    allow_private: bool,
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u32)>,
}

impl Guard {
    pub fn new(allow_private: bool, allow: &[String]) -> Result<Self, String> {
        let mut guard = Self {
            allow_private,
            hosts: Vec::new(),
            networks: Vec::new(),
        };
        for entry in allow {
            let entry = entry.trim();
            match parse_network(entry) {
                Some(network) => guard.networks.push(network),
                None if !entry.is_empty() && !entry.contains(['/', ':', ' ']) => {
                    guard.allow_host(entry)
                }
                None => {
                    return Err(format!(
                        "'{entry}' in allow is neither a host, an address nor a network"
                    ));
                }
            }
        }
        Ok(guard)
    }

    pub fn allow_host(&mut self, host: &str) {
        self.hosts.push(host.trim_end_matches('.').to_lowercase());
    }

    /// Whether a host may be inside a private network.
    pub fn reaches_inside(&self, host: &str) -> bool {
        self.allow_private || self.lists_host(host)
    }

    fn lists_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        self.hosts.iter().any(|entry| {
            host == *entry || (entry.starts_with('.') && host.ends_with(entry.as_str()))
        })
    }

    pub fn lists(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|(network, prefix)| holds(*network, *prefix, address))
    }

    /// Whether a host may be connected to at an address.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), RefusedAddress> {
        let class = classify_address(address);
        let allowed = class == AddressClass::Public
            || (class.is_inside() && self.reaches_inside(host))
            || self.lists(address);
        if allowed {
            Ok(())
        } else {
            Err(RefusedAddress {
                host: host.to_owned(),
                class,
            })
        }
    }
}

fn parse_network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, prefix.parse().ok()?),
        None => {
            let address = text.parse::<IpAddr>().ok()?;
            (address, if address.is_ipv4() { 32 } else { 128 })
        }
    };
    (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
}

fn holds(network: IpAddr, prefix: u32, address: IpAddr) -> bool {
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}
