//! What is new in a lesson since the one that it follows, shown in the new program itself.
//!
//! Inserted lines have a colour. Deleted lines hang on the line after or before them as an
//! attribute that the style sheet shows on demand: they are no part of the text, so that what is
//! copied is the new program. What did not change is folded.

use std::fmt::Write as _;

use anyhow::Result;
use similar::{Algorithm, DiffOp, TextDiff};

use crate::blocks::{caption, escape};
use crate::course::{File, Lesson};
use crate::language::Language;

/// A line of the new program.
#[derive(Clone, Default)]
struct Line<'a> {
    text: &'a str,
    new: bool,
    /// Deleted lines that stood before it, or after it.
    before: Vec<&'a str>,
    after: Vec<&'a str>,
}

impl Line<'_> {
    fn changed(&self) -> bool {
        self.new || !self.before.is_empty() || !self.after.is_empty()
    }
}

pub(crate) fn write(
    page: &mut String,
    old: &Lesson,
    new: &Lesson,
    language: Language,
) -> Result<()> {
    for file in &new.programs {
        let before = old.programs.iter().find(|other| other.name == file.name);
        one_file(page, before.map_or("", |other| code(&other.text)), file, language)?;
    }
    Ok(())
}

fn one_file(page: &mut String, old: &str, file: &File, language: Language) -> Result<()> {
    let lines = lines(old, code(&file.text));
    let chunks = chunks(&lines);
    let inserted = lines.iter().filter(|line| line.new && !line.text.is_empty()).count();
    let deleted: usize = lines.iter().map(|line| line.before.len() + line.after.len()).sum();
    let counts = language.pick(
        format!("{inserted} new lines, {deleted} deleted"),
        format!("新增 {inserted} 行，删去 {deleted} 行"),
    );
    let show = language.pick("show the deleted lines", "显示删去的行");
    page.push_str("<div class=\"changes\">\n\n");
    caption(page, &format!("{} <small>{counts}</small>", escape(&file.path)));
    if deleted > 0 {
        let check = "<input type=\"checkbox\" class=\"show-old\">";
        writeln!(page, "<p class=\"old-switch\"><label>{check} {show}</label></p>\n")?;
    }
    for group in chunks.chunk_by(|one, other| changed(one) == changed(other)) {
        let text: Vec<_> = group.iter().flat_map(|chunk| chunk.iter()).collect();
        let last = text.iter().rposition(|line| !line.text.is_empty()).map_or(0, |last| last + 1);
        let body: String = text[..last].iter().map(|line| html(line)).collect();
        let block = format!("<pre><code class=\"language-rust\">{body}</code></pre>");
        if changed(group[0]) {
            writeln!(page, "{block}\n")?;
        } else {
            let names: Vec<_> = group.iter().filter_map(|chunk| name(chunk)).collect();
            let names: Vec<_> =
                names.iter().map(|name| format!("<code>{}</code>", escape(name))).collect();
            let word = language.pick("Unchanged:", "未改动：");
            let names = names.join(language.pick(", ", "、"));
            writeln!(
                page,
                "<details>\n<summary>{word} {names}</summary>\n\n{block}\n\n</details>\n"
            )?;
        }
    }
    page.push_str("</div>\n\n");
    Ok(())
}

/// The program without the comment at its top, which is another one in every lesson.
fn code(text: &str) -> &str {
    let header = text.lines().take_while(|line| line.starts_with("//!"));
    text[header.map(|line| line.len() + 1).sum::<usize>()..].trim_start()
}

