//! `cargo lesson sync`: writes what the pages show of the programs, from the programs.
//!
//! A comment in a page marks each such part: `<!-- terminal 1 -->` before what the first terminal
//! shows, `<!-- diff -->` before the difference to the lesson that is followed, `<!-- lessons -->`
//! before the table of lessons, and `<!-- source … -->` with a checksum of the lesson's source.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use similar::TextDiff;

use crate::lessons::{Course, Lesson};
use crate::record::{self, Exchange};
use crate::{diff, terminal};

/// Writes the generated parts of the pages: transcripts, differences, the table of lessons
#[derive(clap::Args)]
pub(crate) struct Sync {
    /// Write nothing; fail if a part is stale
    #[arg(long)]
    check: bool,
}

impl Sync {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        record::build(course)?;
        let mut stale = 0;
        for lesson in &course.lessons {
            let parts = parts(course, lesson)?;
            for page in ["README.md", "README.zh-CN.md"] {
                stale += self.update(&lesson.folder.join(page), &parts)?;
            }
        }
        for (page, chinese) in [("README.md", false), ("README.zh-CN.md", true)] {
            let parts = HashMap::from([("lessons".to_owned(), table(course, chinese)?)]);
            stale += self.update(&course.root.join(page), &parts)?;
        }
        ensure!(!self.check || stale == 0, "{stale} pages are stale; run cargo lesson sync");
        terminal::print(&format!("{stale} pages written anew"))
    }

    /// Writes `parts` into a page, and says whether that changed it.
    fn update(&self, path: &Path, parts: &HashMap<String, String>) -> Result<usize> {
        let old =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let new = fill(&old, parts).with_context(|| format!("{}", path.display()))?;
        if old == new {
            return Ok(0);
        }
        if self.check {
            terminal::print(&diff::unified(&old, &new, &path.display().to_string()))?;
        } else {
            fs::write(path, new).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(1)
    }
}

/// The generated parts of a lesson's page, by the names of their marks.
fn parts(course: &Course, lesson: &Lesson) -> Result<HashMap<String, String>> {
    let mut parts = HashMap::new();
    parts.insert("source".to_owned(), format!("{:08x}", checksum(&lesson.folder.join("src"))?));
    let exchange = record::record(course, lesson)?;
    let transcripts = transcripts(lesson, &exchange);
    check_header(lesson, &transcripts)?;
    for (number, text) in transcripts.into_iter().enumerate() {
        parts.insert(format!("terminal {}", number + 1), format!("```console\n{text}```\n"));
    }
    if let Some(before) = &lesson.about.follows {
        let code = |lesson: &Lesson| -> Result<String> {
            let text = fs::read_to_string(lesson.folder.join("src/main.rs"))?;
            Ok(text.split_inclusive('\n').filter(|line| !line.starts_with("//!")).collect())
        };
        let (old, new) = (code(course.find(before)?)?, code(lesson)?);
        let changes = TextDiff::from_lines(old.as_str(), &new);
        let changes = changes.unified_diff().context_radius(2).to_string();
        parts.insert("diff".to_owned(), format!("```diff\n{changes}```\n"));
    }
    Ok(parts)
}

/// Checks that the header of the program shows nothing that no terminal has shown.
fn check_header(lesson: &Lesson, transcripts: &[String]) -> Result<()> {
    let source = fs::read_to_string(lesson.folder.join("src/main.rs"))?;
    let header = source.lines().map_while(|line| line.strip_prefix("//!"));
    let block = header.skip_while(|line| !line.contains("```console")).skip(1);
    for line in block.map(str::trim).take_while(|line| *line != "```") {
        let shown = transcripts.iter().any(|text| text.lines().any(|shown| shown.trim() == line));
        ensure!(
            shown || line.starts_with("$ "),
            "{}/src/main.rs: nothing prints {line:?}",
            lesson.name
        );
    }
    Ok(())
}

/// What each terminal shows, with the ports that vary from run to run made the same.
fn transcripts(lesson: &Lesson, exchange: &Exchange) -> Vec<String> {
    let mut ports = vec![(exchange.port.to_string(), lesson.about.port.to_string())];
    let words = exchange.events.iter().flat_map(|event| event.text.split_whitespace());
    for word in words.filter_map(|word| word.strip_prefix("127.0.0.1:")) {
        let port: String = word.chars().take_while(char::is_ascii_digit).collect();
        if !ports.iter().any(|(known, _)| *known == port) {
            ports.push((port, (54_320 + ports.len()).to_string()));
        }
    }
    let terminals = lesson.about.terminals.iter().enumerate().map(|(number, terminal)| {
        let run = terminal.run.replace("{port}", &lesson.about.port.to_string());
        let (name, run) = run.split_once(' ').unwrap_or((&run, ""));
        let dashes = if run.is_empty() { "" } else { " -- " };
        let mut text = format!("$ cargo run -p {name}{dashes}{run}\n");
        for event in exchange.events.iter().filter(|event| event.terminal == number) {
            let line =
                ports.iter().fold(event.text.clone(), |line, (from, to)| line.replace(from, to));
            writeln!(text, "{}", line.trim_end()).unwrap_or_default();
        }
        text
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
    for lesson in &course.lessons {
        let about = &lesson.about;
        let idea = if chinese { &about.idea.zh } else { &about.idea.en };
        let follows = about.follows.as_ref().map_or("–".into(), |name| format!("`{name}`"));
        let Lesson { name, .. } = lesson;
        let number = about.number;
        let source = &about.source;
        writeln!(
            rows,
            "| {number} | [`{name}`](crates/{name}/{page}) | {idea} | {follows} | {source} |"
        )?;
    }
    Ok(rows)
}

/// Replaces what stands behind each mark in `page` by its part.
fn fill(page: &str, parts: &HashMap<String, String>) -> Result<String> {
    let mut filled = String::new();
    let mut used = 0;
    let mut lines = page.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let mark = line.trim_end().strip_prefix("<!-- ").and_then(|mark| mark.strip_suffix(" -->"));
        let Some(mark) = mark else {
            filled += line;
            continue;
        };
        if mark.starts_with("source ") {
            let sum = parts.get("source").context("it is no lesson's page")?;
            writeln!(filled, "<!-- source {sum} -->")?;
            used += 1;
            continue;
        }
        filled += line;
        let Some(part) = parts.get(mark) else { bail!("no program has a part {mark:?}") };
        filled += part;
        used += 1;
        // A block ends with its fence, a table with its last row.
        if lines.next_if(|line| line.starts_with("```")).is_some() {
            while lines.next_if(|line| !line.starts_with("```")).is_some() {}
            lines.next();
        } else {
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
        }
    }
    ensure!(used == parts.len(), "it has {used} of its {} marks", parts.len());
    Ok(filled)
}

/// A checksum (FNV-1a, 32 bits) of the files in a folder.
fn checksum(folder: &Path) -> Result<u32> {
    let mut files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::path);
    let mut sum = 0x811c_9dc5_u32;
    for file in files {
        for byte in fs::read_to_string(file.path())?.replace("\r\n", "\n").bytes() {
            sum = (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    Ok(sum)
}
