//! Our Markdown: its parts, the marks of what is made from the programs, and both languages.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::Course;

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
    /// Any other comment: `source 0123abcd`, or `lessons` above a table.
    Mark(String),
    /// Anything else, whole lines, without the HTML around a `diff`.
    Text(String),
}

/// The parts of a page, without marks that stand above no block of code.
///
/// # Errors
/// If a block of code has no end.
pub fn parts(page: &str) -> Result<Vec<Part>> {
    let parts = places(page)?.into_iter().map(|(_, part)| part);
    Ok(parts.filter(|part| !matches!(part, Part::Mark(_))).collect())
}

/// The parts of a page, and the bytes where each of them stands.
///
/// # Errors
/// If a block of code has no end.
pub fn places(page: &str) -> Result<Vec<(Range<usize>, Part)>> {
    let mut parts: Vec<(Range<usize>, Part)> = Vec::new();
    let (mut text, mut text_start) = (String::new(), 0);
    let mut at = 0;
    let mut lines = page.split_inclusive('\n');
    while let Some(whole) = lines.next() {
        let (start, line) = (at, whole.trim_end_matches('\n'));
        at += whole.len();
        let part = if let Some(language) = line.strip_prefix("```") {
            let mut code = String::new();
            loop {
                let line = lines.next().context("a block of code has no end")?;
                at += line.len();
                if line.trim_end() == "```" {
                    break;
                }
                code += line;
            }
            Part::Code { language: language.to_owned(), text: code, mark: None }
        } else if let Some(mark) = mark(line) {
            Part::Mark(mark.to_owned())
        } else if line.starts_with('#') {
            let level = line.chars().take_while(|&c| c == '#').count();
            Part::Heading { level, text: line[level..].trim().to_owned() }
        } else {
            if text.is_empty() {
                text_start = start;
            }
            if !line.starts_with("<details>") && !line.starts_with("</details>") {
                text = text + line + "\n";
            }
            continue;
        };
        flush(&mut text, text_start..start, &mut parts);
        match (part, parts.last_mut()) {
            // The comment right above a block is the block's mark.
            (Part::Code { language, text, .. }, Some((place, above)))
                if matches!(above, Part::Mark(_)) && place.end == start =>
            {
                if let Part::Mark(mark) = above {
                    *above = Part::Code { language, text, mark: Some(std::mem::take(mark)) };
                }
                place.end = at;
            }
            (part, _) => parts.push((start..at, part)),
        }
    }
    flush(&mut text, text_start..at, &mut parts);
    Ok(parts)
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
/// If a block of code has no end.
pub fn marks(page: &str) -> Result<Vec<String>> {
    let mark = |(_, part)| match part {
        Part::Mark(mark) | Part::Code { mark: Some(mark), .. } => Some(mark),
        _ => None,
    };
    Ok(places(page)?.into_iter().filter_map(mark).collect())
}

/// Replaces what stands behind each mark in `page` by the part of that name: a block of code up to
/// its fence, a table up to its last row, the word behind `source`.
///
/// # Errors
/// If the page has a mark without a part, or a part has no mark.
pub fn fill(page: &str, parts: &BTreeMap<String, String>) -> Result<String> {
    let (mut filled, mut used, mut end) = (String::new(), 0, 0);
    for (place, part) in places(page)? {
        let (Part::Mark(mark) | Part::Code { mark: Some(mark), .. }) = part else { continue };
        let name = if mark.starts_with("source ") { "source" } else { &*mark };
        let Some(new) = parts.get(name) else { bail!("no program has a part {mark:?}") };
        used += 1;
        filled += &page[end..place.start];
        end = place.end;
        if name == "source" {
            filled = filled + "<!-- source " + new + " -->\n";
        } else {
            filled = filled + "<!-- " + &mark + " -->\n" + new;
            let rows = page[end..].split_inclusive('\n').take_while(|line| line.starts_with('|'));
            end += rows.map(str::len).sum::<usize>();
        }
    }
    ensure!(used == parts.len(), "it has {used} of its {} marks", parts.len());
    Ok(filled + &page[end..])
}

/// Checks that a page has the same headings and blocks of code in both languages; `place` is named
/// in the error. The names of guards are in the page's language.
///
/// # Errors
/// If they differ.
pub fn alike(place: &str, english: &[Part], chinese: &[Part]) -> Result<()> {
    let bones = |parts: &[Part]| -> Vec<(String, String)> {
        let bone = |part: &Part| match part {
            Part::Heading { level, .. } => Some((format!("heading {level}"), String::new())),
            Part::Code { language, text, mark } => {
                let mark = mark.as_ref().map_or(String::new(), |mark| format!(" ({mark})"));
                let same = if mark == " (guards)" { "" } else { text };
                Some((format!("block {language}{mark}"), same.to_owned()))
            }
            Part::Mark(_) | Part::Text(_) => None,
        };
        parts.iter().filter_map(bone).collect()
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
    let mut pages = vec!["README.md".to_owned()];
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

/// What is wrong with the pages: one that is not alike in both languages, a link that leads nowhere,
/// a test that does not exist, a block of code that is in no program of its lesson.
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
        for part in &both[0].1 {
            if let Part::Code { language, text, .. } = part {
                let program = language == "rust" || language == "python";
                if program && lesson.file_with(text).is_none() {
                    problems.push(format!("{english}: no program of the lesson has\n{text}"));
                }
            }
        }
    }
    Ok(problems)
}
