//! What mdBook has no setting for: the link to the other language, its own words in Chinese, and
//! the page that leads to both books. And the check that no page needs a network.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use course::Course;
use course::pages::{self, Part};
use serde_json::Value;

use crate::blocks::escape;
use crate::language::{Language, MDBOOK_IN_CHINESE, SCRIPTS_IN_CHINESE};
use crate::links;

/// mdBook's search takes single words. A pasted line may have `#`, `&` and `%` in it, which the
/// page's address holds only in their encoded form; and not each of its words is worth a mark.
const SEARCHER: &[(&str, &str)] = &[
    (
        "url.params[URL_SEARCH_PARAM] = searchterm;",
        "url.params[URL_SEARCH_PARAM] = encodeURIComponent(searchterm);",
    ),
    (
        "const searchterms = searchterm.split(' ');",
        "const searchterms = window.search.marked(searchterm);",
    ),
    // Its excerpt is cut at blanks, which Chinese has not.
    (
        "makeTeaser(escapeHTML(result.doc.body), searchterms)",
        "(window.search.excerpt(result.doc.body, searchterms, escapeHTML) ?? makeTeaser(escapeHTML(result.doc.body), searchterms))",
    ),
];

pub(crate) fn book(language: Language, output: &Path) -> Result<()> {
    let mut files = Vec::new();
    walk(output, &mut files)?;
    let mut titles = BTreeMap::new();
    for path in &files {
        if path.extension().is_some_and(|kind| kind == "html") {
            let text = fs::read_to_string(path)?;
            let title =
                between(&text, "<title>", " - socket-lessons").unwrap_or_default().to_owned();
            titles.insert(name_of(path, output)?, title);
        }
    }
    for path in files {
        let Some(kind) = path.extension().and_then(|kind| kind.to_str()) else { continue };
        if !["html", "js", "css"].contains(&kind) {
            continue;
        }
        let mut text = fs::read_to_string(&path)?;
        let name = name_of(&path, output)?;
        if kind == "html" {
            text = page(&text, &name, language, &titles).with_context(|| format!("in {name}"))?;
        } else if kind == "js" {
            if name.starts_with("searcher-") {
                for (mdbook, _) in SEARCHER {
                    ensure!(text.contains(mdbook), "mdBook's search is not as expected: {mdbook}");
                }
                text = replace(text, SEARCHER);
            }
            if name.starts_with("searchindex-") {
                text = without_index(&text)?;
            }
            if language == Language::Chinese {
                text = replace(text, SCRIPTS_IN_CHINESE);
            }
        }
        local(&text).with_context(|| format!("in {name}"))?;
        fs::write(&path, text)?;
    }
    Ok(())
}

/// A file's name in the book.
fn name_of(path: &Path, output: &Path) -> Result<String> {
    Ok(path.strip_prefix(output)?.to_string_lossy().replace('\\', "/"))
}

/// What stands first between two texts.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

/// mdBook's index of words is built again in the page (search.js), from the texts beside it: what is
/// not used need not be loaded.
fn without_index(text: &str) -> Result<String> {
    let (start, end) = ("JSON.parse('", "')");
    let json = text.split_once(start).and_then(|(_, rest)| rest.rsplit_once(end));
    let (json, _) = json.context("mdBook's index is not as expected")?;
    let mut found: Value = serde_json::from_str(&json.replace("\\'", "'").replace("\\\\", "\\"))?;
    found["index"]["index"] = Value::Object(serde_json::Map::new());
    let json = found.to_string().replace('\\', "\\\\").replace('\'', "\\'");
    Ok(format!("window.search = Object.assign(window.search, {start}{json}{end});"))
}

