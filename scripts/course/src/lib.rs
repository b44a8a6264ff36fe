//! What the tools know of the course: its lessons, their files and versions, differences, programs
//! that are run and recorded, pages, guards and requirements. Nothing else reads a lesson's
//! `Cargo.toml`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

pub mod chart;
pub mod code;
pub mod diff;
pub mod guards;
pub mod pages;
pub mod parts;
pub mod requirements;
pub mod run;
pub mod serve;
pub mod terms;
#[cfg(test)]
mod tests;
pub mod wire;

/// All lessons, and where they are.
#[derive(Debug)]
pub struct Course {
    /// The top folder of the project.
    pub root: PathBuf,
    /// In the order of their numbers.
    pub lessons: Vec<Lesson>,
}

/// One lesson. Tools in other languages get it as JSON from `cargo lesson list --json`.
#[derive(Debug, Serialize)]
pub struct Lesson {
    /// The name of its crate, and of its folder.
    pub name: String,
    /// The description in its manifest.
    pub description: String,
    /// Where it is: `ROOT/crates/NAME`.
    #[serde(skip)]
    pub folder: PathBuf,
    /// What its manifest says of the lesson.
    #[serde(flatten)]
    pub about: About,
    tutorial: Vec<File>,
    python: Vec<File>,
    to_trust: Vec<File>,
}

/// A file of a lesson; in JSON, its path.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct File {
    /// From the lesson's folder: `src/main.rs`.
    #[serde(skip)]
    pub name: String,
    /// From the root of the project: `crates/tcp-client/src/main.rs`.
    pub path: String,
    /// With line ends as on Unix.
    #[serde(skip)]
    pub text: String,
}

/// `[package.metadata.lesson]`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The lesson's number.
    pub number: u32,
    /// The lesson whose source this one is compared with.
    pub follows: Option<String>,
    /// The article and its section; or `beyond`.
    pub source: String,
    /// What is new in the lesson.
    pub idea: Words,
    /// The port that the pages show, whatever port a recording was given.
    #[serde(default)]
    pub port: u16,
    /// The programs of the lesson's exchange, in the order of their start. The last one ends by itself.
    #[serde(default)]
    pub terminals: Vec<Terminal>,
    /// What the program does first.
    pub first: Option<First>,
    /// The rows of the benchmark that measure it.
    #[serde(default)]
    pub bench: Vec<String>,
}

/// What a program does first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is one word of the manifest, and says it")]
pub enum First {
    Listens,
    Connects,
    Sends,
    Asks,
    Prints,
}

/// The same in both languages of the pages.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// English.
    pub en: String,
    /// Simplified Chinese.
    #[serde(default)]
    pub zh: String,
}

/// One terminal of a lesson's exchange.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// What the reader runs: the lesson's name and its arguments.
    pub run: String,
    /// More arguments for a recording: a free port, `{port}`, and shorter delays.
    #[serde(default)]
    pub args: String,
    /// What is typed, each line when the program asks.
    #[serde(default)]
    pub types: Vec<String>,
}

impl Course {
    /// Reads the course that the tool belongs to, whatever folder the reader stands in.
    ///
    /// # Errors
    /// If a lesson's files cannot be read.
    pub fn read() -> Result<Self> {
        // Cargo says where the tool is now; the place at build time may have been left since.
        let now = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let places = [now.as_deref(), Some(Path::new(env!("CARGO_MANIFEST_DIR")))];
        let roots = places.into_iter().flatten().flat_map(Path::ancestors);
        let root = roots.into_iter().find(|root| root.join("scripts/course/Cargo.toml").is_file());
        Self::read_at(root.context("the course is no longer where its tool was built")?)
    }

    /// Reads the course in this folder.
    ///
    /// # Errors
    /// If a lesson's files cannot be read.
    pub fn read_at(root: &Path) -> Result<Self> {
        let mut lessons = Vec::new();
        for entry in fs::read_dir(root.join("crates"))? {
            let path = entry?.path().join("Cargo.toml");
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let lesson = Lesson::read(root, &text);
            lessons.extend(lesson.with_context(|| format!("cannot read {}", path.display()))?);
        }
        ensure!(!lessons.is_empty(), "there are no lessons in {}", root.join("crates").display());
        lessons.sort_by_key(|lesson| lesson.about.number);
        Ok(Self { root: root.to_owned(), lessons })
    }

