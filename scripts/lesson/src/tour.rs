//! `cargo lesson tour`: both terminals beside each other.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::Result;
use console::Style;

use course::run::{self, Built, Event, Exchange, Version};
use course::{Course, Lesson};

use crate::terminal;

/// Runs lessons for real, both halves, and shows who said what and when
#[derive(clap::Args)]
pub(crate) struct Tour {
    /// The lessons; all of them by default
    lessons: Vec<String>,
}

/// The columns that a terminal gets at least, or they are shown in one column.
const LEAST: usize = 24;

impl Tour {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let mut lessons = course.choose(&self.lessons)?;
        lessons.retain(|lesson| !lesson.about.terminals.is_empty()); // it would need the internet
        let terminals = lessons.iter().flat_map(|lesson| &lesson.about.terminals);
        let programs = terminals.filter_map(|terminal| terminal.run.split(' ').next());
        let packages: Vec<_> = programs.flat_map(|name| ["--package", name]).collect();
        terminal::build(course.cargo().args(["build", "--bins"]).args(&packages))?;
        let built = run::build(course.cargo().args(["build", "--bins"]).args(&packages))?;
        let mut summary = String::new();
        let mut seen = Vec::new();
        for lesson in lessons {
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
            let line = format!("{tick} {}: {lines} lines in {seconds:.1} s", lesson.name);
            for piece in terminal::wrap(&line, terminal::width()) {
                writeln!(summary, "{piece}")?;
            }
        }
        terminal::print(summary.trim_end())
    }
}

fn show(course: &Course, lesson: &Lesson, built: &[Built]) -> Result<usize> {
    let bold = Style::new().bold();
    let title = format!("{}. {}: {}", lesson.about.number, lesson.name, lesson.about.idea.en);
    for piece in terminal::wrap(&title, terminal::width()) {
        terminal::print(&bold.apply_to(piece).to_string())?;
    }
    let Exchange { commands, events, .. } = run::record(course, lesson, built, Version::ToTrust)?;
    let (width, terminals) = (terminal::width(), commands.len());
    // The time takes 7 columns, and the bar before each terminal 3.
    let column = width.saturating_sub(7 + 3 * terminals) / terminals;
    if column < LEAST {
        below_each_other(&commands, &events, width)?;
    } else {
        beside_each_other(&commands, &events, column)?;
    }
    Ok(events.len())
}

fn beside_each_other(commands: &[String], events: &[Event], column: usize) -> Result<()> {
    let print = |time: &str, cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| (cell.as_str(), column)).collect();
        let rows = terminal::rows(&cells);
        rows.iter().enumerate().try_for_each(|(number, cells)| {
            let time = if number == 0 { time } else { "" }; // a long line goes on in the next row
            terminal::print(format!("{time:>7} │ {}", cells.join(" │ ")).trim_end())
        })
    };
    print("", &commands.iter().map(|command| format!("$ {command}")).collect::<Vec<_>>())?;
    for event in events {
        let mut cells = vec![String::new(); commands.len()];
        event.text.trim_end().clone_into(&mut cells[event.terminal]);
        print(&format!("{:.2} s", event.time.as_secs_f64()), &cells)?;
    }
    terminal::print("")
}

/// In a narrow terminal: a line is marked with the number of the terminal that shows it.
fn below_each_other(commands: &[String], events: &[Event], width: usize) -> Result<()> {
    let print = |terminal: usize, text: &str| {
        let mut mark = format!("{}│ ", terminal + 1);
        terminal::wrap(text, width.saturating_sub(3).max(1)).iter().try_for_each(|piece| {
            let line = format!("{mark}{piece}");
            mark = " │ ".into();
            terminal::print(&line)
        })
    };
    for (terminal, command) in commands.iter().enumerate() {
        print(terminal, &format!("$ {command}"))?;
    }
    events.iter().try_for_each(|event| print(event.terminal, event.text.trim_end()))?;
    terminal::print("")
}
