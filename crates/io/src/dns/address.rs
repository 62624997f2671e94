//! [`Address`]: the target of a connection: an address, several addresses, or a name and a port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs},
};

/// The target of a connection: an address, several addresses, or a name and a port.
///
/// Created by `into` from one of these:
///
/// * a [`SocketAddr`];
/// * a text such as `"localhost:80"`, `"127.0.0.1:80"` or `"[::1]:80"`;
/// * a pair such as `("localhost", 80)`;
/// * a list of addresses, best first.
///
/// A text that is an address is not looked up.
///
/// ```
/// use quadrivium::dns::Address;
/// use std::net::SocketAddr;
///
/// let address: SocketAddr = "127.0.0.1:80".parse()?;
/// assert_eq!(Address::from("127.0.0.1:80"), Address::from(address));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub(crate) Destination);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    One(SocketAddr),
    Several(Vec<SocketAddr>),
    Name(String, u16),
    /// Not an address. The text names the reason.
    Invalid(String),
}

impl Address {
    /// Binds a socket to the first of the addresses for which that succeeds. Does not look a name
    /// up, because that blocks.
    pub(crate) fn bind<S>(self, bind: impl Fn(SocketAddr) -> io::Result<S>) -> io::Result<S> {
        let invalid = |message| io::Error::new(io::ErrorKind::InvalidInput, message);
        let addresses = match self.0 {
            Destination::One(address) => return bind(address),
            Destination::Several(addresses) => addresses,
            Destination::Name(name, _) => {
                return Err(invalid(format!(
                    "{name:?} is a name, and a socket is bound to an address: look the name up \
                     with `dns::lookup`, and pass its addresses"
                )));
            }
            Destination::Invalid(why) => return Err(invalid(why)),
        };
        let none =
            Err(invalid("a socket is bound to one of several addresses: pass at least one".into()));
        // The error of the last address is returned, as in the standard library.
        addresses.into_iter().fold(none, |bound, address| bound.or_else(|_| bind(address)))
    }
}

impl Destination {
    fn parse_host(host: &str, port: u16) -> Self {
        match host.parse() {
            Ok(ip) => Destination::One(SocketAddr::new(ip, port)),
            Err(_) => Destination::Name(host.to_string(), port),
        }
    }

    fn parse(text: &str) -> Self {
        if let Ok(address) = text.parse() {
            return Destination::One(address);
        }
        let invalid =
            |remedy: &str| Destination::Invalid(format!("{text:?} is not an address: {remedy}"));
        let Some((host, port)) = text.rsplit_once(':') else {
            return invalid("it needs a port, as in \"localhost:80\"");
        };
        let Ok(port) = port.parse() else {
            return invalid("the last colon must be followed by a port, a number up to 65535");
        };
        // An address with a zone, as in `[fe80::1%eth0]`, stays a name. Only the system can parse
        // the zone.
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bracketed.unwrap_or(host) {
            "" => invalid("it needs a host before the colon"),
            host if bracketed.is_none() && host.contains(':') => {
                invalid("an IPv6 address must be in brackets, as in \"[::1]:80\"")
            }
            host => Destination::parse_host(host, port),
        }
    }
}

/// Asks the operating system for the addresses of a name. Blocks the OS thread.
pub(crate) fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let not_found = |kind, cause: &dyn std::fmt::Display| {
        io::Error::new(kind, format!("no address was found for {name:?}: {cause}"))
    };
    match (name, port).to_socket_addrs().map(Vec::from_iter) {
        Ok(addresses) if addresses.is_empty() => {
            Err(not_found(io::ErrorKind::NotFound, &"the system has none"))
        }
        Ok(addresses) => Ok(addresses),
        // Errors of the resolver have no kind of their own.
        Err(error) => match error.kind() {
            kind @ io::ErrorKind::InvalidInput => Err(not_found(kind, &error)),
            _ => Err(not_found(io::ErrorKind::NotFound, &error)),
        },
    }
}

macro_rules! one_address {
    ($($from:ty),*) => { $(
        impl From<$from> for Address {
            fn from(address: $from) -> Self {
                Address(Destination::One(SocketAddr::from(address)))
            }
        }
    )* };
}

one_address!(
    SocketAddr,
    SocketAddrV4,
    SocketAddrV6,
    (IpAddr, u16),
    (Ipv4Addr, u16),
    (Ipv6Addr, u16),
    ([u8; 4], u16),
    ([u16; 8], u16)
);

impl From<Vec<SocketAddr>> for Address {
    fn from(addresses: Vec<SocketAddr>) -> Self {
        Address(Destination::Several(addresses))
    }
}

impl From<&[SocketAddr]> for Address {
    fn from(addresses: &[SocketAddr]) -> Self {
        addresses.to_vec().into()
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Address(Destination::parse(text))
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Address {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<(&str, u16)> for Address {
    fn from((host, port): (&str, u16)) -> Self {
        Address(Destination::parse_host(host, port))
    }
}

impl From<(String, u16)> for Address {
    fn from((host, port): (String, u16)) -> Self {
        (host.as_str(), port).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_addresses_or_names_or_invalid() {
        let one = |text: &str| Destination::One(text.parse().unwrap());
        let name = |host: &str, port| Destination::Name(host.into(), port);
        for (text, kind) in [
            ("127.0.0.1:80", one("127.0.0.1:80")),
            ("[::1]:80", one("[::1]:80")),
            ("localhost:80", name("localhost", 80)),
            ("[fe80::1%lo]:80", name("fe80::1%lo", 80)),
        ] {
            assert_eq!(Destination::parse(text), kind);
        }
        for (text, remedy) in [
            ("localhost", "needs a port"),
            ("localhost:", "a number up to 65535"),
            ("localhost:65536", "a number up to 65535"),
            ("localhost:http", "a number up to 65535"),
            (":80", "needs a host"),
            ("[]:80", "needs a host"),
            ("::1:80", "in brackets"),
            ("", "needs a port"),
        ] {
            let Destination::Invalid(message) = Destination::parse(text) else {
                panic!("{text} must be invalid")
            };
            assert!(message.contains(remedy), "{message}");
        }
        assert_eq!(Destination::parse_host("::1", 80), one("[::1]:80"));
    }

    /// Binds to the first of these addresses whose port is even.
    fn bind(address: impl Into<Address>) -> io::Result<u16> {
        address.into().bind(|address| match address.port() {
            port if port % 2 == 0 => Ok(port),
            port => Err(io::Error::new(io::ErrorKind::AddrInUse, format!("port {port}"))),
        })
    }

    #[test]
    fn a_socket_is_bound_to_the_first_free_address() {
        assert_eq!(bind("[::1]:80").unwrap(), 80);
        let several = |ports: &[u16]| {
            ports.iter().map(|port| ([127, 0, 0, 1], *port).into()).collect::<Vec<SocketAddr>>()
        };
        assert_eq!(bind(several(&[1, 2, 4])).unwrap(), 2);
        // The error of the last address counts.
        assert_eq!(bind(several(&[1, 3])).unwrap_err().to_string(), "port 3");
    }

    #[test]
    fn a_name_is_not_looked_up_to_bind_a_socket() {
        for (address, remedy) in [
            ("localhost:80".into(), "look the name up with `dns::lookup`"),
            ("127.0.0.1".into(), "it needs a port"),
            (Address::from(vec![]), "pass at least one"),
        ] {
            let error = bind(address).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(remedy), "{error}");
        }
    }
}
