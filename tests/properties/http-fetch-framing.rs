//! The reader of answers (RFC 9112 §6–8), given anything at all.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::io::{self, ErrorKind, Read};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use http_fetch::framing;

/// A failing case prints itself; it needs no file beside the tests.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A peer that sends `bytes` in pieces of these sizes, one after the other and over again, with an
/// interruption before each, and then closes.
struct Peer<'a> {
    bytes: &'a [u8],
    sizes: Vec<usize>,
    reads: usize,
}

impl Read for Peer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads += 1;
        assert!(self.reads < 100_000, "it reads for ever");
        if self.reads % 2 == 1 {
            return Err(ErrorKind::Interrupted.into());
        }
        let size = self.sizes[(self.reads / 2 - 1) % self.sizes.len()];
        let length = size.min(buffer.len()).min(self.bytes.len());
        let (piece, rest) = self.bytes.split_at(length);
        buffer[..length].copy_from_slice(piece);
        self.bytes = rest;
        Ok(length)
    }
}

/// What a reader makes of an answer. (What an error says may depend on the pieces: how much of
/// another protocol was there to be shown.)
#[derive(Debug, PartialEq)]
struct Outcome {
    head: Option<Vec<u8>>,
    /// The length of the body, where the head tells it.
    length: Option<u64>,
    body: Vec<u8>,
    whole: bool,
}

/// Reads `bytes` to the end, in these pieces, with a buffer of `room` bytes.
fn read(bytes: &[u8], sizes: &[usize], room: usize) -> Outcome {
    let mut outcome = Outcome { head: None, length: None, body: Vec::new(), whole: false };
    let Ok((head, mut body)) = framing::read(Peer { bytes, sizes: sizes.to_vec(), reads: 0 })
    else {
        return outcome;
    };
    outcome.length = head.length();
    outcome.head = Some(head.bytes);
    let mut buffer = vec![0; room];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => {
                outcome.whole = true;
                assert_eq!(body.read(&mut buffer).ok(), Some(0), "an end is no end");
                return outcome;
            }
            Ok(length) => outcome.body.extend(&buffer[..length]),
            Err(_) => return outcome,
        }
        assert!(outcome.body.len() <= bytes.len(), "it makes up bytes");
    }
}

/// Checks what holds for any bytes, in these pieces and in one; gives what was read.
fn check(bytes: &[u8], sizes: &[usize]) -> Result<Outcome, TestCaseError> {
    let whole = read(bytes, &[usize::MAX], 4096);
    if let Some(length) = whole.length {
        let got = whole.body.len() as u64;
        prop_assert!(got <= length, "{got} bytes of {length}");
        prop_assert_eq!(whole.whole, got == length);
    }
    prop_assert_eq!(&read(bytes, sizes, 4096), &whole);
    prop_assert_eq!(&read(bytes, sizes, 1), &whole);
    Ok(whole)
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    vec(1_usize..30, 1..8)
}

/// A well-formed answer, and its body.
fn answer() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let field =
        select(vec!["", "A: b\r\n", "Server: \r\n", "X: a\r\n b\r\n\t\r\n", "Y: \u{65b0}\n"]);
    let interim = select(vec![
        "",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early\nContent-Length: 3\n\n",
    ]);
    let trailers = select(vec!["", "A: b\r\n", "Content-Length: 9\r\nX: a\r\n b\r\n"]);
    let body = vec(any::<u8>(), 0..80);
    (interim, field, body, trailers, vec(1_usize..20, 1..4), 0..3).prop_map(
        |(interim, field, body, trailers, sizes, framing)| {
            let mut answer = format!("{interim}HTTP/1.1 200 OK\r\n{field}").into_bytes();
            match framing {
                0 => answer.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes()),
                1 => answer.extend(b"Connection: close\r\n\r\n"),
                _ => answer.extend(b"Transfer-Encoding: chunked\r\n\r\n"),
            }
            if framing < 2 {
                answer.extend(&body);
                return (answer, body);
            }
            let (mut rest, mut size) = (&*body, sizes.iter().cycle());
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(*size.next().unwrap_or(&1)));
                answer.extend(format!("{:x};a=\"b\"\r\n", chunk.len()).bytes());
                answer.extend(chunk);
                answer.extend(b"\r\n");
                rest = after;
            }
            answer.extend(format!("0\r\n{trailers}\r\n").bytes());
            (answer, body)
        },
    )
}

