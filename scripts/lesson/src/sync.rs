//! `cargo lesson sync`: writes what the pages show of the programs, from the programs.
//!
//! A comment in a page marks each such part, and this is what the marks name. What `course::parts`
//! makes from files: `lesson`, `file examples/tcp-client.rs`, `diff`, `guard "…"`, `without "…"`,
//! `other guards`, `main`, `wire`. What programs print when they are run here: `tutorial 1` and
//! `trust 1` (of the two versions; with `start`, what stands there before the next terminal begins),
//! `recorded NAME` (of `recorded/NAME.sh`). And `lessons`,
//! the table of all, `ladder`, what the servers cost and give, and the charts of the benchmark.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::{panic, thread};

use anyhow::{Context, Result, bail, ensure};
use course::run::{self, Built, Exchange, Version};
use course::{Course, Lesson, chart, diff, pages, parts, terms, wire};

use crate::{commands, terminal};

/// How many lessons are recorded at once.
const AT_ONCE: usize = 3;

/// Writes the generated parts of the pages: programs, transcripts, guards, the table of lessons
#[derive(clap::Args)]
pub(crate) struct Sync {
    /// The lessons whose pages are written; all, and the top README, by default
    lessons: Vec<String>,
    /// Write nothing; fail if a part is stale, or a page is not alike in both languages, has a link
    /// that leads nowhere, or shows code that is in no program
    #[arg(long)]
    check: bool,
    /// Only what is made without running a program
    #[arg(long)]
    quick: bool,
    /// Record also what varies from run to run, and is not compared
    #[arg(long, conflicts_with_all = ["check", "quick"])]
    record: bool,
}

impl Sync {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        if self.check && self.lessons.is_empty() {
            let mut problems = pages::check(course)?;
            problems.extend(commands::check(course)?);
            problems.extend(terms::check(course)?);
            terminal::none(&problems)?;
        }
        let built = if self.quick { Vec::new() } else { run::programs(course)? };
        let lessons = course.choose(&self.lessons)?;
        // Most of the time is waiting, so several lessons are recorded at once.
        let some = |first| -> Result<Vec<_>> {
            let own = lessons.iter().skip(first).step_by(AT_ONCE);
            own.map(|lesson| self.pages(course, lesson, &built)).collect()
        };
        let made = thread::scope(|scope| -> Result<Vec<_>> {
            let some = &some;
            let threads: Vec<_> =
                (0..AT_ONCE).map(|first| scope.spawn(move || some(first))).collect();
            let done = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
            done.collect()
        })?;
        let mut stale = 0;
        for (page, parts) in made.into_iter().flatten().flatten() {
            stale += self.update(course, &page, &parts)?;
        }
        for (page, chinese) in [("README.md", false), ("README.zh-CN.md", true)] {
            if self.lessons.is_empty() {
                let parts = BTreeMap::from([("lessons".to_owned(), table(course, chinese)?)]);
                stale += self.update(course, page, &parts)?;
            }
        }
        for (page, chinese) in
            [("docs/which-server.md", false), ("docs/which-server.zh-CN.md", true)]
        {
            if self.lessons.is_empty() && course.root.join(page).exists() {
                let parts =
                    BTreeMap::from([("ladder".to_owned(), chart::ladder(course, chinese)?)]);
                stale += self.update(course, page, &parts)?;
            }
        }
        if self.lessons.is_empty() {
            let mut pictures = chart::all(course)?;
            for (picture, chinese) in wire::FIRST {
                pictures.push((picture.to_owned(), wire::first(course, chinese)?));
            }
            for (picture, new) in pictures {
                let old = course.text(&picture).unwrap_or_default();
                stale += self.write(course, &picture, &old, &new)?;
            }
        }
        ensure!(!self.check || stale == 0, "{stale} pages are stale; run cargo lesson sync");
        let checked = pages::all(course)?.len();
        terminal::print(&if self.check {
            format!("{checked} pages checked")
        } else {
            format!("{stale} pages written anew")
        })
    }

    /// The parts of a lesson's two pages.
    fn pages(
        &self,
        course: &Course,
        lesson: &Lesson,
        built: &[Built],
    ) -> Result<Vec<(String, BTreeMap<String, String>)>> {
        let runs = (!self.quick).then(|| Runs::new(course, lesson, built));
        let mut runs = runs.transpose()?;
        let page = format!("crates/{}/README.md", lesson.name);
        let mut both = Vec::new();
        for (page, chinese) in [(page.clone(), false), (pages::chinese(&page), true)] {
            let text = course.text(&page)?;
            let mut made =
                parts::of(course, lesson, &text, chinese).with_context(|| page.clone())?;
            for part in pages::parts(&text)? {
                let Some((mark, old)) = part.made() else { continue };
                if !made.contains_key(mark) {
                    let new = match &mut runs {
                        Some(runs) => runs.part(mark, &old, self.record),
                        None => Ok(old),
                    };
                    made.insert(mark.to_owned(), new.with_context(|| page.clone())?);
                }
            }
            both.push((page, made));
        }
        Ok(both)
    }

    /// Writes `parts` into a page, and says whether that changed it.
    fn update(
        &self,
        course: &Course,
        path: &str,
        parts: &BTreeMap<String, String>,
    ) -> Result<usize> {
        let old = course.text(path)?;
        let new = pages::fill(&old, parts).with_context(|| path.to_owned())?;
        self.write(course, path, &old, &new)
    }

    /// Writes a file anew, or shows what is stale, and says whether it was.
    fn write(&self, course: &Course, path: &str, old: &str, new: &str) -> Result<usize> {
        if old == new {
            return Ok(0);
        }
        if self.check {
            terminal::print(&format!("{path}\n{}", diff::unified(old, new, 1)))?;
        } else {
            fs::write(course.root.join(path), new)
                .with_context(|| format!("cannot write {path}"))?;
        }
        Ok(1)
    }
}

