//! `cargo lesson tour`: both terminals beside each other.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use console::{Alignment, Style, pad_str};

use course::run::{self, Built, Exchange};
use course::{Course, Lesson};

use crate::terminal;

/// Runs lessons for real, both halves, and shows who said what and when
#[derive(clap::Args)]
pub(crate) struct Tour {
    /// The lessons; all of them by default
    lessons: Vec<String>,
}

impl Tour {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let built = run::programs(course)?;
        let mut summary = String::new();
        let mut seen = Vec::new();
        for lesson in course.choose(&self.lessons)? {
            let programs: Vec<_> =
                lesson.about.terminals.iter().map(|t| (&t.run, &t.args)).collect();
            if seen.contains(&programs) {
                continue; // two lessons are the two halves of one exchange
            }
            let start = Instant::now();
            let lines = show(course, lesson, &built)?;
            seen.push(programs);
            let tick = Style::new().green().apply_to("✓");
            let seconds = start.elapsed().as_secs_f64();
            writeln!(summary, "{tick} {:20} {lines} lines in {seconds:.1} s", lesson.name)?;
        }
        terminal::print(summary.trim_end())
    }
}

fn show(course: &Course, lesson: &Lesson, built: &[Built]) -> Result<usize> {
    let bold = Style::new().bold();
    let title = format!("{}. {}: {}", lesson.about.number, lesson.name, lesson.about.idea.en);
    terminal::print(&bold.apply_to(title).to_string())?;
    let Exchange { commands, events, .. } = run::record(course, lesson, built)?;
    let column = (usize::from(terminal::width().max(40)) - 8) / commands.len().max(1) - 3;
    let row = |time: &str, cells: &[String]| {
        let fill = |cell| pad_str(cell, column, Alignment::Left, Some("…")).into_owned();
        let cells: Vec<_> = cells.iter().map(|cell| fill(cell)).collect();
        terminal::print(format!("{time:>7} │ {}", cells.join(" │ ")).trim_end())
    };
    row("", &commands.iter().map(|command| format!("$ {command}")).collect::<Vec<_>>())?;
    for event in &events {
        let mut time = format!("{:.2} s", event.time.as_secs_f64());
        for text in terminal::wrap(event.text.trim_end(), column) {
            let mut cells = vec![String::new(); commands.len()];
            text.clone_into(&mut cells[event.terminal]);
            row(&time, &cells)?;
            time.clear(); // a long line goes on in the next row
        }
    }
    terminal::print("")?;
    Ok(events.len())
}
