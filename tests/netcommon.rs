//! `netcommon`, seen from outside: what must hold for all bytes, texts and readers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use netcommon::{Address, Encoding, GBK, Report, StreamDecoder, UTF_8, decode, encode, encoding};
use netcommon::{read_until_close, safe, seconds, timeout, uninterrupted};
use proptest::char::range;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Characters of one, two and three bytes; in GBK, of one and two.
const SENTENCE: &str = "网络编程测试。\r\nHello, 张三！ ~ €";

/// A failing case prints itself; it needs no file beside the tests.
fn few_cases() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

fn either_encoding() -> impl Strategy<Value = &'static Encoding> {
    select(vec![GBK, UTF_8])
}

/// A character that GBK has: GBK holds all 20,902 ideographs of Unicode 1.1.
fn gbk_character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => range('\u{4e00}', '\u{9fa5}'),
        2 => range('\0', '\x7f'),
        1 => range('\u{ff01}', '\u{ff5e}'), // full-width forms
        1 => range('А', 'я'),
        1 => select(vec!['\u{3000}', '、', '。', '“', '”', '—', '…', '€', 'Ω', 'é']),
    ]
}

/// Any character but those for private use, whose places in GBK moved over the years.
fn any_character() -> impl Strategy<Value = char> {
    let private = |c: &char| ('\u{e000}'..='\u{f8ff}').contains(c);
    any::<char>().prop_filter("private use", move |c| !private(c))
}

fn text_of(character: impl Strategy<Value = char>) -> impl Strategy<Value = String> {
    vec(character, 0..24).prop_map(String::from_iter)
}

/// What `bytes` become when they arrive in pieces that end at `cuts`.
fn decode_in_pieces(bytes: &[u8], mut cuts: Vec<usize>, encoding: &'static Encoding) -> String {
    cuts.sort_unstable();
    let mut decoder = StreamDecoder::new(encoding);
    let mut text = String::new();
    let mut start = 0;
    for cut in cuts.into_iter().chain([bytes.len()]) {
        text.push_str(&decoder.decode(&bytes[start..cut]));
        start = cut;
    }
    text.push_str(&decoder.finish());
    text
}

/// What can steer a terminal, forge a line or turn text around, by its number in Unicode.
fn steers(character: char) -> bool {
    matches!(u32::from(character),
        0..=0x1f | 0x7f..=0x9f // C0, DEL, C1
        | 0x2028 | 0x2029 // line and paragraph separator
        | 0x061c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069) // Bidi_Control
}

/// `text` with the escapes that it needs, and with nothing else changed.
fn escaped(text: &str) -> String {
    let escape = |c: char| if steers(c) { c.escape_default().to_string() } else { String::from(c) };
    text.chars().map(escape).collect()
}

/// A reader that gives each piece, or fails, in turn; then its stream is at its end.
struct Script(Vec<Result<&'static [u8], ErrorKind>>);

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        let piece = self.0.remove(0)?;
        buffer[..piece.len()].copy_from_slice(piece); // its pieces are short
        Ok(piece.len())
    }
}

/// A reader without an end that counts what it gave.
struct Endless(usize);

impl Read for &mut Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b'x');
        self.0 += buffer.len();
        Ok(buffer.len())
    }
}

