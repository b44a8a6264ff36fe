//! `cargo lesson`: the reader's companion. One file for each command.

use clap::{Parser, Subcommand};
use course::Course;
use netcommon::Report;

mod bench;
mod book;
mod commands;
mod diff;
mod explain;
mod first;
mod grade;
mod guards;
mod judge;
mod list;
mod mutants;
mod next;
mod progress;
mod session;
mod start;
mod sync;
mod terminal;
mod tour;
mod watch;
mod words;

/// Helps you through the lessons: what to do, how far you are, what a lesson changes
#[derive(Parser)]
#[command(name = "cargo lesson", bin_name = "cargo lesson", after_help = MAINTAIN)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What `--help` says apart, since a reader needs none of it.
const MAINTAIN: &str = "\
For those who maintain the project:
  sync             Writes the generated parts of the pages
  guards --check   Takes each guard out, and looks whether a test fails
  guards --record  The same, and writes down what the tests say
  bench --pages    Writes the tables of the pages on the benchmark";

#[derive(Subcommand)]
enum Command {
    Next(next::Next),
    List(list::List),
    Start(start::Start),
    Grade(grade::Grade),
    Diff(diff::Diff),
    Guards(guards::List),
    Tour(tour::Tour),
    Bench(bench::Bench),
    Book(book::Book),
    #[command(hide = true)]
    Sync(sync::Sync),
}

fn main() -> Result<(), Report> {
    let args = Args::parse();
    let course = Course::read()?;
    match args.command {
        Command::Next(next) => next.run(&course)?,
        Command::List(list) => list.run(&course)?,
        Command::Start(start) => start.run(&course)?,
        Command::Grade(grade) => grade.run(&course)?,
        Command::Diff(diff) => diff.run(&course)?,
        Command::Guards(guards) => guards.run(&course)?,
        Command::Tour(tour) => tour.run(&course)?,
        Command::Bench(bench) => bench.run(&course)?,
        Command::Book(book) => book.run(&course)?,
        Command::Sync(sync) => sync.run(&course)?,
    }
    Ok(())
}