/// What the programs of a lesson print, each run once for both languages.
struct Runs<'a> {
    course: &'a Course,
    lesson: &'a Lesson,
    built: &'a [Built],
    to_trust: Exchange,
    tutorial: Option<Exchange>,
    recorded: BTreeMap<String, String>,
}

impl<'a> Runs<'a> {
    fn new(course: &'a Course, lesson: &'a Lesson, built: &'a [Built]) -> Result<Self> {
        // A lesson that needs the internet has no terminals to record.
        let to_trust = if lesson.about.terminals.is_empty() {
            Exchange { commands: Vec::new(), port: 0, started: Vec::new(), events: Vec::new() }
        } else {
            let exchange = run::record(course, lesson, built, Version::ToTrust);
            exchange.with_context(|| lesson.name.clone())?
        };
        check_header(lesson, &to_trust)?;
        let recorded = BTreeMap::new();
        Ok(Self { course, lesson, built, to_trust, tutorial: None, recorded })
    }

    /// The part of that mark; `old` is what the page has now.
    fn part(&mut self, mark: &str, old: &str, all: bool) -> Result<String> {
        let lesson = self.lesson;
        let words: Vec<_> = mark.split(' ').collect();
        match words[..] {
            ["recorded", name] => self.recorded(name, old, all),
            [kind @ ("trust" | "tutorial"), number, ref start @ ..] => {
                let number = number.parse::<usize>()? - 1;
                let exchange = if kind == "tutorial" {
                    let record = || {
                        let exchange =
                            run::record(self.course, lesson, self.built, Version::Tutorial);
                        exchange.with_context(|| format!("{}, tutorial", lesson.name))
                    };
                    if self.tutorial.is_none() {
                        self.tutorial = Some(record()?);
                    }
                    self.tutorial.as_ref().context("it was recorded")?
                } else {
                    &self.to_trust
                };
                ensure!(number < lesson.about.terminals.len(), "there is no {mark}");
                let shown = printed(lesson, exchange, number, start == ["start"]);
                Ok(format!("```text\n{shown}```\n"))
            }
            _ => bail!("no program has a part {mark:?}"),
        }
    }