proptest! {
    #![proptest_config(few_cases())]

    #[test]
    fn any_bytes_decode_alike_in_pieces_and_whole(
        bytes in vec(any::<u8>(), 0..64),
        cuts in vec(any::<Index>(), 0..8),
        encoding in either_encoding(),
    ) {
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        prop_assert_eq!(decode_in_pieces(&bytes, cuts, encoding), decode(&bytes, encoding));
    }

    #[test]
    fn chinese_text_decodes_to_itself_in_pieces_and_whole(
        text in text_of(gbk_character()),
        cuts in vec(any::<Index>(), 0..8),
        encoding in either_encoding(),
    ) {
        let bytes = encode(&text, encoding).unwrap();
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        prop_assert_eq!(&decode_in_pieces(&bytes, cuts, encoding), &text);
        prop_assert_eq!(&decode(&bytes, encoding), &text);
    }

    #[test]
    fn gbk_has_the_whole_text_or_names_the_first_character_that_it_lacks(
        text in text_of(prop_oneof![gbk_character(), any_character()]),
    ) {
        match encode(&text, GBK) {
            Ok(bytes) => {
                prop_assert_eq!(&decode(&bytes, GBK), &text);
                let reference = bytes.windows(2).any(|two| two == b"&#");
                prop_assert!(!reference || text.contains("&#"));
            }
            Err(error) => {
                let error = error.to_string();
                let (_, number) = error.split_once("(U+").expect("it names the character");
                let number = u32::from_str_radix(number.trim_end_matches(')'), 16).unwrap();
                let character = char::from_u32(number).unwrap();
                let (before, _) = text.split_once(character).expect("it is in the text");
                prop_assert!(encode(before, GBK).is_ok());
                prop_assert!(encode(&character.to_string(), GBK).is_err());
            }
        }
    }

    #[test]
    fn utf_8_is_not_copied(text in text_of(any::<char>())) {
        prop_assert!(matches!(decode(text.as_bytes(), UTF_8), Cow::Borrowed(same) if same == text));
        let bytes = encode(&text, UTF_8).unwrap();
        prop_assert!(matches!(bytes, Cow::Borrowed(same) if same == text.as_bytes()));
    }

    #[test]
    fn safe_escapes_what_steers_and_nothing_else(
        text in text_of(prop_oneof![
            any::<char>(),
            gbk_character(),
            select(vec!['\\', '\u{1b}', '\r', '\u{85}', '\u{2028}', '\u{202e}', '\u{2067}']),
        ]),
    ) {
        let line = safe(&text);
        prop_assert!(!line.contains(steers));
        prop_assert_eq!(&line, &escaped(&text));
        prop_assert_eq!(safe(&line), &*line); // idempotent
        prop_assert_eq!(matches!(line, Cow::Borrowed(_)), !text.contains(steers));
    }

    #[test]
    fn a_stream_is_read_whole_up_to_its_limit(
        bytes in vec(any::<u8>(), 0..100),
        limit in 0_usize..100,
    ) {
        match read_until_close(&*bytes, limit) {
            Ok(read) => prop_assert!(read == bytes && bytes.len() <= limit),
            Err(error) => {
                prop_assert!(bytes.len() > limit);
                prop_assert_eq!(error.to_string(), format!("the peer sent more than {limit} bytes"));
            }
        }
    }
}

#[test]
fn a_sentence_may_be_split_anywhere() {
    for encoding in [GBK, UTF_8] {
        let bytes = encode(SENTENCE, encoding).unwrap();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let text = decode_in_pieces(&bytes, vec![first, second], encoding);
                assert_eq!(text, SENTENCE, "{encoding:?}, split at {first} and {second}");
            }
        }
    }
}

#[test]
fn a_character_comes_with_the_byte_that_completes_it() {
    for encoding in [GBK, UTF_8] {
        let mut decoder = StreamDecoder::new(encoding);
        for character in SENTENCE.chars() {
            let text = character.to_string();
            let bytes = encode(&text, encoding).unwrap();
            let [begin @ .., last] = &*bytes else { panic!("{character} has no bytes") };
            for byte in begin {
                assert_eq!(decoder.decode(&[*byte]), "", "{encoding:?}: half of {character}");
                assert_eq!(decoder.decode(&[]), "", "an empty piece");
            }
            assert_eq!(decoder.decode(&[*last]), text, "{encoding:?}");
        }
        assert_eq!(decoder.finish(), "");
    }
}

#[test]
fn a_character_that_never_becomes_complete_is_one_replacement_character() {
    let cases: [(&[u8], _); 6] = [
        (b"\xc4", GBK),
        (b"\x81\x30", GBK),     // the half of four bytes of gb18030
        (b"\x81\x30\x81", GBK), // three quarters
        (b"\xe5", UTF_8),
        (b"\xe5\xbc", UTF_8),
        (b"\xf0\x9f\x98", UTF_8),
    ];
    for (cut_off, encoding) in cases {
        let bytes = [b"end ", cut_off].concat();
        assert_eq!(decode(&bytes, encoding), "end \u{fffd}", "{encoding:?}");
        let mut decoder = StreamDecoder::new(encoding);
        assert_eq!(decoder.decode(&bytes), "end ", "{encoding:?}");
        assert_eq!(decoder.finish(), "\u{fffd}", "{encoding:?}");
    }
}

