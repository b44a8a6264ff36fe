//! The pages of the book, which are the same in both languages.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use course::pages::{self as markdown, Part};
use course::{Course, Lesson};

use crate::blocks;
use crate::language::Language;
use crate::lesson;
use crate::links::{self, Links};

/// One page.
pub(crate) struct Page {
    /// In the book: `lessons/tcp-client.md`.
    pub(crate) target: String,
    /// The English file from which it is made; `Language::file` gives the Chinese one.
    pub(crate) source: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The top README, without what is a page of its own.
    Start,
    /// The part of the top README on what goes wrong, and on other systems.
    Trouble,
    /// A lesson, by its place in the course.
    Lesson(usize),
    Concept,
    /// Another page of `docs/`.
    Help,
}

/// The parts of the top README that are a page of their own, by their English headings.
const TROUBLE: [&str; 2] = ["When something goes wrong", "macOS and Windows"];

/// All pages, in the order in which they are read.
pub(crate) fn all(course: &Course) -> Result<Vec<Page>> {
    let page = |target: &str, source: &str, kind| {
        let (target, source) = (target.to_owned(), source.to_owned());
        Page { target, source, kind }
    };
    let mut pages = vec![page("index.md", "README.md", Kind::Start)];
    for (number, Lesson { name, .. }) in course.lessons.iter().enumerate() {
        let (target, source) = (format!("lessons/{name}.md"), format!("crates/{name}/README.md"));
        pages.push(page(&target, &source, Kind::Lesson(number)));
    }
    pages.push(page("trouble.md", "README.md", Kind::Trouble));
    // In the order of the index; a page that it forgets would have no place.
    let index = course.text("docs/README.md")?;
    let listed = index.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let mut listed: Vec<_> = listed.map(|(link, _)| link).collect();
    listed.retain(|link| {
        let page = Path::new(link).extension().is_some_and(|kind| kind == "md");
        page && !link.starts_with("../") && *link != "README.zh-CN.md"
    });
    let (concepts, help): (Vec<&str>, Vec<&str>) =
        listed.iter().partition(|link| link.starts_with("concepts/"));
    // Right after the trouble page: the questions, which it does not answer at length.
    let (questions, other): (Vec<&str>, Vec<&str>) =
        help.into_iter().partition(|link| link.starts_with("questions/"));
    let help = questions.iter().chain(&other);
    pages.extend(help.map(|link| page(link, &format!("docs/{link}"), Kind::Help)));
    pages.push(page("contributing.md", "CONTRIBUTING.md", Kind::Help));
    pages.push(page("concepts/index.md", "docs/README.md", Kind::Concept));
    pages.extend(concepts.iter().map(|link| page(link, &format!("docs/{link}"), Kind::Concept)));
    for folder in ["", "concepts/", "questions/"] {
        for entry in fs::read_dir(course.root.join("docs").join(folder))? {
            let name = format!("{folder}{}", entry?.file_name().to_string_lossy());
            let english = name.strip_suffix(".md").filter(|name| !name.ends_with(".zh-CN"));
            let known = listed.contains(&name.as_str()) || name == "README.md";
            ensure!(known || english.is_none(), "docs/README.md does not list {name}");
        }
    }
    Ok(pages)
}

/// Both languages have the same headings and blocks of code, or there is no book.
pub(crate) fn check(course: &Course, pages: &[Page]) -> Result<()> {
    for page in pages {
        let place = Language::BOTH.map(|language| language.file(&page.source)).join(" and ");
        let [english, chinese] = Language::BOTH.map(|language| page.parts(course, language));
        markdown::alike(&place, &english?, &chinese?)?;
    }
    Ok(())
}

impl Page {
    /// The page's own part of its source.
    pub(crate) fn parts(&self, course: &Course, language: Language) -> Result<Vec<Part>> {
        let file = language.file(&self.source);
        let parts = markdown::parts(&course.text(&file)?).with_context(|| file.clone())?;
        if !matches!(self.kind, Kind::Start | Kind::Trouble) {
            return Ok(parts);
        }
        // The headings stand in the same order in both languages: it is their number that counts.
        let english = markdown::parts(&course.text(&self.source)?)?;
        let headings = english.iter().filter_map(|part| match part {
            Part::Heading { level: 2, text } => Some(text.as_str()),
            _ => None,
        });
        let headings: Vec<_> = headings.collect();
        for heading in TROUBLE {
            ensure!(headings.contains(&heading), "{} has no heading {heading:?}", self.source);
        }
        let mut number = 0;
        let mut own = Vec::new();
        for mut part in parts {
            if let Part::Heading { level, .. } = &mut part {
                number += usize::from(*level == 2);
            }
            let heading = number.checked_sub(1).and_then(|number| headings.get(number));
            let trouble = heading.is_some_and(|heading| TROUBLE.contains(heading));
            if trouble == (self.kind == Kind::Trouble) {
                // The part's heading becomes the page's.
                if let (Part::Heading { level, .. }, true) = (&mut part, trouble && own.is_empty())
                {
                    *level = 1;
                }
                own.push(part);
            }
        }
        Ok(own)
    }

