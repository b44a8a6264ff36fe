//! `cargo book`: the lessons and their concepts as two books, English and Chinese.
//!
//! The text is that of the READMEs and of `docs/`; programs, differences and pictures are made from
//! the lessons' own files. Nothing is written outside of `target`.
//!
//! ```console
//! $ cargo book --open
//! ```

mod bits;
mod blocks;
mod changes;
mod finish;
mod language;
mod lesson;
mod links;
mod pages;
mod picture;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{fs, io};

use anyhow::{Context, Result, bail};
use course::{Course, serve};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::language::Language;
use crate::pages::Page;

const HELP: &str = "\
Builds the book, in English and in Chinese, into target/book

Usage: cargo book [--open | --serve [PORT]]

      --open          Show it in the browser
      --serve [PORT]  Serve it at 127.0.0.1 until Ctrl-C; port 0 is any free one [default: 3000]
  -h, --help          Print help";

/// What both books add to mdBook's own style and scripts.
const THEME: [(&str, &str); 5] = [
    ("book.css", include_str!("../theme/book.css")),
    ("search.js", include_str!("../theme/search.js")),
    ("page.js", include_str!("../theme/page.js")),
    ("wire.css", include_str!("../theme/wire.css")),
    ("wire.js", include_str!("../theme/wire.js")),
];

enum Then {
    Nothing,
    Open,
    Serve(u16),
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let then = match &arguments[..] {
        [] => Ok(Then::Nothing),
        ["--open"] => Ok(Then::Open),
        ["--serve"] => Ok(Then::Serve(3000)),
        ["--serve", port] => port.parse().map(Then::Serve).map_err(|_| *port),
        ["-h" | "--help"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [first, ..] => Err(*first),
    };
    let then = match then {
        Ok(then) => then,
        Err(word) => {
            eprintln!("Error: unexpected '{word}'\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match run(&then) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(then: &Then) -> Result<()> {
    let course = Course::read()?;
    let pages = pages::all(&course)?;
    pages::check(&course, &pages)?;

    // The book of the last time stays until the new one is whole.
    let (book, work) = (course.root.join("target/book"), course.root.join("target/book-work"));
    let new = work.join("book");
    clear(&work)?;
    for language in Language::BOTH {
        let (source, output) = (work.join(language.code()), new.join(language.code()));
        build(&course, &pages, language, &source, &output)
            .with_context(|| format!("cannot build the book in {}", language.code()))?;
    }
    finish::start_page(&course, &new)?;
    clear(&book)?;
    fs::rename(&new, &book).with_context(|| format!("cannot write {}", book.display()))?;

    let start = book.join("index.html");
    match then {
        Then::Nothing => println!("{}", start.display()),
        Then::Open => open(&start)?,
        Then::Serve(port) => {
            let listener = serve::listen(*port)?;
            println!("Serving on http://{}/ until Ctrl-C", listener.local_addr()?);
            serve::serve(&listener, &book);
        }
    }
    Ok(())
}

fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot clear {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// One of the two books: its pages as Markdown, then mdBook, then what mdBook has no setting for.
fn build(
    course: &Course,
    pages: &[Page],
    language: Language,
    source: &Path,
    output: &Path,
) -> Result<()> {
    pages::write(course, pages, language, &source.join("src"))?;
    for (file, text) in THEME {
        fs::write(source.join(file), text)?;
    }
    let mut config: Config = language.config().parse()?;
    output.clone_into(&mut config.build.build_dir);
    MDBook::load_with_config(source, config)?.build()?;
    finish::book(language, output)
}

fn open(page: &Path) -> Result<()> {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", "start", ""]);
        command
    } else {
        Command::new("xdg-open")
    };
    match command.arg(page).status() {
        Ok(status) if status.success() => Ok(()),
        _ => bail!("no browser could be started; open {} yourself", page.display()),
    }
}
