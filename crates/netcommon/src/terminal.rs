//! The lesson's own terminal.

use std::io::{self, ErrorKind, Write};
use std::process;

use crate::safe;

/// Like the standard library's `println!`, but the line is made [safe](crate::safe()) to print, and
/// written at once in one piece.
///
/// Where standard output is full, the program ends with `Error: …` and status 1. Where the reader
/// of a pipe has gone (EPIPE), it ends with status 1 and says nothing, as `grep` does. The standard
/// library's macro would panic.
#[macro_export]
macro_rules! println {
    ($($line:tt)*) => { $crate::print(&::std::format!($($line)*)) };
}

/// Like the standard library's `eprintln!`, but the line is made [safe](crate::safe()) to print. A
/// standard error that is closed or full changes nothing: the program goes on without the line.
#[macro_export]
macro_rules! eprintln {
    ($($line:tt)*) => { $crate::warn(&::std::format!($($line)*)) };
}

#[doc(hidden)]
pub fn print(line: &str) {
    write_line(io::stdout(), line).unwrap_or_else(|error| cannot_write(&error));
}

#[doc(hidden)]
pub fn warn(line: &str) {
    let _ = write_line(io::stderr(), line);
}

/// Asks for a line, as Python's `input` does, and gives it without its line end.
///
/// The program ends where standard output is closed or full, as with [`println!`](crate::println).
///
/// # Errors
///
/// [`ErrorKind::UnexpectedEof`] if standard input ends before there is a line, and
/// [`ErrorKind::InvalidData`] if the line is not UTF-8.
pub fn ask(prompt: &str) -> io::Result<String> {
    write(prompt);
    let mut line = String::new();
    match io::stdin().read_line(&mut line) {
        Ok(0) => {
            write("\n"); // the error gets a line of its own
            let ended = "standard input ended before there was a line; type one";
            Err(io::Error::new(ErrorKind::UnexpectedEof, ended))
        }
        Ok(_) => Ok(line.lines().next().unwrap_or_default().to_owned()),
        Err(error) => {
            let cannot = format!("cannot read a line of text from standard input: {error}");
            Err(io::Error::new(error.kind(), cannot))
        }
    }
}

fn write(text: &str) {
    let mut stdout = io::stdout();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.unwrap_or_else(|error| cannot_write(&error));
}

fn write_line(mut stream: impl Write, line: &str) -> io::Result<()> {
    stream.write_all((safe(line) + "\n").as_bytes())
}

fn cannot_write(error: &io::Error) -> ! {
    if error.kind() != ErrorKind::BrokenPipe {
        warn(&format!("Error: cannot write to standard output: {error}"));
    }
    process::exit(1)
}
