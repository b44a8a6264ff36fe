//! Lesson 14, `ip-addresses`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

use support::{Program, rule, rules};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_ip-addresses");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn start(arguments: &[&str]) -> Program {
    Program::start(&mut command(arguments))
}

/// What the program says of an address: the rows, each with its name and its lines.
struct Answer(Vec<(String, Vec<String>)>);

impl Answer {
    #[track_caller]
    fn to(arguments: &[&str]) -> Self {
        let mut rows: Vec<(String, Vec<String>)> = Vec::new();
        for line in start(arguments).finish().success().lines() {
            let (name, value) = line.split_at_checked(12).unwrap_or((line, ""));
            match (name.trim_end(), rows.last_mut()) {
                ("", Some((_, lines))) => lines.push(value.to_owned()),
                (name, _) => rows.push((name.to_owned(), vec![value.to_owned()])),
            }
        }
        Self(rows)
    }

    /// The lines of the `n`th row of this name.
    fn lines(&self, name: &str, n: usize) -> Option<&[String]> {
        self.0.iter().filter(|row| row.0 == name).nth(n).map(|row| row.1.as_slice())
    }

    /// The first line of the row, or nothing if there is no such row.
    fn get(&self, name: &str) -> &str {
        self.lines(name, 0).map_or("", |lines| &lines[0])
    }

    /// The bits of the `n`th row of this name, all in one word.
    fn bits(&self, name: &str, n: usize) -> String {
        self.lines(name, n).unwrap()[1..].concat().replace(['.', ':'], "")
    }
}

mod dialogue {
    use super::*;

    /// Explains `argument`: the first word of each row is given.
    #[track_caller]
    fn explains(argument: &str, rows: &[(&str, &str)]) {
        let answer = Answer::to(&[argument]);
        for (name, expected) in rows {
            assert_eq!(answer.get(name).split(' ').next(), Some(*expected), "{name}: {argument}");
        }
    }

    #[test]
    fn explains_the_articles_address() {
        let rows = [
            ("Address", "192.168.1.142"),
            ("Class", "C"),
            ("Kind", "private"),
            ("Mask", "255.255.255.0"),
            ("Network", "192.168.1.0"),
            ("Broadcast", "192.168.1.255"),
            ("First host", "192.168.1.1"),
            ("Last host", "192.168.1.254"),
            ("Hosts", "254"),
        ];
        explains("192.168.1.142/24", &rows);
    }

    #[test]
    fn explains_the_articles_ipv6_address() {
        let rows = [
            ("Address", "2001:250:6405:6005:c449:33a:c7fa:2ae5"),
            ("Kind", "global"),
            ("Mask", "ffff:ffff:ffff:ffff::"),
            ("Network", "2001:250:6405:6005::"),
            ("Broadcast", "none:"),
            ("First host", "2001:250:6405:6005::1"),
            ("Last host", "2001:250:6405:6005:ffff:ffff:ffff:ffff"),
        ];
        explains("2001:250:6405:6005:c449:33a:c7fa:2ae5", &rows);
    }

    #[test]
    fn shows_the_bits_of_an_address_its_mask_and_its_network() {
        let answer = Answer::to(&["192.168.1.142/24"]);
        assert_eq!(answer.bits("Address", 0), "11000000101010000000000110001110");
        assert_eq!(answer.bits("Mask", 0), "11111111111111111111111100000000");
        assert_eq!(answer.bits("Network", 0), "11000000101010000000000100000000");
    }

    #[test]
    fn knows_the_class_of_the_first_and_the_last_address_of_each() {
        for (address, class, mask) in [
            ("0.0.0.0", "A (first bits 0:", "255.0.0.0 = /8 (class A's;"),
            ("127.255.255.255", "A (", "255.0.0.0 = /8 (class A's;"),
            ("128.0.0.0", "B (first bits 10:", "255.255.0.0 = /16 (class B's;"),
            ("191.255.255.255", "B (", "255.255.0.0 = /16 (class B's;"),
            ("192.0.0.0", "C (first bits 110:", "255.255.255.0 = /24 (class C's;"),
            ("223.255.255.255", "C (", "255.255.255.0 = /24 (class C's;"),
            ("224.0.0.0", "D (first bits 1110:", "none: "),
            ("239.255.255.255", "D (", "none: "),
            ("240.0.0.0", "E (first bits 1111:", "none: "),
            ("255.255.255.255", "E (", "none: "),
        ] {
            let answer = Answer::to(&[address]);
            assert!(answer.get("Class").starts_with(class), "{address}: {}", answer.get("Class"));
            assert!(answer.get("Mask").starts_with(mask), "{address}: {}", answer.get("Mask"));
            let replaced = answer.get("Mask").contains("CIDR replaced classes: RFC 4632");
            assert_eq!(replaced, !mask.starts_with("none"), "{address}");
        }
    }

