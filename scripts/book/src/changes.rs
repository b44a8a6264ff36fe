//! Programs with marks: what is new since another lesson, and where a printer may break.

use std::fmt::Write as _;

use anyhow::Result;
use course::diff::{self, ChangeTag};
use course::{Course, File, Lesson};

use crate::blocks::{caption, escape};
use crate::language::Language;

/// What is new in a lesson since the one that it follows, shown in the program itself.
///
/// Inserted lines have a colour. Deleted lines hang on the line after them as an attribute that the
/// style sheet shows on demand: they are not part of the text, so that what is copied is the new
/// program.
pub(crate) fn write(
    page: &mut String,
    old: &Lesson,
    new: &Lesson,
    language: Language,
) -> Result<()> {
    for (before, file) in Course::compared(new, old) {
        one_file(page, before.map_or("", File::code), file, language)?;
    }
    Ok(())
}

fn one_file(page: &mut String, old: &str, file: &File, language: Language) -> Result<()> {
    // Each line with the deleted ones before it; the last is the end of the file.
    let mut lines = vec![(false, "", String::new())];
    let (mut inserted, mut deleted) = (0, 0);
    let diff = diff::of(old, file.code());
    for change in diff.iter_all_changes() {
        let (text, last) = (change.value().trim_end(), lines.len() - 1);
        let counts = usize::from(!text.is_empty());
        if change.tag() == ChangeTag::Delete {
            writeln!(lines[last].2, "{text}")?;
            deleted += counts;
        } else {
            let new = change.tag() == ChangeTag::Insert;
            (lines[last].0, lines[last].1) = (new, text);
            lines.push((false, "", String::new()));
            inserted += counts * usize::from(new);
        }
    }
    let counts = language.pick(
        format!("the tutorial’s version, {inserted} new lines, {deleted} deleted"),
        format!("教程版，新增 {inserted} 行，删去 {deleted} 行"),
    );
    page.push_str("<div class=\"changes\">\n\n");
    caption(page, &format!("{} <small>{counts}</small>", escape(&file.path)));
    if deleted > 0 {
        let show = language.pick(
            "show the deleted lines; a dotted line marks where they stood",
            "显示删去的行（虚线是它们原来的位置）",
        );
        let check = "<input type=\"checkbox\" class=\"show-old\">";
        writeln!(page, "<p class=\"old-switch\"><label>{check} {show}</label></p>\n")?;
    }
    page.push_str("<pre><code class=\"language-rust\">");
    for (at, (new, text, old)) in lines.iter().enumerate() {
        // An empty line belongs to the new ones where it stands between two of them.
        let beside = at > 0 && lines[at - 1].0 && lines.get(at + 1).is_some_and(|next| next.0);
        let new = if *new && (!text.is_empty() || beside) { " new" } else { "" };
        let old = escape(old.trim_matches('\n')).replace('\n', "&#10;");
        let old = if old.is_empty() { old } else { format!(" data-before=\"{old}\"") };
        let text = escape(text);
        match (new, &*old) {
            ("", "") => page.push_str(&text),
            _ => write!(page, "<span class=\"line{new}\"{old}>{text}</span>")?,
        }
        page.push_str(if at + 1 < lines.len() { "\n" } else { "</code></pre>\n\n</div>\n\n" });
    }
    Ok(())
}
