use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that identifies an anonymous client to rate limits.
///
/// An IPv6 client counts by its /64. A site gets no smaller network (RFC 6177 §2), and a host in it
/// chooses among 2^64 addresses itself (RFC 8981), so a window for each address would limit
/// nothing. An IPv4 address counts as itself, in every spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientAddress {
    V4(Ipv4Addr),
    /// The first 64 bits.
    V6Network(u64),
    /// No IP address, such as that of a peer on a Unix socket. All such clients share one window,
    /// because a window for each spelling would be a way around the limit.
    Unknown,
}

/// Prefix of IPv4 hosts behind a stateless translator (RFC 6052 §2.1): 64:ff9b::/96.
///
/// By their /64, all IPv4 hosts would share one window.
const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

impl ClientAddress {
    /// Reads an address as Envoy writes it: no port, no brackets, perhaps a zone (RFC 4007 §11).
    pub(crate) fn read(written: &str) -> Self {
        let address = written
            .split_once('%')
            .map_or(written, |(address, _)| address);
        match address.parse() {
            Ok(IpAddr::V4(address)) => Self::V4(address),
            Ok(IpAddr::V6(address)) => Self::of_v6(address),
            Err(_) => Self::Unknown,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let [.., high, low] = address.segments();
        let translated = address.segments().starts_with(&TRANSLATED);
        let embedded = || Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
        match address
            .to_ipv4_mapped()
            .or_else(|| translated.then(embedded))
        {
            Some(address) => Self::V4(address),
            None => Self::V6Network(first_half(address)),
        }
    }
}

fn first_half(address: Ipv6Addr) -> u64 {
    u64::try_from(address.to_bits() >> 64).unwrap_or_default()
}

/// Writes the name of the address in a rate-limit store.
impl fmt::Display for ClientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(formatter),
            Self::V6Network(half) => {
                write!(
                    formatter,
                    "{}/64",
                    Ipv6Addr::from_bits(u128::from(*half) << 64)
                )
            }
            Self::Unknown => formatter.write_str("unknown"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClientAddress;

    #[test]
    fn addresses_of_one_client_are_counted_together_and_no_others() {
        struct Case {
            name: &'static str,
            written: &'static str,
            counted: &'static str,
        }
        let case = |name, written, counted| Case {
            name,
            written,
            counted,
        };
        for Case {
            name,
            written,
            counted,
        } in [
            case("IPv4", "192.0.2.1", "192.0.2.1"),
            case("another IPv4", "192.0.2.2", "192.0.2.2"),
            case("IPv4-mapped", "::ffff:192.0.2.1", "192.0.2.1"),
            case("IPv4-mapped in hexadecimal", "::ffff:c000:201", "192.0.2.1"),
            case(
                "IPv4-mapped in full",
                "0:0:0:0:0:FFFF:c000:0201",
                "192.0.2.1",
            ),
            case("translated", "64:ff9b::192.0.2.1", "192.0.2.1"),
            case("translated, another", "64:ff9b::c000:202", "192.0.2.2"),
            case("not in the /96", "64:ff9b:0:0:1::c000:201", "64:ff9b::/64"),
            case("IPv6", "2001:db8:1:2::1", "2001:db8:1:2::/64"),
            case(
                "the same host later",
                "2001:db8:1:2:a1b2:c3d4:e5f6:789a",
                "2001:db8:1:2::/64",
            ),
            case(
                "upper case and zeros",
                "2001:0DB8:0001:0002:0000::1",
                "2001:db8:1:2::/64",
            ),
            case("the next network", "2001:db8:1:3::1", "2001:db8:1:3::/64"),
            case("a zone", "fe80::1%eth0", "fe80::/64"),
            case("loopback", "::1", "::/64"),
            case(
                "IPv4-compatible, which is deprecated",
                "::192.0.2.1",
                "::/64",
            ),
            case("nothing", "", "unknown"),
            case("a port", "192.0.2.1:80", "unknown"),
            case("brackets", "[2001:db8::1]", "unknown"),
            case(
                "leading zeros, which some read as octal",
                "192.0.2.01",
                "unknown",
            ),
            case("a name", "client.example", "unknown"),
            case("spaces", " 192.0.2.1", "unknown"),
            case("a list", "192.0.2.1, 192.0.2.2", "unknown"),
        ] {
            assert_eq!(ClientAddress::read(written).to_string(), counted, "{name}");
        }
    }
}
