//! `cargo lesson diff`: what a lesson changes in the one that it follows, and what its version to
//! trust adds to the tutorial's version.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use console::Style;
use course::diff::{self, ChangeTag, DiffOp, DiffTag, TextDiff};
use course::guards::Guards;
use course::{Course, File, Lesson};

use crate::progress::{self, Half};
use crate::terminal;
use crate::words::Language;

/// What a lesson changes in the tutorial's version of the one that it follows
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Diff {
    /// The lesson to look at: its name or number
    lesson: String,
    /// The one to compare it with, in place of the one that it follows
    other: Option<String>,
    /// What the version to trust adds to the tutorial's version, guard by guard
    #[arg(long, conflicts_with_all = ["other", "mine", "all"])]
    guards: bool,
    /// Compare your own program with the tutorial's version: this file, or the one in mine/
    #[arg(long, value_name = "FILE", conflicts_with_all = ["other", "all"])]
    #[expect(clippy::option_option, reason = "so clap says that the value can be left out")]
    mine: Option<Option<PathBuf>>,
    /// Which half of lesson 6
    #[arg(long, value_enum, conflicts_with_all = ["guards", "all"])]
    half: Option<Half>,
    /// The tests and the manifest too
    #[arg(long)]
    all: bool,
    /// In two columns, as wide as the terminal
    #[arg(long, conflicts_with = "plain")]
    side_by_side: bool,
    /// The new lines as they stand, to copy: no + and -, no deleted lines
    #[arg(long)]
    plain: bool,
}

/// Two texts to compare, and what is said above the new lines of the second.
#[derive(Default)]
struct Pair {
    title: String,
    old: String,
    new: String,
    /// By the number of the line in `new`, from 0: what it is a part of.
    labels: Vec<Vec<String>>,
    /// What the lines do not show.
    notes: Vec<String>,
}

/// The columns that a side gets at least, or the lines are shown below each other.
const LEAST: usize = 24;

