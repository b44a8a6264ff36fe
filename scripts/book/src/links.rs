//! Links: between the READMEs they lead to files; in the book they lead to its pages.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use course::Course;
use mdbook_markdown::pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::blocks;
use crate::language::Language;
use crate::pages::{Kind, Page};

pub(crate) struct Links {
    language: Language,
    root: PathBuf,
    /// The page made of a file, by the file's English name.
    pages: HashMap<String, String>,
    /// The pages of the lessons, by the names of their crates.
    lessons: HashMap<String, String>,
    /// Each page's anchors: that of its language and the English one, which the book uses for both.
    anchors: HashMap<String, HashMap<String, String>>,
    /// The files that are copied, and where to.
    files: RefCell<BTreeMap<String, String>>,
}

impl Links {
    pub(crate) fn new(course: &Course, pages: &[Page], language: Language) -> Result<Self> {
        let mut by_source = HashMap::new();
        let mut anchors = HashMap::<_, HashMap<_, _>>::new();
        for page in pages {
            if page.kind != Kind::Trouble {
                by_source.insert(page.source.clone(), page.target.clone());
            }
            let own = headings(&course.text(&language.file(&page.source))?);
            let english = headings(&course.text(&page.source)?);
            anchors.insert(page.source.clone(), own.into_iter().zip(english).collect());
        }
        let (root, files) = (course.root.clone(), RefCell::default());
        let lessons = course.lessons.iter().map(|lesson| lesson.name.clone());
        let lessons = lessons.map(|name| (name.clone(), format!("lessons/{name}.md"))).collect();
        Ok(Self { language, root, pages: by_source, lessons, anchors, files })
    }

    pub(crate) fn into_files(self) -> BTreeMap<String, String> {
        self.files.into_inner()
    }

    /// The page with its links leading to where they lead in the book, and English anchors.
    pub(crate) fn rewrite(&self, page: &Page, text: &str) -> Result<String> {
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let mut taken = HashMap::new();
        let mut heading: Option<(usize, String)> = None;
        let mut inside = String::new();
        let (mut in_link, mut in_block) = (false, false);
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::End(TagEnd::Link) => in_link = false,
                Event::Text(_) if heading.is_none() && !in_link && !in_block => {
                    let words = &text[range.clone()];
                    let new = self.chinese_marked(&rfcs_linked(words));
                    if new != words {
                        changes.push((range, new));
                    }
                }
                Event::Code(name) if heading.is_none() && !in_link => {
                    let target =
                        self.lessons.get(&*name).filter(|_| !matches!(page.kind, Kind::Lesson(_)));
                    if let Some(target) = target {
                        let up = "../".repeat(page.target.matches('/').count());
                        changes.push((range, format!("[`{name}`]({up}{target})")));
                    }
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    in_link = true;
                    let place = text[range.clone()].rfind(&format!("]({dest_url}"));
                    let start =
                        range.start + place.context("a link is not written as [..](..)")? + 2;
                    let target = self.target(page, &dest_url)?;
                    changes.push((start..start + dest_url.len(), target));
                }
                Event::Start(Tag::Heading { .. }) => {
                    heading = Some((range.start, String::new()));
                }
                Event::Text(words) | Event::Code(words) if heading.is_some() => {
                    inside.push_str(&words);
                }
                Event::End(TagEnd::Heading(_)) => {
                    heading = None;
                    let own = blocks::anchor(&std::mem::take(&mut inside));
                    let known = self.anchors[&page.source].get(&own);
                    let line = &text[range.clone()];
                    if line.contains("{#") {
                        continue;
                    }
                    let id = known.with_context(|| format!("no English heading for #{own}"))?;
                    let times = taken.entry(id.clone()).or_insert(0);
                    *times += 1;
                    ensure!(*times == 1, "two headings are #{id}");
                    let end = range.start + line.trim_end().len();
                    changes.push((end..end, format!(" {{#{id}}}")));
                }
                _ => {}
            }
        }
        changes.sort_by_key(|(range, _)| range.start);
        let mut rewritten = String::new();
        let mut done = 0;
        for (range, new) in changes {
            rewritten += &text[done..range.start];
            rewritten += &new;
            done = range.end;
        }
        Ok(rewritten + &text[done..])
    }

    /// In an English page, Chinese words are marked as such, for those who hear them.
    fn chinese_marked(&self, words: &str) -> String {
        if self.language == Language::Chinese {
            return words.to_owned();
        }
        let han = |c: char| {
            ('\u{3000}'..'\u{a000}').contains(&c) || ('\u{ff00}'..'\u{fff0}').contains(&c)
        };
        let (mut marked, mut rest) = (String::new(), words);
        while let Some(start) = rest.find(han) {
            let end = rest[start..].find(|c| !han(c)).map_or(rest.len(), |length| start + length);
            marked = marked + &rest[..start] + "<span lang=\"zh\">" + &rest[start..end] + "</span>";
            rest = &rest[end..];
        }
        marked + rest
    }

    /// Where a link of this page leads.
    fn target(&self, page: &Page, link: &str) -> Result<String> {
        if link.starts_with("https://") || link.starts_with("http://") || link.starts_with('#') {
            return Ok(link.to_owned());
        }
        let (file, anchor) =
            link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
        let path = join(&page.source, file)?;
        ensure!(self.root.join(&path).is_file(), "the link {link} leads nowhere");
        let english = path.replace(".zh-CN.md", ".md");
        let up = "../".repeat(page.target.matches('/').count());
        if english == page.source && path != self.language.file(&english) {
            // The same page in the other language, which is another book.
            let other = self.language.other().code();
            return Ok(format!("{up}../{other}/{}", page.target.replace(".md", ".html")));
        }
        if let Some(target) = self.pages.get(&english) {
            let anchors = &self.anchors[&english];
            let anchor = match anchor {
                Some(anchor) => match anchors.get(anchor) {
                    Some(anchor) => format!("#{anchor}"),
                    None => bail!("the link {link} leads to no heading"),
                },
                None => String::new(),
            };
            return Ok(format!("{up}{target}{anchor}"));
        }
        let own = page.source.rsplit_once('/').map_or("", |(folder, _)| folder);
        if let (Kind::Lesson(_), Some(name)) = (page.kind, path.strip_prefix(&format!("{own}/")))
            && name.rsplit_once('.').is_some_and(|(_, kind)| ["rs", "py"].contains(&kind))
            && (name == "src/main.rs" || self.shows(page, name)?)
        {
            return Ok(format!("#{}", file_anchor(name)));
        }
        let text = Path::new(&path).extension().is_some_and(|kind| kind == "md");
        ensure!(!text, "the link {link} leads to no page of the book");
        Ok(up + &self.copy(&path))
    }

    /// Whether a lesson's page shows this file as a whole.
    fn shows(&self, page: &Page, name: &str) -> Result<bool> {
        let readme = std::fs::read_to_string(self.root.join(&page.source))?;
        Ok(readme.contains(&format!("<!-- file {name} -->")))
    }

    /// Has a file of the project copied into the book, and says where to.
    pub(crate) fn copy(&self, path: &str) -> String {
        // A browser shows a .txt; a file with another name it may save.
        let target = format!("files/{path}.txt");
        self.files.borrow_mut().insert(path.to_owned(), target.clone());
        target
    }
}

