//! One word for one thing: the words of `terms.toml` must not come back on a page.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::pages::{self, Part};
use crate::{Course, guards::Guards};

#[derive(Deserialize)]
struct Terms {
    en: Vec<Term>,
    zh: Vec<Term>,
}

#[derive(Deserialize)]
struct Term {
    /// The word, as it would stand in a text.
    never: String,
    /// What to write instead.
    write: String,
    /// Longer words that hold it and may stand.
    #[serde(default)]
    but: Vec<String>,
}

/// What stands on a page, in a guard's name, in a hint or in a title and should not.
///
/// # Errors
/// If a file cannot be read.
pub fn check(course: &Course) -> Result<Vec<String>> {
    let terms: Terms = toml::from_str(include_str!("../terms.toml")).context("terms.toml")?;
    let mut problems = Vec::new();
    for page in pages::all(course)? {
        let english = (&terms.en, page.clone());
        for (terms, page) in [english, (&terms.zh, pages::chinese(&page))] {
            for part in pages::parts(&course.text(&page)?)? {
                if let Part::Heading { text, .. } | Part::Text(text) = part {
                    look(terms, &page, &text, &mut problems);
                }
            }
        }
    }
    for lesson in &course.lessons {
        let Some(guards) = Guards::read(course, lesson)? else { continue };
        let place = format!("crates/{}/guards.toml", lesson.name);
        for change in guards.changes() {
            look(&terms.en, &place, &change.name.en, &mut problems);
            look(&terms.zh, &place, &change.name.zh, &mut problems);
        }
    }
    for file in ["tests/hints.toml", "tests/titles.zh.toml"] {
        // The English words are far from any Chinese text, so both lists can be held against it.
        for terms in [&terms.en, &terms.zh] {
            look(terms, file, &course.text(file)?, &mut problems);
        }
    }
    Ok(problems)
}

/// Code between backticks is quoted, and may say what it says.
fn look(terms: &[Term], place: &str, text: &str, problems: &mut Vec<String>) {
    for line in text.lines() {
        let words: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for Term { never, write, but } in terms {
            let mut left = words.to_lowercase();
            for may in but {
                left = left.replace(&may.to_lowercase(), "");
            }
            if left.contains(&never.to_lowercase()) {
                problems.push(format!("{place}: not {never:?} but {write:?}: {}", line.trim()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_where_it_may_not_stand() {
        let term = |never: &str, but: &[&str]| Term {
            never: never.into(),
            write: "…".into(),
            but: but.iter().map(|&may| may.into()).collect(),
        };
        let terms = [term(" is no ", &["there is no "]), term("回答", &[])];
        let found = |text: &str| {
            let mut problems = Vec::new();
            look(&terms, "a page", text, &mut problems);
            problems.len()
        };
        assert_eq!(found("A name is no address.\n服务器的回答。"), 2);
        assert_eq!(found("There is no server. `回答` is printed."), 0);
    }
}
