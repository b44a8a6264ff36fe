//! Where a response's head ends, and where its body does: RFC 9112 §6–8, as far as a client
//! that sends `Connection: close` needs it.
//!
//! Whatever is wrong is an error: you never get half a page as if it were a whole one.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use anyhow::{Context, Result, bail, ensure};
use httparse::{EMPTY_HEADER, Status, parse_chunk_size};
use netcommon::uninterrupted;

use crate::head::{Framing, Head, MAX_BODY, MAX_FIELDS, parse};

/// How much is read ahead while lines are looked for, in bytes.
const READ_AHEAD: usize = 256 * 1024;
/// The longest head, and the longest trailer section, in bytes.
const MAX_HEAD: u64 = 64 * 1024;
/// The longest line before a chunk (its size and its extensions), in bytes.
const MAX_CHUNK_LINE: u64 = 4 * 1024;

/// Reads the head of the final response; its body can be read then.
///
/// # Errors
///
/// When the peer speaks another protocol, closes too early, sends more than 64 KiB of heads, or
/// fields that contradict each other.
pub fn read<R: Read>(stream: R) -> Result<(Head, Body<R>)> {
    let mut stream = BufReader::with_capacity(READ_AHEAD, Patient(stream));
    let mut left = MAX_HEAD;
    let head = loop {
        let start = stream.fill_buf()?;
        ensure!(!start.is_empty(), "it closed the connection before an answer");
        let tried = start.len().min(5);
        if start[..tried] != b"HTTP/"[..tried] {
            let start = start[..start.len().min(40)].escape_ascii();
            bail!("it does not speak HTTP; its answer begins with \"{start}\"");
        }
        let head = Head::parse(read_section(&mut stream, &mut left, "header")?)?;
        ensure!(head.status != 101, "it switched to a protocol that was not asked for");
        // Interim responses (RFC 9110 §15.2) are passed over.
        if head.status / 100 != 1 {
            break head;
        }
    };
    let left = head.length().unwrap_or(0);
    let body = Body { stream, framing: head.framing, left, received: 0, ended: false };
    Ok((head, body))
}

/// A body on its way: reads as the bytes of the page, up to their end.
pub struct Body<R> {
    stream: BufReader<Patient<R>>,
    framing: Framing,
    /// What is still to come of the body, or of the chunk.
    left: u64,
    received: u64,
    ended: bool,
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next(buffer)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, format!("{error:#}")))
    }
}

impl<R: Read> Body<R> {
    /// How many bytes of the body have been read.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if let Framing::Chunked = self.framing
            && self.left == 0
            && !self.ended
        {
            self.start_chunk()?;
        }
        let room = match self.framing {
            Framing::Close => buffer.len(),
            _ => buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX)),
        };
        if room == 0 {
            return Ok(0);
        }
        let length = self.stream.read(&mut buffer[..room])?;
        self.received += length as u64;
        ensure!(
            self.received <= MAX_BODY,
            "its body is longer than {MAX_BODY} bytes, the limit here"
        );
        match self.framing {
            Framing::Close => {}
            _ if length == 0 => {
                let Self { received, left, .. } = self;
                bail!(
                    "it closed the connection too early: {left} bytes are missing after {received}"
                )
            }
            _ => self.left -= length as u64,
        }
        Ok(length)
    }

    /// Reads the line before a chunk (RFC 9112 §7.1); after the last chunk the trailers (§7.1.2).
    fn start_chunk(&mut self) -> Result<()> {
        if self.received > 0 {
            let mut end = Vec::new();
            read_line(&mut self.stream, &mut end, &mut 2, "chunk")?;
            ensure!(end == b"\r\n", "its chunk is longer than it said");
        }
        let mut line = Vec::new();
        read_line(&mut self.stream, &mut line, &mut MAX_CHUNK_LINE.clone(), "chunk size")?;
        let size = match parse_chunk_size(&line) {
            Ok(Status::Complete((_, size))) if line[0].is_ascii_hexdigit() => size,
            _ => bail!("the chunk size \"{}\" is malformed", line.trim_ascii().escape_ascii()),
        };
        ensure!(size <= MAX_BODY, "its body is longer than {MAX_BODY} bytes, the limit here");
        self.left = size;
        if size == 0 {
            self.ended = true;
            // Fields like those of a head: they are parsed, and then not used.
            let trailers = read_section(&mut self.stream, &mut MAX_HEAD.clone(), "trailers")?;
            let trailers = [b"HTTP/1.1 200\r\n".as_slice(), &trailers].concat();
            parse(&trailers, &mut vec![EMPTY_HEADER; MAX_FIELDS])
                .context("its trailers are malformed")?;
        }
        Ok(())
    }
}

/// A stream that reads again when a signal interrupts it, and calls a timeout a timeout.
struct Patient<R>(R);

impl<R: Read> Read for Patient<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.read(buffer))
    }
}

/// Reads lines up to and with a blank one, and takes them off what is `left` of a limit.
fn read_section(stream: &mut impl BufRead, left: &mut u64, what: &str) -> Result<Vec<u8>> {
    let mut section = Vec::new();
    loop {
        let start = section.len();
        read_line(stream, &mut section, left, what)?;
        // A line may end with LF alone (RFC 9112 §2.2).
        if matches!(&section[start..], b"\r\n" | b"\n") {
            return Ok(section);
        }
    }
}

fn read_line(
    stream: &mut impl BufRead,
    line: &mut Vec<u8>,
    left: &mut u64,
    what: &str,
) -> Result<()> {
    let length = stream.take(*left).read_until(b'\n', line)?;
    *left -= length as u64;
    if length > 0 && line.ends_with(b"\n") {
        return Ok(());
    }
    ensure!(*left > 0, "its {what} is too long");
    bail!("it closed the connection amid its {what}");
}