    /// The lesson of that name, or of that number.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(&self, name: &str) -> Result<&Lesson> {
        let is_it =
            |lesson: &&Lesson| lesson.name == name || lesson.about.number.to_string() == name;
        if let Some(lesson) = self.lessons.iter().find(is_it) {
            return Ok(lesson);
        }
        let names: Vec<_> = self.lessons.iter().map(|lesson| lesson.name.as_str()).collect();
        bail!("there is no lesson {name:?}; there are {}", names.join(", "));
    }

    /// Those of `names`, or all.
    ///
    /// # Errors
    /// If there is no lesson of such a name.
    pub fn choose(&self, names: &[String]) -> Result<Vec<&Lesson>> {
        if names.is_empty() {
            return Ok(self.lessons.iter().collect());
        }
        names.iter().map(|name| self.find(name)).collect()
    }

    /// The lesson that this one is compared with.
    ///
    /// # Errors
    /// If its manifest names one that does not exist.
    pub fn before(&self, lesson: &Lesson) -> Result<Option<&Lesson>> {
        lesson.about.follows.as_ref().map(|name| self.find(name)).transpose()
    }

    /// The files of `lesson` that are compared, each beside the one of `before` that it continues:
    /// that of the same name, or else the one most like it.
    #[must_use]
    pub fn compared<'a>(
        lesson: &'a Lesson,
        before: &'a Lesson,
    ) -> Vec<(Option<&'a File>, &'a File)> {
        // A lesson with one version goes on from the other's version to trust.
        let one = lesson.tutorial.is_empty();
        pairs(lesson.to_compare(), if one { before.to_trust() } else { before.to_compare() })
    }

    /// A file's text, by its path from the root, with line ends as on Unix.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn text(&self, path: &str) -> Result<String> {
        text(&self.root, path)
    }

    /// What a page is called: its first line.
    ///
    /// # Errors
    /// If it cannot be read, or begins with something else.
    pub fn title(&self, page: &str) -> Result<String> {
        let text = self.text(page)?;
        let title = text.lines().next().and_then(|line| line.strip_prefix("# "));
        Ok(title.with_context(|| format!("{page} does not begin with a title"))?.to_owned())
    }

    /// Cargo, in the top folder.
    #[must_use]
    pub fn cargo(&self) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo
    }

    /// The folder that cargo builds into.
    ///
    /// # Errors
    /// If cargo does not say.
    pub fn target(&self) -> Result<PathBuf> {
        let mut cargo = self.cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = cargo.output().context("cannot run cargo")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        Ok(answer["target_directory"]
            .as_str()
            .context("cargo does not say where it builds")?
            .into())
    }
}

/// Each of the new files beside the old one that it continues: that of the same name, or else the one
/// most like it.
pub(crate) fn pairs<'a>(new: &'a [File], old: &'a [File]) -> Vec<(Option<&'a File>, &'a File)> {
    let mut pairs: Vec<_> = new.iter().map(|file| (None, file)).collect();
    for old in old {
        let like = |(_, new): &(_, &File)| {
            let ratio = diff::of(old.code(), new.code()).ratio();
            (old.name == new.name, ratio.to_bits()) // which sort as they do, from 0 to 1
        };
        let pairs = pairs.iter_mut().filter(|(other, _)| other.is_none());
        if let Some(pair) = pairs.max_by_key(|pair| like(&(pair.0, pair.1))) {
            pair.0 = Some(old);
        }
    }
    pairs
}

/// With line ends as on Unix, whatever Git made of them.
fn text(root: &Path, path: &str) -> Result<String> {
    let text = fs::read_to_string(root.join(path));
    Ok(text.with_context(|| format!("cannot read {path}"))?.replace("\r\n", "\n"))
}

