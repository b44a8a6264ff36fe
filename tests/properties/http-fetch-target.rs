//! The URL, whatever is typed, and the request that is made from it (RFC 3986, RFC 9112 §3).

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::net::Ipv6Addr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use http_fetch::target::Target;

/// What URLs are made of, and what was made of that elsewhere: other schemes, forged lines, two
/// hosts, dots, signs.
const WORDS: &[&str] = &[
    "http",
    "https",
    "ftp",
    "mailto",
    "localhost",
    "www.sina.com.cn",
    "127.0.0.1",
    "[::1]",
    "::1",
    "[",
    "]",
    "新浪",
    ":",
    "://",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "@",
    "&",
    "=",
    "..",
    ".",
    "%2e",
    "%0d%0a",
    "%25",
    "%",
    "80",
    "8000",
    "0",
    "+80",
    "65536",
    "a",
    "B",
    "-",
    "_",
    " ",
    "\t",
    "\r\n",
    "\n",
    "\0",
    "\u{85}",
    "\u{2028}",
    " HTTP/1.1\r\nX: y",
    "\r\nHost: a.example\r\n",
];

/// Checks what holds for any text: it is refused, or its request is what it should be.
fn check(text: &str) -> Result<Option<Target>, TestCaseError> {
    let Ok(target) = text.parse::<Target>() else { return Ok(None) };
    let request = target.request();
    let (host, port) = (target.address.host(), target.address.port());
    // One line and its two fields, and no byte that could be taken for the end of one of them.
    let lines: Vec<_> = request.split("\r\n").collect();
    let [line, host_field, "Connection: close", "", ""] = lines.as_slice() else {
        return Err(TestCaseError::fail(format!("{request:?}")));
    };
    let visible = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    let [method, resource, version] = line.split(' ').collect::<Vec<_>>()[..] else {
        return Err(TestCaseError::fail(format!("{line:?}")));
    };
    prop_assert_eq!((method, version), ("GET", "HTTP/1.1"));
    prop_assert!(visible(resource) && resource.starts_with('/'), "{resource:?}");
    prop_assert!(!resource.contains('#'), "{resource:?}");
    // For the host that is connected to.
    let value = host_field.strip_prefix("Host: ").unwrap();
    prop_assert!(visible(value), "{value:?}");
    let usual = format!("{value}:80");
    let address = target.address.to_string();
    prop_assert!(value == address || usual == address, "{value:?} is not {address:?}");
    prop_assert!(port != 0);
    prop_assert!(text.contains(host), "{host:?} was not typed");
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_name = !host.contains(['[', ']', ':', '@', '/', '?', '#', '%', '\\']);
    prop_assert!(inside.map_or(is_name, |text| text.parse::<Ipv6Addr>().is_ok()), "{host:?}");
    // No segment of the path leads upwards.
    let path = resource.split('?').next().unwrap();
    for segment in path.split('/') {
        let dots = segment.to_ascii_lowercase().replace("%2e", ".");
        prop_assert!(!matches!(dots.as_str(), "." | ".."), "{path:?}");
    }
    // Asking for the same once more asks for the same.
    let again = format!("http://{address}{resource}").parse::<Target>();
    prop_assert_eq!(again.unwrap().request(), request);
    // The file is in this folder.
    let file = target.file_name();
    let name = file.to_str().unwrap();
    prop_assert!(!name.starts_with('.') && !name.contains(['/', '\\', ':']), "{name:?}");
    Ok(Some(target))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None, // a failing case prints itself
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_gives_a_request_for_its_host_or_is_refused(text in any::<String>()) {
        check(&text)?;
        check(&format!("http://{text}"))?;
        check(&format!("http://127.0.0.1/{text}"))?;
    }

    #[test]
    fn any_words_of_urls_give_a_request_for_their_host_or_are_refused(
        words in vec(select(WORDS), 0..12),
    ) {
        check(&words.concat())?;
        check(&format!("http://{}", words.concat()))?;
        check(&format!("http://127.0.0.1/{}", words.concat()))?;
    }

    #[test]
    fn a_well_formed_url_is_asked_for_as_it_is(
        host in "[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z][a-z0-9]{0,5}){0,3}",
        port in proptest::option::of(1_u16..),
        segments in vec("[a-zA-Z0-9_~!$&'()*+,;=:@-]{0,8}", 0..5),
        query in proptest::option::of("[a-zA-Z0-9/?&=.:@%-]{0,20}"),
    ) {
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let resource = format!("/{}{query}", segments.join("/"));
        let target = check(&format!("http://{host}{port}{resource}"))?;
        prop_assert_eq!(target.unwrap().resource, resource);
    }

    #[test]
    fn another_scheme_is_refused(
        scheme in "[a-z][a-z0-9+.-]{0,8}",
        slashes in select(vec!["", "/", "//"]),
        rest in "[a-z]{1,8}/[a-z]{0,8}",
    ) {
        let is_http = scheme == "http" && slashes == "//";
        prop_assert_eq!(check(&format!("{scheme}:{slashes}{rest}"))?.is_some(), is_http);
    }
}