/// Each `RFC 9293 §2.2` as a link to that section.
fn rfcs_linked(words: &str) -> String {
    let (mut linked, mut rest) = (String::new(), words);
    while let Some(start) = rest.find("RFC ") {
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let number = &rest[start + 4..];
        let number = &number[..digits(number)];
        let mut end = start + 4 + number.len();
        let mut place = String::new();
        if let Some(section) = rest[end..].strip_prefix(" §") {
            let length = section.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let section = section[..length.unwrap_or(section.len())].trim_end_matches('.');
            let kind =
                if section.starts_with(char::is_alphabetic) { "appendix" } else { "section" };
            place = format!("#{kind}-{section}");
            end += " §".len() + section.len();
        }
        linked += &rest[..start];
        if number.is_empty() {
            linked += &rest[start..end];
        } else {
            let link = format!("https://www.rfc-editor.org/rfc/rfc{number}{place}");
            linked = linked + "[" + &rest[start..end] + "](" + &link + ")";
        }
        rest = &rest[end..];
    }
    linked + rest
}

/// The place on a lesson's page where a file is shown.
pub(crate) fn file_anchor(name: &str) -> String {
    name.replace(['/', '.'], "-")
}

/// The anchors of a text's headings.
fn headings(text: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut inside = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => inside = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                headings.extend(inside.take().map(|words| blocks::anchor(&words)));
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(inside) = &mut inside {
                    inside.push_str(&words);
                }
            }
            _ => {}
        }
    }
    headings
}

/// A path from the root, of a link in the file at `from`.
pub(crate) fn join(from: &str, link: &str) -> Result<String> {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            parts.pop().with_context(|| format!("the link {link} leaves the project"))?;
        } else if part != "." {
            parts.push(part);
        }
    }
    Ok(parts.join("/"))
}