impl Diff {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lesson = course.find(&self.lesson)?;
        let pairs = if let Some(mine) = &self.mine {
            vec![self.mine_beside(course, lesson, mine.as_deref())?]
        } else if self.guards {
            vec![guarded(course, lesson)?]
        } else {
            self.lessons(course, lesson)?
        };
        let mut page = String::new();
        for pair in pairs {
            self.compare(&mut page, &pair)?;
        }
        if page.is_empty() {
            page = "no difference\n".into();
        }
        terminal::page(page.trim_end())
    }

    fn lessons(&self, course: &Course, lesson: &Lesson) -> Result<Vec<Pair>> {
        let before = match &self.other {
            Some(other) => Some(course.find(other)?),
            None => course.before(lesson)?,
        };
        let files = match before {
            Some(before) => Course::compared(lesson, before),
            None => lesson.to_compare().iter().map(|file| (None, file)).collect(),
        };
        let mut pairs = Vec::new();
        for (old, new) in files {
            if self.half.is_some_and(|half| !new.stem().ends_with(half.word())) {
                continue;
            }
            let old = old.map_or("", File::code).to_owned();
            pairs.push(Pair {
                title: new.path.clone(),
                old,
                new: new.code().into(),
                ..Pair::default()
            });
        }
        if self.all {
            for file in [|it: &Lesson| format!("crates/{}/Cargo.toml", it.name), Lesson::tests] {
                let old = before.map(|before| course.text(&file(before))).transpose()?;
                let title = file(lesson);
                let new = course.text(&title)?;
                pairs.push(Pair { title, old: old.unwrap_or_default(), new, ..Pair::default() });
            }
        }
        Ok(pairs)
    }

    /// The reader's own file beside the tutorial's version in the same language.
    fn mine_beside(&self, course: &Course, lesson: &Lesson, mine: Option<&Path>) -> Result<Pair> {
        let mine = if let Some(file) = mine {
            file.to_owned()
        } else {
            let language = Language::of_locale();
            let half = progress::chosen(lesson, self.half, language)?;
            let option = progress::option(half);
            progress::source(course, lesson, half).with_context(|| {
                let name = &lesson.name;
                format!("you have not begun it: cargo lesson start {name}{option}")
            })?
        };
        let text = fs::read(&mine).with_context(|| format!("cannot read {}", mine.display()))?;
        let mut notes = unseen(&text);
        let kind = mine.extension().unwrap_or_default().to_string_lossy();
        let files = if kind == "py" { lesson.python() } else { lesson.to_compare() };
        if kind != "py" && kind != "rs" {
            notes.insert(0, format!("compared with Rust: there is no version in .{kind} files"));
        }
        let text = as_seen(&text);
        let new = diff::without_header(&text).to_owned();
        // Lesson 6 has two files: the half that was said, or the one that is most like it.
        let is_half = |file: &&File| self.half.is_none_or(|it| file.stem().ends_with(it.word()));
        let most = files
            .iter()
            .filter(is_half)
            .max_by_key(|file| diff::of(file.code(), &new).ratio().to_bits());
        let old = most.with_context(|| format!("{} has no version in Python", lesson.name))?;
        let title = format!("{} beside {}", progress::shown(&mine), old.path);
        Ok(Pair { title, old: old.code().into(), new, notes, ..Pair::default() })
    }

    fn compare(&self, page: &mut String, pair: &Pair) -> Result<()> {
        let diff = diff::of(&pair.old, &pair.new);
        if pair.old == pair.new && pair.notes.is_empty() {
            return Ok(());
        }
        if !self.plain {
            writeln!(page, "{}", Style::new().bold().apply_to(&pair.title))?;
            for note in &pair.notes {
                writeln!(page, "{}", Style::new().cyan().apply_to(format!("── {note}")))?;
            }
        }
        let mut said = &Vec::new();
        for (number, group) in diff.grouped_ops(3).iter().enumerate() {
            if number > 0 && !self.plain {
                writeln!(page, "{}", Style::new().dim().apply_to("⋯"))?;
            }
            for op in group {
                // Each side gets half of what the bar between them leaves.
                let half = terminal::width().saturating_sub(3) / 2;
                if !self.side_by_side || half < LEAST {
                    self.unified(page, &diff, op, pair, &mut said)?;
                    continue;
                }
                for line in op.new_range().filter(|_| op.tag() != DiffTag::Equal) {
                    label(page, pair, line, &mut said)?;
                }
                columns(page, &diff, op, half)?;
            }
        }
        Ok(())
    }

    fn unified<'a>(
        &self,
        page: &mut String,
        diff: &TextDiff<'_, '_, str>,
        op: &DiffOp,
        pair: &'a Pair,
        said: &mut &'a Vec<String>,
    ) -> Result<()> {
        for change in diff.iter_inline_changes(op) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ("-", Style::new().red()),
                ChangeTag::Insert => ("+", Style::new().green()),
                ChangeTag::Equal => (" ", Style::new()),
            };
            if self.plain {
                if change.tag() == ChangeTag::Delete {
                    continue;
                }
            } else {
                if let (ChangeTag::Insert, Some(line)) = (change.tag(), change.new_index()) {
                    label(page, pair, line, said)?;
                }
                write!(page, "{}", style.apply_to(sign))?;
            }
            for (changed, text) in change.iter_strings_lossy() {
                let style = if changed { style.clone().bold().underlined() } else { style.clone() };
                write!(page, "{}", style.apply_to(text.trim_end_matches('\n')))?;
            }
            writeln!(page)?;
        }
        Ok(())
    }
}

