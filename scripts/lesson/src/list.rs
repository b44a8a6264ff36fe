//! `cargo lesson list`: the lessons in their order, and what the reader has done.

use anyhow::Result;
use console::{Style, measure_text_width};
use course::Course;

use crate::progress::Progress;
use crate::terminal;
use crate::words::Speak;

/// The lessons in their order, and what you have done of them
#[derive(clap::Args)]
pub(crate) struct List {
    /// As JSON, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    speak: Speak,
}

/// The columns that a new idea gets at least, or each lesson takes several lines.
const LEAST: usize = 24;
/// The column for what a lesson follows is left out in a terminal that is narrower.
const WIDE: usize = 100;

impl List {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        if self.json {
            return terminal::print(&serde_json::to_string_pretty(&course.lessons)?);
        }
        let language = self.speak.language();
        let progress = Progress::read(course)?;
        let titles = language.pick(
            ["", "Lesson", "New idea", "Follows", "Article"],
            ["", "课程", "新内容", "对比", "文章"],
        );
        let mut table = vec![titles.map(String::from)];
        for lesson in &course.lessons {
            let about = &lesson.about;
            table.push([
                format!("{} {:>2}", progress.mark(lesson), about.number),
                lesson.name.clone(),
                language.of(&about.idea).to_owned(),
                about.follows.clone().unwrap_or_else(|| "–".into()),
                lesson.article().unwrap_or("–").to_owned(),
            ]);
        }
        terminal::print(&lines(&table, terminal::width()).join("\n"))?;
        terminal::say(language.pick(
            "\n✓ the dialogue works   ★ all requirements are met\n`cargo lesson next` says what to do now.",
            "\n✓ 对话已通过   ★ 全部要求已通过\n运行 `cargo lesson next` 查看下一步。",
        ))
    }
}

/// The table as it fits into so many columns. The names stay whole.
fn lines(table: &[[String; 5]], width: usize) -> Vec<String> {
    let widest = |column: usize| {
        let cells = table.iter().map(|row| measure_text_width(&row[column]));
        cells.max().unwrap_or(0)
    };
    let shown: &[usize] = if width < WIDE { &[0, 1, 2, 4] } else { &[0, 1, 2, 3, 4] };
    let others: usize = shown.iter().filter(|&&it| it != 2).map(|&it| widest(it) + 2).sum();
    let mut page = Vec::new();
    if width < others + LEAST {
        for [number, name, idea, _, article] in &table[1..] {
            page.push(format!("{number} {name}"));
            for text in [idea, &format!("{} {article}", table[0][4])] {
                for piece in terminal::wrap(text, width.saturating_sub(5).max(LEAST / 3)) {
                    page.push(format!("     {piece}"));
                }
            }
        }
        return page;
    }
    for (number, row) in table.iter().enumerate() {
        let wide = |it: usize| if it == 2 { width - others } else { widest(it) };
        let cells: Vec<_> = shown.iter().map(|&it| (row[it].as_str(), wide(it))).collect();
        for cells in terminal::rows(&cells) {
            let line = cells.join("  ");
            let style = if number == 0 { Style::new().bold() } else { Style::new() };
            page.push(style.apply_to(line.trim_end()).to_string());
        }
    }
    page
}
