//! `guards.toml`: what the version to trust adds to the tutorial's version, and what fails without it.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::requirements::Requirement;
use crate::{Course, File, Lesson, Words, code, diff};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guards {
    /// In the order of the source.
    #[serde(rename = "guard")]
    pub guards: Vec<Change>,
    /// What shows that a requirement can fail that both versions meet.
    #[serde(rename = "mutation", default)]
    pub mutations: Vec<Change>,
    /// Lines that are no guard.
    #[serde(default)]
    pub other: Vec<Other>,
    /// Requirements that nothing names, and why.
    #[serde(default)]
    pub left_out: BTreeMap<String, String>,
}

/// A change to the program, and the requirements that then fail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What it is, in a few words.
    pub name: Words,
    /// Why it is there, on the lesson's page; without it, the hint of its first requirement.
    #[serde(default)]
    pub why: Option<Words>,
    /// The file that is changed, from the lesson's folder.
    #[serde(default = "main_file")]
    pub file: String,
    /// What to find, once, and what to put there.
    pub edits: Vec<(String, String)>,
    /// Bare names of tests.
    pub fails: Vec<String>,
}

/// A line of `main.rs` that is no guard, and why it is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// The line, or a part of it.
    pub line: String,
    /// The reason.
    pub why: String,
}

fn main_file() -> String {
    "src/main.rs".into()
}

impl Guards {
    /// The guards of a lesson. A lesson with one version may do without them.
    ///
    /// # Errors
    /// If the file is not there, or not as it should be.
    pub fn read(course: &Course, lesson: &Lesson) -> Result<Option<Self>> {
        let path = format!("crates/{}/guards.toml", lesson.name);
        if lesson.tutorial().is_empty() && !course.root.join(&path).exists() {
            return Ok(None);
        }
        let guards = toml::from_str(&course.text(&path)?);
        guards.map(Some).with_context(|| format!("cannot read {path}"))
    }

    /// Guards and mutations.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.guards.iter().chain(&self.mutations)
    }

    /// What is not accounted for: a line that `main.rs` adds, a requirement, a name or a place that
    /// does not exist (any more).
    #[must_use]
    pub fn problems(&self, lesson: &Lesson, requirements: &[Requirement]) -> Vec<String> {
        let mut problems = Vec::new();
        let known = |name: &String| requirements.iter().any(|other| other.name == *name);
        let named = |name: &String| self.changes().any(|change| change.fails.contains(name));
        let mut covered: Vec<Range<usize>> = Vec::new();
        for change in self.changes() {
            let name = &change.name.en;
            if change.fails.is_empty() {
                problems.push(format!("{name}: it names no requirement"));
            }
            let unknown = change.fails.iter().filter(|name| !known(name));
            problems.extend(unknown.map(|other| format!("{name}: no requirement {other}")));
            match change.spans(lesson) {
                Ok(spans) if change.file == main_file() => covered.extend(spans),
                Ok(_) => {}
                Err(error) => problems.push(format!("{error:#}")),
            }
        }
        let unnamed = self.guards.iter().filter(|guard| guard.name.zh.is_empty());
        problems.extend(unnamed.map(|guard| format!("{}: no name.zh", guard.name.en)));
        for requirement in requirements {
            let name = &requirement.name;
            match (named(name), self.left_out.contains_key(name)) {
                (false, false) => problems.push(format!("{name}: nothing shows that it can fail")),
                (true, true) => problems.push(format!("{name}: left out, and yet named")),
                _ => {}
            }
        }
        let unknown = self.left_out.keys().filter(|name| !known(name));
        problems.extend(unknown.map(|name| format!("left out: no requirement {name}")));

        let main = &lesson.to_trust()[0];
        for other in &self.other {
            match find(&main.text, &other.line) {
                Ok(place) => covered.push(place),
                Err(error) => problems.push(format!("other: {error:#}")),
            }
        }
        if lesson.tutorial().is_empty() {
            return problems; // it adds its lines to nothing
        }
        for (number, line, place) in added(main, lesson.tutorial()) {
            let touches = |span: &Range<usize>| span.start < place.end && place.start < span.end;
            if !covered.iter().any(touches) {
                problems.push(format!("{}:{number}: no guard: {}", main.path, line.trim()));
            }
        }
        problems
    }
}

