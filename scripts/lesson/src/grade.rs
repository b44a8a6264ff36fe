//! `cargo lesson grade`: the lesson's own tests, run against the reader's program. Each requirement
//! is a process of its own; the next stage begins when the one before is whole.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use console::Style;
use course::requirements::{self, Hints, Requirement, STAGES};
use course::{Course, Lesson, run};

use crate::first::{self, Program, Start};
use crate::judge::{self, Failure, Outcome};
use crate::progress::{self, Half, Progress};
use crate::words::{Language, Speak};
use crate::{session, terminal, watch};

/// How long a requirement waits for what must come, in seconds, unless `LESSON_PATIENCE` says; and
/// how many times as long it may take in all.
const PATIENCE: u64 = 10;
const IN_ALL: u64 = 3;
/// How many requirements run side by side at most, if the program can have more than one address.
const JOBS: usize = 4;

/// Judges your own program, in any language: stage by stage, with a hint for what is wrong
#[derive(clap::Args)]
pub(crate) struct Grade {
    /// The lesson: its name or number
    lesson: String,
    /// The half of lesson 6 that your program is
    #[arg(long, value_enum)]
    half: Option<Half>,
    /// The address that your program has in its source, if it takes none
    #[arg(long, value_name = "HOST:PORT")]
    at: Option<String>,
    /// Only this stage: dialogue, sturdy or polish
    #[arg(long, value_parser = STAGES, hide_possible_values = true)]
    stage: Option<String>,
    /// All stages, even if one is not whole
    #[arg(long, conflicts_with_all = ["stage", "watch"])]
    all: bool,
    /// Judge it again after each save, one failure at a time
    #[arg(long)]
    watch: bool,
    #[command(flatten)]
    speak: Speak,
    /// Your program: `-- python3 my_server.py`; by default the one in mine/LESSON
    #[arg(last = true)]
    command: Vec<String>,
}

impl Grade {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let language = self.speak.language();
        let lesson = course.find(&self.lesson)?;
        let name = &lesson.name;
        let (files, own) = self.files(course, lesson, language)?;
        let tests = || {
            let mut cargo = course.cargo();
            cargo.args(["build", "--package", name, "--test", name]);
            cargo
        };
        terminal::build(&mut tests())?; // which shows what is compiled
        let built = run::build(&mut tests())?;
        session::end_all_at_ctrl_c()?;
        let patience = env::var("LESSON_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
        let grader = Grader {
            args: self,
            course,
            lesson,
            tests: run::find(&built, "test", name)?,
            requirements: requirements::of(course, lesson)?,
            hints: Hints::read(course)?,
            titles: requirements::titles(course)?,
            patience: patience.unwrap_or(PATIENCE),
            language,
        };
        let grade = || -> Result<bool> {
            let problem = match self.program(lesson, own.as_deref()) {
                Ok(program) => match grader.start(&program) {
                    Ok(at) => return grader.grade(&program, at.as_deref()),
                    Err(problem) => problem,
                },
                Err(problem) => problem,
            };
            let cross = Style::new().red().apply_to("✗");
            terminal::print(&format!("{cross} {}", readable(&problem, language)))?;
            Ok(false)
        };
        if self.watch {
            return watch::after_each_save(&files, language, || grade().map(drop));
        }
        ensure!(grade()?, "{name} {}", language.pick("is not whole yet", "还没有完成"));
        Ok(())
    }

