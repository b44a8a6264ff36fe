//! The lessons, as their manifests describe them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

pub(crate) struct Course {
    pub(crate) root: PathBuf,
    /// In the order of their numbers.
    pub(crate) lessons: Vec<Lesson>,
}

pub(crate) struct Lesson {
    pub(crate) name: String,
    pub(crate) about: About,
    /// `src/main.rs` first, then the others as `main.rs` declares them; no tests.
    pub(crate) programs: Vec<File>,
    /// The same in Python.
    pub(crate) twin: File,
}

/// A file of the project.
pub(crate) struct File {
    /// From the lesson's folder: `src/main.rs`.
    pub(crate) name: String,
    /// From the root of the project.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// `[package.metadata.lesson]`; what the book has no use for is left out.
#[derive(Deserialize)]
pub(crate) struct About {
    pub(crate) number: u32,
    pub(crate) follows: Option<String>,
    #[serde(default)]
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) page: bool,
    #[serde(default)]
    pub(crate) terminals: Vec<Terminal>,
}

#[derive(Deserialize)]
pub(crate) struct Terminal {
    pub(crate) run: String,
}

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    lesson: Option<About>,
}

impl Course {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut lessons = Vec::new();
        for entry in fs::read_dir(root.join("crates"))? {
            let path = entry?.path().join("Cargo.toml");
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let manifest: Manifest =
                toml::from_str(&text).with_context(|| format!("cannot read {}", path.display()))?;
            let Package { name, metadata } = manifest.package;
            if let Some(about) = metadata.and_then(|metadata| metadata.lesson) {
                lessons.push(Lesson::read(root, name, about)?);
            }
        }
        ensure!(!lessons.is_empty(), "there are no lessons in {}", root.join("crates").display());
        lessons.sort_by_key(|lesson| lesson.about.number);
        Ok(Self { root: root.to_owned(), lessons })
    }

    pub(crate) fn find(&self, name: &str) -> Result<&Lesson> {
        let found = self.lessons.iter().find(|lesson| lesson.name == name);
        found.with_context(|| format!("there is no lesson {name}"))
    }

    /// A file's text, by its path from the root.
    pub(crate) fn text(&self, path: &str) -> Result<String> {
        text(&self.root, path)
    }
}

/// With line ends as on Unix, whatever Git made of them.
fn text(root: &Path, path: &str) -> Result<String> {
    let text = fs::read_to_string(root.join(path));
    Ok(text.with_context(|| format!("cannot read {path}"))?.replace("\r\n", "\n"))
}

impl Lesson {
    fn read(root: &Path, name: String, about: About) -> Result<Self> {
        let read = |file: String| -> Result<File> {
            let path = format!("crates/{name}/{file}");
            Ok(File { text: text(root, &path)?, path, name: file })
        };
        let main = read("src/main.rs".into())?;
        let mut programs = vec![];
        let modules =
            main.text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        for module in modules.filter(|module| *module != "tests") {
            programs.push(read(format!("src/{module}.rs"))?);
        }
        programs.insert(0, main);
        let twin = read(format!("{name}.py"))?;
        Ok(Self { name, about, programs, twin })
    }

    /// The file, of those shown, in which these lines stand.
    pub(crate) fn file_with(&self, lines: &str) -> Option<&File> {
        let lines = lines.trim_matches('\n');
        self.programs.iter().chain([&self.twin]).find(|file| file.text.contains(lines))
    }
}