impl Change {
    /// Where its edits are in its file, in the order of the edits.
    ///
    /// # Errors
    /// If one is not there exactly once.
    pub fn spans(&self, lesson: &Lesson) -> Result<Vec<Range<usize>>> {
        let name = &self.name.en;
        let text = &self.file(lesson)?.text;
        let spans = self.edits.iter().map(|(from, _)| find(text, from));
        spans.collect::<Result<_>>().with_context(|| format!("{name}: {}", self.file))
    }

    /// The numbers of the lines that its edits touch, from 1, each once.
    ///
    /// # Errors
    /// If one is not there exactly once.
    pub fn lines(&self, lesson: &Lesson) -> Result<Vec<usize>> {
        self.lines_of(lesson, |_, _| true)
    }

    /// The lines that show what it is: without those of a `use`, and without those that it changes
    /// only a little, such as one more argument, if there are others.
    ///
    /// # Errors
    /// If one is not there exactly once.
    pub fn main_lines(&self, lesson: &Lesson) -> Result<Vec<usize>> {
        let lines = self.lines_of(lesson, |from, to| {
            !from.starts_with("use ") && diff::ratio(from, to) < CHANGED
        })?;
        let text: Vec<_> = self.file(lesson)?.text.lines().collect();
        let is_use = |number: &usize| text[number - 1].starts_with("use ");
        for lines in [lines, self.lines(lesson)?] {
            let lines: Vec<_> = lines.into_iter().filter(|number| !is_use(number)).collect();
            if !lines.is_empty() {
                return Ok(lines);
            }
        }
        self.lines(lesson)
    }

    fn lines_of(&self, lesson: &Lesson, keep: fn(&str, &str) -> bool) -> Result<Vec<usize>> {
        let text = &self.file(lesson)?.text;
        let mut lines = Vec::new();
        for (span, (from, to)) in self.spans(lesson)?.into_iter().zip(&self.edits) {
            // White space at both ends belongs to the neighbours.
            let inner = text[span.clone()].trim_start();
            let start = span.end - inner.len();
            let first = 1 + text[..start].matches('\n').count();
            if keep(from, to) {
                lines.extend(first..=first + inner.trim_end().matches('\n').count());
            }
        }
        lines.sort_unstable();
        lines.dedup();
        Ok(lines)
    }

    /// Its file's text after the edits.
    ///
    /// # Errors
    /// If one is not there exactly once, or two of them overlap.
    pub fn apply(&self, lesson: &Lesson) -> Result<String> {
        let mut text = self.file(lesson)?.text.clone();
        let spans = self.spans(lesson)?.into_iter();
        let mut edits: Vec<_> = spans.zip(self.edits.iter().map(|(_, to)| to)).collect();
        edits.sort_by_key(|(span, _)| span.start);
        let apart = edits.is_sorted_by(|(one, _), (other, _)| one.end <= other.start);
        ensure!(apart, "{}: two edits overlap", self.name.en);
        for (span, to) in edits.into_iter().rev() {
            text.replace_range(span, to);
        }
        Ok(text)
    }

    fn file<'a>(&self, lesson: &'a Lesson) -> Result<&'a File> {
        let file = lesson.to_trust().iter().find(|file| file.name == self.file);
        file.with_context(|| format!("{}: there is no {}", self.name.en, self.file))
    }
}