    /// The files whose change is a change of the program; and which of them it is, if it is the
    /// reader's own in `mine/`.
    fn files(
        &self,
        course: &Course,
        lesson: &Lesson,
        language: Language,
    ) -> Result<(Vec<PathBuf>, Option<PathBuf>)> {
        if self.half.is_some() || self.command.is_empty() {
            progress::chosen(lesson, self.half, language)?;
        }
        let folder = env::current_dir()?;
        let in_folder = |folder: &Path| -> Result<Vec<PathBuf>> {
            let files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
            files.filter(|file| file.as_ref().map_or(true, |file| file.is_file())).collect()
        };
        if !self.command.is_empty() {
            let files = self.command.iter().map(|word| folder.join(word));
            let files: Vec<_> = files.filter(|file| file.is_file()).collect();
            return Ok((if files.is_empty() { in_folder(&folder)? } else { files }, None));
        }
        let source = progress::source(course, lesson, self.half).with_context(|| {
            let start =
                format!("cargo lesson start {}{}", lesson.name, progress::option(self.half));
            language.pick(
                format!("there is no program of yours yet: begin with `{start}`, or say which program to judge: -- python3 my_program.py"),
                format!("你还没有写程序：先运行 `{start}`，或者说明检验哪个程序：-- python3 my_program.py"),
            )
        })?;
        let folder = source.parent().context("a file has a folder")?;
        let mut files = in_folder(folder)?;
        files.extend(
            folder.parent().map(|package| package.join("Cargo.toml")).filter(|it| it.is_file()),
        );
        Ok((files, Some(source)))
    }

    /// The program, built if it has to be.
    fn program(&self, lesson: &Lesson, own: Option<&Path>) -> Result<Program> {
        let folder = env::current_dir()?;
        let mut words = self.command.clone();
        let mut typed = words.join(" ");
        if let Some(own) = own {
            if own.extension().is_some_and(|kind| kind == "py") {
                let python = if cfg!(windows) { "python" } else { "python3" };
                words = vec![python.to_owned(), own.display().to_string()];
                typed = format!("{python} {}", progress::shown(own));
            } else {
                // In its own folder: the lesson's program has the same name.
                let package = own.ancestors().nth(2).context("src/main.rs is in a package")?;
                let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
                cargo.arg("build").arg("--target-dir").arg(package.join("target"));
                let built = run::build(cargo.current_dir(package))?;
                let bin = built.iter().find(|built| built.kind == "bin");
                let bin = bin.context("there is no program in it")?;
                words = vec![bin.path.display().to_string()];
                "cargo run --".clone_into(&mut typed);
            }
        }
        let at = self.at.clone().or_else(|| env::var("LESSON_AT").ok());
        // A name with a folder in it is looked for in the reader's folder, whatever the system does.
        // Where the program runs in other folders, since it saves files, all files are.
        for (number, word) in words.iter_mut().enumerate() {
            let file = folder.join(&*word);
            let named = Path::new(word).components().count() > 1;
            if number == 0 && named || number > 0 && saves(lesson) && file.exists() {
                *word = file.display().to_string();
            }
        }
        Ok(Program { typed, words, folder, half: self.half, at })
    }
}

/// Whether the lesson's program saves files, so that it is run in folders of its own.
fn saves(lesson: &Lesson) -> bool {
    lesson.name == "http-fetch"
}

/// What is wrong with a program that does not start, safe to print.
fn readable(problem: &anyhow::Error, language: Language) -> String {
    let text = format!("{problem:#}");
    let lines: Vec<_> = text.lines().map(netcommon::safe).collect();
    if let Some(("it does not compile:", compiler)) = lines.join("\n").split_once('\n') {
        return [language.pick("It does not compile:", "编译不通过："), compiler].join("\n");
    }
    let width = terminal::width().saturating_sub(2).max(10); // beside the cross
    let pieces: Vec<_> = lines.iter().flat_map(|line| terminal::wrap(line, width)).collect();
    pieces.join("\n")
}

/// Prints a text behind these columns, as wide as the terminal is.
fn say_behind(first: &str, text: &str) -> Result<()> {
    let indent = console::measure_text_width(first);
    let pieces = terminal::wrap(text, terminal::width().saturating_sub(indent).max(10));
    for (number, piece) in pieces.into_iter().enumerate() {
        let rest = " ".repeat(indent);
        terminal::print(&format!("{}{piece}", if number == 0 { first } else { &rest }))?;
    }
    Ok(())
}

