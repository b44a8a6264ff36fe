//! A lesson's page: its README, and around it what is made from the lesson's files.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use crate::blocks::{Part, caption, escape, fenced};
use crate::changes;
use crate::course::{Course, File, Lesson};
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
    let mut section = 0;
    let mut readme = readme.into_iter().peekable();
    while let Some(part) = readme.next() {
        match part {
            Part::Heading { level, text } => {
                section += usize::from(level == 2);
                match (level, section) {
                    (2, 1) => run_it(page, lesson, language)?,
                    (2, 3) => {
                        underneath(page, course, lesson, language)?;
                        programs(page, lesson, language, to)?;
                    }
                    _ => {}
                }
                writeln!(page, "{} {text}\n", "#".repeat(level))?;
            }
            Part::Code { language: python, text, .. } if python == "python" => {
                let next = readme.next_if(|part| matches!(part, Part::Code { .. }));
                let Some(Part::Code { language: rust, text: other, .. }) = next else {
                    block(page, lesson, &python, &text);
                    continue;
                };
                page.push_str("<div class=\"beside\">\n\n<div>\n\n");
                block(page, lesson, &python, &text);
                page.push_str("</div>\n\n<div>\n\n");
                block(page, lesson, &rust, &other);
                page.push_str("</div>\n\n</div>\n\n");
            }
            Part::Code { mark: Some(mark), .. } if mark == "diff" => {
                let follows = lesson.about.follows.as_deref();
                let follows = follows.context("there is a diff, but nothing that it follows")?;
                changes::write(page, course.find(follows)?, lesson, language)?;
            }
            Part::Code { language: kind, text, mark } => {
                if let Some(number) =
                    mark.and_then(|mark| mark.strip_prefix("terminal ")?.parse().ok())
                {
                    let terminals = lesson.about.terminals.len();
                    ensure!((1..=terminals).contains(&number), "there is no terminal {number}");
                    caption(page, &terminal(language, number, terminals));
                    fenced(page, &kind, &text);
                } else {
                    block(page, lesson, &kind, &text);
                }
            }
            // The line of links is a paragraph of its own.
            Part::Text(lines) if section == 0 => {
                writeln!(page, "{}", lines.replace("\n[", "\n\n["))?;
            }
            Part::Text(lines) => writeln!(page, "{lines}")?,
        }
    }
    Ok(())
}

/// A block of the README, under the name of the file that it is from.
fn block(page: &mut String, lesson: &Lesson, language: &str, text: &str) {
    let file = ["rust", "python"].contains(&language).then(|| lesson.file_with(text)).flatten();
    if let Some(File { name, .. }) = file {
        caption(page, &format!("<a href=\"#{}\">{name}</a>", links::file_anchor(name)));
    }
    // What a whole function shares in indentation is not worth a column's width.
    let indent = |line: &str| line.len() - line.trim_start().len();
    let common = text.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines: Vec<_> = text.lines().map(|line| line.get(common..).unwrap_or("")).collect();
    fenced(page, language, &lines.join("\n"));
}

fn terminal(language: Language, number: usize, of: usize) -> String {
    let word = language.pick("Terminal", "终端");
    if of > 1 { format!("{word} {number}") } else { word.to_owned() }
}

/// The commands, to copy, before the page's first section.
fn run_it(page: &mut String, lesson: &Lesson, language: Language) -> Result<()> {
    writeln!(page, "<div class=\"run\">\n")?;
    let terminals = &lesson.about.terminals;
    for (number, other) in terminals.iter().enumerate() {
        caption(page, &terminal(language, number + 1, terminals.len()));
        let run = other.run.replace("{port}", &lesson.about.port.to_string());
        let (name, arguments) = run.split_once(' ').unwrap_or((&run, ""));
        // With one terminal, the transcript shows a part of what there is; here is the whole.
        let arguments = if terminals.len() == 1 && !lesson.about.page { "" } else { arguments };
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

/// The whole program, each of its files, and its Python twin.
fn programs(page: &mut String, lesson: &Lesson, language: Language, to: &Links) -> Result<()> {
    let heading = language.pick("The whole program", "完整程序");
    writeln!(page, "## {heading} {{#the-whole-program}}\n")?;
    let copy = language.pick("the file itself", "文件本身");
    let linked = |file: &File| {
        let (id, target) = (links::file_anchor(&file.name), to.copy(&file.path));
        let name = escape(&file.path);
        format!("<span id=\"{id}\">{name}</span> <a href=\"../{target}\">{copy}</a>")
    };
    for file in &lesson.programs {
        caption(page, &linked(file));
        changes::whole(page, &file.text)?;
    }
    let summary = language.pick("The same in Python", "同一个程序，用 Python 写");
    let lines = file_lines(language, &lesson.twin);
    writeln!(
        page,
        "<details class=\"twin\">\n<summary>{summary} <small>{lines}</small></summary>\n"
    )?;
    caption(page, &linked(&lesson.twin));
    fenced(page, "python", &lesson.twin.text);
    page.push_str("</details>\n\n");

    let test = format!("tests/{}.rs", lesson.name);
    let words = language.pick("Its test, which says what it promises", "它的测试，写明它的承诺");
    writeln!(page, "{words}{} [`{test}`](../../{test})\n", language.pick(":", "："))?;
    Ok(())
}

fn file_lines(language: Language, file: &File) -> String {
    let number = file.text.lines().count();
    language.pick(format!("({number} lines)"), format!("（{number} 行）"))
}
