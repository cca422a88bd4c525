//! Which hosts and which addresses of the network may be spoken to.

use core::fmt;
use core::str::FromStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The hosts that may be asked, by name. Checked for every address and again for every redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Option<Vec<String>>);

impl Hosts {
    /// Any host; [`Addresses`] still apply.
    pub const fn any() -> Self {
        Self(None)
    }

    /// These hosts and no other: names or IP addresses as [`Url::host`](crate::Url::host) gives them; `*.example.com` is every name
    /// below `example.com`, not itself.
    pub fn only<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Self {
        let lower = |pattern: S| pattern.as_ref().trim_end_matches('.').to_ascii_lowercase();
        Self(Some(patterns.into_iter().map(lower).collect()))
    }

    /// Whether this host may be asked.
    pub fn allow(&self, host: &str) -> bool {
        let Some(patterns) = &self.0 else { return true };
        patterns.iter().any(|pattern| match pattern.strip_prefix('*') {
            Some(suffix) if suffix.starts_with('.') => host.len() > suffix.len() && host.ends_with(suffix),
            _ => pattern == host,
        })
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self::any()
    }
}

/// The addresses that may be connected to. Checked on what the name resolved to and is then connected to, not on the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    any: bool,
    allowed: Vec<Network>,
}

impl Addresses {
    /// Public addresses only: nothing that [`is_inner`] knows.
    pub const fn public() -> Self {
        Self { any: false, allowed: Vec::new() }
    }

    /// Any address, those of the inner network too: for a caller who controls every address that is asked.
    pub const fn any() -> Self {
        Self { any: true, allowed: Vec::new() }
    }

    /// Public addresses and this network besides.
    #[must_use]
    pub fn and(mut self, network: Network) -> Self {
        self.allowed.push(network);
        self
    }

    /// Whether this address may be connected to.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.any || !is_inner(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self::public()
    }
}

/// A range of addresses, as in `10.0.0.0/8` or `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no network: an address, then optionally `/` and the number of bits that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network: write it as 10.0.0.0/8 or fd00::/8")]
pub struct NetworkParseError;

impl Network {
    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()) << 96, u128::from(other.to_bits()) << 96, self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), self.prefix),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkParseError;

    fn from_str(text: &str) -> Result<Self, NetworkParseError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkParseError)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or(NetworkParseError)?,
        };
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Whether the first `prefix` bits are the same.
fn same(one: u128, other: u128, prefix: u8) -> bool {
    u32::from(prefix) == 0 || (one ^ other).leading_zeros() >= u32::from(prefix)
}

/// Whether an address is anything but a public one of one host: the machine itself, private, link-local (where clouds keep their
/// metadata, 169.254.169.254), shared (CGNAT), multicast, broadcast, reserved or for documentation, after the special-purpose
/// registries of IANA (RFC 6890). IPv4 inside IPv6 (mapped, NAT64) is judged as what is inside; 6to4 and Teredo are inner.
pub fn is_inner(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_inner_v4(address),
        IpAddr::V6(address) => is_inner_v6(address),
    }
}

fn is_inner_v4(address: Ipv4Addr) -> bool {
    const INNER: [([u8; 4], u8); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    INNER.iter().any(|(octets, prefix)| {
        let network = Network { address: Ipv4Addr::from(*octets).into(), prefix: *prefix };
        network.contains(address.into())
    })
}

fn is_inner_v6(address: Ipv6Addr) -> bool {
    let bits = address.to_bits();
    let within = |network: [u16; 8], prefix: u8| same(Ipv6Addr::from(network).to_bits(), bits, prefix);
    if within([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96) {
        // NAT64 (RFC 6052): the last 32 bits are the address that is reached.
        let [.., a, b, c, d] = address.octets();
        return is_inner_v4(Ipv4Addr::new(a, b, c, d));
    }
    let is_global_unicast = within([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
    !is_global_unicast
        || within([0x2001, 0, 0, 0, 0, 0, 0, 0], 23)
        || within([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32)
        || within([0x2002, 0, 0, 0, 0, 0, 0, 0], 16)
        || within([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_inner_network() {
        for inner in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
        ] {
            assert!(is_inner(ip(inner)), "{inner}");
            assert!(!Addresses::public().allow(ip(inner)), "{inner}");
            assert!(Addresses::any().allow(ip(inner)), "{inner}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(!is_inner(ip(public)), "{public}");
            assert!(Addresses::public().allow(ip(public)), "{public}");
        }
    }

    #[test]
    fn a_network_can_be_allowed() {
        let addresses =
            Addresses::public().and("10.1.0.0/16".parse().unwrap()).and("fd00::/8".parse().unwrap());
        for (address, allowed) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.0", false),
            ("fd00::1", true),
            ("fc00::1", false),
            ("127.0.0.1", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(addresses.allow(ip(address)), allowed, "{address}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains(ip("255.1.2.3")) && !all.contains(ip("::1")));
        let one: Network = "127.0.0.1".parse().unwrap();
        assert_eq!(one.to_string(), "127.0.0.1/32");
        assert!(one.contains(ip("127.0.0.1")) && !one.contains(ip("127.0.0.2")));
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "localhost/8", "10/8"] {
            assert_eq!(wrong.parse::<Network>(), Err(NetworkParseError), "{wrong}");
        }
    }

    #[test]
    fn hosts_by_name() {
        let hosts = Hosts::only(["PKI.example.com", "*.example.org.", "192.0.2.1", "*"]);
        for (host, allowed) in [
            ("pki.example.com", true),
            ("a.pki.example.com", false),
            ("a.example.org", true),
            ("a.b.example.org", true),
            ("example.org", false),
            (".example.org", false),
            ("badexample.org", false),
            ("192.0.2.1", true),
            ("192.0.2.10", false),
        ] {
            assert_eq!(hosts.allow(host), allowed, "{host}");
        }
        assert!(Hosts::any().allow("anything"));
        assert!(!Hosts::only::<&str>([]).allow("anything"));
    }
}