    /// What a script of the lesson prints. Its programs are in `PROGRAMS` and `EXAMPLES`, and `PORT` is
    /// free. If it begins with `# once`, its numbers vary: it is run on demand.
    fn recorded(&mut self, name: &str, old: &str, all: bool) -> Result<String> {
        if let Some(text) = self.recorded.get(name) {
            return Ok(text.clone());
        }
        let script = self.lesson.folder.join("recorded").join(name).with_extension("sh");
        let text = fs::read_to_string(&script)
            .with_context(|| format!("cannot read {}", script.display()))?;
        let nothing = old.lines().all(|line| line.starts_with("```"));
        if text.starts_with("# once") && !all && !nothing {
            return Ok(old.to_owned());
        }
        // On a busy machine something may come later than it should: what differs is tried again.
        let mut text = self.run_script(&script)?;
        for _ in 0..2 {
            if text == old || nothing || all {
                break;
            }
            text = self.run_script(&script)?;
        }
        self.recorded.insert(name.to_owned(), text.clone());
        Ok(text)
    }

    fn run_script(&self, script: &Path) -> Result<String> {
        let program = run::find(self.built, "bin", &self.lesson.name)?;
        let programs = program.parent().context("a program has a folder")?;
        let port = run::free_port()?;
        // A server that the script leaves behind would hold the pipe open.
        let run = "trap 'kill $(jobs -p) 2>/dev/null' EXIT; . \"$0\"";
        let mut bash = Command::new("timeout");
        bash.args(["60", "bash", "-c", run]).arg(script).current_dir(&self.course.root);
        bash.env("PROGRAMS", programs).env("EXAMPLES", programs.join("examples"));
        bash.env("PORT", port.to_string()).env_remove("RUST_BACKTRACE");
        let output = bash.output().context("cannot run bash")?;
        let (printed, said) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "{}: {}: {said}", script.display(), output.status);
        let ports = (port, self.lesson.about.port);
        let lines = printed.lines().map(|line| {
            run::same_ports(line, ports, [&*printed].into_iter()).trim_end().to_owned() + "\n"
        });
        Ok(format!("```text\n{}```\n", lines.collect::<String>()))
    }
}

/// What a terminal shows, all of it or only what stands there before the next one starts. The ports
/// that vary from run to run are made the same.
fn printed(lesson: &Lesson, exchange: &Exchange, terminal: usize, start: bool) -> String {
    let end = exchange.started.get(terminal + 1).filter(|_| start);
    let events = exchange.events.iter().filter(|event| event.terminal == terminal);
    let events = events.filter(|event| end.is_none_or(|end| event.time < *end));
    let line = |event: &run::Event| {
        let text = exchange.same_ports(&event.text, lesson.about.port);
        text.trim_end().to_owned() + "\n"
    };
    events.map(line).collect()
}

/// Checks that the header of the program shows nothing that no terminal has shown.
fn check_header(lesson: &Lesson, exchange: &Exchange) -> Result<()> {
    let terminals = 0..lesson.about.terminals.len();
    let shown: String = terminals.map(|number| printed(lesson, exchange, number, false)).collect();
    let main = &lesson.to_trust()[0];
    let header = main.text.lines().map_while(|line| line.strip_prefix("//!"));
    let block = header.skip_while(|line| !line.contains("```console")).skip(1);
    for line in block.map(str::trim).take_while(|line| *line != "```") {
        let shown = shown.lines().any(|shown| shown.trim() == line);
        ensure!(shown || line.starts_with("$ "), "{}: nothing prints {line:?}", main.path);
    }
    Ok(())
}

/// The table of lessons, with the title of each page.
fn table(course: &Course, chinese: bool) -> Result<String> {
    let mut rows = if chinese {
        "| # | 课程 | 新内容 | 文章 |\n|---|---|---|---|\n".to_owned()
    } else {
        "| # | Lesson | New idea | Article |\n|---|---|---|---|\n".to_owned()
    };
    for lesson in &course.lessons {
        let Lesson { name, about, .. } = lesson;
        let page = format!("crates/{name}/README.md");
        let page = if chinese { pages::chinese(&page) } else { page };
        let title = course.title(&page)?;
        let idea = if chinese { &about.idea.zh } else { &about.idea.en };
        let source = lesson.article().unwrap_or("–");
        let number = about.number;
        writeln!(rows, "| {number} | [{title}]({page})<br>`{name}` | {idea} | {source} |")?;
    }
    Ok(rows)
}