#[test]
fn the_end_of_complete_text_is_nothing() {
    for encoding in [GBK, UTF_8] {
        assert_eq!(StreamDecoder::new(encoding).finish(), "");
        assert_eq!(decode(b"", encoding), "");
    }
}

#[test]
fn what_is_no_text_is_shown_and_text_goes_on_after_it() {
    let cases: [(&[u8], _, _); 4] = [
        (b"a\xffb", GBK, "a\u{fffd}b"),
        (b"\xc4\n\xc4\xe3", GBK, "\u{fffd}\n你"), // a line feed is never swallowed
        (b"a\xffb\xc0\xaf", UTF_8, "a\u{fffd}b\u{fffd}\u{fffd}"),
        (b"\xe5\xbc\n", UTF_8, "\u{fffd}\n"),
    ];
    for (bytes, encoding, text) in cases {
        assert_eq!(decode(bytes, encoding), text);
        assert_eq!(decode_in_pieces(bytes, (1..bytes.len()).collect(), encoding), text);
    }
}

#[test]
fn gbk_decodes_all_of_gb18030() {
    assert_eq!(decode(b"\x80 \x94\x39\xfc\x36", GBK), "€ 😀");
}

#[test]
fn no_byte_order_mark_overrules_the_encoding() {
    let cases: [(&[u8], _, _); 6] = [
        (b"\xef\xbb\xbf\xe6\xc4\xe3", GBK, "锘挎你"), // the mark of UTF-8
        (b"\xef\xbb\xbf\xe4\xbd\xa0", UTF_8, "\u{feff}你"),
        (b"\xff\xfe\n\0", GBK, "\u{fffd}\u{fffd}\n\0"), // UTF-16, little-endian
        (b"\xff\xfe\n\0", UTF_8, "\u{fffd}\u{fffd}\n\0"),
        (b"\xfe\xff\0\n", GBK, "\u{fffd}\0\n"), // UTF-16, big-endian
        (b"\xfe\xff\0\n", UTF_8, "\u{fffd}\u{fffd}\0\n"),
    ];
    for (bytes, encoding, text) in cases {
        assert_eq!(decode(bytes, encoding), text, "{encoding:?}");
        assert_eq!(decode_in_pieces(bytes, vec![], encoding), text, "{encoding:?}");
        let cuts = (1..bytes.len()).collect();
        assert_eq!(decode_in_pieces(bytes, cuts, encoding), text, "{encoding:?}");
    }
}

#[test]
fn encodes_the_bytes_of_the_tutorial() {
    assert_eq!(*encode("你好 ok", GBK).unwrap(), *b"\xc4\xe3\xba\xc3 ok");
    assert_eq!(*encode("你好 ok", UTF_8).unwrap(), *"你好 ok".as_bytes());
    assert_eq!(*encode("&#20320;", GBK).unwrap(), *b"&#20320;"); // the text itself, as typed
}

#[test]
fn names_the_first_character_that_gbk_lacks() {
    let cases = [
        ("😀", '😀'),
        ("你好，😀 and 🎉!", '😀'),
        ("señor 😀", 'ñ'),
        ("\u{202e}", '\u{202e}'),
        ("🇨🇳", '\u{1f1e8}'),
    ];
    for (text, character) in cases {
        let error = encode(text, GBK).unwrap_err().to_string();
        assert!(error.starts_with(&format!("GBK has no bytes for {character:?} (U+")), "{error}");
        assert!(encode(text, UTF_8).is_ok(), "{text}");
    }
}

#[test]
fn safe_escapes_exactly_what_steers_in_all_of_unicode() {
    let all: String = ('\0'..=char::MAX).collect();
    assert!(safe(&all) == escaped(&all), "some character is treated otherwise");
}

#[test]
fn reads_a_stream_that_comes_in_small_pieces_with_interruptions() {
    use ErrorKind::Interrupted;
    let pieces = vec![Err(Interrupted), Ok("网".as_bytes()), Err(Interrupted), Ok(b"a"), Ok(b"b")];
    assert_eq!(read_until_close(Script(pieces), 100).unwrap(), "网ab".as_bytes());
}

