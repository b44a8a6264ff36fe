//! What a URL asks for: whom to connect to, and what to request (RFC 9110 §4.2.1, RFC 3986).

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail, ensure};
use netcommon::Address;
use percent_encoding::{AsciiSet, utf8_percent_encode};

/// What a URL may have besides letters and digits (RFC 3986 §2.2, §2.3).
const MARKS: &str = "-._~:/?#[]@!$&'()*+,;=%";
/// Those of them that the name of a host may have (RFC 3986 §3.2.2).
const HOST_MARKS: &str = "-._~!$&'()*+,;=";

/// An `http://` URL, taken apart.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host and port; the port is 80 if the URL has none.
    pub address: Address,
    /// The path and the query, in the form that a request line takes.
    pub resource: String,
    /// The port that the URL need not name: 80, or 443 for https.
    usual: u16,
}

impl FromStr for Target {
    type Err = Error;

    /// Takes a URL, or one without its `http://`. Characters outside ASCII are percent-encoded;
    /// others that a URL can't have are an error, and so is what a request could not carry.
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text, "http", 80)
    }
}

impl Target {
    /// An `https://` URL, for a lesson with TLS.
    ///
    /// # Errors
    /// If it is not one.
    pub fn https(text: &str) -> Result<Self> {
        Self::parse(text, "https", 443)
    }

    fn parse(text: &str, own: &str, usual: u16) -> Result<Self> {
        let rest = without_scheme(text, own)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (host, port) = host_and_port(authority, usual)?;
        if let Some(wrong) = rest.chars().find(|&c| c.is_ascii() && !is_plain(c, MARKS)) {
            bail!("a URL can't have {wrong:?}; write it as %{:02X}", u32::from(wrong));
        }
        let resource = rest.split('#').next().unwrap_or_default(); // the fragment is not sent
        let (path, query) = resource.split_at(resource.find('?').unwrap_or(resource.len()));
        let resource = without_dots(path) + query;
        let resource = utf8_percent_encode(&resource, &AsciiSet::EMPTY).to_string();
        let address = format!("{host}:{port}").parse().map_err(Error::msg)?;
        Ok(Self { address, resource, usual })
    }

    /// The tutorial's request (RFC 9112 §3): one line, two fields, and a blank line.
    #[must_use]
    pub fn request(&self) -> String {
        let (resource, host) = (&self.resource, self.host_field());
        format!("GET {resource} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    }

    /// The value of the `Host` field (RFC 9110 §7.2): without the port if that is the usual one.
    fn host_field(&self) -> String {
        let Self { address, usual, .. } = self;
        if address.port() == *usual { address.host().to_owned() } else { address.to_string() }
    }

    /// The host without `www.` up to its first dot, such as `sina.html`. No other part of the URL,
    /// and nothing that the server says, has a say in it.
    #[must_use]
    pub fn file_name(&self) -> PathBuf {
        let host = self.address.host();
        let host = host.strip_prefix("www.").unwrap_or(host);
        let name = host.split('.').next().unwrap_or_default();
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if name.is_empty() { "index.html".into() } else { format!("{name}.html").into() }
    }
}

fn is_plain(c: char, marks: &str) -> bool {
    c.is_ascii_alphanumeric() || marks.contains(c)
}

/// What follows `http://`, which may be left out. Other schemes are refused, with slashes and
/// without; `localhost:8000` is none, since digits follow its colon.
fn without_scheme<'a>(text: &'a str, own: &str) -> Result<&'a str> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(text) };
    let (slashes, start) = (rest.strip_prefix("//"), rest.split(['/', '?', '#']).next());
    let is_port = start.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()));
    let is_ipv6 = rest.contains(':') && scheme.bytes().all(|b| b.is_ascii_hexdigit());
    match (scheme.to_ascii_lowercase().as_str(), slashes) {
        (scheme, Some(rest)) if scheme == own => Ok(rest),
        (scheme, None) if scheme == own => bail!("write {own}:// with both slashes, then the host"),
        ("https", _) => bail!("https needs TLS, and this is a plain TCP socket; try http://"),
        _ if scheme.is_empty() || !scheme.chars().all(|c| is_plain(c, "+-.")) => Ok(text),
        (_, Some(_)) => bail!("{scheme}:// is not {own}://"),
        _ if is_port || is_ipv6 || scheme.starts_with(|c: char| c.is_ascii_digit()) => Ok(text),
        _ => bail!("{scheme}: is not {own}://, nor a host with its port"),
    }
}

/// Takes the part between `http://` and the path apart.
fn host_and_port(authority: &str, usual: u16) -> Result<(&str, u16)> {
    ensure!(!authority.contains('@'), "a user or password in a URL is not sent; leave it out");
    let end = if authority.starts_with('[') {
        authority.find(']').context("the ] after the IPv6 address is missing")? + 1
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at(end);
    if let Some(inside) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        ensure!(!inside.contains('%'), "a URL can't have a zone; leave out the % and what follows");
        ensure!(inside.parse::<Ipv6Addr>().is_ok(), "{host} is not an IPv6 address");
    } else {
        let one_colon = port.rfind(':').unwrap_or_default() == 0;
        ensure!(one_colon, "one colon, then the port; an IPv6 address is in brackets: [::1]:8000");
        ensure!(!host.is_empty(), "the host is missing");
        ensure!(host.is_ascii(), "write a host outside ASCII in Punycode (xn--…)");
        ensure!(!host.contains('%'), "write the host in plain letters, without %XX");
        if let Some(wrong) = host.chars().find(|&c| !is_plain(c, HOST_MARKS)) {
            bail!("a host can't have {wrong:?}");
        }
    }
    let digits = match port {
        "" | ":" => return Ok((host, usual)),
        port => port.strip_prefix(':').context("a colon is missing between ] and the port")?,
    };
    // `parse` would take a plus sign.
    let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    Ok((host, number.filter(|&port| port != 0).context("a port is 1 to 65535, in digits")?))
}

/// The path without its segments `.` and `..`, also written as `%2e` (RFC 3986 §5.2.4): no request
/// leads out of the folder that you see in the URL.
fn without_dots(path: &str) -> String {
    let mut segments = Vec::new();
    let mut ends_with_slash = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        ends_with_slash = matches!(dots.as_str(), "." | "..");
        match dots.as_str() {
            "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    if ends_with_slash {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
}