/// One place of an answer, made wrong.
fn mutate(answer: &mut Vec<u8>, place: usize, kind: u8, byte: u8) {
    let at = place % answer.len();
    match kind {
        0 => answer[at] = byte,
        1 => answer.insert(at, byte),
        2 => drop(answer.remove(at)),
        3 => answer.truncate(at),
        4 => answer.swap(0, at),
        _ => answer.extend_from_within(at..), // the end of it comes twice
    }
}

/// What answers are made of, and what was made of that elsewhere: signs, prefixes, overflows.
const WORDS: &[&str] = &[
    "HTTP/1.1 200 OK",
    "HTTP/1.0 204",
    "HTTP/1.1 100 \r\n\r\n",
    "\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    ";",
    "Content-Length:",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding:",
    "chunked",
    "hello",
    "5",
    "+5",
    "-1",
    "0x5",
    "5_0",
    "0",
    "00000000000000005",
    "2147483649",
    "80000001",
    "FFFFFFFFFFFFFFFF",
    "18446744073709551616",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "\u{ff15}",
];

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn any_bytes_come_to_an_end(bytes in vec(any::<u8>(), 0..300), sizes in pieces()) {
        check(&bytes, &sizes)?;
    }

    #[test]
    fn any_words_of_http_come_to_the_same_end_in_any_pieces(
        words in vec(select(WORDS), 0..30),
        sizes in pieces(),
    ) {
        check(words.concat().as_bytes(), &sizes)?;
        check(format!("HTTP/1.1 200 OK\r\n{}", words.concat()).as_bytes(), &sizes)?;
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(format!("{chunked}{}", words.concat()).as_bytes(), &sizes)?;
    }

    #[test]
    fn a_well_formed_answer_gives_its_body((answer, body) in answer(), sizes in pieces()) {
        let outcome = check(&answer, &sizes)?;
        prop_assert!(outcome.whole);
        prop_assert_eq!(outcome.body, body);
    }

    #[test]
    fn a_mutated_answer_comes_to_the_same_end_in_any_pieces(
        (mut answer, _) in answer(),
        mutations in vec((any::<usize>(), 0_u8..6, any::<u8>()), 1..4),
        sizes in pieces(),
    ) {
        for (place, kind, byte) in mutations {
            mutate(&mut answer, place, kind, byte);
            if answer.is_empty() {
                break;
            }
        }
        check(&answer, &sizes)?;
    }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn an_answer_may_be_split_at_any_byte((answer, body) in answer()) {
        for first in 1..answer.len() {
            let outcome = read(&answer, &[first, usize::MAX], 4096);
            prop_assert!(outcome.whole, "split after {} bytes", first);
            prop_assert_eq!(&outcome.body, &body);
        }
    }

    #[test]
    fn an_answer_that_is_cut_gives_no_more_than_its_start((answer, body) in answer()) {
        let whole = read(&answer, &[usize::MAX], 4096);
        for length in 0..answer.len() {
            let cut = read(&answer[..length], &[usize::MAX], 4096);
            prop_assert!(body.starts_with(&cut.body));
            // Only where nothing but the close says so can a cut body pass for a whole one.
            let until_close = answer.windows(8).any(|window| window == b"n: close");
            prop_assert!(!cut.whole || until_close, "{} of {} bytes", length, answer.len());
            prop_assert!(cut.head.is_none() || cut.head == whole.head);
        }
    }
}