fn lines<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let before: Vec<_> = old.lines().collect();
    let mut lines: Vec<_> = new.lines().map(|text| Line { text, ..Line::default() }).collect();
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(old, new);
    for op in diff.ops() {
        let deleted = &before[op.old_range()];
        match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Insert { .. } | DiffOp::Delete { .. } | DiffOp::Replace { .. } => {}
        }
        for line in &mut lines[op.new_range()] {
            line.new = true;
        }
        if deleted.iter().all(|line| line.is_empty()) {
            continue;
        }
        let deleted = trim(deleted);
        let next = op.new_range().start;
        // Not on an empty line, nor on the first of an item that did not change.
        let on_next = !op.new_range().is_empty()
            || (next > 0 && next < lines.len() && !lines[next - 1].text.is_empty());
        if on_next && !lines[next].text.is_empty() || next == 0 {
            lines[next].before.extend(deleted);
        } else {
            let previous =
                lines[..next].iter().rposition(|line| !line.text.is_empty()).unwrap_or(0);
            lines[previous].after.extend(deleted);
        }
    }
    // An empty line belongs to the new ones where it stands between two of them.
    for line in 0..lines.len() {
        let beside = |other: Option<usize>| {
            other.and_then(|other| lines.get(other)).is_some_and(|line| line.new)
        };
        if lines[line].text.is_empty() && !(beside(line.checked_sub(1)) && beside(Some(line + 1))) {
            lines[line].new = false;
        }
    }
    lines
}

/// Without the empty lines at both ends.
fn trim<'a, 'b>(lines: &'b [&'a str]) -> &'b [&'a str] {
    let full = |line: &&str| !line.is_empty();
    let start = lines.iter().position(full).unwrap_or(0);
    let end = lines.iter().rposition(full).map_or(start, |last| last + 1);
    &lines[start..end]
}

/// The items of the program: cut at an empty line that is followed by one that begins at the left.
fn chunks<'a, 'b>(lines: &'b [Line<'a>]) -> Vec<&'b [Line<'a>]> {
    let mut chunks = Vec::new();
    let mut start = 0;
    for end in 1..=lines.len() {
        let left = |line: &Line<'_>| !line.text.starts_with([' ', '}', ')']);
        if end == lines.len() || lines[end - 1].text.is_empty() && left(&lines[end]) {
            chunks.push(&lines[start..end]);
            start = end;
        }
    }
    chunks
}

/// A whole program as a block of code whose items a printer can keep together.
pub(crate) fn whole(page: &mut String, program: &str) -> Result<()> {
    let lines: Vec<_> = program.lines().map(|text| Line { text, ..Line::default() }).collect();
    let item = |chunk: &&[Line<'_>]| chunk.iter().map(html).collect::<String>();
    let items: Vec<_> = chunks(&lines).iter().map(item).collect();
    let items = items.join("</span><span class=\"item\">");
    let items = items.trim_end();
    writeln!(
        page,
        "<pre><code class=\"language-rust\"><span class=\"item\">{items}</span>\n</code></pre>\n"
    )?;
    Ok(())
}

fn changed(chunk: &[Line<'_>]) -> bool {
    chunk.iter().any(Line::changed)
}

/// What a chunk declares, in a word or two: `fn connect`, `use`.
fn name<'a>(chunk: &[Line<'a>]) -> Option<&'a str> {
    let declares = |line: &&Line<'_>| {
        let text = line.text;
        !text.is_empty() && !text.starts_with(['/', '#', ' '])
    };
    let text = chunk.iter().find(declares)?.text;
    if text.starts_with("use ") {
        return Some("use");
    }
    let text = text.strip_prefix("pub(crate) ").unwrap_or(text);
    Some(text.split(['(', '{', '<', ':', ';', '=']).next().unwrap_or(text).trim())
}

fn html(line: &Line<'_>) -> String {
    let mut attributes = String::new();
    for (name, deleted) in [("before", &line.before), ("after", &line.after)] {
        if !deleted.is_empty() {
            let deleted = escape(&deleted.join("\n")).replace('\n', "&#10;");
            let _ = write!(attributes, " data-{name}=\"{deleted}\"");
        }
    }
    let text = escape(line.text);
    match (line.new, attributes.as_str()) {
        (false, "") => format!("{text}\n"),
        (true, _) => format!("<span class=\"line new\"{attributes}>{text}</span>\n"),
        (false, _) => format!("<span class=\"line\"{attributes}>{text}</span>\n"),
    }
}
