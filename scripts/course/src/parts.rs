//! What a lesson's page shows of the lesson's files, by the marks of the page: the line below the
//! title, programs with their numbers, guards with their lines and what came without them.
//!
//! What needs a program to run (`trust`, `recorded`) is made where programs are run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::diff::{self, ChangeTag};
use crate::guards::{Change, Guards};
use crate::pages::{self, Note};
use crate::requirements::{self, Hints};
use crate::{Course, File, Lesson, Words, code, pairs, wire};

/// What a requirement said when a guard was taken out; `guards-recorded.json` has one for each guard.
#[derive(Debug, Deserialize, Serialize)]
pub struct Recorded {
    /// The guard's name in English.
    pub guard: String,
    /// `sturdy::welcomes_a_burst_of_clients`.
    pub requirement: String,
    /// What the test had sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// What came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<String>,
    /// What should have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// The test's own words.
    #[serde(default)]
    pub message: String,
}

/// What the requirements of a lesson said without its guards; nothing before the first recording.
///
/// # Errors
/// If the file is not as it should be.
pub fn recorded(lesson: &Lesson) -> Result<Vec<Recorded>> {
    match fs::read_to_string(lesson.folder.join("guards-recorded.json")) {
        Ok(json) => Ok(serde_json::from_str(&json)?),
        Err(_) => Ok(Vec::new()),
    }
}

/// The parts of a page that are made from files, by their marks. Other marks are left to the caller.
///
/// # Errors
/// If a file cannot be read, or a mark names what is not there.
pub fn of(
    course: &Course,
    lesson: &Lesson,
    page: &str,
    chinese: bool,
) -> Result<BTreeMap<String, String>> {
    let maker = Maker { course, lesson, chinese, guards: Guards::read(course, lesson)? };
    let (marks, notes) = (pages::marks(page)?, pages::notes(page));
    let shown: Vec<_> = marks.iter().filter_map(|mark| mark.strip_prefix("file ")).collect();
    let programs = maker.programs(&shown, &notes)?;
    let mut made = BTreeMap::new();
    for mark in &marks {
        let (kind, name) = mark.split_once(' ').unwrap_or((mark, ""));
        let name = name.trim_matches('"');
        let text = match kind {
            "lesson" => maker.line()?,
            "file" => programs.get(name).context("a program is shown twice")?.clone(),
            "diff" => maker.diff()?,
            "guard" => maker.lines(maker.guard(name)?)?,
            "without" => maker.without(maker.guard(name)?)?,
            "main" => maker.main()?,
            "wire" => maker.wire()?,
            _ if mark == "other guards" => maker.others(&marks)?,
            _ => continue,
        };
        made.insert(mark.clone(), text);
    }
    Ok(made)
}

struct Maker<'a> {
    course: &'a Course,
    lesson: &'a Lesson,
    chinese: bool,
    guards: Option<Guards>,
}

/// An article; in `articles.toml` by its number.
#[derive(Deserialize)]
struct Article {
    #[serde(flatten)]
    title: Words,
    url: Option<String>,
}

