//! Our Markdown: its parts, the marks of what is made from the programs, and both languages.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::{Course, Lesson};

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// `##` is level 2.
    Heading {
        /// How many `#` it has.
        level: usize,
        /// What stands behind them.
        text: String,
    },
    /// A fenced block.
    Code {
        /// The word behind the fence.
        language: String,
        /// What stands between the fences.
        text: String,
        /// The comment above it: `terminal 1`, `diff`.
        mark: Option<String>,
    },
    /// What is made from the programs and is more or less than one block: a table, a list.
    Made {
        /// The comment above it: `lessons`, `wire`.
        mark: String,
        /// What was made the last time.
        text: String,
    },
    /// Anything else, whole lines.
    Text(String),
}

impl Part {
    /// Its mark, and all that stands below it, if it is made from the programs.
    #[must_use]
    pub fn made(&self) -> Option<(&str, String)> {
        match self {
            Self::Made { mark, text } => Some((mark, text.clone())),
            Self::Code { language, text, mark: Some(mark) } => {
                Some((mark, format!("```{language}\n{text}```\n")))
            }
            _ => None,
        }
    }
}

/// The marks of what has empty lines in it, and so goes on to `<!-- end -->`. What other marks stand
/// above ends at its fence or at the first empty line.
const WITH_END: [&str; 3] = ["wire", "other guards", "main"];
const END: &str = "<!-- end -->";

/// The parts of a page.
///
/// # Errors
/// If a block of code, or what a mark stands above, has no end.
pub fn parts(page: &str) -> Result<Vec<Part>> {
    Ok(places(page)?.into_iter().map(|(_, part)| part).collect())
}

/// The parts of a page, and the bytes where each of them stands.
///
/// # Errors
/// If a block of code, or what a mark stands above, has no end.
pub fn places(page: &str) -> Result<Vec<(Range<usize>, Part)>> {
    let mut parts: Vec<(Range<usize>, Part)> = Vec::new();
    let (mut text, mut text_start, mut at) = (String::new(), 0, 0);
    while at < page.len() {
        let (start, rest) = (at, &page[at..]);
        let line = rest.lines().next().unwrap_or_default();
        let part = if line.starts_with("```") {
            let (language, code, length) = block(rest)?;
            at += length;
            Part::Code { language, text: code, mark: None }
        } else if let Some(mark) = mark(line) {
            at += line.len() + 1;
            made(page, mark, &mut at)?
        } else {
            at = page.len().min(at + line.len() + 1);
            if line.starts_with('#') {
                let level = line.chars().take_while(|&c| c == '#').count();
                Part::Heading { level, text: line[level..].trim().to_owned() }
            } else {
                if text.is_empty() {
                    text_start = start;
                }
                text = text + line + "\n";
                continue;
            }
        };
        flush(&mut text, text_start..start, &mut parts);
        parts.push((start..at, part));
    }
    flush(&mut text, text_start..at, &mut parts);
    Ok(parts)
}

/// What stands below a mark, up to `at`, which is moved to its end.
fn made(page: &str, mark: &str, at: &mut usize) -> Result<Part> {
    let (mark, rest) = (mark.to_owned(), page.get(*at..).unwrap_or_default());
    if WITH_END.contains(&&*mark) {
        let length = rest.find(END).with_context(|| format!("{mark:?} has no {END}"))?;
        *at = page.len().min(*at + length + END.len() + 1);
        return Ok(Part::Made { mark, text: rest[..length].to_owned() });
    }
    if rest.starts_with("```") {
        let (language, text, length) = block(rest)?;
        *at += length;
        return Ok(Part::Code { language, text, mark: Some(mark) });
    }
    let lines = rest.split_inclusive('\n').take_while(|line| !line.trim().is_empty());
    let length = lines.map(str::len).sum();
    *at += length;
    Ok(Part::Made { mark, text: rest[..length].to_owned() })
}

/// The block of code at the beginning of `page`: its language, its text and the length of all.
fn block(page: &str) -> Result<(String, String, usize)> {
    let mut lines = page.split_inclusive('\n');
    let fence = lines.next().unwrap_or_default();
    let (mut text, mut length) = (String::new(), fence.len());
    for line in lines {
        length += line.len();
        if line.trim_end() == "```" {
            return Ok((fence[3..].trim_end().to_owned(), text, length));
        }
        text += line;
    }
    bail!("a block of code has no end")
}

fn mark(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")
}

fn flush(text: &mut String, place: Range<usize>, parts: &mut Vec<(Range<usize>, Part)>) {
    let whole = std::mem::take(text);
    if !whole.trim().is_empty() {
        parts.push((place, Part::Text(whole.trim_matches('\n').to_owned() + "\n")));
    }
}

