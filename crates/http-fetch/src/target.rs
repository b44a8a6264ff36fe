//! What a URL asks for: whom to connect to, and what to request (RFC 9110 §4.2.1, RFC 3986).

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail, ensure};
use http::Uri;
use netcommon::Address;
use percent_encoding::{AsciiSet, utf8_percent_encode};

/// What a URL may have besides letters and digits (RFC 3986 §2.2, §2.3).
const MARKS: &str = "-._~:/?#[]@!$&'()*+,;=%";

/// An `http://` URL, taken apart.
#[derive(Clone)]
pub struct Target {
    /// Host and port; the port is 80 if the URL has none.
    pub address: Address,
    /// The path and the query, in the form that a request line takes.
    pub resource: String,
}

impl FromStr for Target {
    type Err = Error;

    /// Takes a URL, or one without its `http://`. Characters outside ASCII are percent-encoded;
    /// others that a URL can't have are an error, and so is what a request could not carry.
    fn from_str(text: &str) -> Result<Self> {
        let is_scheme =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let has_scheme = text.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme));
        let text = if has_scheme { text.into() } else { format!("http://{text}") };
        let text = utf8_percent_encode(&text, &AsciiSet::EMPTY).to_string();
        if let Some(wrong) =
            text.chars().find(|&c| !(c.is_ascii_alphanumeric() || MARKS.contains(c)))
        {
            bail!("a URL can't have {wrong:?}; write it as %{:02X}", u32::from(wrong));
        }
        let host = text.split("://").nth(1).and_then(|rest| rest.split(['/', '?', '#']).next());
        ensure!(
            !host.unwrap_or_default().contains('%'),
            "write a host outside ASCII in Punycode (xn--…)"
        );
        let uri: Uri = text.parse()?;
        match uri.scheme_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "http" => {}
            "https" => bail!("https needs TLS, and this is a plain TCP socket; try http://"),
            other => bail!("{other}:// is not http://"),
        }
        let authority = uri.authority().context("the host is missing")?;
        let host = authority.host();
        ensure!(!authority.as_str().contains('@'), "a user or password in a URL is not sent");
        ensure!(!matches!(host, "" | "[]"), "the host is missing");
        let port = match authority.as_str().strip_prefix(host).context("the host is malformed")? {
            "" | ":" => 80,
            port => {
                let digits = port.strip_prefix(':').context("the host is malformed")?;
                let number =
                    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok());
                number.flatten().filter(|&port| port != 0).context("a port is 1 to 65535")?
            }
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let resource = if path.starts_with('/') { path.into() } else { format!("/{path}") };
        let address = format!("{host}:{port}").parse().map_err(Error::msg)?;
        Ok(Self { address, resource })
    }
}

impl Target {
    /// The value of the `Host` field (RFC 9110 §7.2): without the port if that is the usual one.
    #[must_use]
    pub fn host_field(&self) -> String {
        let Self { address, .. } = self;
        if address.port() == 80 { address.host().to_owned() } else { address.to_string() }
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