/// The links to the pages before and after say which these are.
fn neighbours(text: &str, name: &str, titles: &BTreeMap<String, String>) -> String {
    let mut pieces = text.split("<a rel=\"");
    let mut named = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let target = between(piece, "href=\"", "\"").unwrap_or_default();
        let target = links::join(name, target).unwrap_or_default();
        let words = ["Previous chapter", "Next chapter"].into_iter().find(|it| piece.contains(it));
        let link = match (words, titles.get(&target)) {
            (Some(words), Some(title)) => {
                let label = format!("aria-label=\"{words}\"");
                let piece = piece.replacen(&label, &format!("aria-label=\"{words}: {title}\""), 1);
                piece.replacen("</a>", &format!("<span class=\"name\">{title}</span></a>"), 1)
            }
            _ => piece.to_owned(),
        };
        named = named + "<a rel=\"" + &link;
    }
    named
}

/// The first paragraph without its tags, for those who find the page by a search engine.
fn description(text: &str) -> String {
    let mut paragraphs = text.split("<main>").nth(1).unwrap_or_default().split("<p>").skip(1);
    let plain = |html: &str| -> String {
        let pieces = html.split('<').enumerate().map(|(number, piece)| match number {
            0 => piece,
            _ => piece.split_once('>').map_or("", |(_, text)| text),
        });
        pieces.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = |html: &str| plain(html.split("</p>").next().unwrap_or_default());
    // A line of links is no description.
    let found = paragraphs.find(|html| {
        let html = html.split("</p>").next().unwrap_or_default();
        text(html).chars().count() > 30 && !html.trim_start().starts_with(['<'])
    });
    text(found.unwrap_or_default()).chars().take(160).collect::<String>().replace('"', "&quot;")
}

/// A list of all pages at the top of the printed book.
fn contents(text: &str, language: Language) -> String {
    let headings = text.split("<h1 id=\"").skip(1).filter_map(|rest| {
        let (id, rest) = rest.split_once('"')?;
        let title = rest.split_once("</h1>")?.0.rsplit("\">").next()?.replace("</a>", "");
        Some(format!("<li><a href=\"#{id}\">{title}</a></li>"))
    });
    let title = language.pick("Contents", "目录");
    let list = headings.collect::<Vec<_>>().join("\n");
    text.replacen("<main>", &format!("<main>\n<nav><h2>{title}</h2>\n<ol>\n{list}\n</ol></nav>"), 1)
}

fn page(
    text: &str,
    name: &str,
    language: Language,
    titles: &BTreeMap<String, String>,
) -> Result<String> {
    let other = language.other();
    let up = "../".repeat(name.matches('/').count() + 1);
    let (code, word) = (other.code(), other.pick("English", "中文"));
    let link = format!(
        "<a class=\"language\" href=\"{up}{code}/{name}\" lang=\"{code}\" hreflang=\"{code}\">{word}</a>"
    );
    let place = "<div class=\"right-buttons\">";
    // The table of contents for those without scripts, and redirects, have no menu.
    ensure!(!text.contains("<main>") || text.contains(place), "mdBook's menu is not as expected");
    // The name of the book is no heading of the page, which has its own.
    let text = text.replacen("<h1 class=\"menu-title\">", "<div class=\"menu-title\">", 1);
    let text = match text.split_once("<div class=\"menu-title\">") {
        Some((before, rest)) => {
            format!("{before}<div class=\"menu-title\">{}", rest.replacen("</h1>", "</div>", 1))
        }
        None => text,
    };
    let help = "<h2 class=\"mdbook-help-title\">Keyboard shortcuts</h2>";
    let text = text.replacen(help, "<p class=\"mdbook-help-title\">Keyboard shortcuts</p>", 1);
    let mut text = text;
    // Auto, light and dark are choice enough; the style sheet has one palette for each.
    for theme in ["rust", "coal", "ayu"] {
        let name = theme[..1].to_uppercase() + &theme[1..];
        let button = format!("class=\"theme\" id=\"mdbook-theme-{theme}\">{name}</button>");
        let item = format!("<li role=\"none\"><button role=\"menuitem\" {button}</li>");
        ensure!(!text.contains("<main>") || text.contains(&item), "mdBook has no theme {theme}");
        text = text.replacen(&item, "", 1);
    }
    let text = text.replacen(">Navy<", ">Dark<", 1);
    // The label is a button, and is to be one for the keyboard and for screen readers too.
    let toggle = "<label id=\"mdbook-sidebar-toggle\"";
    let text = text.replacen(toggle, &format!("{toggle} role=\"button\" tabindex=\"0\""), 1);
    let text = text.replacen(place, &format!("{place}\n{link}"), 1);
    let text = search_first(text)?;
    let text = neighbours(&text, name, titles);
    let text = if name == "print.html" { contents(&text, language) } else { text };
    let about = format!("<meta name=\"description\" content=\"{}\">", description(&text));
    let text = text.replacen("<meta name=\"description\" content=\"\">", &about, 1);
    let skip = language.pick("Skip to the text", "跳到正文");
    let skip = format!("<a class=\"skip\" href=\"#mdbook-content\">{skip}</a>\n");
    let text = match text.find("<body").and_then(|at| Some(at + text[at..].find('>')? + 1)) {
        Some(at) if text.contains("id=\"mdbook-content\"") => {
            format!("{}\n{skip}{}", &text[..at], &text[at..])
        }
        _ => text,
    };
    Ok(if language == Language::Chinese { replace(text, MDBOOK_IN_CHINESE) } else { text })
}

/// mdBook's search may start as soon as it is loaded, on a page that is loaded again. What this book
/// changes in it has to be there before.
fn search_first(text: String) -> Result<String> {
    let script = |name: &str| {
        let is_it = |line: &&str| line.starts_with("<script src=") && line.contains(name);
        text.lines().map(str::trim).find(is_it)
    };
    let (Some(ours), Some(mdbook)) = (script("search-"), script("searcher-")) else {
        ensure!(!text.contains("<main>"), "the page has no search");
        return Ok(text);
    };
    let both = format!("{ours}\n        {mdbook}");
    Ok(text.replacen(ours, "", 1).replacen(mdbook, &both, 1))
}

fn replace(mut text: String, words: &[(&str, &str)]) -> String {
    for (english, chinese) in words {
        text = text.replace(english, chinese);
    }
    text
}

/// No script, style, font or picture from elsewhere; nor a "run" button, which would ask a server.
fn local(text: &str) -> Result<()> {
    for start in ["src=\"", "srcset=\"", "url(", "url('", "url(\"", "@import \"", "@import '"] {
        for scheme in ["http:", "https:", "//"] {
            let found = text.contains(&format!("{start}{scheme}"));
            ensure!(!found, "something would be loaded from elsewhere: {start}{scheme}");
        }
    }
    for link in text.split("<link ").skip(1) {
        let link = link.split('>').next().unwrap_or_default();
        ensure!(!link.contains("href=\"http"), "a style sheet from elsewhere: {link}");
    }
    ensure!(!text.contains("class=\"playground"), "a block has a run button");
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// `index.html` above both books.
pub(crate) fn start_page(course: &Course, book: &Path) -> Result<()> {
    let mut choices = String::new();
    for language in Language::BOTH {
        let parts = pages::parts(&course.text(&language.file("README.md"))?)?;
        // The paragraph after the link to the other language.
        let text = parts.iter().find_map(|part| match part {
            Part::Text(text) => text.split("\n\n").find(|text| !text.trim_start().starts_with('[')),
            _ => None,
        });
        let text = escape(text.context("README.md does not say what it is")?.trim());
        let (code, word) = (language.code(), language.pick("Read it in English", "阅读中文版"));
        let text = text.replace('`', "");
        write!(
            choices,
            "<section lang=\"{code}\">\n<p>{text}</p>\n\
             <p><a href=\"{code}/index.html\" hreflang=\"{code}\">{word}</a></p>\n</section>\n"
        )?;
    }
    let page = include_str!("../theme/start.html");
    local(page)?;
    fs::write(book.join("index.html"), page.replace("<!-- choices -->\n", &choices))?;
    Ok(())
}
