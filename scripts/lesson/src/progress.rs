//! The reader's own programs in `mine/`, and what they have met, in `mine/progress.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use course::requirements::STAGES;
use course::{Course, Lesson};

use crate::words::Language;

/// A half of lesson 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Half {
    Server,
    Client,
}

impl Half {
    pub(crate) const BOTH: [Self; 2] = [Self::Server, Self::Client];

    /// As in `--half` and `LESSON_HALF`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// The programs of a lesson: two halves, or one program, which is no half.
pub(crate) fn programs(lesson: &Lesson) -> Vec<Option<Half>> {
    let halves = lesson.tutorial().len() > 1;
    if halves { Half::BOTH.map(Some).to_vec() } else { vec![None] }
}

/// What the program is called: `tcp-client`, `gethostname-server`.
pub(crate) fn program(lesson: &Lesson, half: Option<Half>) -> &str {
    let ends = |name: &str| half.is_none_or(|half| name.ends_with(half.word()));
    let mut names = lesson.tutorial().iter().map(course::File::stem);
    names.find(|name| ends(name)).unwrap_or(&lesson.name)
}

/// The folder of the reader's own program: `mine/tcp-client`, `mine/gethostname-demo/server`.
pub(crate) fn folder(course: &Course, lesson: &Lesson, half: Option<Half>) -> PathBuf {
    let folder = course.root.join("mine").join(&lesson.name);
    half.map_or(folder.clone(), |half| folder.join(half.word()))
}

/// The reader's own program, if there is one: `src/main.rs` of a package in [`folder`], or
/// `tcp-client.py`.
pub(crate) fn source(course: &Course, lesson: &Lesson, half: Option<Half>) -> Option<PathBuf> {
    let folder = folder(course, lesson, half);
    let python = folder.join(format!("{}.py", program(lesson, half)));
    [folder.join("src/main.rs"), python].into_iter().find(|file| file.is_file())
}

/// The half that is meant: the one that was said, if the lesson has halves.
pub(crate) fn chosen(
    lesson: &Lesson,
    half: Option<Half>,
    language: Language,
) -> Result<Option<Half>> {
    let halves = programs(lesson).len() > 1;
    if halves && half.is_none() {
        bail!(language.pick(
            "this lesson has two halves: say --half server or --half client",
            "这一课有两个程序，请加上 --half server 或 --half client",
        ));
    }
    let name = &lesson.name;
    ensure!(
        halves || half.is_none(),
        language
            .pick(format!("{name} has no halves"), format!("{name} 只有一个程序，没有两半之分"))
    );
    Ok(half)
}

/// What the commands have to be told besides the lesson's name.
pub(crate) fn option(half: Option<Half>) -> String {
    half.map_or(String::new(), |half| format!(" --half {}", half.word()))
}

/// A path as the reader would write it: from the current folder, if it lies in there.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// What has been met so far.
pub(crate) struct Progress {
    file: PathBuf,
    /// By the name of a program: its stages.
    met: BTreeMap<String, BTreeSet<String>>,
}

impl Progress {
    pub(crate) fn read(course: &Course) -> Result<Self> {
        let file = course.root.join("mine/progress.toml");
        let met = match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text).with_context(|| {
                format!("cannot read {}; delete it to start anew", file.display())
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        Ok(Self { met: met?, file })
    }

    /// Notes that a stage is met, by the whole lesson or by a half of it.
    pub(crate) fn stage_met(&mut self, lesson: &Lesson, half: Option<Half>, stage: &str) {
        let halves = if half.is_some() { vec![half] } else { programs(lesson) };
        for half in halves {
            let name = program(lesson, half).to_owned();
            self.met.entry(name).or_default().insert(stage.to_owned());
        }
    }

    pub(crate) fn has(&self, lesson: &Lesson, half: Option<Half>, stage: &str) -> bool {
        self.met.get(program(lesson, half)).is_some_and(|stages| stages.contains(stage))
    }

    /// A tick for the dialogue, a star for everything, a blank otherwise.
    pub(crate) fn mark(&self, lesson: &Lesson) -> &'static str {
        let programs = programs(lesson);
        let met = |stage: &str| programs.iter().all(|half| self.has(lesson, *half, stage));
        if STAGES.into_iter().all(met) {
            "★"
        } else if met(STAGES[0]) {
            "✓"
        } else {
            " "
        }
    }

    pub(crate) fn save(&self) -> Result<()> {
        let mut text =
            String::from("# What your programs have met; `cargo lesson list` shows it.\n");
        for (name, stages) in &self.met {
            let stages: Vec<_> = stages.iter().collect();
            writeln!(text, "{name} = {stages:?}")?;
        }
        // Written whole or not at all.
        let new = self.file.with_extension("new");
        fs::create_dir_all(self.file.parent().unwrap_or(&self.file))?;
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}
