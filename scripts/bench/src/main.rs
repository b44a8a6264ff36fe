//! `cargo lesson bench`: the lessons beside programs in C and Python, by turns in one run.
//!
//! One file for each load; `peers.rs` runs the programs, `report.rs` shows the numbers.
#![expect(clippy::cast_precision_loss, reason = "counts and sizes here are far below 2^52")]

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use netcommon::Report;
use peers::Tools;
use report::Bench;

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
const LIMIT: Duration = Duration::from_secs(270);

/// Measures the lessons beside programs in C and Python, by turns in one run
///
/// Numbers depend on the machine, and on what else it does: close other programs. All peers that
/// are here take part (a C compiler, Python 3, curl, iconv, nginx); a missing one is named.
#[derive(Parser)]
#[command(name = "cargo lesson bench", bin_name = "cargo lesson bench")]
struct Args {
    /// Names of lessons, or `netcommon` for the decoding of text; all by default
    lessons: Vec<String>,
    /// All numbers as JSON, for programs
    #[arg(long)]
    json: bool,
    /// One short round: shows that all of it works, and measures nothing
    #[arg(long)]
    quick: bool,
    /// Writes the tables into docs/benchmark.md and docs/benchmark.zh-CN.md too
    #[arg(long, conflicts_with = "quick")]
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
    let tools = Tools::new(args.quick)?;
    let names = tools.choose(&args.lessons)?;
    let mut benches = benches(&tools, &names)?;
    let start = Instant::now();
    run(&tools, &mut benches);
    report::show(&benches, &tools.notes.borrow(), start.elapsed(), args.json)?;
    if args.pages {
        report::write_pages(&tools.root, &benches)?;
    }
    Ok(())
}

/// What can be measured of the lessons of these names.
fn benches<'a>(tools: &'a Tools, names: &'a [String]) -> Result<Vec<Bench<'a>>> {
    let mut benches = Vec::new();
    for name in names {
        match name.as_str() {
            "tcp-server-threaded" => benches.push(dialogue::bench(tools)?),
            "http-fetch" => benches.push(fetch::bench(tools)?),
            "udp-bound-receiver" => benches.push(datagrams::bench(tools)),
            "netcommon" => benches.push(decoding::bench(tools)?),
            _ => {}
        }
    }
    let lessons = names.iter().filter(|name| *name != "netcommon");
    benches.extend(lessons.map(|name| startup::bench(tools, name)));
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
