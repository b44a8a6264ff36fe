#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::guards::{Guards, find};
use crate::requirements::{self, Hints, Requirement, parse};
use crate::{Course, File, Lesson, code, pages, parts, run, serve};

#[test]
fn the_programs_keep_the_limits() {
    let problems = code::check(&Course::read().unwrap()).unwrap();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_requirement_has_a_hint_in_both_languages_and_every_hint_a_requirement() {
    let course = Course::read().unwrap();
    let hints = Hints::read(&course).unwrap();
    let titles = requirements::titles(&course).unwrap();
    let mut problems = Vec::new();
    let mut known = vec![];
    for lesson in &course.lessons {
        for Requirement { name, .. } in requirements::of(&course, lesson).unwrap() {
            let hint = hints.get(&lesson.name, &name);
            if hint.is_none_or(|hint| hint.en.is_empty() || hint.zh.is_empty()) {
                problems.push(format!("{}: no hint for {name}", lesson.name));
            }
            if !titles.contains_key(&name) {
                problems.push(format!("{}: no Chinese title for {name}", lesson.name));
            }
            known.extend([(lesson.name.clone(), name.clone()), ("shared".into(), name)]);
        }
    }
    for (lesson, hints) in &hints.0 {
        let unknown =
            hints.keys().filter(|name| !known.contains(&(lesson.clone(), (*name).clone())));
        problems
            .extend(unknown.map(|name| format!("a hint without a requirement: {lesson}.{name}")));
    }
    let unknown = titles.keys().filter(|title| !known.iter().any(|(_, name)| name == *title));
    problems.extend(unknown.map(|title| format!("a title without a requirement: {title}")));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_line_of_code_is_neither_blank_nor_only_a_comment() {
    let numbers = |language, text| -> Vec<usize> {
        code::lines(language, text).map(|(number, _)| number).collect()
    };
    assert_eq!(numbers("rust", "//! header\n\nuse a;\n    // why\n    b(); // c\n"), [3, 5]);
    let python = "\"\"\"One line.\"\"\"\n# why\nimport a\ndef b():\n    \"\"\"Two\n    lines.\"\"\"\n    c()\n";
    assert_eq!(numbers("python", python), [3, 4, 7]);
}

#[test]
fn a_page_is_cut_at_headings_blocks_and_marks() {
    let page = "# One\n\ntext\n\n<!-- diff -->\n```diff\n+a\n```\n\n<!-- lessons -->\n| a |\n\nend\n<!-- main -->\n\n1\n\n2\n<!-- end -->\n";
    let places = pages::places(page).unwrap();
    let whole: Vec<_> = places.iter().map(|(place, _)| page[place.clone()].trim_end()).collect();
    let parts = [
        "# One",
        "\ntext",
        "<!-- diff -->\n```diff\n+a\n```",
        "<!-- lessons -->\n| a |",
        "\nend",
        "<!-- main -->\n\n1\n\n2\n<!-- end -->",
    ];
    assert_eq!(whole, parts);
    assert!(pages::parts("```rust\n").is_err());
    assert!(pages::parts("<!-- main -->\n").is_err());

    let mut new = BTreeMap::from(
        [("diff", "```diff\n-b\n```\n"), ("lessons", "| b |\n| c |\n"), ("main", "3\n\n")]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
    );
    let filled = pages::fill(page, &new).unwrap();
    let main = page.replace("+a", "-b").replace("| a |", "| b |\n| c |");
    assert_eq!(filled, main.replace("\n1\n\n2\n", "3\n\n"));
    assert_eq!(pages::fill(&filled, &new).unwrap(), filled);
    new.remove("diff");
    assert!(pages::fill(page, &new).is_err());
}

#[test]
fn notes_get_their_numbers_in_order() {
    let page = "- **②** one <!-- at a( -->\n- two <!-- at b | c -->\n- no note\n";
    let filled = pages::fill(page, &BTreeMap::new()).unwrap();
    let new = "- **①** one <!-- at a( -->\n- **②** two <!-- at b | c -->\n- no note\n";
    assert_eq!(filled, new);
    assert_eq!(pages::fill(new, &BTreeMap::new()).unwrap(), new);
    assert_eq!(pages::notes(page)[1].pieces, ["b", "c"]);
    assert!(pages::fill("a note <!-- at a( -->\n", &BTreeMap::new()).is_err(), "it is no item");
}

#[test]
fn a_note_stands_at_one_line_of_a_program_and_a_new_line_is_marked() {
    let mut old = lesson("", "//! Old.\nfn main() {\n    a(); // before\n    b();\n    e();\n}\n");
    let mut new =
        lesson("", "//! New.\nfn main() {\n    a(); // now\n    c(d, d);\n    b();\n    e();\n}\n");
    (old.name, new.about.follows) = ("old".into(), Some("old".into()));
    (old.tutorial, new.tutorial) = (vec![], vec![]);
    let course = Course { root: PathBuf::new(), lessons: vec![old, new] };
    let made = |page: &str| {
        let page = format!("<!-- file src/main.rs -->\n\n{page}");
        parts::of(&course, &course.lessons[1], &page, false)
    };
    let program = made("- <!-- at a( -->\n- <!-- at c( | main -->\n").unwrap();
    assert_eq!(
        program["file src/main.rs"],
        "```rust\nfn main() { // ②\n    a(); // ①\n    c(d, d); // ② new\n    b();\n    e();\n}\n```\n"
    );
    for wrong in [
        "- <!-- at () -->\n",
        "- <!-- at now -->\n",
        "- <!-- at f( -->\n",
        "<!-- guard \"g\" -->\n",
    ] {
        assert!(made(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn pages_that_differ_in_both_languages_are_an_error() {
    let alike = |one: &str, other: &str| {
        pages::alike("page", &pages::parts(one).unwrap(), &pages::parts(other).unwrap()).is_ok()
    };
    assert!(alike("# One\n\ntext\n", "# 一\n\n文字\n"));
    assert!(!alike("# One\n", "## 一\n"));
    assert!(!alike("# One\n## Two\n", "# 一\n"));
    assert!(!alike("```rust\na();\n```\n", "```rust\nb();\n```\n"));
    assert!(alike("<!-- guards -->\n```text\na\n```\n", "<!-- guards -->\n```text\nb\n```\n"));
    assert!(!alike("- one <!-- at a( -->\n", "- 一 <!-- at b( -->\n"));
}

#[test]
fn the_requirements_are_those_of_the_stages_in_their_order() {
    let tests = "\
        mod support;\n#[test]\nfn elsewhere() {}\nmod sturdy {\n    fn helper() {}\n    #[test]\n    #[cfg(unix)]\n    fn one() {\n    }\n\
        \x20   rule!(two, at);\n    rule!(#[cfg(unix)] welcome::three, at);\n    rule!(\n        four,\n        at\n    );\n}\n\
        mod polish {\n    rule!(\n        #[cfg(unix)]\n        five\n    );\n}\nmod versions {\n    #[test]\n    fn six() {}\n}\n";
    let found: Vec<_> = parse(tests).iter().map(Requirement::test).collect();
    assert_eq!(
        found,
        ["sturdy::one", "sturdy::two", "sturdy::three", "sturdy::four", "polish::five"]
    );
}

#[test]
fn white_space_in_an_edit_is_any_white_space() {
    let text = "a(\n    b,\n);\nc(b, b);\n";
    assert_eq!(&text[find(text, "a( b, ); ").unwrap()], "a(\n    b,\n);\n");
    assert_eq!(&text[find(text, "\n  c(").unwrap()], "\nc(");
    assert!(find(text, "b").is_err() && find(text, "d").is_err());
}

fn file(name: &str, text: &str) -> File {
    File { name: name.into(), path: name.into(), text: text.into() }
}

fn lesson(tutorial: &str, main: &str) -> Lesson {
    Lesson {
        name: "lesson".into(),
        description: String::new(),
        folder: PathBuf::new(),
        about: toml::from_str("number = 1\nsource = ''\nidea.en = ''\n").unwrap(),
        tutorial: vec![file("examples/lesson.rs", tutorial)],
        python: vec![],
        to_trust: vec![file("src/main.rs", main)],
    }
}

#[test]
fn every_added_line_and_every_requirement_is_accounted_for() {
    let lesson = lesson(
        "fn main() {\n    go();\n}\n",
        "use a::{\n    b,\n};\n\n/// Help\n#[derive(Parser)]\nstruct Args {\n    c: u8,\n}\n\nfn main() {\n    let Args { c } = Args::parse();\n    wait(c);\n    limit();\n    go();\n}\n",
    );
    let requirements = [Requirement { stage: "sturdy", name: "waits".into() }];
    let problems =
        |toml: &str| toml::from_str::<Guards>(toml).unwrap().problems(&lesson, &requirements);
    let guard = "[[guard]]\nname = { en = 'Wait', zh = '等' }\nedits = [['wait(c);', '']]\nfails = ['waits']\n";
    assert_eq!(problems(guard), ["src/main.rs:14: no guard: limit();"]);
    let other = guard.to_owned() + "[[other]]\nline = 'limit'\nwhy = 'because'\n";
    assert_eq!(problems(&other), [""; 0]);
    assert_eq!(problems(&other.replace("'waits'", "'runs'")).len(), 2);
    assert_eq!(problems(&other.replace("wait(c)", "stop(c)")).len(), 2);
    assert_eq!(problems(&(other + "[left_out]\nwaits = 'why'\n")).len(), 1);
    let change = toml::from_str::<Guards>(guard).unwrap().guards.remove(0);
    assert_eq!(change.lines(&lesson).unwrap(), [13]);
    assert!(change.apply(&lesson).unwrap().contains("    \n    limit();"));
}

#[test]
fn a_file_is_compared_with_the_one_most_like_it() {
    let (old, mut new) = (lesson("a\nb\nc\n", ""), lesson("", ""));
    new.tutorial = vec![file("examples/a.rs", "x\n"), file("examples/b.rs", "a\nb\n")];
    let pairs = Course::compared(&new, &old);
    assert!(pairs[0].0.is_none() && pairs[1].0.is_some_and(|old| old.text == "a\nb\nc\n"));
}

#[test]
fn the_ports_of_a_recording_are_always_the_same() {
    let text = "127.0.0.1:54322 to 127.0.0.1:40000, 400001";
    assert_eq!(
        run::same_ports(text, (40000, 9999), [text].into_iter()),
        "127.0.0.1:54321 to 127.0.0.1:9999, 400001"
    );
}

#[test]
fn no_path_leads_out_of_a_folder_that_is_served() {
    let folder = PathBuf::from("book");
    assert_eq!(serve::inside(&folder, "/en/a.html"), Some(folder.join("en/a.html")));
    for path in ["", "en", "/../a", "/en/../../a", "//etc/passwd", "/%2e%2e/a", "/c:/a", "/..\\a"] {
        assert_eq!(serve::inside(&folder, path), None, "{path}");
    }
}