    /// The page's first heading.
    pub(crate) fn title(&self, course: &Course, language: Language) -> Result<String> {
        let parts = self.parts(course, language)?;
        let title = parts.into_iter().find_map(|part| match part {
            Part::Heading { level: 1, text } => Some(text),
            _ => None,
        });
        title.with_context(|| format!("{} has no title", language.file(&self.source)))
    }
}

/// Writes the pages as mdBook reads them.
pub(crate) fn write(
    course: &Course,
    pages: &[Page],
    language: Language,
    folder: &Path,
) -> Result<()> {
    let links = Links::new(course, pages, language)?;
    for page in pages {
        let text = text(course, page, language, &links)
            .with_context(|| format!("cannot make a page of {}", language.file(&page.source)))?;
        put(&folder.join(&page.target), &text)?;
    }
    for (path, target) in links.into_files() {
        // With a mark of its encoding, since a server may name none.
        put(&folder.join(target), &format!("\u{feff}{}", course.text(&path)?))?;
    }
    put(&folder.join("SUMMARY.md"), &summary(course, pages, language)?)
}

fn put(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn text(course: &Course, page: &Page, language: Language, to: &Links) -> Result<String> {
    let mut text = String::new();
    let parts = page.parts(course, language)?;
    if let Kind::Lesson(number) = page.kind {
        let lesson = &course.lessons[number];
        lesson::write(&mut text, course, lesson, language, to, parts)?;
    } else {
        for part in parts {
            match part {
                Part::Heading { level, text: heading } => {
                    writeln!(text, "{} {heading}\n", "#".repeat(level))?;
                }
                Part::Code { language, text: code, .. } => {
                    blocks::fenced(&mut text, &language, &code);
                }
                Part::Text(lines) => writeln!(text, "{lines}")?,
                Part::Made { text: made, .. } => writeln!(text, "{made}")?,
            }
        }
    }
    to.rewrite(page, &inlined(course, page, &text)?)
}

/// The page with its pictures in it, so that they follow the page's colours and need no file: a line
/// `![in words](../pictures/name.svg)` becomes the SVG, with these words for those who can't see it.
fn inlined(course: &Course, page: &Page, text: &str) -> Result<String> {
    let mut inlined = String::new();
    for line in text.lines() {
        let picture = line.strip_prefix("![").and_then(|rest| rest.strip_suffix(".svg)"));
        let Some((words, file)) = picture.and_then(|rest| rest.split_once("](")) else {
            inlined = inlined + line + "\n";
            continue;
        };
        let path = links::join(&page.source, &format!("{file}.svg"))?;
        let svg = course.text(&path)?;
        let label = format!("<svg role=\"img\" aria-label=\"{}\" ", blocks::escape(words));
        // The book's own choice of colours counts, not the system's.
        let svg = svg.replace("@media (prefers-color-scheme: dark)", ".navy");
        let svg = svg.replacen("<svg ", &label, 1).replace("\n\n", "\n");
        writeln!(inlined, "<figure class=\"picture\">\n{}\n</figure>", svg.trim())?;
    }
    Ok(inlined)
}

/// `SUMMARY.md`: the order of the pages, and the table of contents.
fn summary(course: &Course, pages: &[Page], language: Language) -> Result<String> {
    let mut summary = "# Summary\n\n".to_owned();
    for page in pages {
        let (title, target) = (page.title(course, language)?, &page.target);
        match page.kind {
            Kind::Start => {
                let title = language.pick("Start here", "从这里开始");
                let part = language.pick("Lessons", "课程");
                writeln!(summary, "[{title}]({target})\n\n# {part}\n")?;
            }
            Kind::Lesson(number) => {
                writeln!(
                    summary,
                    "- [{} · {title}]({target})",
                    course.lessons[number].about.number
                )?;
            }
            Kind::Trouble => {
                let part = language.pick("Help", "帮助");
                writeln!(summary, "\n# {part}\n\n- [{title}]({target})")?;
            }
            Kind::Concept if target == "concepts/index.md" => {
                let title = language.pick("All pages", "全部页面");
                let part = language.pick("Concepts", "概念");
                writeln!(summary, "\n# {part}\n\n- [{title}]({target})")?;
            }
            Kind::Concept | Kind::Help => writeln!(summary, "- [{title}]({target})")?,
        }
    }
    Ok(summary)
}
