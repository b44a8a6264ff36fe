//! `cargo lesson`: the reader's companion. One file for each command.

use clap::{Parser, Subcommand};
use course::Course;
use netcommon::Report;

mod bench;
mod book;
mod diff;
mod grade;
mod guards;
mod judge;
mod list;
mod mutants;
mod sync;
mod terminal;
mod tour;
mod words;

/// Compares the lessons, shows them run, and judges your own attempt.
#[derive(Parser)]
#[command(name = "cargo lesson", bin_name = "cargo lesson")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::List),
    Diff(diff::Diff),
    Guards(guards::List),
    Tour(tour::Tour),
    Grade(grade::Grade),
    Bench(bench::Bench),
    Book(book::Book),
    Sync(sync::Sync),
}

fn main() -> Result<(), Report> {
    let args = Args::parse();
    let course = Course::read()?;
    match args.command {
        Command::List(list) => list.run(&course)?,
        Command::Diff(diff) => diff.run(&course)?,
        Command::Guards(guards) => guards.run(&course)?,
        Command::Tour(tour) => tour.run(&course)?,
        Command::Grade(grade) => grade.run(&course)?,
        Command::Bench(bench) => bench.run(&course)?,
        Command::Book(book) => book.run(&course)?,
        Command::Sync(sync) => sync.run(&course)?,
    }
    Ok(())
}
