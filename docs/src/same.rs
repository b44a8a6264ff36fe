//! Both languages have the same pages, headings and blocks of code, or there is no book.

use anyhow::{Result, ensure};

use crate::blocks::Part;
use crate::course::Course;
use crate::language::Language;
use crate::pages::Page;

pub(crate) fn check(course: &Course, pages: &[Page]) -> Result<()> {
    for page in pages {
        let [english, chinese] = Language::BOTH.map(|language| page.parts(course, language));
        let place = Language::BOTH.map(|language| language.file(&page.source)).join(" and ");
        compare(&place, english?, chinese?)?;
    }
    Ok(())
}

pub(crate) fn compare(place: &str, english: Vec<Part>, chinese: Vec<Part>) -> Result<()> {
    let (english, chinese) = (skeleton(english), skeleton(chinese));
    for (number, (one, other)) in english.iter().zip(&chinese).enumerate() {
        ensure!(
            one.kind == other.kind && (!one.fixed || one.text == other.text),
            "{place} differ at part {}: {} {:?} and {} {:?}",
            number + 1,
            one.kind,
            one.text,
            other.kind,
            other.text
        );
    }
    let (one, other) = (english.len(), chinese.len());
    ensure!(one == other, "{place} differ: {one} and {other} headings and blocks of code");
    Ok(())
}

/// A heading or a block: what it is, its text, and whether that has to be the same.
struct Bone {
    kind: String,
    text: String,
    fixed: bool,
}

fn skeleton(parts: Vec<Part>) -> Vec<Bone> {
    let bone = |part| match part {
        Part::Heading { level, text } => {
            Some(Bone { kind: format!("heading {level}"), text, fixed: false })
        }
        Part::Code { language, text, mark } => {
            let mark = mark.map_or(String::new(), |mark| format!(" ({mark})"));
            Some(Bone { kind: format!("block {language}{mark}"), text, fixed: true })
        }
        Part::Text(_) => None,
    };
    parts.into_iter().filter_map(bone).collect()
}
