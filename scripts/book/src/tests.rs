use course::{Course, wire};

use crate::blocks;
use crate::changes;
use crate::language::Language;
use crate::{links, pages, picture};

fn course() -> Course {
    Course::read().unwrap()
}

/// What a browser copies of HTML: its text, without attributes.
fn text(html: &str) -> String {
    let pieces = html.split('<').enumerate().map(|(number, piece)| match number {
        0 => piece,
        _ => piece.split_once('>').map_or("", |(_, text)| text),
    });
    let text: String = pieces.collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn what_is_new_has_every_line_of_the_program_and_no_deleted_one() {
    let course = course();
    for lesson in &course.lessons {
        let Some(follows) = &lesson.about.follows else { continue };
        let mut page = String::new();
        let old = course.find(follows).unwrap();
        changes::write(&mut page, old, lesson, Language::English).unwrap();
        let blocks = page.split("<pre>").skip(1).map(|rest| rest.split("</pre>").next().unwrap());
        let copied: String = blocks.map(text).collect();
        let lines = |text: &str| -> Vec<String> {
            let full = text.lines().filter(|line| !line.is_empty() && !line.starts_with("//!"));
            full.map(str::to_owned).collect()
        };
        let shown = lesson.to_compare().iter().map(|file| file.text.as_str()).collect::<String>();
        assert_eq!(lines(&copied), lines(&shown), "{}", lesson.name);
        assert!(page.contains("class=\"line new\""), "{} has nothing new", lesson.name);
    }
}

#[test]
fn the_lines_that_were_deleted_are_all_there() {
    let course = course();
    let (old, new) = (course.find("tcp-echo-client").unwrap(), course.find("tcp-client").unwrap());
    let mut page = String::new();
    changes::write(&mut page, old, new, Language::English).unwrap();
    for line in old.tutorial()[0].text.lines().filter(|line| !line.starts_with("//!")) {
        assert!(page.contains(&blocks::escape(line)), "{line}");
    }
}

#[test]
fn both_languages_have_the_same_pages() {
    let course = course();
    pages::check(&course, &pages::all(&course).unwrap()).unwrap();
}

#[test]
fn anchors_are_those_of_a_code_host() {
    assert_eq!(blocks::anchor("Layers: OSI and TCP/IP"), "layers-osi-and-tcpip");
    assert_eq!(blocks::anchor("出了问题怎么办"), "出了问题怎么办");
    assert_eq!(links::file_anchor("src/main.rs"), "src-main-rs");
}

/// The states that the client and the server enter while these rows go by.
fn states(rows: &[&str]) -> [Vec<&'static str>; 2] {
    let mut entered = [vec!["CLOSED"], vec!["CLOSED", "LISTEN"]];
    for row in rows {
        let (way, words) = row.split_once(' ').unwrap();
        for (side, sends) in ["right", "left"].into_iter().enumerate() {
            let before = *entered[side].last().unwrap();
            let state = wire::after(before, way == sends, words);
            entered[side].extend((state != before).then_some(state));
        }
    }
    entered.map(|states| states[1..].to_vec())
}

#[test]
fn packets_lead_through_the_states_of_tcp() {
    let opening = ["right SYN", "left SYN, ACK", "right ACK"];
    let client = ["SYN-SENT", "ESTABLISHED"];
    let server = ["LISTEN", "SYN-RECEIVED", "ESTABLISHED"];
    for (rows, client_then, server_then) in [
        (&["left \"Welcome, SYN, FIN\""][..], &[][..], &[][..]),
        (
            &["right FIN", "left ACK", "left FIN", "right ACK"],
            &["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"],
            &["CLOSE-WAIT", "LAST-ACK", "CLOSED"],
        ),
        (
            &["left \"bye\", FIN", "right FIN, ACK", "left ACK"],
            &["CLOSE-WAIT", "LAST-ACK", "CLOSED"],
            &["FIN-WAIT-1", "TIME-WAIT"],
        ),
        (&["right FIN", "left RST"], &["FIN-WAIT-1", "CLOSED"], &["CLOSE-WAIT", "CLOSED"]),
    ] {
        let rows = [&opening[..], rows].concat();
        let expected = [[&client[..], client_then].concat(), [&server[..], server_then].concat()];
        assert_eq!(states(&rows), expected, "{rows:?}");
    }
    let refused = states(&["right SYN", "left RST"]);
    assert_eq!(refused[0], ["SYN-SENT", "CLOSED"]);
    assert_eq!(wire::after("CLOSED", true, "listen"), "LISTEN");
    // Both close at once: each FIN comes without the ACK of the other.
    assert_eq!(wire::after("FIN-WAIT-1", false, "FIN"), "CLOSING");
    assert_eq!(wire::after("CLOSING", false, "ACK"), "TIME-WAIT");
}

#[test]
fn each_lesson_has_a_picture_and_only_tcp_has_states() {
    let course = course();
    let recorded = |lesson: &&course::Lesson| !lesson.about.terminals.is_empty();
    for lesson in course.lessons.iter().filter(recorded) {
        for language in Language::BOTH {
            let picture = picture::of(&course, lesson, language).unwrap();
            assert!(
                picture.contains("<svg") && picture.contains("<figcaption>"),
                "{}",
                lesson.name
            );
            let tcp = picture.contains(">SYN, ACK<");
            assert_eq!(picture.contains(">ESTABLISHED<"), tcp, "{}", lesson.name);
            assert_eq!(picture.contains("class=\"state\""), tcp, "{}", lesson.name);
        }
    }
}