impl Maker<'_> {
    fn pick<'t>(&self, english: &'t str, chinese: &'t str) -> &'t str {
        if self.chinese { chinese } else { english }
    }

    fn words<'t>(&self, words: &'t Words) -> &'t str {
        self.pick(&words.en, &words.zh)
    }

    /// The crate's name, the lesson's number, the article to read beside it, the other language.
    fn line(&self) -> Result<String> {
        let Lesson { name, about, .. } = self.lesson;
        let number = if self.chinese {
            format!("第 {} 课", about.number)
        } else {
            format!("Lesson {}", about.number)
        };
        let mut line = format!("`{name}` · {number} · ");
        if let Some(source) = self.lesson.article() {
            let articles: BTreeMap<String, Article> =
                toml::from_str(include_str!("../articles.toml")).context("articles.toml")?;
            line += self.pick("read it beside ", "对照文章：");
            for (number, source) in source.split(", ").enumerate() {
                let (key, place) = source.split_at(source.find(' ').unwrap_or(source.len()));
                let Some(article) = articles.get(key) else {
                    // Another section of the article before: `§6.4`.
                    line = line + self.pick(", ", "、") + source;
                    continue;
                };
                if number > 0 {
                    line += self.pick(" and ", "、");
                }
                let title = self.words(&article.title);
                let title = match &article.url {
                    Some(url) => format!("[{title}]({url})"),
                    None => title.to_owned(),
                };
                line = line + &title + place;
            }
        } else {
            line += self.pick("goes beyond the articles", "文章之外的内容");
        }
        let other = self.pick("[中文](README.zh-CN.md)", "[English](README.md)");
        Ok(line + " · " + other + "\n")
    }

    fn wire(&self) -> Result<String> {
        let steps = wire::markdown(self.course, self.lesson, self.chinese)?;
        steps.with_context(|| format!("no packets of {} were recorded", self.lesson.name))
    }

    fn diff(&self) -> Result<String> {
        let before = self.course.before(self.lesson)?.context("it is compared with nothing")?;
        let pairs = Course::compared(self.lesson, before).into_iter();
        let changes: String = pairs
            .map(|(old, new)| diff::unified(old.map_or("", File::code), new.code(), 2))
            .collect();
        Ok(format!("```diff\n{changes}```\n"))
    }

    /// The programs that the page shows: the numbers of its notes and `new` stand at the end of lines,
    /// in place of the comments there.
    fn programs(&self, shown: &[&str], notes: &[Note]) -> Result<BTreeMap<String, String>> {
        let mut files = Vec::new();
        for name in shown {
            let file = self.lesson.files().find(|file| file.name == *name);
            files.push(file.with_context(|| format!("there is no {name}"))?);
        }
        let programs: Vec<_> = files.iter().map(|file| (*file, bare(file))).collect();
        let mut numbers: BTreeMap<(&str, usize), Vec<String>> = BTreeMap::new();
        for Note { number, pieces } in notes {
            for piece in pieces {
                let mut found = false;
                for (file, lines) in &programs {
                    let mut at = (0..lines.len()).filter(|at| lines[*at].contains(&**piece));
                    let Some(first) = at.next() else { continue };
                    ensure!(at.next().is_none(), "{number}: {} has {piece:?} twice", file.name);
                    let there = numbers.entry((&file.name, first)).or_default();
                    if !there.contains(&number.to_string()) {
                        there.push(number.to_string());
                    }
                    found = true;
                }
                ensure!(found, "{number}: no program on the page has {piece:?}");
            }
        }
        let two = !self.lesson.tutorial().is_empty();
        let widest = if two { code::TUTORIAL } else { code::ONE_VERSION }.columns + MARK;
        let mut made = BTreeMap::new();
        for (file, lines) in &programs {
            let (new, mut text) = (self.new_lines(file, lines)?, String::new());
            for (at, line) in lines.iter().enumerate() {
                let mut marks = numbers.remove(&(&*file.name, at)).unwrap_or_default();
                if new.contains(&at) {
                    marks.push("new".to_owned());
                }
                let marked = |marks: &[String]| match marks {
                    [] => (*line).to_owned(),
                    _ => format!("{line}{}{}", sign(file), marks.join(" ")),
                };
                // A long line says that it is new only if there is room.
                if code::columns(&marked(&marks)) > widest {
                    marks.retain(|mark| mark != "new");
                }
                let line = marked(&marks);
                let width = code::columns(&line);
                ensure!(width <= widest, "{}: with its marks, {width} columns: {line}", file.name);
                text = text + &line + "\n";
            }
            made.insert(file.name.clone(), format!("```{}\n{text}```\n", file.language()));
        }
        Ok(made)
    }

    /// Which lines of a program, from 0, the lesson before has not; none if that is most of them.
    fn new_lines(&self, file: &File, lines: &[&str]) -> Result<BTreeSet<usize>> {
        let Some(before) = self.course.before(self.lesson)? else { return Ok(BTreeSet::new()) };
        let beside = if file.language() == "python" {
            pairs(self.lesson.python(), before.python())
        } else {
            Course::compared(self.lesson, before)
        };
        let old = beside.into_iter().find(|(_, new)| new.name == file.name);
        let Some((Some(old), _)) = old else { return Ok(BTreeSet::new()) };
        let (old, new) = (bare(old).join("\n"), lines.join("\n"));
        let diff = diff::of(&old, &new);
        let gone = diff.iter_all_changes().filter(|change| change.tag() == ChangeTag::Delete);
        let gone: Vec<_> = gone.map(|change| change.value()).collect();
        let words = |line: &str| line.contains(char::is_alphanumeric) && line.trim() != "Ok(())";
        let inserted = diff.iter_all_changes().filter(|change| {
            let line = change.value();
            // Another address or one more argument makes no new line.
            let changed = || gone.iter().any(|old| diff::ratio(old.trim(), line.trim()) >= CHANGED);
            change.tag() == ChangeTag::Insert && words(line) && !changed()
        });
        let inserted: BTreeSet<_> = inserted.filter_map(|change| change.new_index()).collect();
        let all = lines.iter().filter(|line| words(line)).count();
        Ok(if inserted.len() * 3 > all * 2 { BTreeSet::new() } else { inserted })
    }

    fn all(&self) -> Result<&Guards> {
        self.guards.as_ref().context("the lesson has no guards.toml")
    }

    fn guard(&self, name: &str) -> Result<&Change> {
        let guard = self.all()?.guards.iter().find(|guard| guard.name.en == name);
        guard.with_context(|| format!("there is no guard {name:?}"))
    }

    /// The lines of a guard.
    fn lines(&self, guard: &Change) -> Result<String> {
        let file = self.lesson.to_trust().iter().find(|file| file.name == guard.file);
        let text: Vec<_> = file.context("it has no file")?.text.lines().collect();
        let lines = guard.main_lines(self.lesson)?;
        let indent = |line: &str| line.len() - line.trim_start().len();
        // An empty line between two of them is no gap.
        let gap = |one: &usize, next: &usize| {
            (one + 1..*next).any(|between| !text[between - 1].trim().is_empty())
        };
        let pieces = lines.chunk_by(|one, next| !gap(one, next)).map(|piece| {
            let piece: Vec<_> = piece.iter().map(|number| text[number - 1]).collect();
            let whole = piece.iter().filter(|line| !line.is_empty());
            let common = whole.map(|line| indent(line)).min().unwrap_or(0);
            let lines = piece.iter().map(|line| line.get(common..).unwrap_or("").to_owned() + "\n");
            lines.collect::<String>()
        });
        Ok(format!("```rust\n{}```\n", pieces.collect::<Vec<_>>().join("// ⋮\n")))
    }

    /// What was expected and what came when the guard was taken out.
    fn without(&self, guard: &Change) -> Result<String> {
        let recorded = recorded(self.lesson)?;
        let recorded = recorded.into_iter().find(|it| it.guard == guard.name.en);
        let Some(it) = recorded else {
            bail!("nothing was recorded without {:?}: cargo lesson guards --record", guard.name.en)
        };
        let bare = it.requirement.rsplit("::").next().unwrap_or(&it.requirement).to_owned();
        let title = if self.chinese {
            requirements::titles(self.course)?.get(&bare).cloned()
        } else {
            None
        };
        let mut text = self.pick("fails:    ", "未通过：").to_owned();
        writeln!(text, "{}", title.unwrap_or_else(|| requirements::sentence(&bare)))?;
        let message = it.message.replace(r#""\n" does not come"#, "no further line comes");
        let message = message.trim_end_matches("stdout: stderr:").trim_end_matches([' ', ':']);
        // Without an answer that was expected, what came last says nothing of the failure.
        let told = it.expected.is_none() || it.came.is_none();
        let came = it.came.as_deref().filter(|_| !told || message.is_empty());
        let said = [
            (self.pick("sent:     ", "发送：　"), it.sent.as_deref()),
            (self.pick("expected: ", "应为：　"), it.expected.as_deref()),
            (self.pick("came:     ", "收到：　"), came.filter(|came| *came != "\\n")),
            (
                self.pick("said:     ", "报告：　"),
                told.then_some(message).filter(|it| !it.is_empty()),
            ),
        ];
        for (label, said) in said {
            let Some(said) = said else { continue };
            let said =
                said.strip_prefix("Some(").and_then(|it| it.strip_suffix(')')).unwrap_or(said);
            let said = if said.is_empty() { self.pick("(nothing)", "（没有）") } else { said };
            writeln!(text, "{label}{}", short(said))?;
        }
        Ok(format!("```text\n{text}```\n"))
    }

    /// Each guard that the page does not show by itself: its name, why, what came, its lines. Where
    /// there are many, those of other files than `main.rs` are a list of names.
    fn others(&self, marks: &[String]) -> Result<String> {
        let hints = Hints::read(self.course)?;
        let (mut text, mut told, mut names) = (String::new(), BTreeSet::new(), BTreeMap::new());
        let guards = &self.all()?.guards;
        for guard in guards {
            if marks.contains(&format!("guard \"{}\"", guard.name.en)) {
                continue;
            }
            let name = self.words(&guard.name);
            if guards.len() > MANY && guard.file != "src/main.rs" {
                let names: &mut String = names.entry(&guard.file).or_default();
                writeln!(names, "- {name}")?;
                continue;
            }
            let why = guard.why.as_ref();
            let hint = || guard.fails.iter().find_map(|name| hints.get(&self.lesson.name, name));
            let why = why.or_else(hint).map_or("", |words| self.words(words));
            write!(text, "\n**{name}**")?;
            if told.insert(why) {
                text = text + self.pick(" ", "　") + why;
            }
            text = text + "\n\n" + &self.without(guard)? + "\n" + &self.lines(guard)?;
        }
        for (file, names) in names {
            write!(text, "\n[`{file}`]({file}){}\n\n{names}", self.pick(":", "："))?;
        }
        Ok(text + "\n")
    }

    /// The whole of `main.rs`, with the guards' names above their first lines.
    fn main(&self) -> Result<String> {
        let main = &self.lesson.to_trust()[0];
        let header = main.text.len() - main.code().len();
        let skipped = main.text[..header].matches('\n').count();
        let mut names: BTreeMap<usize, String> = BTreeMap::new();
        for (number, guard) in (1..).zip(self.guards.iter().flat_map(|guards| &guards.guards)) {
            if guard.file != main.name {
                continue;
            }
            let lines = guard.main_lines(self.lesson)?;
            let first = lines.first();
            let Some(first) = first else { continue };
            let line = main.text.lines().nth(first - 1).unwrap_or_default();
            let indent = &line[..line.len() - line.trim_start().len()];
            let name = names.entry(*first).or_default();
            writeln!(name, "{indent}// ── {number}. {}", self.words(&guard.name))?;
        }
        let mut text = String::new();
        for (number, line) in (1..).zip(main.text.lines()).skip(skipped) {
            text = text + names.get(&number).map_or("", |name| name) + line + "\n";
        }
        Ok(format!("```rust\n{text}```\n"))
    }
}

/// What stands before a comment at the end of a line.
fn sign(file: &File) -> &'static str {
    if file.language() == "python" { "  # " } else { " // " }
}

/// The lines of a program without its header and the comments at their ends.
fn bare(file: &File) -> Vec<&str> {
    let sign = sign(file);
    let bare = |line| match str::split_once(line, sign) {
        Some((code, _)) if !code.trim().is_empty() => code.trim_end(),
        _ => line,
    };
    file.code().lines().map(bare).collect()
}

/// The columns that a note's number may take beyond a line's limit.
const MARK: usize = 5;

/// How much of two lines is the same, if one is only a change of the other.
const CHANGED: f32 = 0.75;

/// One line of a text, not longer than a page is wide.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// With more guards than this, a page lists those of other files by their names.
const MANY: usize = 30;