    #[test]
    fn the_tables_of_classes_and_kinds_have_the_right_numbers() {
        let words = start(&[]).finish().success();
        let rows: Vec<Vec<&str>> =
            words.lines().map(|row| row.split_whitespace().collect()).collect();
        for row in [
            "A 0 0.0.0.0 127.255.255.255 /8 126 16777214",
            "B 10 128.0.0.0 191.255.255.255 /16 16384 65534",
            "C 110 192.0.0.0 223.255.255.255 /24 2097152 254",
            "D 1110 224.0.0.0 239.255.255.255 - - -",
            "E 1111 240.0.0.0 255.255.255.255 - - -",
            "10.0.0.0/8 10.255.255.255 private RFC 1918",
            "172.16.0.0/12 172.31.255.255 private RFC 1918",
            "192.168.0.0/16 192.168.255.255 private RFC 1918",
            "127.0.0.0/8 127.255.255.255 loopback RFC 1122 §3.2.1.3",
            "169.254.0.0/16 169.254.255.255 link-local RFC 3927",
            "224.0.0.0/4 239.255.255.255 multicast RFC 5771",
            "255.255.255.255/32 255.255.255.255 limited broadcast RFC 919 §7",
            "203.0.113.0/24 203.0.113.255 documentation RFC 5737",
            "fc00::/7 - unique local (private) RFC 4193",
            "ff00::/8 - multicast RFC 4291 §2.7",
        ] {
            let row: Vec<&str> = row.split(' ').collect();
            assert!(rows.contains(&row), "{row:?}: {words}");
        }
        assert!(words.contains("RFC 4632"), "{words}");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn knows_the_kind_on_both_sides_of_each_border() {
        for (kind, addresses) in [
            ("unspecified (this host) (0.0.0.0/32, RFC 1122 §3.2.1.3)", "0.0.0.0"),
            ("this network (0.0.0.0/8, RFC 791 §3.2)", "0.0.0.1 0.255.255.255"),
            (
                "global (0.0.0.0/0, RFC 7020)",
                "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
                 128.0.0.0 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 \
                 192.167.255.255 192.169.0.0 198.17.255.255 223.255.255.255",
            ),
            ("private (10.0.0.0/8, RFC 1918)", "10.0.0.0 10.255.255.255"),
            ("shared (carrier-grade NAT) (100.64.0.0/10, RFC 6598)", "100.64.0.0 100.127.255.255"),
            ("loopback (127.0.0.0/8, RFC 1122 §3.2.1.3)", "127.0.0.0 127.255.255.255"),
            ("link-local (169.254.0.0/16, RFC 3927)", "169.254.0.0 169.254.255.255"),
            ("private (172.16.0.0/12, RFC 1918)", "172.16.0.0 172.31.255.255"),
            ("IPv4 dummy address (192.0.0.8/32, RFC 7600)", "192.0.0.8"),
            ("IETF protocols (192.0.0.0/24, RFC 6890 §2.1)", "192.0.0.11"),
            ("documentation (192.0.2.0/24, RFC 5737)", "192.0.2.255"),
            ("private (192.168.0.0/16, RFC 1918)", "192.168.0.0 192.168.255.255"),
            ("benchmarking (198.18.0.0/15, RFC 2544)", "198.18.0.0 198.19.255.255"),
            ("documentation (198.51.100.0/24, RFC 5737)", "198.51.100.1"),
            ("multicast on one link (224.0.0.0/24, RFC 5771 §4)", "224.0.0.255"),
            ("multicast (224.0.0.0/4, RFC 5771)", "224.0.1.0"),
            ("admin-scoped multicast (239.0.0.0/8, RFC 2365)", "239.0.0.1"),
            ("multicast: organization (239.192.0.0/14, RFC 2365 §6.2)", "239.195.255.255"),
            ("multicast: local scope (239.255.0.0/16, RFC 2365 §6.1)", "239.255.255.255"),
            ("reserved (240.0.0.0/4, RFC 1112 §4)", "240.0.0.0 255.255.255.254"),
            ("limited broadcast (255.255.255.255/32, RFC 919 §7)", "255.255.255.255"),
            ("unspecified (::/128, RFC 4291 §2.5.2)", "::"),
            ("loopback (::1/128, RFC 4291 §2.5.3)", "::1"),
            ("IPv4-compatible (obsolete) (::/96, RFC 4291 §2.5.5.1)", "::2"),
            ("IPv4-mapped (::ffff:0:0/96, RFC 4291 §2.5.5.2)", "::ffff:127.0.0.1"),
            ("reserved by the IETF (::/0, RFC 4291 §2.4)", "::1:0:0:0 1fff:: 4000:: fbff:: fe00::"),
            ("NAT64 (64:ff9b::/96, RFC 6052)", "64:ff9b::192.0.2.1"),
            ("discard-only (100::/64, RFC 6666)", "100::1"),
            (
                "global (2000::/3, RFC 3587)",
                "2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 3fff:1000::",
            ),
            ("Teredo (2001::/32, RFC 4380)", "2001::1"),
            ("IETF protocols (2001::/23, RFC 2928)", "2001:1ff:ffff::"),
            (
                "documentation (2001:db8::/32, RFC 3849)",
                "2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            ),
            ("6to4 (2002::/16, RFC 3056)", "2002:c000:201::"),
            ("documentation (3fff::/20, RFC 9637)", "3fff:fff::"),
            ("unique local (private) (fc00::/7, RFC 4193)", "fc00:: fdff:ffff::"),
            ("link-local (fe80::/10, RFC 4291 §2.5.6)", "fe80:: febf:ffff::"),
            ("site-local (obsolete) (fec0::/10, RFC 3879)", "fec0::"),
            ("multicast on one link (ff02::/16, RFC 4291 §2.7)", "ff02::1"),
            ("multicast on one interface (ff01::/16, RFC 4291 §2.7)", "ff01::1"),
            ("multicast within a site (ff05::/16, RFC 4291 §2.7)", "ff05::1:3"),
            ("multicast: organization (ff08::/16, RFC 4291 §2.7)", "ff08::1"),
            ("global multicast (ff0e::/16, RFC 4291 §2.7)", "ff0e::101"),
            ("multicast (ff00::/8, RFC 4291 §2.7)", "ff03::1"),
            ("multicast on one link (its flags aside: ff02::/16, RFC 4291 §2.7)", "ff12::1"),
            ("global multicast (its flags aside: ff0e::/16, RFC 4291 §2.7)", "ff3e::1234"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(Answer::to(&[address]).get("Kind"), kind, "{address}");
            }
        }
    }

    #[test]
    fn knows_the_hosts_at_the_ends_of_the_prefixes() {
        let f = "ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        for (argument, row) in [
            ("0.0.0.0/0", "0.0.0.0 0.0.0.0 255.255.255.255 0.0.0.1 255.255.255.254 4294967294"),
            ("255.0.0.9/0", "0.0.0.0 0.0.0.0 255.255.255.255 0.0.0.1 255.255.255.254 4294967294"),
            ("10.1.2.3/8", "255.0.0.0 10.0.0.0 10.255.255.255 10.0.0.1 10.255.255.254 16777214"),
            ("10.0.0.6/30", "255.255.255.252 10.0.0.4 10.0.0.7 10.0.0.5 10.0.0.6 2"),
            ("10.0.0.7/31", "255.255.255.254 10.0.0.6 none 10.0.0.6 10.0.0.7 2"),
            ("10.0.0.6/32", "255.255.255.255 10.0.0.6 none 10.0.0.6 10.0.0.6 1"),
            (
                "223.255.255.255/32",
                "255.255.255.255 223.255.255.255 none 223.255.255.255 223.255.255.255 1",
            ),
            ("::/0", &format!(":: :: none ::1 {f}:ffff 2^128-1")),
            (
                "2001:db8:1:2::9/64",
                "ffff:ffff:ffff:ffff:: 2001:db8:1:2:: none 2001:db8:1:2::1 \
                 2001:db8:1:2:ffff:ffff:ffff:ffff 2^64-1",
            ),
            (
                "2001:db8::6/126",
                &format!("{f}:fffc 2001:db8::4 none 2001:db8::5 2001:db8::7 2^2-1"),
            ),
            ("2001:db8::7/127", &format!("{f}:fffe 2001:db8::6 none 2001:db8::6 2001:db8::7 2")),
            ("2001:db8::6/128", &format!("{f}:ffff 2001:db8::6 none 2001:db8::6 2001:db8::6 1")),
            (
                "::ffff:192.0.2.7/112",
                &format!(
                    "{f}:0 ::ffff:192.0.0.0 none ::ffff:192.0.0.1 ::ffff:192.0.255.255 2^16-1"
                ),
            ),
        ] {
            let answer = Answer::to(&[argument]);
            let names = ["Mask", "Network", "Broadcast", "First host", "Last host"];
            let mut cells = names.map(|name| answer.get(name)).to_vec();
            for cell in &mut cells {
                // Without a remark, and the reason why there is none.
                *cell =
                    if cell.starts_with("none") { "none" } else { cell.split(' ').next().unwrap() };
            }
            let hosts = answer.get("Hosts").split(" (").next().unwrap().replace(' ', "");
            assert_eq!(format!("{} {hosts}", cells.join(" ")), row, "{argument}");
        }
    }

    #[test]
    fn an_ipv6_address_without_a_prefix_gets_the_usual_one() {
        for (address, mask) in [
            ("2001:db8::1", "ffff:ffff:ffff:ffff:: = /64 ("),
            ("fe80::1", "ffff:ffff:ffff:ffff:: = /64 ("),
            ("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff = /128 ("),
            ("1fff::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff = /128 ("),
            ("ff02::1", "none: "),
        ] {
            let answer = Answer::to(&[address]);
            assert!(answer.get("Mask").starts_with(mask), "{address}: {}", answer.get("Mask"));
        }
    }

    #[test]
    fn multicast_addresses_are_groups_and_no_hosts() {
        for address in ["224.0.0.1/4", "239.1.2.3/32", "ff02::1/8", "ff02::1/128"] {
            let answer = Answer::to(&[address]);
            assert!(
                answer.get("Hosts").starts_with("none: "),
                "{address}: {}",
                answer.get("Hosts")
            );
            assert_eq!(answer.get("First host"), "", "{address}");
        }
        // A network that has groups and others in it has hosts.
        assert_eq!(Answer::to(&["224.0.0.1/3"]).get("Hosts"), "536870910 (2^29 - 2)");
    }

    /// Numbers that look like chance and are the same each time (Steele and Vigna's SplitMix64).
    fn numbers() -> impl Iterator<Item = u64> {
        let mut state = 14_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
    }

    #[test]
    fn agrees_with_plain_arithmetic_for_each_ipv4_prefix() {
        let mut numbers = numbers();
        for prefix in (0..=32_u32).chain(0..=32) {
            // The size of a network, and the address split in what repeats and what is left over.
            let size = 1_u64 << (32 - prefix);
            let address = numbers.next().unwrap() % (0xe000_0000); // below multicast
            let network = address / size * size;
            let (first, last, hosts) = match size {
                1 | 2 => (network, network + size - 1, size.to_string()),
                _ => {
                    let hosts = format!("{} (2^{} - 2)", size - 2, 32 - prefix);
                    (network + 1, network + size - 2, hosts)
                }
            };
            let mask = (1_u64 << 32) - size;
            let text = |number: u64| Ipv4Addr::from(u32::try_from(number).unwrap()).to_string();

            let argument = format!("{}/{prefix}", text(address));
            let answer = Answer::to(&[&argument]);
            assert_eq!(answer.get("Address"), text(address), "{argument}");
            assert_eq!(answer.get("Mask"), format!("{} = /{prefix}", text(mask)), "{argument}");
            assert_eq!(answer.bits("Address", 0), format!("{address:032b}"), "{argument}");
            assert_eq!(answer.bits("Mask", 0), format!("{mask:032b}"), "{argument}");
            assert_eq!(answer.bits("Network", 0), format!("{network:032b}"), "{argument}");
            assert_eq!(
                answer.get("Network").split(' ').next().unwrap(),
                text(network),
                "{argument}"
            );
            assert_eq!(answer.get("First host"), text(first), "{argument}");
            assert_eq!(answer.get("Last host"), text(last), "{argument}");
            assert_eq!(answer.get("Hosts"), hosts, "{argument}");
            if size > 2 {
                assert_eq!(answer.get("Broadcast"), text(network + size - 1), "{argument}");
            }
        }
    }

    #[test]
    fn agrees_with_plain_arithmetic_for_each_ipv6_prefix() {
        let mut numbers = numbers();
        for prefix in 0..=128_u32 {
            let host_bits = 128 - prefix;
            let [high, low] = [(); 2].map(|()| u128::from(numbers.next().unwrap()));
            let address = (high << 64 | low) >> 1; // its first bit 0: not multicast
            // Bit by bit, so that /0 needs no shift by 128.
            let mask = (0..128).fold(0, |mask, bit| mask << 1 | u128::from(bit < prefix));
            let (network, last) = (address & mask, address | !mask);
            let (first, hosts) = match host_bits {
                0 => (network, "1".to_owned()),
                1 => (network, "2".to_owned()),
                _ => (network + 1, format!("2^{host_bits} - 1")),
            };
            let text = |number: u128| Ipv6Addr::from(number).to_string();

            let argument = format!("{}/{prefix}", text(address));
            let answer = Answer::to(&[&argument]);
            assert_eq!(answer.get("Address"), text(address), "{argument}");
            assert_eq!(answer.get("Mask"), format!("{} = /{prefix}", text(mask)), "{argument}");
            assert_eq!(answer.bits("Address", 0), format!("{address:0128b}"), "{argument}");
            assert_eq!(answer.bits("Mask", 0), format!("{mask:0128b}"), "{argument}");
            assert_eq!(answer.bits("Network", 0), format!("{network:0128b}"), "{argument}");
            assert_eq!(answer.get("First host"), text(first), "{argument}");
            assert_eq!(answer.get("Last host"), text(last), "{argument}");
            assert_eq!(answer.get("Hosts"), hosts, "{argument}");
        }
    }

    #[test]
    fn takes_a_zone_and_leaves_it_out_of_the_arithmetic() {
        // The default gateway in the article's ipconfig.
        let answer = Answer::to(&["fe80::22a:6aff:fefa:ff3c%12/64"]);
        assert_eq!(answer.get("Address"), "fe80::22a:6aff:fefa:ff3c");
        assert!(answer.get("Zone").starts_with("12: ") && answer.get("Zone").contains("RFC 4007"));
        assert_eq!(answer.get("Network"), "fe80:: (address AND mask)");
        assert_eq!(Answer::to(&["fe80::1"]).get("Zone"), "");
    }

    #[test]
    fn shows_what_could_steer_the_terminal_as_escapes() {
        let words = start(&["fe80::1%\u{1b}[2J\u{202e}\nKind"]).finish().success();
        support::check_safe(&words, 15);
        assert!(words.contains("[2J"), "{words}");
    }
}

mod polish {
    use super::*;