#[test]
fn a_limit_is_a_number_of_bytes_that_may_come() {
    for limit in [1, 2, 1024, 65_536] {
        let bytes = vec![b'x'; limit + 1];
        assert!(read_until_close(&bytes[..limit], limit).unwrap() == bytes[..limit], "{limit}");
        let error = read_until_close(&*bytes, limit).unwrap_err();
        assert_eq!(error.to_string(), format!("the peer sent more than {limit} bytes"));
    }
}

#[test]
fn a_limit_of_zero_allows_only_an_empty_stream() {
    assert_eq!(read_until_close(io::empty(), 0).unwrap(), b"");
    let error = read_until_close(&b"x"[..], 0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
}

#[test]
fn the_largest_limit_is_no_limit() {
    assert_eq!(read_until_close(&b"x"[..], usize::MAX).unwrap(), b"x");
}

#[test]
fn an_endless_stream_is_left_just_behind_the_limit() {
    let mut endless = Endless(0);
    let error = read_until_close(&mut endless, 100_000).unwrap_err();
    assert_eq!(error.to_string(), "the peer sent more than 100000 bytes");
    assert_eq!(endless.0, 100_001);
}

#[test]
fn a_failure_in_the_middle_is_an_error_and_not_a_short_text() {
    let pieces = vec![Ok(&b"half"[..]), Err(ErrorKind::ConnectionReset), Ok(b"rest")];
    let error = read_until_close(Script(pieces), 100).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_read_that_takes_too_long_timed_out_on_every_system() {
    for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let error = read_until_close(Script(vec![Ok(b"half"), Err(kind)]), 100).unwrap_err();
        assert_eq!(error.to_string(), "timed out");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}

#[test]
fn an_interrupted_call_is_made_again() {
    let mut calls = 0;
    let outcome = uninterrupted(|| {
        calls += 1;
        if calls < 4 { Err(ErrorKind::Interrupted.into()) } else { Ok("done") }
    });
    assert_eq!((outcome.unwrap(), calls), ("done", 4));
}

#[test]
fn a_call_that_fails_is_made_once_and_a_timeout_has_one_name() {
    use ErrorKind::{BrokenPipe, ConnectionRefused, TimedOut, WouldBlock};
    let cases = [
        (WouldBlock, TimedOut),
        (TimedOut, TimedOut),
        (BrokenPipe, BrokenPipe),
        (ConnectionRefused, ConnectionRefused),
    ];
    for (kind, expected) in cases {
        let mut calls = 0;
        let error = uninterrupted(|| -> io::Result<()> {
            calls += 1;
            Err(io::Error::new(kind, "some words"))
        });
        let error = error.unwrap_err();
        assert_eq!((error.kind(), calls), (expected, 1));
        let words = if expected == TimedOut { "timed out" } else { "some words" };
        assert_eq!(error.to_string(), words);
    }
}

#[test]
fn a_report_is_one_safe_line_with_the_whole_chain() {
    /// As anyhow's: `{}` is the outermost context, `{:#}` the whole chain.
    struct Chain;
    impl fmt::Display for Chain {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(if f.alternate() {
                "outer: peer said \u{1b}[2J\nError: x"
            } else {
                "outer"
            })
        }
    }
    fn main() -> Result<(), Report> {
        Err(Chain)?
    }
    let report = main().unwrap_err();
    // `Error: {:?}` is what the standard library prints when main returns an error.
    assert_eq!(format!("{report:?}"), r"outer: peer said \u{1b}[2J\nError: x");
    assert_eq!(format!("{report:#?}"), format!("{report:?}"));
}

#[test]
fn an_error_is_one_lower_case_sentence_without_a_full_stop() {
    let errors = [
        encode("\u{202e}😀", GBK).unwrap_err().to_string(),
        read_until_close(&b"more"[..], 3).unwrap_err().to_string(),
        read_until_close(Script(vec![Err(ErrorKind::WouldBlock)]), 3).unwrap_err().to_string(),
    ];
    assert_eq!(errors[0], r"GBK has no bytes for '\u{202e}' (U+202E)");
    assert_eq!(errors[1], "the peer sent more than 3 bytes");
    for error in errors {
        let sentence = error.strip_prefix("GBK ").unwrap_or(&error); // a name
        assert!(sentence.starts_with(char::is_lowercase), "{error}");
        assert!(!error.ends_with('.') && safe(&error) == error, "{error}");
    }
}

#[test]
fn an_address_is_a_host_and_a_port() {
    let cases = [
        ("localhost:8888", "localhost", 8888),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:65535", "[::1]", 65_535),
        ("[fe80::1%2]:9999", "[fe80::1%2]", 9999),
        ("例子.example:1", "例子.example", 1),
    ];
    for (text, host, port) in cases {
        let address: Address = text.parse().unwrap();
        assert_eq!((address.host(), address.port()), (host, port));
        assert_eq!(address.to_string(), text);
    }
}

#[test]
fn what_is_wrong_with_an_address_is_said() {
    let shape = "expected HOST:PORT, such as 127.0.0.1:9999";
    let brackets = "write an IPv6 address in brackets, such as [::1]:9999";
    let port = "a port is a number from 0 to 65535";
    let cases = [
        ("", shape),
        ("127.0.0.1", shape),
        ("127.0.0.1:", shape),
        (":9999", shape),
        ("::1:9999", brackets),
        ("::1", brackets),
        ("[::1:9999", brackets),
        ("::1]:9999", brackets),
        ("[::1]", brackets),
        ("localhost:http", port),
        ("localhost:65536", port),
        ("localhost:-1", port),
        ("localhost:+9999", port),
        ("localhost: 9999", port),
    ];
    for (text, why) in cases {
        assert_eq!(text.parse::<Address>().unwrap_err(), why, "{text:?}");
    }
}

#[test]
fn the_addresses_of_a_name_are_tried_until_one_will_do() {
    let address: Address = "127.0.0.1:9999".parse().unwrap();
    assert_eq!(address.try_each(Ok).unwrap().to_string(), "127.0.0.1:9999");
    let error = address.try_each(|_| Err::<(), _>(ErrorKind::ConnectionRefused.into()));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let unknown: Address = "no-such-host.invalid:9999".parse().unwrap();
    unknown.try_each(Ok).unwrap_err();
}

#[test]
fn seconds_are_a_number_that_a_clock_can_wait() {
    assert_eq!(seconds("0").unwrap(), Duration::ZERO);
    assert_eq!(seconds("0.5").unwrap(), Duration::from_millis(500));
    for wrong in ["", "one", "-1", "NaN", "inf", "1e30", "1s"] {
        assert!(seconds(wrong).is_err() && timeout(wrong).is_err(), "{wrong}");
    }
    assert_eq!(timeout("0.001").unwrap(), Duration::from_millis(1));
    assert!(timeout("0").is_err(), "a socket takes no timeout of 0");
}

#[test]
fn an_encoding_has_one_of_two_names() {
    assert_eq!((encoding("gbk").unwrap(), encoding("utf-8").unwrap()), (GBK, UTF_8));
    for wrong in ["GBK", "utf8", ""] {
        assert!(encoding(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn an_error_at_an_address_has_the_remedy_for_that_error() {
    let address: Address = "h:1".parse().unwrap();
    for (kind, remedy) in [
        (ErrorKind::ConnectionRefused, "is it running?"),
        (ErrorKind::NotFound, "is the name right?"),
        (ErrorKind::AddrNotAvailable, "does this machine have that address?"),
        (ErrorKind::NetworkUnreachable, "has this machine a way to that network?"),
        (ErrorKind::PermissionDenied, "a broadcast needs SO_BROADCAST"),
    ] {
        let error = io::Error::new(kind, "why");
        let line = address.explain("cannot reach", &error, "is it running?");
        assert_eq!(line, format!("cannot reach h:1: why; {remedy}"));
    }
    // A port below 1024 may be root's alone.
    let error = io::Error::new(ErrorKind::PermissionDenied, "why");
    let line = address.explain("cannot listen on", &error, "choose another port");
    assert_eq!(line, "cannot listen on h:1: why; choose another port");
}

#[test]
fn a_name_that_is_unknown_is_not_found() {
    let address: Address = "no-such-host.invalid:1".parse().unwrap();
    let error = address.try_each(|_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