impl Lesson {
    /// Nothing if the manifest is that of a crate that is no lesson.
    fn read(root: &Path, manifest: &str) -> Result<Option<Self>> {
        let manifest: toml::Table = toml::from_str(manifest)?;
        let package = &manifest["package"];
        let about = package.get("metadata").and_then(|metadata| metadata.get("lesson"));
        let Some(about) = about.cloned() else { return Ok(None) };
        let word =
            |key| package.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let (name, description, about) = (word("name"), word("description"), about.try_into()?);
        let folder = root.join("crates").join(&name);
        let read = |file: String| -> Result<File> {
            let path = format!("crates/{name}/{file}");
            Ok(File { text: text(root, &path)?, path, name: file })
        };
        let mut names = Vec::new();
        if let Ok(entries) = fs::read_dir(folder.join("examples")) {
            for entry in entries {
                names.push(format!("examples/{}", entry?.file_name().to_string_lossy()));
            }
        }
        names.sort();
        names.reverse(); // a server is read before its client
        let examples = |kind: &str| {
            let names = names.iter().filter(|name| name.ends_with(kind)).cloned();
            names.map(read).collect::<Result<Vec<_>>>()
        };
        let (tutorial, python) = (examples(".rs")?, examples(".py")?);
        let mut to_trust = Vec::new();
        for file in ["src/main.rs", "src/lib.rs"] {
            if !folder.join(file).exists() {
                continue;
            }
            let file = read(file.into())?;
            let modules = file.text.lines().filter_map(|line| {
                let line = line.strip_prefix("pub ").unwrap_or(line);
                line.strip_prefix("mod ")?.strip_suffix(';')
            });
            let modules = modules.filter(|module| *module != "tests");
            let modules: Vec<_> = modules.map(|module| format!("src/{module}.rs")).collect();
            to_trust.push(file);
            for module in modules {
                to_trust.push(read(module)?);
            }
        }
        ensure!(!to_trust.is_empty(), "the lesson has no src/main.rs");
        Ok(Some(Self { name, description, folder, about, tutorial, python, to_trust }))
    }

    /// The tutorial's version in Rust, `examples/*.rs`: one file, two in lesson 6; none if the
    /// lesson has one version only.
    #[must_use]
    pub fn tutorial(&self) -> &[File] {
        &self.tutorial
    }

    /// The tutorial's version in Python, `examples/*.py`.
    #[must_use]
    pub fn python(&self) -> &[File] {
        &self.python
    }

    /// The version to trust, `src/*.rs` without tests: `main.rs` first, and then in the order of
    /// its modules; then a library part.
    #[must_use]
    pub fn to_trust(&self) -> &[File] {
        &self.to_trust
    }

    /// What a lesson is compared by: the tutorial's version, or the only one.
    #[must_use]
    pub fn to_compare(&self) -> &[File] {
        if self.tutorial.is_empty() { &self.to_trust } else { &self.tutorial }
    }

    /// The files of all versions, in the order in which they are read.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.tutorial.iter().chain(&self.python).chain(&self.to_trust)
    }

    /// The file, of all versions, in which these lines stand, however deep they are indented there.
    #[must_use]
    pub fn file_with(&self, lines: &str) -> Option<&File> {
        let bare = |text: &str| text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
        let lines = bare(lines.trim_matches('\n'));
        self.files().find(|file| bare(&file.text).contains(&lines))
    }

    /// The article and its section; none if the lesson goes beyond the articles.
    #[must_use]
    pub fn article(&self) -> Option<&str> {
        Some(&*self.about.source).filter(|source| *source != "beyond")
    }

    /// The path, from the root, of the tests that say what it promises.
    #[must_use]
    pub fn tests(&self) -> String {
        format!("tests/{}.rs", self.name)
    }
}

impl File {
    /// The name without folder and kind: that of the example, `tcp-client`.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.name.rsplit('/').next().unwrap_or(&self.name);
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// `rust` or `python`, as a block of code is marked.
    #[must_use]
    pub fn language(&self) -> &'static str {
        if self.name.strip_suffix(".py").is_some() { "python" } else { "rust" }
    }

    /// The program without the comment at its top, which is another one in every lesson.
    #[must_use]
    pub fn code(&self) -> &str {
        diff::without_header(&self.text)
    }

    /// How many lines of code it has.
    #[must_use]
    pub fn lines_of_code(&self) -> usize {
        code::lines(self.language(), &self.text).count()
    }
}