    #[test]
    fn prints_each_row_in_its_place() {
        let words = start(&["192.168.1.142/24"]).finish().success();
        let expected = "\
Address     192.168.1.142
            11000000.10101000.00000001.10001110
Class       C (first bits 110: 192.0.0.0 to 223.255.255.255)
Kind        private (192.168.0.0/16, RFC 1918)
Mask        255.255.255.0 = /24
            11111111.11111111.11111111.00000000
Network     192.168.1.0 (address AND mask)
            11000000.10101000.00000001.00000000
Broadcast   192.168.1.255
First host  192.168.1.1
Last host   192.168.1.254
Hosts       254 (2^8 - 2)
";
        assert_eq!(words, expected);
        let words = start(&["2001:250:6405:6005:c449:33a:c7fa:2ae5"]).finish().success();
        let expected = "\
Address     2001:250:6405:6005:c449:33a:c7fa:2ae5
            0010000000000001:0000001001010000:0110010000000101:0110000000000101:
            1100010001001001:0000001100111010:1100011111111010:0010101011100101
Kind        global (2000::/3, RFC 3587)
Mask        ffff:ffff:ffff:ffff:: = /64 (the usual length, RFC 4291 §2.5.4)
            1111111111111111:1111111111111111:1111111111111111:1111111111111111:
            0000000000000000:0000000000000000:0000000000000000:0000000000000000
Network     2001:250:6405:6005:: (address AND mask)
            0010000000000001:0000001001010000:0110010000000101:0110000000000101:
            0000000000000000:0000000000000000:0000000000000000:0000000000000000
Broadcast   none: IPv6 has multicast for that (RFC 4291 §2)
First host  2001:250:6405:6005::1
Last host   2001:250:6405:6005:ffff:ffff:ffff:ffff
Hosts       2^64 - 1
";
        assert_eq!(words, expected);
    }

