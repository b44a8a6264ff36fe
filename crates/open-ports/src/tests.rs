//! Lines of Linux's tables, which a test can't have at will from outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::linux::parse;

#[test]
fn a_line_of_the_kernels_table_is_read() {
    // The kernel prints words of 32 bits as numbers in the machine's own order of bytes.
    let hex = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
    let ip = hex([127, 0, 0, 1]);
    let rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 337177 1";
    let line = format!("   0: {ip}:270F {rest}");
    let expected = ("TCP", 9999, IpAddr::from(Ipv4Addr::LOCALHOST));
    assert_eq!(parse("TCP", &line), Some((expected, 337_177)));

    let ip = [[0xfe, 0x80, 0, 1], [0; 4], [0; 4], [0, 0, 0, 2]].map(hex).concat();
    let line = format!(" 17: {ip}:0015 {}:0000 07 {}", "0".repeat(32), &rest[17..]);
    let expected = ("UDP", 21, IpAddr::from(Ipv6Addr::new(0xfe80, 1, 0, 0, 0, 0, 0, 2)));
    assert_eq!(parse("UDP", &line), Some((expected, 337_177)));
    assert_eq!(parse("TCP", &line), None, "07 is no LISTEN");
    let line = line.replace(":0000 07", ":0000 01");
    assert_eq!(parse("UDP", &line), None, "01 is a connected socket");
}

#[test]
fn a_line_that_is_no_socket_is_passed_over() {
    for line in [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
        "",
        "   0:",
        "   0: 0100007F 00000000:0000 0A",
        "   0: 0100007F:270F",
        "   0: 0100007F:12345 00000000:0000 0A",
        "   0: 0100:270F 00000000:0000 0A",
        "   0: 0100007F01:270F 00000000:0000 0A",
        "   0: 0100007é:270F 00000000:0000 0A",
        "   0: :270F 00000000:0000 0A",
    ] {
        assert_eq!(parse("UDP", line), None, "{line}");
    }
}
