//! `cargo lesson diff`: what a lesson changes in the one that it follows.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use console::{Alignment, Style, pad_str};
use similar::{ChangeTag, DiffOp, TextDiff};

use crate::lessons::{Course, Lesson};
use crate::terminal;

/// What a lesson changes in the one that it follows, or in another one
#[derive(clap::Args)]
pub(crate) struct Diff {
    /// The lesson to look at: its name or number
    lesson: String,
    /// The one to compare it with, in place of the one that it follows
    other: Option<String>,
    /// Compare the reader's own file with the lesson's program
    #[arg(long, value_name = "FILE", conflicts_with_all = ["other", "all"])]
    mine: Option<PathBuf>,
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

impl Diff {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lesson = course.find(&self.lesson)?;
        let mut page = String::new();
        if let Some(mine) = &self.mine {
            let main = lesson.folder.join("src/main.rs");
            self.compare(&mut page, &read(&main)?, &read(mine)?, &mine.display().to_string())?;
        } else {
            let before = self.other.as_ref().or(lesson.about.follows.as_ref());
            let before = before.map(|name| course.find(name)).transpose()?;
            for file in self.files(course, lesson, before)? {
                let old = before.map(|before| read_or_nothing(&place(course, before, &file)));
                let new = read_or_nothing(&place(course, lesson, &file));
                self.compare(&mut page, &old.unwrap_or_default(), &new, &file)?;
            }
        }
        if page.is_empty() {
            page = "no difference".into();
        }
        terminal::page(page.trim_end())
    }

    /// The files that either lesson has, by their names in it.
    fn files(
        &self,
        course: &Course,
        lesson: &Lesson,
        before: Option<&Lesson>,
    ) -> Result<Vec<String>> {
        let mut files = BTreeSet::new();
        for lesson in [Some(lesson), before].into_iter().flatten() {
            for entry in fs::read_dir(lesson.folder.join("src"))? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if name != "tests.rs" || self.all {
                    files.insert(format!("src/{name}"));
                }
            }
        }
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort_by_key(|file| file != "src/main.rs");
        if self.all {
            files.extend(["Cargo.toml".into(), "tests".into()]);
        }
        files.retain(|file| place(course, lesson, file).exists() || before.is_some());
        Ok(files)
    }

    fn compare(&self, page: &mut String, old: &str, new: &str, title: &str) -> Result<()> {
        let diff = TextDiff::from_lines(old, new);
        if old == new {
            return Ok(());
        }
        writeln!(page, "{}", Style::new().bold().apply_to(title))?;
        for (number, group) in diff.grouped_ops(3).iter().enumerate() {
            if number > 0 {
                writeln!(page, "{}", Style::new().dim().apply_to("⋯"))?;
            }
            if self.side_by_side {
                columns(page, &diff, group)?;
            } else {
                self.unified(page, &diff, group)?;
            }
        }
        Ok(())
    }

    fn unified(
        &self,
        page: &mut String,
        diff: &TextDiff<'_, '_, str>,
        group: &[DiffOp],
    ) -> Result<()> {
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
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

/// The difference between two texts, as a terminal shows it; nothing if there is none.
pub(crate) fn unified(old: &str, new: &str, title: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    format!("{title}\n{}", diff.unified_diff().context_radius(1))
}

/// Two columns: the old lines on the left, the new ones on the right.
fn columns(page: &mut String, diff: &TextDiff<'_, '_, str>, group: &[DiffOp]) -> Result<()> {
    let half = usize::from(terminal::width()).saturating_sub(3) / 2;
    for op in group {
        let old: Vec<_> = op.old_range().filter_map(|line| diff.old_slice(line)).collect();
        let new: Vec<_> = op.new_range().filter_map(|line| diff.new_slice(line)).collect();
        let equal = op.tag() == similar::DiffTag::Equal;
        for row in 0..old.len().max(new.len()) {
            let left = terminal::wrap(old.get(row).map_or("", |line| line.trim_end()), half);
            let right = terminal::wrap(new.get(row).map_or("", |line| line.trim_end()), half);
            for piece in 0..left.len().max(right.len()) {
                let cell = |pieces: &[&str], style: Style| {
                    let text = pieces.get(piece).copied().unwrap_or_default();
                    let text = pad_str(text, half, Alignment::Left, None);
                    if equal { text.into_owned() } else { style.apply_to(text).to_string() }
                };
                let (left, right) =
                    (cell(&left, Style::new().red()), cell(&right, Style::new().green()));
                writeln!(page, "{left} │ {}", right.trim_end())?;
            }
        }
    }
    Ok(())
}

fn place(course: &Course, lesson: &Lesson, file: &str) -> PathBuf {
    match file {
        "tests" => course.root.join(format!("tests/{}.rs", lesson.name)),
        file => lesson.folder.join(file),
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn read_or_nothing(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
