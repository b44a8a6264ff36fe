//! The commands that the pages show: each names a package, an example, a lesson or a file that exists.

use anyhow::Result;
use clap::Parser;
use course::pages::{self, Part};
use course::{Course, Lesson};

/// The commands of `cargo lesson` whose first word is a lesson.
const OF_A_LESSON: [&str; 5] = ["start", "grade", "diff", "guards", "tour"];

/// The commands on all pages that name what is not there. They are the same in both languages.
pub(crate) fn check(course: &Course) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for page in pages::all(course)? {
        for part in pages::parts(&course.text(&page)?)? {
            let Part::Code { language, text, .. } = part else { continue };
            for command in text.split(['\n', ';', '|', '&', '(', ')']) {
                let command = command.split(" #").next().unwrap_or_default().trim();
                let wrong = if language == "sh" { wrong(course, command) } else { None };
                problems.extend(wrong.map(|wrong| format!("{page}: {command}: {wrong}")));
            }
        }
    }
    Ok(problems)
}

/// What is wrong with a command, if it is one that can be judged.
fn wrong(course: &Course, command: &str) -> Option<String> {
    let words: Vec<_> = command.split_whitespace().collect();
    match words[..] {
        ["cargo", "run", ref options @ ..] => {
            let options = options.split(|word| *word == "--").next().unwrap_or_default();
            let missing = options.windows(2).find(|pair| match pair[0] {
                "-p" | "--package" => !is_package(course, pair[1]),
                "--example" => !course.lessons.iter().any(|lesson| is_example(lesson, pair[1])),
                _ => false,
            });
            missing.map(|pair| format!("there is no {}", pair[1]))
        }
        ["cargo", "lesson", ref words @ ..] => {
            let lesson = match *words {
                [command, lesson, ..] if OF_A_LESSON.contains(&command) => lesson,
                _ => "-",
            };
            if !lesson.starts_with('-') && lesson != "LESSON" && course.find(lesson).is_err() {
                return Some(format!("there is no lesson {lesson}"));
            }
            let parsed = crate::Args::try_parse_from(["cargo lesson"].iter().chain(words));
            parsed.err().filter(clap::Error::use_stderr).map(|error| error.to_string())
        }
        ["python3", file, ..] if file.starts_with("crates/") => {
            (!course.root.join(file).exists()).then(|| format!("there is no {file}"))
        }
        _ => None,
    }
}

fn is_package(course: &Course, name: &str) -> bool {
    let folders = ["crates", "scripts"].into_iter();
    folders.map(|folder| course.root.join(folder).join(name)).any(|path| path.exists())
}

fn is_example(lesson: &Lesson, name: &str) -> bool {
    lesson.tutorial().iter().any(|file| file.stem() == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    #[test]
    fn a_command_that_names_what_is_not_there_is_wrong() {
        let course = Course::read().unwrap();
        for right in [
            "cargo run -p tcp-client -- --nothing",
            "cargo run --example tcp-client",
            "cargo lesson grade tcp-client --watch",
            "cargo lesson --help",
            "python3 crates/tcp-client/examples/tcp-client.py",
            "nc 127.0.0.1 9999",
        ] {
            assert_eq!(wrong(&course, right), None);
        }
        for other in [
            "cargo run -q -p nothing",
            "cargo run --example nothing",
            "cargo lesson nothing",
            "cargo lesson diff nothing",
            "cargo lesson diff tcp-client --nothing",
            "python3 crates/nothing.py",
        ] {
            assert!(wrong(&course, other).is_some(), "{other}");
        }
    }
}