/// The marks of a page, in their order.
///
/// # Errors
/// If a block of code, or what a mark stands above, has no end.
pub fn marks(page: &str) -> Result<Vec<String>> {
    Ok(parts(page)?.iter().filter_map(|part| Some(part.made()?.0.to_owned())).collect())
}

/// Replaces what stands below each mark in `page` by the part of that name.
///
/// # Errors
/// If the page has a mark without a part.
pub fn fill(page: &str, parts: &BTreeMap<String, String>) -> Result<String> {
    let (mut filled, mut end) = (String::new(), 0);
    for (place, part) in places(page)? {
        let Some((mark, _)) = part.made() else { continue };
        let Some(new) = parts.get(mark) else { bail!("no program has a part {mark:?}") };
        filled = filled + &page[end..place.start] + "<!-- " + mark + " -->\n" + new;
        if WITH_END.contains(&mark) {
            filled = filled + END + "\n";
        }
        end = place.end;
    }
    number(&(filled + &page[end..]))
}

/// A note of a lesson's page: `- **①** One call does … <!-- at TcpListener::bind | socket.socket -->`.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// `①`, which stands on the lines that it is about, too.
    pub number: char,
    /// Pieces of these lines.
    pub pieces: Vec<String>,
}

const NOTE: &str = " <!-- at ";

/// The notes of a page, numbered in their order.
#[must_use]
pub fn notes(page: &str) -> Vec<Note> {
    let pieces = page.lines().filter_map(|line| {
        let pieces = line.split_once(NOTE)?.1.strip_suffix(" -->")?;
        Some(pieces.split(" | ").map(str::to_owned).collect())
    });
    let numbers = ('①'..='⑳').chain('㉑'..='㉟');
    numbers.zip(pieces).map(|(number, pieces)| Note { number, pieces }).collect()
}

/// Puts its number at the beginning of each note.
fn number(page: &str) -> Result<String> {
    let (mut notes, mut numbered) = (notes(page).into_iter(), String::new());
    for line in page.split_inclusive('\n') {
        if !line.contains(NOTE) {
            numbered += line;
            continue;
        }
        let note = notes.next().with_context(|| format!("no piece, or too many notes: {line}"))?;
        let text = line.strip_prefix("- ").with_context(|| format!("a note is no item: {line}"))?;
        let text = match text.strip_prefix("**").and_then(|text| text.split_once("** ")) {
            Some((old, text)) if old.chars().count() == 1 => text,
            _ => text,
        };
        numbered = numbered + "- **" + &note.number.to_string() + "** " + text;
    }
    Ok(numbered)
}

/// Checks that a page has the same headings, blocks of code, marks and notes in both languages;
/// `place` is named in the error. What is made for a page may be in its language.
///
/// # Errors
/// If they differ.
pub fn alike(place: &str, english: &[Part], chinese: &[Part]) -> Result<()> {
    let bones = |parts: &[Part]| -> Vec<(String, String)> {
        let bone = |part: &Part| match part {
            Part::Heading { level, .. } => vec![(format!("heading {level}"), String::new())],
            Part::Code { language, text, mark: None } => {
                vec![(format!("block {language}"), text.to_owned())]
            }
            Part::Code { mark: Some(mark), text, .. } | Part::Made { mark, text } => {
                // Everything else may be in the page's language, and is compared with what makes it.
                let recorded = if mark.starts_with("recorded ") { &**text } else { "" };
                vec![(format!("mark {mark}"), recorded.to_owned())]
            }
            Part::Text(text) => {
                let pieces = notes(text).into_iter().map(|note| note.pieces.join(" | "));
                pieces.map(|pieces| ("note".to_owned(), pieces)).collect()
            }
        };
        parts.iter().flat_map(bone).collect()
    };
    let (english, chinese) = (bones(english), bones(chinese));
    for (number, (one, other)) in (1..).zip(english.iter().zip(&chinese)) {
        ensure!(one == other, "{place} differ at heading or block {number}: {one:?} and {other:?}");
    }
    let (one, other) = (english.len(), chinese.len());
    ensure!(one == other, "{place} differ: {one} and {other} headings and blocks of code");
    Ok(())
}

/// The name of the Chinese page beside an English one.
#[must_use]
pub fn chinese(page: &str) -> String {
    page.strip_suffix(".md").map_or_else(|| page.into(), |page| format!("{page}.zh-CN.md"))
}

