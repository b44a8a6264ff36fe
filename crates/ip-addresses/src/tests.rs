//! What can't be seen from outside: the registry as it is read, and the words of an error.

use std::collections::HashSet;

use crate::kinds::{self, Row};
use crate::notation::Address;

#[test]
fn every_row_of_the_registry_is_read() {
    let file = include_str!("../special-purpose.csv");
    assert_eq!(kinds::registry().count(), file.lines().count());
}

#[test]
fn no_prefix_of_the_registry_comes_twice_or_has_host_bits() {
    let mut seen = HashSet::new();
    for Row { prefix, kind, source, .. } in kinds::registry() {
        assert_eq!(prefix, prefix.trunc());
        assert!(seen.insert(prefix), "{prefix} comes twice");
        assert!(!kind.is_empty() && source.starts_with("RFC "), "{prefix}: {kind}, {source}");
    }
}

#[test]
fn a_wrong_address_is_told_what_is_wrong_with_it() {
    for (text, part) in [
        ("192.168.01.1", "leading zero"),
        ("1.2.3.00", "leading zero"),
        ("256.1.1.1", "from 0 to 255"),
        ("1.2.3.", "from 0 to 255"),
        ("1.2.3.-4", "from 0 to 255"),
        ("1.2.3", "four parts"),
        ("1.2.3.4.5", "four parts"),
        ("", "four parts"),
        ("1::2::3", "eight groups"),
        ("12345::", "eight groups"),
        ("1.2.3.4%eth0", "only an IPv6 address"),
        ("fe80::1%", "no zone after"),
        ("::1%a%b", "no % in it"),
        ("::1%%", "no % in it"),
        ("127.0.0.1:9999", "without a port"),
        ("127.0.0.1:9999/8", "without a port"),
        ("localhost:9999", "without a port"),
        ("[::1]", "without brackets"),
        ("[::1]:9999", "without brackets"),
        ("[127.0.0.1]", "without brackets"),
        ("http://192.168.1.1/", "a URL"),
        ("https://[::1]:8000/x", "a URL"),
        ("1.2.3.4 ", "no blanks"),
        ("192。168。1。1", "ASCII"),
        ("１.2.3.4", "ASCII"),
        ("0x7f.0.0.1", "hexadecimal"),
        ("0X7F000001", "hexadecimal"),
        ("localhost", "a name"),
        ("www.sina.com.cn", "a name"),
        ("1:2", "eight groups"),
        ("1.2.3.4/33", "expected 0 to 32"),
        ("::/129", "expected 0 to 128"),
        ("1.2.3.4/0.0.0.255", "ones and then zeros"),
        ("::/255.0.0.0", "one is IPv4, one IPv6"),
    ] {
        let error = text.parse::<Address>().err().map(|error| error.to_string());
        assert!(error.as_ref().is_some_and(|error| error.contains(part)), "{text}: {error:?}");
    }
}
