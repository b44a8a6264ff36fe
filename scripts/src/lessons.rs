//! The lessons, as their manifests describe them. The tool knows nothing else of them by heart.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// One lesson: `[package.metadata.lesson]` and where it is.
#[derive(Debug)]
pub(crate) struct Lesson {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) description: String,
    pub(crate) about: About,
}

/// `[package.metadata.lesson]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct About {
    pub(crate) number: u32,
    /// The lesson whose source this one is compared with.
    pub(crate) follows: Option<String>,
    /// The article and its section.
    pub(crate) source: String,
    pub(crate) idea: Idea,
    /// The port that the pages show, whatever port a tour was given.
    #[serde(default)]
    pub(crate) port: u16,
    /// Whether a tour serves a page of its own at that port.
    #[serde(default)]
    pub(crate) page: bool,
    /// The programs of the lesson's tour, in the order of their start. The last one ends by itself.
    #[serde(default)]
    pub(crate) terminals: Vec<Terminal>,
}

/// What is new in a lesson, in each language of the pages.
#[derive(Debug, Deserialize)]
pub(crate) struct Idea {
    pub(crate) en: String,
    pub(crate) zh: String,
}

/// One terminal of a tour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terminal {
    /// What the reader runs: the lesson's name and its arguments.
    pub(crate) run: String,
    /// More arguments for a tour: a free port, `{port}`, and shorter delays.
    #[serde(default)]
    pub(crate) args: String,
    /// What is typed, each line when the program asks.
    #[serde(default)]
    pub(crate) types: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: Option<String>,
    manifest_path: PathBuf,
    metadata: Option<PackageMetadata>,
}

#[derive(Deserialize)]
struct PackageMetadata {
    lesson: Option<About>,
}

/// The workspace: its lessons in their order, and its folders.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

impl Course {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .context("cannot run cargo")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        let mut lessons = Vec::new();
        for package in metadata.packages {
            let Some(about) = package.metadata.and_then(|metadata| metadata.lesson) else {
                continue;
            };
            lessons.push(Lesson {
                name: package.name,
                folder: package.manifest_path.parent().unwrap_or(Path::new(".")).to_owned(),
                description: package.description.unwrap_or_default(),
                about,
            });
        }
        lessons.sort_by_key(|lesson| lesson.about.number);
        Ok(Self { lessons, root: metadata.workspace_root, target: metadata.target_directory })
    }

    /// The lesson of that name, or of that number.
    pub(crate) fn find(&self, name: &str) -> Result<&Lesson> {
        let is_it =
            |lesson: &&Lesson| lesson.name == name || lesson.about.number.to_string() == name;
        if let Some(lesson) = self.lessons.iter().find(is_it) {
            return Ok(lesson);
        }
        let names: Vec<_> = self.lessons.iter().map(|lesson| lesson.name.as_str()).collect();
        bail!("there is no lesson {name:?}; there are {}", names.join(", "));
    }

    /// Those of `names`, or all.
    pub(crate) fn choose(&self, names: &[String]) -> Result<Vec<&Lesson>> {
        if names.is_empty() {
            return Ok(self.lessons.iter().collect());
        }
        names.iter().map(|name| self.find(name)).collect()
    }
}