/// Where `wanted` stands in `text`; any white space in it is any white space there, and so is a
/// comment that it does not name.
///
/// # Errors
/// If it is not there exactly once.
pub fn find(text: &str, wanted: &str) -> Result<Range<usize>> {
    let (wanted, _) = one_blank(wanted, true);
    for comments in [true, false] {
        let (text, places) = one_blank(text, comments);
        let mut found = text.match_indices(&*wanted);
        if let Some((first, _)) = found.next() {
            ensure!(found.next().is_none(), "it has {wanted:?} more than once");
            return Ok(places[first]..places[first + wanted.len()]);
        }
    }
    bail!("it has no {wanted:?}")
}

/// The text with one blank for any white space, with or without its comments, and for each of its
/// bytes the place in the text.
fn one_blank(text: &str, comments: bool) -> (String, Vec<usize>) {
    let (mut short, mut places) = (String::new(), Vec::new());
    let mut in_comment = false;
    for (place, c) in text.char_indices() {
        let starts = !comments && short.ends_with(' ') && text[place..].starts_with("//");
        in_comment = (in_comment || starts) && c != '\n';
        if !c.is_whitespace() && !in_comment {
            short.push(c);
            places.extend(place..place + c.len_utf8());
        } else if !short.ends_with(' ') || places.is_empty() {
            short.push(' ');
            places.push(place);
        }
    }
    places.push(text.len());
    (short, places)
}

/// How much of two lines is the same, if one is only a change of the other.
const CHANGED: f32 = 0.75;

/// The lines of code that `main` adds to the tutorial's version, with their numbers and places: those
/// that it has more often, and that are no small change of a line there. Left out: `use`, `Args` and
/// its destructuring, brackets and `Ok(())`.
fn added<'a>(main: &'a File, tutorial: &'a [File]) -> Vec<(usize, &'a str, Range<usize>)> {
    let lines = tutorial.iter().flat_map(|file| code::lines("rust", &file.text));
    let mut there: Vec<_> = lines.map(|(_, line)| words(line)).collect();
    let mut starts = vec![0];
    starts.extend(main.text.match_indices('\n').map(|(place, _)| place + 1));
    let place = |number: usize, line: &str| {
        let start = starts[number - 1];
        start + line.len() - line.trim_start().len()..start + line.len()
    };
    let mut added = own_lines(main);
    added.retain(|(_, line)| match there.iter().position(|other| *other == words(line)) {
        Some(same) => {
            there.swap_remove(same);
            false
        }
        None => true,
    });
    added.retain(|(_, line)| {
        let ratio = |other: &&str| diff::ratio(other, words(line));
        match (0..there.len()).max_by_key(|&other| ratio(&there[other]).to_bits()) {
            Some(most) if ratio(&there[most]) >= CHANGED => {
                there.swap_remove(most);
                false
            }
            _ => true,
        }
    });
    added.into_iter().map(|(number, line)| (number, line, place(number, line))).collect()
}

/// A line without its indentation and the comment behind it.
fn words(line: &str) -> &str {
    line.split_once(" // ").map_or(line, |(line, _)| line).trim()
}

/// The lines of code that could be guards.
fn own_lines(main: &File) -> Vec<(usize, &str)> {
    let (mut own, mut attributes) = (Vec::new(), Vec::new());
    // What ends the item that is passed over.
    let mut until = "";
    for (number, line) in code::lines("rust", &main.text) {
        if !until.is_empty() {
            if line.ends_with(until) {
                until = "";
            }
        } else if line.starts_with("#[") {
            attributes.push((number, line)); // of what stands below it, which may be `Args`
        } else if attributes.iter().any(|(_, line)| line.contains("Parser")) {
            attributes.clear();
            until = "}";
        } else if line.starts_with("use ") || line.trim().starts_with("let Args {") {
            until = if line.ends_with(';') { "" } else { ";" };
        } else {
            own.append(&mut attributes);
            let line_words = words(line);
            if line_words.contains(char::is_alphanumeric) && line_words != "Ok(())" {
                own.push((number, line));
            }
        }
    }
    own
}
