//! `cargo lesson start`: a program to begin with, in `mine/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use course::{Course, Lesson, Words};
use serde::Deserialize;

use crate::progress::{self, Half};
use crate::terminal;
use crate::words::{Language, Speak};

/// Begins a program of your own in mine/: the steps, and the calls to look up
#[derive(clap::Args)]
pub(crate) struct Start {
    /// The lesson: its name or number
    lesson: String,
    /// In Python; without it, in Rust
    #[arg(long)]
    python: bool,
    /// Which half of lesson 6
    #[arg(long, value_enum)]
    half: Option<Half>,
    #[command(flatten)]
    speak: Speak,
}

/// A step of a program.
#[derive(Deserialize)]
struct Step {
    #[serde(flatten)]
    what: Words,
    /// The calls to look up.
    python: Vec<String>,
    rust: Vec<String>,
}

/// The steps of each program.
fn steps() -> Result<BTreeMap<String, Vec<Step>>> {
    toml::from_str(include_str!("../steps.toml")).context("cannot read steps.toml")
}

/// A program to begin with.
struct Begin<'a> {
    course: &'a Course,
    lesson: &'a Lesson,
    half: Option<Half>,
    /// What it is called.
    program: &'a str,
    python: bool,
    language: Language,
}

impl Start {
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let language = self.speak.language();
        let lesson = course.find(&self.lesson)?;
        let name = &lesson.name;
        if lesson.tutorial().is_empty() {
            bail!(language.pick(
                format!("there is nothing to write in {name}; run it: cargo run -p {name}"),
                format!("{name} 没有要写的程序，请直接运行：cargo run -p {name}"),
            ));
        }
        let half = progress::chosen(lesson, self.half, language)?;
        let folder = progress::folder(course, lesson, half);
        let program = progress::program(lesson, half);
        let begin = Begin { course, lesson, half, program, python: self.python, language };
        let mut files = Vec::new();
        if self.python {
            files.push((folder.join(format!("{program}.py")), begin.program()?));
        } else {
            files.push((folder.join("src/main.rs"), begin.program()?));
            let up = if half.is_some() { "../../.." } else { "../.." };
            files.push((folder.join("Cargo.toml"), begin.manifest(up)?));
            // With the course's versions, so that nothing has to be downloaded.
            files.push((folder.join("Cargo.lock"), course.text("Cargo.lock")?));
            files.push((folder.join(".cargo/config.toml"), aliases(up)));
            files.push((folder.join("src/.cargo/config.toml"), aliases(&format!("../{up}"))));
        }
        let there = progress::source(course, lesson, half);
        let there =
            there.or_else(|| files.iter().map(|file| file.0.clone()).find(|it| it.exists()));
        if let Some(there) = there {
            let there = progress::shown(&there);
            bail!(language.pick(
                format!("{there} is there already and stays as it is; move it away to start anew"),
                format!("{there} 已存在，不会覆盖；要重新开始，请先把它移走"),
            ));
        }
        for (file, text) in &files {
            write_new(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let (source, mut place) = (progress::shown(&files[0].0), progress::shown(&folder));
        if place.contains(' ') {
            place = format!("\"{place}\"");
        }
        let (run, option) = (begin.run(), progress::option(half));
        terminal::say(&language.pick(
            format!(
                "{source} has the steps. Write the program below them, and run it:\n    cd {place}\n    \
                 {run}\nGrade it after each save:\n    cargo lesson grade {name}{option} --watch"
            ),
            format!(
                "{source} 里列出了步骤。在步骤下面写出程序，然后运行：\n    cd {place}\n    {run}\n\
                 每次保存后自动评分：\n    cargo lesson grade {name}{option} --watch"
            ),
        ))
    }
}

/// Writes a file that is not there yet.
fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    std::io::Write::write_all(&mut fs::File::create_new(file)?, text.as_bytes())
}

/// The lines as a comment.
fn marked(text: &str, mark: &str) -> String {
    let lines = text.trim_end().lines();
    let lines: Vec<_> = lines.map(|line| format!("{mark} {line}").trim_end().to_owned()).collect();
    lines.join("\n") + "\n"
}

