//! HOST:PORT from a command line.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// HOST:PORT from a command line: `localhost:8888`, `127.0.0.1:0`, `[::1]:9999`.
///
/// The host may be a name. It is looked up (getaddrinfo(3)) when the address is used, not before.
/// Its IPv4 addresses come first, because the tutorials' sockets are `AF_INET`: a server that
/// listens at `localhost` is found at 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// The host as it was given; an IPv6 address has its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 asks the system for any free one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Calls `attempt` with one address of the host after the other, until one succeeds.
    ///
    /// `TcpStream::connect` does this by itself; `connect_timeout` and `send_to` take one address.
    ///
    /// # Errors
    ///
    /// The error of the last attempt, or the error of looking up the name.
    pub fn try_each<T>(&self, attempt: impl FnMut(SocketAddr) -> io::Result<T>) -> io::Result<T> {
        let mut last = Err(io::Error::other("the name has no address"));
        for result in self.to_socket_addrs()?.map(attempt) {
            last = result;
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// An error in one line: what failed (`cannot connect to`), the address, why, and what to do.
    ///
    /// That is `remedy`, unless the error shows that something else is the matter: the name of a
    /// server that can't be looked up does not tell whether the server runs.
    #[must_use]
    pub fn explain(&self, what: &str, error: &io::Error, remedy: &str) -> String {
        use ErrorKind::{AddrNotAvailable, NetworkUnreachable, NotFound, PermissionDenied};
        let remedy = match error.kind() {
            NotFound => "is the name right?",
            AddrNotAvailable => "does this machine have that address?",
            NetworkUnreachable => "has this machine a way to that network?",
            PermissionDenied if what != "cannot listen on" => "a broadcast needs SO_BROADCAST",
            _ => remedy,
        };
        format!("{what} {self}: {error}; {remedy}")
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').unwrap_or_default();
        if host.is_empty() || port.is_empty() {
            return Err("expected HOST:PORT, such as 127.0.0.1:9999");
        }
        // Brackets if there is a colon inside, and only then.
        if host.contains(':') != (host.starts_with('[') && host.ends_with(']')) {
            return Err("write an IPv6 address in brackets, such as [::1]:9999");
        }
        match port.parse() {
            // `parse` would take a plus sign.
            Ok(port) if !text.contains(":+") => Ok(Self { host: host.to_owned(), port }),
            _ => Err("a port is a number from 0 to 65535"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl ToSocketAddrs for Address {
    type Iter = std::vec::IntoIter<SocketAddr>;

    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        // The standard library gives the errors of getaddrinfo(3) no kind that can be matched.
        let unknown = |error| io::Error::new(ErrorKind::NotFound, error);
        let mut addresses: Vec<_> = self.to_string().to_socket_addrs().map_err(unknown)?.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        Ok(addresses.into_iter())
    }
}