    #[test]
    fn a_mask_that_is_given_comes_before_that_of_the_class() {
        for arguments in [&["10.1.2.3/24"] as &[_], &["10.1.2.3", "--mask", "24"]] {
            assert_eq!(Answer::to(arguments).get("Mask"), "255.255.255.0 = /24");
        }
    }

    #[test]
    fn a_mask_may_be_a_number_or_an_address_in_either_place() {
        let expected = start(&["192.168.1.142/20"]).finish().success();
        for arguments in [
            &["192.168.1.142/255.255.240.0"] as &[_],
            &["192.168.1.142", "--mask", "255.255.240.0"],
            &["192.168.1.142", "--mask", "/20"],
            &["192.168.1.142", "--mask", "20"],
            &["--mask", "20", "192.168.1.142"],
        ] {
            assert_eq!(start(arguments).finish().success(), expected, "{arguments:?}");
        }
        let expected = start(&["2001:db8::1/48"]).finish().success();
        for mask in ["48", "/48", "ffff:ffff:ffff::"] {
            assert_eq!(
                start(&["2001:db8::1", "--mask", mask]).finish().success(),
                expected,
                "{mask}"
            );
        }
    }

    #[test]
    fn says_whether_two_addresses_share_a_subnet() {
        for (arguments, verdict) in [
            (["172.16.10.1/24", "172.16.10.200"], "yes: both are in 172.16.10.0/24"),
            (
                ["172.16.10.1/24", "172.16.11.1"],
                "no: 172.16.10.0/24 and 172.16.11.0/24 are two networks",
            ),
            (["172.16.10.1/23", "172.16.11.1"], "yes: both are in 172.16.10.0/23"),
            (["10.0.0.1", "10.255.255.254"], "yes: both are in 10.0.0.0/8"),
            (["0.0.0.0/0", "255.255.255.255"], "yes: both are in 0.0.0.0/0"),
            (["10.0.0.1/32", "10.0.0.1"], "yes: both are in 10.0.0.1/32"),
            (
                ["192.168.1.1/31", "192.168.1.2"],
                "no: 192.168.1.0/31 and 192.168.1.2/31 are two networks",
            ),
            (["2001:db8::1", "2001:db8::ffff:0:0:1"], "yes: both are in 2001:db8::/64"),
            (
                ["2001:db8::1", "2001:db8:0:1::1"],
                "no: 2001:db8::/64 and 2001:db8:0:1::/64 are two networks",
            ),
            (["::/0", "ffff::"], "yes: both are in ::/0"),
            (["fe80::1%eth0", "fe80::2%eth0"], "yes: both are in fe80::/64"),
            (["fe80::1%eth0", "fe80::2"], "yes: both are in fe80::/64"),
            (["fe80::1%eth0", "fe80::2%eth1"], "no: the zones eth0 and eth1 are two links"),
        ] {
            let answer = Answer::to(&[arguments[0], "--with", arguments[1]]);
            assert_eq!(answer.get("Same subnet"), verdict, "{arguments:?}");
        }
    }

