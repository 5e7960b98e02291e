//! Where a request really comes from, when trusted proxies stand in between.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

/// The address of the client: the peer's, or what trusted proxies say. Absent on a Unix socket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ClientAddress(pub IpAddr);

/// The header in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl ForwardedBy {
    fn header(self) -> HeaderName {
        match self {
            Self::XForwardedFor => X_FORWARDED_FOR,
            Self::Forwarded => header::FORWARDED,
        }
    }

    /// The header that is not believed.
    pub(super) fn other(self) -> HeaderName {
        match self {
            Self::XForwardedFor => header::FORWARDED,
            Self::Forwarded => X_FORWARDED_FOR,
        }
    }

    fn address(self, hop: &str) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => parse_node(hop),
            Self::Forwarded => {
                let pairs = hop
                    .split(';')
                    .filter_map(|pair| pair.trim().split_once('='));
                let node = pairs
                    .filter(|(name, _)| name.eq_ignore_ascii_case("for"))
                    .map(|(_, node)| node)
                    .next()?;
                parse_node(node.trim_matches('"'))
            }
        }
    }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Goes back from the peer, a trusted proxy, to the first address that is none.
///
/// Hops are read from the right, since anyone may write what stands to the left. An unreadable hop ends the way:
/// the proxy that wrote it is as far as is known.
pub(super) fn forwarded(
    headers: &HeaderMap,
    forwarded_by: ForwardedBy,
    peer: IpAddr,
    trusts: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut nearest = peer;
    for value in headers.get_all(forwarded_by.header()).iter().rev() {
        let Ok(value) = value.to_str() else {
            return nearest;
        };
        for hop in value.rsplit(',') {
            match forwarded_by.address(hop) {
                Some(address) if trusts(address) => nearest = address,
                Some(address) => return address,
                None => return nearest,
            }
        }
    }
    nearest
}

/// An address with or without a port; IPv6 perhaps in brackets.
fn parse_node(node: &str) -> Option<IpAddr> {
    let node = node.trim();
    let bare = node
        .strip_prefix('[')
        .and_then(|node| node.strip_suffix(']'))
        .unwrap_or(node);
    let address = bare
        .parse()
        .ok()
        .or_else(|| node.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::*;

    fn client(forwarded_by: ForwardedBy, values: &[&str]) -> String {
        let proxies: IpNet = "10.0.0.0/8".parse().unwrap();
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(forwarded_by.header(), value.parse().unwrap());
        }
        forwarded(
            &headers,
            forwarded_by,
            "10.0.0.1".parse().unwrap(),
            |address| proxies.contains(&address),
        )
        .to_string()
    }

    /// H-26
    #[test]
    fn the_client_is_the_rightmost_hop_that_is_no_proxy() {
        for (values, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1, 10.1.1.1"], "192.0.2.1"),
            (
                &["6.6.6.6", "192.0.2.1", "10.1.1.1 , 10.2.2.2"],
                "192.0.2.1",
            ),
            (&["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
            (&["192.0.2.1, garbage, 10.1.1.1"], "10.1.1.1"),
            (&["192.0.2.1,"], "10.0.0.1"),
            (&[], "10.0.0.1"),
            (&["192.0.2.1:4711"], "192.0.2.1"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
        ] {
            assert_eq!(
                client(ForwardedBy::XForwardedFor, values),
                expected,
                "{values:?}"
            );
        }
    }

    /// RFC 7239 §4
    #[test]
    fn the_forwarded_header_names_its_client_by_for() {
        for (values, expected) in [
            (
                &["for=192.0.2.60;proto=http;by=203.0.113.43"][..],
                "192.0.2.60",
            ),
            (&["for=6.6.6.6, FOR=192.0.2.60"], "192.0.2.60"),
            (
                &["proto=https; For=\"[2001:db8:cafe::17]:4711\""],
                "2001:db8:cafe::17",
            ),
            (&["for=192.0.2.60, for=10.1.1.1"], "192.0.2.60"),
            (&["for=192.0.2.60, for=unknown, for=10.1.1.1"], "10.1.1.1"),
            (&["for=_hidden"], "10.0.0.1"),
            (&["for=\"6.6.6.6, for=192.0.2.60"], "192.0.2.60"),
        ] {
            assert_eq!(
                client(ForwardedBy::Forwarded, values),
                expected,
                "{values:?}"
            );
        }
    }
}
