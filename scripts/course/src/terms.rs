//! One word for one thing: the words of `terms.toml` must not come back on a page.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::guards::Guards;
use crate::pages::{self, Part};
use crate::requirements::{self, Hints};
use crate::{Course, Words};

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

/// What stands on a page and should not.
///
/// # Errors
/// If a file cannot be read.
pub fn check(course: &Course) -> Result<Vec<String>> {
    let terms: Terms = toml::from_str(include_str!("../terms.toml")).context("terms.toml")?;
    let mut problems = Vec::new();
    for page in pages::all(course)? {
        let english = (&terms.en, page.clone());
        for (terms, page) in [english, (&terms.zh, pages::chinese(&page))] {
            let text = course.text(&page)?;
            for part in pages::parts(&text)? {
                if let Part::Heading { text, .. } | Part::Text(text) = part {
                    look(terms, &page, &text, &mut problems);
                }
            }
        }
    }
    for (place, words) in read_by_readers(course)? {
        look(&terms.en, &place, &words.en, &mut problems);
        look(&terms.zh, &place, &words.zh, &mut problems);
    }
    Ok(problems)
}

/// What readers see besides pages: ideas of lessons, names of guards, hints, titles of requirements.
fn read_by_readers(course: &Course) -> Result<Vec<(String, Words)>> {
    let mut all = Vec::new();
    for lesson in &course.lessons {
        all.push((format!("{}: idea", lesson.name), lesson.about.idea.clone()));
        for guard in Guards::read(course, lesson)?.iter().flat_map(|guards| &guards.guards) {
            let place = format!("{}: guards.toml", lesson.name);
            all.push((place.clone(), guard.name.clone()));
            all.extend(guard.why.clone().map(|why| (place, why)));
        }
    }
    let hints = Hints::read(course)?.0.into_values().flat_map(BTreeMap::into_values);
    all.extend(hints.map(|words| ("hints.toml".into(), words)));
    for (name, zh) in requirements::titles(course)? {
        all.push(("titles.zh.toml".into(), Words { en: requirements::sentence(&name), zh }));
    }
    Ok(all)
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
            // "for ever" is not in "for every".
            let ends = |(at, it): (usize, &str)| {
                let letter = |c: char| c.is_ascii_alphabetic();
                !(it.ends_with(letter) && left[at + it.len()..].starts_with(letter))
            };
            if left.match_indices(&never.to_lowercase()).any(ends) {
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
        let terms = [term(" is no ", &["there is no "]), term("for ever", &[]), term("回答", &[])];
        let found = |text: &str| {
            let mut problems = Vec::new();
            look(&terms, "a page", text, &mut problems);
            problems.len()
        };
        assert_eq!(found("A name is no address.\n服务器的回答。"), 2);
        assert_eq!(found("For every client."), 0);
        assert_eq!(found("There is no server. `回答` is printed."), 0);
    }
}