/// What cannot be seen in a text's lines, in which it differs from ours.
fn unseen(text: &[u8]) -> Vec<String> {
    let count = |end: &[u8]| text.windows(end.len()).filter(|it| *it == end).count();
    let (all, with_cr) = (count(b"\n"), count(b"\r\n"));
    let tabs = text.split(|byte| *byte == b'\n').filter(|line| line.contains(&b'\t')).count();
    let notes = [
        (std::str::from_utf8(text).is_err(), "it is not in UTF-8: save it as UTF-8".to_owned()),
        (text.starts_with("\u{feff}".as_bytes()), "it begins with a byte order mark".into()),
        (with_cr > 0 && with_cr == all, "line ends differ: CR LF in yours, LF in ours".into()),
        (0 < with_cr && with_cr < all, format!("{with_cr} of {all} line ends are CR LF, not LF")),
        (tabs > 0, format!("{tabs} lines have tabs, where ours have blanks")),
        (!text.ends_with(b"\n"), "no newline at the end".into()),
    ];
    notes.into_iter().filter_map(|(is_so, note)| is_so.then_some(note)).collect()
}

/// A text as it looks: with blanks for tabs, and none of what [`unseen`] tells.
fn as_seen(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\t', "    ");
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// Says above a line what it is a part of, but for what was said above the line before.
fn label<'a>(
    page: &mut String,
    pair: &'a Pair,
    line: usize,
    said: &mut &'a Vec<String>,
) -> Result<()> {
    let Some(labels) = pair.labels.get(line) else { return Ok(()) };
    for label in labels.iter().filter(|label| !said.contains(label)) {
        writeln!(page, "{}", Style::new().cyan().apply_to(format!("── {label}")))?;
    }
    *said = labels;
    Ok(())
}

/// The version to trust beside the tutorial's version.
fn guarded(course: &Course, lesson: &Lesson) -> Result<Pair> {
    let guards = Guards::read(course, lesson)?;
    let guards = guards.with_context(|| format!("{} has one version only", lesson.name))?;
    let main = &lesson.to_trust()[0];
    let mut labels = vec![Vec::new(); main.text.lines().count()];
    for (number, guard) in (1..).zip(&guards.guards) {
        let label = format!("{number}. {}", terminal::words(&guard.name));
        if guard.file != main.name {
            continue;
        }
        let mut lines = guard.lines(lesson)?;
        // What it imports goes without saying, unless that is the whole guard.
        let is_use = |line: &usize| {
            main.text.lines().nth(line - 1).is_some_and(|text| text.starts_with("use "))
        };
        if !lines.iter().all(is_use) {
            lines.retain(|line| !is_use(line));
        }
        for line in lines {
            labels[line - 1].push(label.clone());
        }
    }
    let new = main.code();
    let header = main.text.lines().count() - new.lines().count();
    let old: String = lesson.tutorial().iter().map(File::code).collect();
    ensure!(!old.is_empty(), "{} has one version only", lesson.name);
    let (title, labels) = (main.path.clone(), labels.split_off(header));
    Ok(Pair { title, old, new: new.into(), labels, ..Pair::default() })
}

/// Two columns: the old lines on the left, the new ones on the right.
fn columns(
    page: &mut String,
    diff: &TextDiff<'_, '_, str>,
    op: &DiffOp,
    half: usize,
) -> Result<()> {
    let old: Vec<_> = op.old_range().filter_map(|line| diff.old_slice(line)).collect();
    let new: Vec<_> = op.new_range().filter_map(|line| diff.new_slice(line)).collect();
    let (left, right) = match op.tag() {
        DiffTag::Equal => (Style::new(), Style::new()),
        _ => (Style::new().red(), Style::new().green()),
    };
    for row in 0..old.len().max(new.len()) {
        let line = |lines: &[&str]| {
            lines.get(row).map_or("", |line| line.trim_end()).replace('\t', "    ")
        };
        for cells in terminal::rows(&[(&line(&old), half), (&line(&new), half)]) {
            let (old, new) = (left.apply_to(&cells[0]), right.apply_to(cells[1].trim_end()));
            writeln!(page, "{}", format!("{old} │ {new}").trim_end())?;
        }
    }
    Ok(())
}
