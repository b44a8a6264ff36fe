//! What a lesson's tests ask of it, and the hints for those who do not meet it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{Course, Lesson, Words};

/// The modules of a test that are stages; `dialogue` is what the tutorial does.
pub const STAGES: [&str; 3] = ["dialogue", "sturdy", "polish"];

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// One of [`STAGES`].
    pub stage: &'static str,
    /// Unique in the lesson: `sends_the_names`.
    pub name: String,
}

impl Requirement {
    /// As the test's program calls it: `dialogue::sends_the_names`.
    #[must_use]
    pub fn test(&self) -> String {
        format!("{}::{}", self.stage, self.name)
    }

    /// The name as a sentence in English.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(&self.name)
    }

    /// The sentence in Chinese, from [`titles`].
    #[must_use]
    pub fn title(&self, titles: &BTreeMap<String, String>) -> String {
        titles.get(&self.name).cloned().unwrap_or_else(|| self.sentence())
    }
}

/// A requirement's bare name as a sentence in English.
#[must_use]
pub fn sentence(name: &str) -> String {
    name.replace('_', " ").replace("127 0 0 1", "127.0.0.1").replace("utf 8", "UTF-8")
}

/// What `tests/LESSON.rs` asks, in its order.
///
/// # Errors
/// If the file cannot be read, has no stages, or two tests of one name.
pub fn of(course: &Course, lesson: &Lesson) -> Result<Vec<Requirement>> {
    let path = lesson.tests();
    let requirements = parse(&course.text(&path)?);
    ensure!(!requirements.is_empty(), "{path} has no module {}", STAGES.join(" or "));
    for (number, one) in requirements.iter().enumerate() {
        let twice = requirements[..number].iter().any(|other| other.name == one.name);
        ensure!(!twice, "{path} has two tests {}", one.name);
    }
    Ok(requirements)
}

/// Finds `fn NAME(` below `#[test]`, and `rule!(NAME, …)` or `rule!(welcome::NAME, …)`, in the
/// modules of the stages.
pub(crate) fn parse(tests: &str) -> Vec<Requirement> {
    let mut requirements = Vec::new();
    let mut stage = None;
    let mut is_test = false;
    let mut lines = tests.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            stage = STAGES.into_iter().find(|stage| *stage == name);
        } else if line == "}" {
            stage = None;
        }
        let Some(stage) = stage else { continue };
        let line = line.trim_start();
        is_test |= line.starts_with("#[test]");
        let mut name = if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
            is_test = false;
            name
        } else if let Some(name) = line.strip_prefix("rule!") {
            name.trim_start_matches(['(', '{', ' '])
        } else {
            continue;
        };
        // An attribute may stand before the name, and rustfmt may put the name into the next line.
        while name.is_empty() || name.starts_with("#[") {
            name = match name.split_once(']') {
                Some((_, rest)) => rest.trim_start(),
                None => lines.next().unwrap_or("?").trim_start(),
            };
        }
        let end = name.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
        let path = &name[..end.unwrap_or(name.len())];
        let name = path.rsplit("::").next().unwrap_or(path).to_owned();
        requirements.push(Requirement { stage, name });
    }
    requirements
}

/// `tests/titles.zh.toml`: the requirements' names as sentences in Chinese.
///
/// # Errors
/// If the file is not there, or not as it should be.
pub fn titles(course: &Course) -> Result<BTreeMap<String, String>> {
    let path = "tests/titles.zh.toml";
    toml::from_str(&course.text(path)?).with_context(|| format!("cannot read {path}"))
}

/// `tests/hints.toml`: the hints of each lesson, and those of all lessons under `shared`; in each,
/// by the names of requirements.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Hints(pub BTreeMap<String, BTreeMap<String, Words>>);

impl Hints {
    /// Reads them.
    ///
    /// # Errors
    /// If the file is not there, or not as it should be.
    pub fn read(course: &Course) -> Result<Self> {
        toml::from_str(&course.text("tests/hints.toml")?).context("cannot read tests/hints.toml")
    }

    /// The hint for a requirement: the lesson's own, or that of all lessons.
    #[must_use]
    pub fn get(&self, lesson: &str, requirement: &str) -> Option<&Words> {
        let hint = |of| self.0.get(of).and_then(|hints| hints.get(requirement));
        hint(lesson).or_else(|| hint("shared"))
    }
}
