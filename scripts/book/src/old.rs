//! A lesson's page: its README, and around it what is made from the lesson's files.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use course::pages::Part;
use course::{Course, File, Lesson};

use crate::blocks::{caption, escape, fenced};
use crate::changes;
use crate::language::Language;
use crate::links::{self, Links};
use crate::picture;

pub(crate) fn write(
    page: &mut String,
    course: &Course,
    lesson: &Lesson,
    language: Language,
    to: &Links,
    readme: Vec<Part>,
) -> Result<()> {
    // The whole program stands after what the README shows of it.
    let last = 4 + usize::from(!lesson.tutorial().is_empty());
    let mut section = 0;
    for part in readme {
        match part {
            Part::Heading { level, text } => {
                section += usize::from(level == 2);
                if level == 2 && section == 1 {
                    run_it(page, lesson, language)?;
                }
                if level == 2 && section == 4 {
                    underneath(page, course, lesson, language)?;
                }
                if level == 2 && section == last {
                    to_trust(page, lesson, language, to)?;
                }
                writeln!(page, "{} {text}\n", "#".repeat(level))?;
            }
            Part::Code { language: kind, text, mark } => {
                let mark = mark.as_deref().unwrap_or_default();
                match mark.split_once(' ').unwrap_or((mark, "")) {
                    ("terminal", number) => {
                        caption(page, &terminal(lesson, language, number.parse()?)?);
                        fenced(page, &kind, &text);
                    }
                    ("file", name) if kind == "python" => {
                        beside(page, lesson, language, to, name)?;
                    }
                    ("file", _) => {} // it stands beside the Python
                    ("diff", _) => {
                        let before = course.before(lesson)?;
                        let before = before.context("it is compared with nothing")?;
                        changes::write(page, before, lesson, language)?;
                    }
                    _ => block(page, lesson, language, &kind, &text),
                }
            }
            // The line of links is a paragraph of its own.
            Part::Text(lines) if section == 0 => {
                writeln!(page, "{}", lines.replace("\n[", "\n\n["))?;
            }
            Part::Text(lines) => writeln!(page, "{lines}")?,
            Part::Made { text, .. } => writeln!(page, "{text}")?,
        }
    }
    Ok(())
}

/// The tutorial's version, which the README shows but for the comments at its top: Python beside
/// Rust.
fn beside(
    page: &mut String,
    lesson: &Lesson,
    language: Language,
    to: &Links,
    name: &str,
) -> Result<()> {
    let python = lesson.python().iter().find(|file| file.name == name);
    let python = python.with_context(|| format!("there is no {name}"))?;
    let rust = lesson.tutorial().iter().find(|file| file.stem() == python.stem());
    let rust = rust.with_context(|| format!("{name} has no Rust beside it"))?;
    page.push_str("<div class=\"beside\">\n\n");
    for file in [python, rust] {
        page.push_str("<div>\n\n");
        caption(page, &whole_file(lesson, language, to, file));
        fenced(page, file.language(), file.code());
        page.push_str("</div>\n\n");
    }
    page.push_str("</div>\n\n");
    Ok(())
}

/// A block of the README, under the name of the file that it is from.
fn block(page: &mut String, lesson: &Lesson, language: Language, kind: &str, text: &str) {
    let file = ["rust", "python"].contains(&kind).then(|| lesson.file_with(text)).flatten();
    if let Some(file) = file {
        let name = format!("<a href=\"#{}\">{}</a>", links::file_anchor(&file.name), file.name);
        caption(page, &format!("{name}{}", version(lesson, language, &file.name)));
    }
    // What a whole function shares in indentation is not worth a column's width.
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<_> = text.lines().map(|line| line.get(common..).unwrap_or("")).collect();
    fenced(page, kind, &lines.join("\n"));
}

/// The caption of a terminal, which runs the version to trust.
fn terminal(lesson: &Lesson, language: Language, number: usize) -> Result<String> {
    let (word, terminals) = (language.pick("Terminal", "终端"), lesson.about.terminals.len());
    ensure!((1..=terminals).contains(&number), "there is no terminal {number}");
    let number = if terminals > 1 { format!(" {number}") } else { String::new() };
    Ok(format!("{word}{number}{}", version(lesson, language, "src/main.rs")))
}

/// The commands, to copy, before the page's first section.
fn run_it(page: &mut String, lesson: &Lesson, language: Language) -> Result<()> {
    writeln!(page, "<div class=\"run\">\n")?;
    let terminals = &lesson.about.terminals;
    for (number, other) in terminals.iter().enumerate() {
        caption(page, &terminal(lesson, language, number + 1)?);
        let run = other.run.replace("{port}", &lesson.about.port.to_string());
        let (name, arguments) = run.split_once(' ').unwrap_or((&run, ""));
        // With one terminal, the transcript shows a part of what there is; here is the whole.
        let arguments = if terminals.len() == 1 { "" } else { arguments };
        let separator = if arguments.is_empty() { "" } else { " -- " };
        fenced(page, "sh", &format!("cargo run -p {name}{separator}{arguments}"));
    }
    writeln!(page, "</div>\n")?;
    Ok(())
}

fn underneath(
    page: &mut String,
    course: &Course,
    lesson: &Lesson,
    language: Language,
) -> Result<()> {
    let picture = picture::of(course, lesson, language)?;
    let heading = language.pick("What happens underneath", "底层发生了什么");
    writeln!(page, "## {heading} {{#what-happens-underneath}}\n\n{picture}\n")?;
    Ok(())
}

/// Which of the two versions a file is of, as a part of its caption.
fn version(lesson: &Lesson, language: Language, file: &str) -> String {
    if lesson.tutorial().is_empty() {
        return String::new();
    }
    let words = if file.starts_with("examples/") {
        language.pick("the tutorial’s version", "教程版")
    } else {
        language.pick("the version to trust", "可靠版")
    };
    format!(" <small>{words}</small>")
}

/// The caption of a whole file, with a link to the file itself.
fn whole_file(lesson: &Lesson, language: Language, to: &Links, file: &File) -> String {
    let (id, target) = (links::file_anchor(&file.name), to.copy(&file.path));
    let (name, copy) = (escape(&file.path), language.pick("the file itself", "文件本身"));
    let version = version(lesson, language, &file.name);
    format!("<span id=\"{id}\">{name}</span>{version} <a href=\"../{target}\">{copy}</a>")
}

/// The version to trust, each of its files, and a Python that is beside no tutorial's version.
fn to_trust(page: &mut String, lesson: &Lesson, language: Language, to: &Links) -> Result<()> {
    let heading = language.pick("The whole program", "完整程序");
    writeln!(page, "## {heading} {{#the-whole-program}}\n")?;
    for file in lesson.to_trust() {
        caption(page, &whole_file(lesson, language, to, file));
        changes::whole(page, &file.text)?;
    }
    for file in lesson.python().iter().filter(|_| lesson.tutorial().is_empty()) {
        let summary = language.pick("The same calls in Python", "同样的调用，用 Python 写");
        writeln!(page, "<details>\n<summary>{summary}</summary>\n")?;
        caption(page, &whole_file(lesson, language, to, file));
        fenced(page, "python", &file.text);
        page.push_str("</details>\n\n");
    }
    let test = lesson.tests();
    let words = language.pick("Its test, which says what it promises", "它的测试，写明它的承诺");
    writeln!(page, "{words}{} [`{test}`](../../{test})\n", language.pick(":", "："))?;
    Ok(())
}
