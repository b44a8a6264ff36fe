//! A lesson's page: its README in its order, with the picture of the wire, and both languages of a
//! program beside each other.

use std::fmt::Write as _;

use anyhow::Result;
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
    let mut readme = readme.into_iter().peekable();
    while let Some(part) = readme.next() {
        match part {
            Part::Heading { level, text } => writeln!(page, "{} {text}\n", "#".repeat(level))?,
            Part::Code { language: kind, text, mark } => {
                let mark = mark.unwrap_or_default();
                if let Some(name) = mark.strip_prefix("file ") {
                    let mut programs = vec![(name.to_owned(), text)];
                    let next = |part: &Part| matches!(part, Part::Code { mark: Some(mark), .. } if mark.starts_with("file "));
                    while let Some(Part::Code { text, mark: Some(mark), .. }) = readme.next_if(next)
                    {
                        programs.push((mark["file ".len()..].to_owned(), text));
                    }
                    beside(page, lesson, language, to, &programs)?;
                } else if mark == "diff"
                    && let Some(before) = course.before(lesson)?
                {
                    changes::write(page, before, lesson, language)?;
                } else {
                    fenced(page, &kind, &text);
                    if mark == "trust 1" && lesson.name == "ip-addresses" {
                        writeln!(page, "{}", picture::of(course, lesson, language)?)?; // the bits of it
                    }
                }
            }
            Part::Made { mark, text } => match &*mark {
                "lesson" => writeln!(page, "<div class=\"lesson\">\n\n{text}\n</div>\n")?,
                "wire" => writeln!(page, "{}", picture::of(course, lesson, language)?)?,
                "main" => {
                    let main = &lesson.to_trust()[0];
                    caption(page, &whole_file(lesson, language, to, main));
                    writeln!(page, "{text}")?;
                }
                _ => writeln!(page, "{text}")?,
            },
            Part::Text(lines) => writeln!(page, "{lines}")?,
        }
    }
    Ok(())
}

/// Programs beside each other where there is room, else one at a time, by tabs that need no script.
fn beside(
    page: &mut String,
    lesson: &Lesson,
    language: Language,
    to: &Links,
    programs: &[(String, String)],
) -> Result<()> {
    let group = links::file_anchor(&programs[0].0);
    page.push_str("<div class=\"programs\">\n");
    if programs.len() > 1 {
        for (number, (name, _)) in programs.iter().enumerate() {
            let checked = if number == 0 { " checked" } else { "" };
            let id = links::file_anchor(name);
            let kind = if name.strip_suffix(".py").is_some() { "Python" } else { "Rust" };
            // Lesson 6 has two programs in each language.
            let two = programs.len() > 2;
            let stem = name.rsplit('/').next().and_then(|name| name.split('.').next());
            let label =
                if two { format!("{kind} · {}", stem.unwrap_or_default()) } else { kind.into() };
            let value = kind.to_lowercase();
            writeln!(
                page,
                "<input type=\"radio\" name=\"{group}\" id=\"tab-{id}\" value=\"{value}\"{checked}>\
                 <label for=\"tab-{id}\">{label}</label>"
            )?;
        }
    }
    for (name, text) in programs {
        let file = lesson.files().find(|file| file.name == *name);
        writeln!(page, "<div class=\"program\">\n")?;
        if let Some(file) = file {
            caption(page, &whole_file(lesson, language, to, file));
            write!(page, "<pre><code class=\"language-{}\">", file.language())?;
        }
        for line in text.lines() {
            let new = if line.ends_with(" new") { " new" } else { "" };
            writeln!(page, "<span class=\"line{new}\">{}</span>", escape(line))?;
        }
        page.push_str("</code></pre>\n\n</div>\n");
    }
    page.push_str("</div>\n\n");
    Ok(())
}

/// The caption of a whole file, with a link to the file itself.
fn whole_file(lesson: &Lesson, language: Language, to: &Links, file: &File) -> String {
    let (id, target) = (links::file_anchor(&file.name), to.copy(&file.path));
    let (name, copy) = (escape(&file.name), language.pick("the file itself", "文件本身"));
    let version = if lesson.tutorial().is_empty() {
        ""
    } else if file.name.starts_with("examples/") {
        language.pick("the tutorial’s version", "教程版")
    } else {
        language.pick("the version to trust", "可靠版")
    };
    format!(
        "<span id=\"{id}\">{name}</span> <small>{version}</small> <a href=\"../{target}\">{copy}</a>"
    )
}