impl Begin<'_> {
    fn run(&self) -> String {
        if self.python { format!("python3 {}.py", self.program) } else { "cargo run".into() }
    }

    /// The program that it talks to, and whether that one is started first.
    fn other(&self) -> Option<(&str, bool)> {
        if let Some(half) = self.half {
            let other = if half == Half::Server { Half::Client } else { Half::Server };
            return Some((progress::program(self.lesson, Some(other)), half == Half::Client));
        }
        let names = self.lesson.about.terminals.iter().map(|terminal| terminal.run.as_str());
        let (number, name) = names.enumerate().find(|(_, name)| !name.starts_with(self.program))?;
        Some((name, number == 0))
    }

    /// The program: its header, its steps, and one line that runs.
    fn program(&self) -> Result<String> {
        let (header, steps) = (self.header(), self.steps()?);
        let Self { program, language, .. } = self;
        let line = format!("{program} {}", language.pick("is not written yet", "还没有写"));
        Ok(if self.python {
            let steps = marked(&steps, "#");
            format!("\"\"\"{header}\"\"\"\n\nimport socket\n\n{steps}\nprint(\"{line}\")\n")
        } else {
            let (header, steps) = (marked(&header, "//!"), marked(&steps, "    //"));
            format!(
                "{header}\nuse std::io;\n\nfn main() -> io::Result<()> {{\n{steps}\n    \
                 println!(\"{line}\");\n    Ok(())\n}}\n"
            )
        })
    }

    /// What it is, and the commands for it.
    fn header(&self) -> String {
        let Self { lesson, language, .. } = self;
        let (name, about, option) = (&lesson.name, &lesson.about, progress::option(self.half));
        let (number, article) = (about.number, language.article(lesson));
        let mut header = language.pick(
            format!(
                "Lesson {number}, {name}: a program of your own.\n\
                 Read {article}crates/{name}/README.md.\n"
            ),
            format!(
                "第 {number} 课 {name}：你自己的程序。\n\
                 请先阅读{article}crates/{name}/README.zh-CN.md。\n"
            ),
        );
        let mut say = |english: &str, chinese: &str, command: &str| {
            let what = language.pick(english, chinese);
            header += &["\n", what, "\n    ", command, "\n"].concat();
        };
        say("Run it, in this folder:", "在本目录运行：", &self.run());
        let other =
            self.other().map(|(name, first)| (format!("cargo run --example {name}"), first));
        match other {
            Some((other, true)) => say(
                "Before that, in the top folder and another terminal:",
                "运行之前，先在另一个终端、项目根目录里运行：",
                &other,
            ),
            Some((other, false)) => say(
                "After that, in the top folder and another terminal:",
                "然后在另一个终端、项目根目录里运行：",
                &other,
            ),
            None => say(
                "To have a server of your own for it, at 127.0.0.1:8000:",
                "可以自己启动一个网页服务器（127.0.0.1:8000）：",
                "python3 -m http.server 8000 --bind 127.0.0.1",
            ),
        }
        say(
            "Grade it; with --watch, after each save:",
            "评分（加 --watch 则每次保存后自动评分）：",
            &format!("cargo lesson grade {name}{option}"),
        );
        say(
            "Compare it with the tutorial's version:",
            "与教程版对比：",
            &format!("cargo lesson diff {name} --mine{option}"),
        );
        say(
            "Look up the calls, also without a network:",
            "查阅调用的文档（无需联网）：",
            if self.python { "python3 -m pydoc socket.socket" } else { "rustup doc std::net" },
        );
        if !self.python && self.uses("netcommon") {
            say(
                "What netcommon has, in the top folder:",
                "netcommon 的文档（在项目根目录运行）：",
                "cargo doc --no-deps --open -p netcommon",
            );
        }
        header
    }

    /// What to do, and the calls to look up.
    fn steps(&self) -> Result<String> {
        let all = steps()?;
        let all = all.get(self.program).context("steps.toml does not have the program")?;
        let mut lines = Vec::new();
        for (number, step) in (1..).zip(all) {
            let calls = if self.python { &step.python } else { &step.rust };
            let look_up = self.language.pick("Look up: ", "可查阅：");
            let calls = format!("{look_up}{}", calls.join(", "));
            let mut start = format!("{number}. ");
            for text in [self.language.of(&step.what), &calls] {
                for piece in terminal::wrap(text, 70) {
                    lines.push(format!("{start}{piece}"));
                    start = "   ".into();
                }
            }
            lines.push(String::new());
        }
        Ok(lines.join("\n"))
    }

    /// Whether the tutorial's version uses the crate.
    fn uses(&self, name: &str) -> bool {
        let mut files = self.lesson.tutorial().iter().filter(|file| file.stem() == self.program);
        files.any(|file| file.text.contains(&format!("{name}::")))
    }

    fn manifest(&self, up: &str) -> Result<String> {
        let mut dependencies = String::new();
        if self.uses("netcommon") {
            writeln!(dependencies, "netcommon = {{ path = \"{up}/crates/netcommon\" }}")?;
        }
        if self.uses("hostname") {
            let course: toml::Table = toml::from_str(&self.course.text("Cargo.toml")?)?;
            let version = course["workspace"]["dependencies"]["hostname"].as_str();
            writeln!(
                dependencies,
                "hostname = \"{}\"",
                version.context("no version of hostname")?
            )?;
        }
        let comment = self.language.pick(
            "# A workspace of its own: this package is yours, and no part of the course.",
            "# 独立的工作区：这个包属于你，不是课程的一部分。",
        );
        Ok(format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             {comment}\n[workspace]\n\n[dependencies]\n{dependencies}",
            self.program
        ))
    }
}

/// In a workspace of its own, cargo finds the tool by its manifest only. An alias takes no path with
/// blanks, so it is said from the folder where the reader stands, whatever the project's is called.
fn aliases(up: &str) -> String {
    let lesson = format!("run --quiet --manifest-path {up}/scripts/lesson/Cargo.toml --");
    format!("[alias]\nlesson = \"{lesson}\"\nbook = \"{lesson} book\"\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use course::Course;

    /// A call that is to be looked up is one that the tutorial's version makes.
    #[test]
    fn the_steps_name_the_calls_of_the_tutorials_versions() {
        let course = Course::read().unwrap();
        let mut steps = super::steps().unwrap();
        for lesson in &course.lessons {
            for (rust, python) in lesson.tutorial().iter().zip(lesson.python()) {
                let steps = steps.remove(rust.stem());
                assert_eq!(rust.stem(), python.stem());
                for step in steps.unwrap_or_else(|| panic!("no steps of {}", rust.stem())) {
                    assert!(!step.what.zh.is_empty(), "{}", step.what.en);
                    for (calls, file) in [(step.rust, rust), (step.python, python)] {
                        assert!(!calls.is_empty(), "{}: {}", file.name, step.what.en);
                        for call in calls {
                            let name = call.rsplit([':', '.']).next().unwrap_or_default();
                            let made = file.text.contains(&format!("{name}("));
                            assert!(
                                made || file.text.contains(&call),
                                "{} has no {call}",
                                file.name
                            );
                        }
                    }
                }
            }
        }
        assert!(steps.is_empty(), "steps of no program: {:?}", steps.keys());
    }
}
