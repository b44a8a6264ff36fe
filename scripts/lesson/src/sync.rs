//! `cargo lesson sync`: writes what the pages show of the programs, from the programs.
//!
//! A comment in a page marks each such part: `<!-- terminal 1 -->` before what the first terminal
//! shows, `<!-- diff -->` before the difference to the lesson that is followed, `<!-- lessons -->`
//! before the table of lessons, `<!-- file src/main.rs -->` before a whole file, `<!-- guards -->` before
//! the names of the guards, and `<!-- source … -->` with a checksum of the lesson's source.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};
use course::guards::{Change, Guards};
use course::run::{self, Built, Exchange};
use course::{Course, File, Lesson, diff, pages};

use crate::terminal;

/// Writes the generated parts of the pages: transcripts, differences, the table of lessons
#[derive(clap::Args)]
pub(crate) struct Sync {
    /// Write nothing; fail if a part is stale, or a page is not alike in both languages, has a link
    /// that leads nowhere, or shows code that is in no program
    #[arg(long)]
    check: bool,
    /// Only what can be checked without running a program
    #[arg(long, requires = "check")]
    quick: bool,
}

impl Sync {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        if self.check {
            terminal::none(&pages::check(course)?)?;
        }
        if self.quick {
            return terminal::print(&format!("{} pages checked", pages::all(course)?.len()));
        }
        let built = run::programs(course)?;
        let mut stale = 0;
        for lesson in &course.lessons {
            let parts = parts(course, lesson, &built)?;
            let page = format!("crates/{}/README.md", lesson.name);
            for (page, chinese) in [(page.clone(), false), (pages::chinese(&page), true)] {
                let mut parts = parts.clone();
                parts.extend(quoted(course, lesson, &page, chinese)?);
                stale += self.update(course, &page, &parts)?;
            }
        }
        for (page, chinese) in [("README.md", false), ("README.zh-CN.md", true)] {
            let parts = BTreeMap::from([("lessons".to_owned(), table(course, chinese)?)]);
            stale += self.update(course, page, &parts)?;
        }
        ensure!(!self.check || stale == 0, "{stale} pages are stale; run cargo lesson sync");
        terminal::print(&format!("{stale} pages written anew"))
    }

    /// Writes `parts` into a page, and says whether that changed it.
    fn update(
        &self,
        course: &Course,
        path: &str,
        parts: &BTreeMap<String, String>,
    ) -> Result<usize> {
        let old = course.text(path)?;
        let new = pages::fill(&old, parts).with_context(|| path.to_owned())?;
        if old == new {
            return Ok(0);
        }
        if self.check {
            terminal::print(&format!("{path}\n{}", diff::unified(&old, &new, 1)))?;
        } else {
            fs::write(course.root.join(path), new)
                .with_context(|| format!("cannot write {path}"))?;
        }
        Ok(1)
    }
}

/// The generated parts of a lesson's page, by the names of their marks.
fn parts(course: &Course, lesson: &Lesson, built: &[Built]) -> Result<BTreeMap<String, String>> {
    let mut parts = BTreeMap::from([("source".to_owned(), format!("{:08x}", checksum(lesson)))]);
    let exchange = run::record(course, lesson, built).with_context(|| lesson.name.clone())?;
    let transcripts = transcripts(lesson, &exchange);
    check_header(lesson, &transcripts)?;
    for (number, text) in transcripts.into_iter().enumerate() {
        parts.insert(format!("terminal {}", number + 1), format!("```console\n{text}```\n"));
    }
    if let Some(before) = course.before(lesson)? {
        let pairs = Course::compared(lesson, before).into_iter();
        let changes: String = pairs
            .map(|(old, new)| diff::unified(old.map_or("", File::code), new.code(), 2))
            .collect();
        parts.insert("diff".to_owned(), format!("```diff\n{changes}```\n"));
    }
    Ok(parts)
}

/// What a page quotes: whole files of the lesson, without the comments at their tops, and the names
/// of its guards.
fn quoted(
    course: &Course,
    lesson: &Lesson,
    page: &str,
    chinese: bool,
) -> Result<BTreeMap<String, String>> {
    let mut quoted = BTreeMap::new();
    for mark in pages::marks(&course.text(page)?)? {
        if let Some(name) = mark.strip_prefix("file ") {
            let file = lesson.files().find(|file| file.name == name);
            let file = file.with_context(|| format!("{page}: there is no {name}"))?;
            quoted.insert(mark, format!("```{}\n{}```\n", file.language(), file.code()));
        } else if mark == "guards" {
            let guards = Guards::read(course, lesson)?;
            let guards = guards.with_context(|| format!("{page}: the lesson has one version"))?;
            let mut list = String::new();
            for (number, Change { name, .. }) in (1..).zip(&guards.guards) {
                writeln!(list, "{number}. {}", if chinese { &name.zh } else { &name.en })?;
            }
            quoted.insert(mark, format!("```text\n{list}```\n"));
        }
    }
    Ok(quoted)
}

/// Checks that the header of the program shows nothing that no terminal has shown.
fn check_header(lesson: &Lesson, transcripts: &[String]) -> Result<()> {
    let main = &lesson.to_trust()[0];
    let header = main.text.lines().map_while(|line| line.strip_prefix("//!"));
    let block = header.skip_while(|line| !line.contains("```console")).skip(1);
    for line in block.map(str::trim).take_while(|line| *line != "```") {
        let shown = transcripts.iter().any(|text| text.lines().any(|shown| shown.trim() == line));
        ensure!(shown || line.starts_with("$ "), "{}: nothing prints {line:?}", main.path);
    }
    Ok(())
}

/// What each terminal shows, with the ports that vary from run to run made the same.
fn transcripts(lesson: &Lesson, exchange: &Exchange) -> Vec<String> {
    let (text, about) = (|line: &str| exchange.same_ports(line, lesson.about.port), &lesson.about);
    let terminals = about.terminals.iter().enumerate().map(|(number, terminal)| {
        let run = terminal.run.replace("{port}", &about.port.to_string());
        let (name, run) = run.split_once(' ').unwrap_or((&run, ""));
        let dashes = if run.is_empty() { "" } else { " -- " };
        let mut shown = format!("$ cargo run -p {name}{dashes}{run}\n");
        for event in exchange.events.iter().filter(|event| event.terminal == number) {
            shown = shown + text(&event.text).trim_end() + "\n";
        }
        shown
    });
    terminals.collect()
}

/// The table of lessons.
fn table(course: &Course, chinese: bool) -> Result<String> {
    let mut rows = if chinese {
        "| # | 课程 | 新内容 | 前一课 | 文章 |\n|---|---|---|---|---|\n".to_owned()
    } else {
        "| # | Lesson | New idea | Follows | Article |\n|---|---|---|---|---|\n".to_owned()
    };
    let page = if chinese { "README.zh-CN.md" } else { "README.md" };
    for Lesson { name, about, .. } in &course.lessons {
        let idea = if chinese { &about.idea.zh } else { &about.idea.en };
        let follows = about.follows.as_ref().map_or("–".into(), |name| format!("`{name}`"));
        let (number, source) = (about.number, &about.source);
        writeln!(
            rows,
            "| {number} | [`{name}`](crates/{name}/{page}) | {idea} | {follows} | {source} |"
        )?;
    }
    Ok(rows)
}

/// A checksum (FNV-1a, 32 bits) of the lesson's programs, in all versions.
fn checksum(lesson: &Lesson) -> u32 {
    let bytes = lesson.files().flat_map(|file| file.text.bytes());
    bytes.fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