/// All English pages, by their paths from the root.
///
/// # Errors
/// If a folder cannot be read.
pub fn all(course: &Course) -> Result<Vec<String>> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    pages.extend(course.lessons.iter().map(|lesson| format!("crates/{}/README.md", lesson.name)));
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(course.root.join(&folder))? {
            let entry = entry?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.strip_suffix(".md").is_some_and(|name| !name.ends_with(".zh-CN")) {
                pages.push(path);
            }
        }
    }
    pages.sort();
    Ok(pages)
}

/// The sections of a lesson's page, in their order. A lesson with one version may do without some.
const SECTIONS: [(&str, bool); 7] = [
    ("Run it", true),
    ("The program", true),
    ("What went over the wire", false),
    ("Where it breaks, and what helps", false),
    ("The version to trust", false),
    ("Try this", false),
    ("In three lines", false),
];

/// What is wrong with the order of a lesson's page.
fn order(lesson: &Lesson, page: &[Part]) -> Option<String> {
    let line = |part: &Part| matches!(part, Part::Made { mark, .. } if mark == "lesson");
    if !matches!(page, [Part::Heading { level: 1, .. }, second, ..] if line(second)) {
        return Some("it does not begin with its title and `lesson`".into());
    }
    let headings = page.iter().filter_map(|part| match part {
        Part::Heading { level: 2, text } => Some(text.as_str()),
        _ => None,
    });
    let number = |text: &str| SECTIONS.iter().position(|(name, _)| text.starts_with(name));
    let there: Vec<_> = headings.filter_map(number).collect();
    let two = !lesson.tutorial().is_empty();
    let mut sections = (0..).zip(SECTIONS);
    let missing = sections.find(|(at, (_, must))| (two || *must) && !there.contains(at));
    if let Some((_, (name, _))) = missing {
        return Some(format!("it has no section {name:?}"));
    }
    let wrong = there.windows(2).find(|pair| pair[0] >= pair[1])?;
    Some(format!("{:?} stands too late", SECTIONS[wrong[1]].0))
}

/// What is wrong with the pages: one that is not alike in both languages, a link that leads nowhere,
/// a test that does not exist, a block of code that is in no program of its lesson, a lesson's
/// section that is missing.
///
/// # Errors
/// If a page cannot be read.
pub fn check(course: &Course) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for english in all(course)? {
        let chinese = chinese(&english);
        let read = |page: &str| -> Result<_> {
            let text = course.text(page)?;
            let parts = parts(&text).with_context(|| page.to_owned())?;
            Ok((text, parts))
        };
        let both = [read(&english)?, read(&chinese)?];
        let place = format!("{english} and {chinese}");
        problems.extend(alike(&place, &both[0].1, &both[1].1).err().map(|error| error.to_string()));
        for (page, (text, _)) in [&english, &chinese].into_iter().zip(&both) {
            let folder = course.root.join(page).parent().map(Path::to_owned).unwrap_or_default();
            for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')) {
                let file = link.0.split('#').next().unwrap_or_default();
                let elsewhere = file.starts_with("http") || file.contains(char::is_whitespace);
                if !elsewhere && !folder.join(file).exists() {
                    problems.push(format!("{page}: {file} leads nowhere"));
                }
            }
        }
        // The next lesson is called as its page is.
        for (page, (text, _), words) in
            [(&english, &both[0], "**Next:** ["), (&chinese, &both[1], "**下一课：** [")]
        {
            let Some(next) = text.split(words).nth(1).and_then(|rest| rest.split_once(')')) else {
                continue;
            };
            let (named, file) = next.0.split_once("](../").context("a link to the next lesson")?;
            let title = course.title(&format!("crates/{file}"))?;
            if named != title {
                problems.push(format!("{page}: the next lesson is {title:?}, not {named:?}"));
            }
        }
        // A test that the page names: `tests/tcp-client.rs: prints_each_answer`.
        for named in both[0].0.split("`tests/").skip(1).filter_map(|rest| rest.split_once('`')) {
            let Some((file, test)) = named.0.split_once(": ") else { continue };
            let words = course.text(&format!("tests/{file}")).unwrap_or_default();
            if !words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == test) {
                problems.push(format!("{english}: tests/{file} has no {test}"));
            }
        }
        let lesson =
            course.lessons.iter().find(|lesson| english.contains(&format!("/{}/", lesson.name)));
        let Some(lesson) = lesson else { continue };
        problems.extend(order(lesson, &both[0].1).map(|wrong| format!("{english}: {wrong}")));
        for part in &both[0].1 {
            if let Part::Code { language, text, mark: None } = part {
                let program = language == "rust" || language == "python";
                if program && lesson.file_with(text).is_none() {
                    problems.push(format!("{english}: no program of the lesson has\n{text}"));
                }
            }
        }
    }
    Ok(problems)
}