struct Grader<'a> {
    args: &'a Grade,
    course: &'a Course,
    lesson: &'a Lesson,
    tests: &'a Path,
    requirements: Vec<Requirement>,
    hints: Hints,
    /// In Chinese.
    titles: BTreeMap<String, String>,
    patience: u64,
    language: Language,
}

impl Grader<'_> {
    fn start(&self, program: &Program) -> Result<Option<String>> {
        let own = tempfile::tempdir()?;
        let folder = if saves(self.lesson) { own.path() } else { &program.folder };
        let Self { lesson, patience, language, .. } = *self;
        Start { lesson, program, folder, patience, language }.check()
    }

    /// Grades stage by stage, and says whether all is met.
    fn grade(&self, program: &Program, at: Option<&str>) -> Result<bool> {
        let other = program.half.map(|half| match half {
            Half::Server => "a_client_",
            Half::Client => "a_server_",
        });
        let mut counts = Vec::new();
        let mut progress = Progress::read(self.course)?;
        let mut all_met = true;
        for stage in STAGES {
            let chosen = self.args.stage.as_deref().is_none_or(|chosen| chosen == stage);
            let requirements = self.requirements.iter().filter(|it| it.stage == stage);
            // Those of the other half say nothing of this one.
            let requirements =
                requirements.filter(|it| other.is_none_or(|other| !it.name.starts_with(other)));
            let requirements: Vec<_> = requirements.filter(|_| chosen).collect();
            if requirements.is_empty() {
                continue;
            }
            if !all_met && !self.args.all {
                counts.push(self.count(stage, 0, requirements.len()));
                continue;
            }
            terminal::print(&Style::new().bold().apply_to(self.title(stage)).to_string())?;
            let may_go_on = stage == STAGES[0] || self.args.all || self.args.stage.is_some();
            if let Some(at) = at.filter(|_| !may_go_on) {
                terminal::say(&self.needs_an_argument(at))?;
                counts.push(self.count(stage, 0, requirements.len()));
                all_met = false;
                continue;
            }
            let (met, all) = self.judge(program, at, &requirements, all_met)?;
            counts.push(self.count(stage, met, all));
            if met == all {
                progress.stage_met(self.lesson, self.args.half, stage);
            }
            all_met &= met == all;
        }
        ensure!(!counts.is_empty(), "{} has no requirements there", self.lesson.name);
        // Our own tests judge programs that are not the reader's.
        if env::var_os("LESSON_FORGETS").is_none() {
            progress.save()?;
        }
        terminal::say(&counts.join(self.language.pick(", ", "，")))?;
        Ok(all_met)
    }

    fn title(&self, stage: &str) -> String {
        let (english, chinese) = match stage {
            "dialogue" => ("what the article's program does", "文章里的程序所做的事"),
            "sturdy" => ("what peers, networks and systems do", "对方、网络和系统会出的状况"),
            _ => ("the command line, what is printed, help", "命令行、输出和帮助"),
        };
        self.language.pick(format!("{stage}: {english}"), format!("{stage}：{chinese}"))
    }

    /// What a program has to learn before its tests can give it other addresses.
    fn needs_an_argument(&self, at: &str) -> String {
        self.language.pick(
            format!("From here on, each test gives your program another address, HOST:PORT, as its first argument. It uses {at} whatever it gets: take the address from the command line (sys.argv in Python, std::env::args in Rust)."),
            format!("从这里开始，每项测试都把另一个地址 HOST:PORT 作为第一个参数交给你的程序，可它总是用 {at}。请从命令行取得地址（Python 用 sys.argv，Rust 用 std::env::args）。"),
        )
    }

    fn count(&self, stage: &str, met: usize, all: usize) -> String {
        self.language.pick(format!("{met} of {all} in {stage}"), format!("{stage} {met}/{all}"))
    }

    /// Judges the program by these requirements, and shows each result as soon as it and those before
    /// it are known: how many are met, and how many could be judged here.
    fn judge(
        &self,
        program: &Program,
        at: Option<&str>,
        requirements: &[&Requirement],
        mut in_full: bool,
    ) -> Result<(usize, usize)> {
        let one_by_one = at.is_some() || self.args.watch;
        let jobs = thread::available_parallelism().map_or(1, usize::from).min(JOBS);
        let next = AtomicUsize::new(0);
        let (send, results) = channel();
        thread::scope(|scope| {
            for _ in 0..if one_by_one { 1 } else { jobs } {
                let (send, next) = (send.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some(requirement) = requirements.get(number) else { return };
                        let outcome = self.one(program, at, requirement);
                        if send.send((number, outcome)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let (mut met, mut left_out, mut waiting) = (0, 0, BTreeMap::new());
            let mut shown = 0;
            for (number, outcome) in results {
                waiting.insert(number, outcome);
                while let Some(outcome) = waiting.remove(&shown) {
                    let requirement = requirements[shown];
                    shown += 1;
                    let Some(outcome) = outcome? else {
                        left_out += 1; // this system does not have it
                        continue;
                    };
                    self.show(requirement, &outcome, in_full)?;
                    left_out += usize::from(outcome.left_out.is_some());
                    met += usize::from(outcome.passed && outcome.left_out.is_none());
                    in_full &= outcome.passed;
                    if self.args.watch && !outcome.passed {
                        next.store(requirements.len(), Ordering::Relaxed);
                        return Ok((met, requirements.len() - left_out));
                    }
                }
            }
            Ok((met, requirements.len() - left_out))
        })
    }

    /// Judges the program by one requirement; nothing if there is none such on this system.
    fn one(
        &self,
        program: &Program,
        at: Option<&str>,
        requirement: &Requirement,
    ) -> Result<Option<Outcome>> {
        // A word can be empty or have lines in it.
        let words = program.words.iter().map(|word| format!("{word}\u{1f}"));
        let command: String = words.collect();
        let mut tests = judge::tests(self.tests, &self.lesson.folder, &command, self.patience);
        let test = requirement.test();
        tests.args(["--exact", &test]).env("LESSON_FOLDER", &program.folder);
        tests.env_remove("PYTHONUNBUFFERED").env_remove("LESSON_AT").env_remove("LESSON_HALF");
        tests.envs(at.map(|at| ("LESSON_AT", at)));
        if saves(self.lesson) {
            first::find_modules(&mut tests, &program.folder);
        }
        tests.envs(program.half.map(|half| ("LESSON_HALF", half.word())));
        let outcomes = judge::run(tests, Duration::from_secs(self.patience * IN_ALL))?;
        Ok(match outcomes {
            Some(outcomes) => outcomes.into_iter().find(|outcome| outcome.test == test),
            None => Some(Outcome {
                test,
                passed: false,
                left_out: None,
                failure: Failure { message: "no end in time".into(), ..Failure::default() },
            }),
        })
    }

    fn show(&self, requirement: &Requirement, outcome: &Outcome, in_full: bool) -> Result<()> {
        let (english, chinese) = (requirement.sentence(), requirement.title(&self.titles));
        let mut sentence = self.language.pick(english, chinese);
        let style = Style::new();
        let mark = match &outcome.left_out {
            Some(why) => {
                let left_out = self.language.pick("left out here", "本机无法检验");
                sentence = format!("{sentence}: {left_out}: {why}");
                style.dim().apply_to("–")
            }
            None if outcome.passed => style.green().apply_to("✓"),
            None => style.red().apply_to("✗"),
        };
        say_behind(&format!("{mark} "), &sentence)?;
        if outcome.passed || !in_full {
            return Ok(());
        }
        outcome.failure.print(4, self.language)?;
        let Some(hint) = self.hints.get(&self.lesson.name, &requirement.name) else {
            return Ok(());
        };
        let hint = self.language.pick("hint: ", "提示：").to_owned() + self.language.of(hint);
        say_behind("    ", &hint)?;
        Ok(())
    }
}