    #[test]
    fn shows_each_address_and_its_network_bit_by_bit() {
        let answer = Answer::to(&["172.16.10.1/20", "--with", "172.16.31.7"]);
        assert_eq!(answer.get("Other"), "172.16.31.7");
        for (name, n) in [("Address", 0), ("Other", 1)] {
            let anded: String = answer
                .bits(name, 0)
                .chars()
                .zip(answer.bits("Mask", 0).chars())
                .map(|bits| if bits == ('1', '1') { '1' } else { '0' })
                .collect();
            assert_eq!(answer.bits("Network", n), anded, "{name}");
        }
        assert_eq!(answer.bits("Network", 0), "10101100000100000000000000000000");
        assert_eq!(answer.bits("Network", 1), "10101100000100000001000000000000");
    }

    #[test]
    fn no_line_is_wider_than_a_screen() {
        let arguments: [&[&str]; 3] = [
            &[],
            &["2001:250:6405:6005:c449:33a:c7fa:2ae5", "--with", "2001:250::1"],
            &["192.168.1.142", "--with", "192.168.1.1"],
        ];
        for arguments in arguments {
            let words = start(arguments).finish().success();
            let widest = words.lines().map(|line| line.chars().count()).max();
            assert!(widest.is_some_and(|width| width <= 80), "{words}");
            assert!(words.lines().all(|line| !line.ends_with(' ')), "{words}");
        }
    }

