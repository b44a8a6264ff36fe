//! `cargo lesson bench`: the lessons beside programs in C and Python, by turns in one run.
//!
//! One file for each load; `peers.rs` runs the programs, `report.rs` shows the numbers.
#![expect(clippy::cast_precision_loss, reason = "counts and sizes here are far below 2^52")]

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use course::{Course, Lesson};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use netcommon::Report;
use peers::Tools;
use report::Bench;

mod bulk;
mod datagrams;
mod decoding;
mod dialogue;
mod fetch;
mod limits;
mod peers;
mod report;
mod startup;

/// Rounds that count; one more goes before them, to fill the caches.
const ROUNDS: usize = 5;
/// No round begins that would end later.
const LIMIT: Duration = Duration::from_secs(390);

/// Measures the lessons beside programs in C and Python, by turns in one run
///
/// Numbers depend on the machine, and on what else it does: close other programs. All peers that
/// are here take part (a C compiler, Python 3, curl, iconv); a missing one is named.
#[derive(Parser)]
#[command(name = "cargo lesson bench", bin_name = "cargo lesson bench")]
struct Args {
    /// Names of lessons; all that are measured by default
    lessons: Vec<String>,
    /// All numbers as JSON, for programs
    #[arg(long)]
    json: bool,
    /// One short round: shows that all of it works, and measures nothing
    #[arg(long)]
    quick: bool,
    /// Writes the tables into docs/benchmark.md and docs/benchmark.zh-CN.md, too
    #[arg(long, conflicts_with_all = ["quick", "lessons"])]
    pages: bool,
    /// Be the cheapest possible peer
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true)]
    peer: Vec<String>,
}

fn main() -> Result<(), Report> {
    let args = Args::parse();
    if let [peer, words @ ..] = &args.peer[..] {
        return Ok(limits::run(peer, words)?);
    }
    let course = Course::read()?;
    let lessons = choose(&course, &args.lessons)?;
    let tools = Tools::new(&course, &lessons, args.quick)?;
    let mut benches = benches(&tools, &lessons)?;
    let start = Instant::now();
    run(&tools, &mut benches);
    report::show(&benches, &tools.notes.borrow(), start.elapsed(), args.json)?;
    if args.pages {
        report::write_pages(&course, &benches)?;
    }
    Ok(())
}

/// The lessons of these names, or all, that are measured.
fn choose<'a>(course: &'a Course, names: &[String]) -> Result<Vec<&'a Lesson>> {
    let mut lessons = course.choose(names)?;
    lessons.retain(|lesson| !lesson.about.bench.is_empty());
    let measured = course.lessons.iter().filter(|lesson| !lesson.about.bench.is_empty());
    let measured: Vec<_> = measured.map(|lesson| &*lesson.name).collect();
    ensure!(!lessons.is_empty(), "only these lessons are measured: {}", measured.join(", "));
    Ok(lessons)
}

/// What their manifests say is measured of `lessons`.
fn benches<'a>(tools: &'a Tools, lessons: &[&'a Lesson]) -> Result<Vec<Bench<'a>>> {
    let mut benches = Vec::new();
    // The steps of the ladder are one table.
    let ladder = |lesson: &&&Lesson| lesson.about.bench.iter().any(|key| key == "ladder");
    let steps: Vec<_> = lessons.iter().filter(ladder).copied().collect();
    if !steps.is_empty() {
        benches.push(dialogue::ladder(tools, &steps)?);
    }
    for lesson in lessons {
        for key in lesson.about.bench.iter().filter(|key| *key != "ladder") {
            benches.push(match key.as_str() {
                "dialogue" => dialogue::bench(tools, lesson)?,
                "fetch" => fetch::bench(tools, lesson)?,
                "datagrams" => datagrams::bench(tools, lesson)?,
                "decoding" => decoding::bench(tools)?,
                "bulk" => bulk::bench(tools, lesson)?,
                "startup" => startup::bench(tools, lesson)?,
                _ => bail!("the manifest of {} names an unknown bench {key:?}", lesson.name),
            });
        }
    }
    benches.sort_by_key(|bench| bench.key == "startup"); // its rows share a table, the last one
    Ok(benches)
}

/// Measures all peers of all benches by turns, round after round.
fn run(tools: &Tools, benches: &mut [Bench<'_>]) {
    let rounds = if tools.quick { 1 } else { ROUNDS + 1 };
    let bar = progress(rounds * benches.iter().map(|bench| bench.peers.len()).sum::<usize>());
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    for round in 0..rounds {
        if start.elapsed() + longest > LIMIT {
            tools.note(format!("the time was up after {} of {ROUNDS} rounds", round - 1));
            break;
        }
        let round_start = Instant::now();
        for bench in &mut *benches {
            if round == 1 {
                bench.forget();
            }
            for turn in 0..bench.peers.len() {
                bench.measure((turn + round) % bench.peers.len()); // each is the first one in turn
                bar.inc(1);
            }
        }
        longest = longest.max(round_start.elapsed());
    }
    bar.finish_and_clear();
}

/// A bar on standard error, if that is a terminal.
fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len}, {eta} left") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}
