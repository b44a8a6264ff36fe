//! `cargo lesson diff`: what a lesson changes in the one that it follows, and what its version to
//! trust adds to the tutorial's version.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use console::{Alignment, Style, pad_str};
use course::diff::{self, ChangeTag, DiffOp, DiffTag, TextDiff};
use course::guards::Guards;
use course::{Course, File, Lesson};

use crate::terminal;

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
    /// Compare your own file, in Rust or Python, with the tutorial's version
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

/// Two texts to compare, and what is said above the new lines of the second.
#[derive(Default)]
struct Pair {
    title: String,
    old: String,
    new: String,
    /// By the number of the line in `new`, from 0: what it is a part of.
    labels: Vec<Vec<String>>,
}

impl Diff {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let lesson = course.find(&self.lesson)?;
        let pairs = if let Some(mine) = &self.mine {
            vec![mine_beside(lesson, mine)?]
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
            page = "no difference".into();
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

    fn compare(&self, page: &mut String, pair: &Pair) -> Result<()> {
        let diff = diff::of(&pair.old, &pair.new);
        if pair.old == pair.new {
            return Ok(());
        }
        if !self.plain {
            writeln!(page, "{}", Style::new().bold().apply_to(&pair.title))?;
        }
        let mut said = &Vec::new();
        for (number, group) in diff.grouped_ops(3).iter().enumerate() {
            if number > 0 && !self.plain {
                writeln!(page, "{}", Style::new().dim().apply_to("⋯"))?;
            }
            for op in group {
                if !self.side_by_side {
                    self.unified(page, &diff, op, pair, &mut said)?;
                    continue;
                }
                for line in op.new_range().filter(|_| op.tag() != DiffTag::Equal) {
                    label(page, pair, line, &mut said)?;
                }
                columns(page, &diff, op)?;
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

/// The reader's own file beside the one of the tutorial's version that is most like it.
fn mine_beside(lesson: &Lesson, mine: &Path) -> Result<Pair> {
    let text = fs::read_to_string(mine);
    let text = text.with_context(|| format!("cannot read {}", mine.display()))?;
    let python = mine.extension().is_some_and(|kind| kind == "py");
    let files = if python { lesson.python() } else { lesson.to_compare() };
    let new = diff::without_header(&text).replace("\r\n", "\n");
    let most = files.iter().max_by_key(|file| diff::of(file.code(), &new).ratio().to_bits());
    let old = most.with_context(|| format!("{} has no version in Python", lesson.name))?;
    Ok(Pair { title: mine.display().to_string(), old: old.code().into(), new, ..Pair::default() })
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
    Ok(Pair { title: main.path.clone(), old, new: new.into(), labels: labels.split_off(header) })
}

/// Two columns: the old lines on the left, the new ones on the right.
fn columns(page: &mut String, diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Result<()> {
    let half = usize::from(terminal::width()).saturating_sub(3) / 2;
    let old: Vec<_> = op.old_range().filter_map(|line| diff.old_slice(line)).collect();
    let new: Vec<_> = op.new_range().filter_map(|line| diff.new_slice(line)).collect();
    let equal = op.tag() == DiffTag::Equal;
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
    Ok(())
}