    #[test]
    fn prints_utf_8_whatever_the_terminal_has() {
        let table = Program::start(&mut command(&[])).finish().success();
        let program = Program::start(command(&[]).env("PYTHONIOENCODING", "ascii"));
        assert_eq!(program.finish().success(), table);
    }

    #[test]
    fn help_tells_the_lesson_and_how_to_run_it_in_one_screen() {
        let parts =
            ["Lesson 14", "ADDRESS[/PREFIX]", "--mask", "--with", "cargo run -p ip-addresses"];
        rules::help_tells_the_lesson_and_its_other_half_in_one_screen(command, &parts);
    }

    #[test]
    fn refuses_a_wrong_command_line() {
        let wrong = "192.168.01.1 00.0.0.0 0x7f.0.0.1 256.1.1.1 1.2.3 1.2.3.4.5 1.2.3. 1..2.3 \
            2130706433 -1.2.3.4 localhost /24 1.2.3.4/ 1.2.3.4/33 1.2.3.4/256 \
            1.2.3.4/-1 1.2.3.4/+8 1.2.3.4/08 1.2.3.4/8/8 1.2.3.4//8 1.2.3.4/ffff:: \
            1.2.3.4/255.0.255.0 1.2.3.4/0.0.0.255 1.2.3.4%eth0 ::/129 1::2::3 \
            1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 12345:: g:: [::1] fe80::1% fe80::1%/64 \
            ::1%a%b fe80::1%% [::1]:80 127.0.0.1:9999 http://192.168.1.1/";
        for address in wrong.split(' ') {
            rules::refuses_a_wrong_command_line(command, &[&[address]]);
        }
        let wrong: &[&[&str]] = &[
            &["1.2.3.4 "],
            &[" 1.2.3.4"],
            &[""],
            &["1.2.3.4/ 8"],
            &["1.2.3.4/8", "--mask", "8"],
            &["1.2.3.4", "--mask", "255.255.0.255"],
            &["1.2.3.4", "--mask", "ffff::"],
            &["::1", "--mask", "255.0.0.0"],
            &["1.2.3.4", "--mask", ""],
            &["--mask", "24"],
            &["--with", "1.2.3.4"],
            &["1.2.3.4", "--with", "::1"],
            &["1.2.3.4", "--with", "1.2.3.5/24"],
            &["224.0.0.1", "--with", "224.0.0.2"],
            &["1.2.3.4", "1.2.3.5"],
        ];
        rules::refuses_a_wrong_command_line(command, wrong);
    }

    #[test]
    fn an_error_cannot_steer_the_terminal() {
        let message = start(&["1.2.3.4", "--mask", "\u{1b}[2J"]).finish().refused();
        assert!(message.contains("[2J") && !message.contains('\u{1b}'), "{message:?}");
    }

    rule!(
        #[cfg(unix)]
        refuses_arguments_that_are_not_utf_8,
        EXECUTABLE,
        &[&[b"1.2.3.4\xff"], &[b"fe80::1%\xff"], &[b"1.2.3.4", b"--mask", b"1.2.3.4\xff"]]
    );

    #[test]
    fn ends_when_stdout_is_closed_or_full() {
        for arguments in [[].as_slice(), &["192.168.1.142", "--with", "192.168.1.1"]] {
            rules::ends_when_stdout_is_closed_or_full(command(arguments), |_| ());
        }
    }
}
