//! The picture that the top README opens with: two terminals, and the packets between them.

use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::{Kind, Step, exchanges};
use crate::Course;

/// Where the picture is, in English and in Chinese.
pub const FIRST: [(&str, bool); 2] =
    [("docs/pictures/first.svg", false), ("docs/pictures/first.zh-CN.svg", true)];

const WIDTH: i32 = 760;
/// Where the client's terminal ends, and the server's begins.
const LEFT: i32 = 222;
const RIGHT: i32 = 450;
const ROW: i32 = 21;
const TOP: i32 = 52;

const STYLE: &str = "\
.first-text { font: 10.5px ui-monospace, Menlo, Consolas, monospace; fill: #22262a; }
.first-name { font: 600 12px system-ui, sans-serif; fill: #22262a; }
.first-wire { font: 600 11px ui-monospace, Menlo, Consolas, monospace; fill: #0b6b62; }
.first-box { fill: #f5f7f7; stroke: #c9d3d3; }
.first-line { stroke: #0b6b62; stroke-width: 1.3; }
@media (prefers-color-scheme: dark) {
  .first-text, .first-name { fill: #d3d8dc; }
  .first-wire { fill: #63d0c3; }
  .first-box { fill: #1d2329; stroke: #3a444c; }
  .first-line { stroke: #63d0c3; }
}";

/// The picture, from the recording of lessons 4 and 5.
///
/// # Errors
/// If it was not recorded.
pub fn first(course: &Course, chinese: bool) -> Result<String> {
    let lesson = course.find("tcp-server-threaded")?;
    let exchange = exchanges(course, lesson)?.into_iter().next().context("no recording")?;
    let steps = exchange.steps(course, lesson)?;
    let pick = |english: &'static str, chinese_words: &'static str| {
        if chinese { chinese_words } else { english }
    };
    let (mut body, mut y, mut packets) = (String::new(), TOP, Vec::new());
    text(&mut body, RIGHT + 12, y, "$ cargo run --example tcp-server-threaded")?;
    for step in &steps {
        let printed = |kind| printed(step, kind);
        let packet = step.row.iter().find(|(kind, _)| matches!(kind, Kind::Left | Kind::Right));
        if packet.is_none() && printed(Kind::Server).is_empty() {
            continue;
        }
        y += ROW;
        if let Some((kind, words)) = packet {
            arrow(&mut body, *kind == Kind::Right, y, words)?;
            packets.push(named(words));
        }
        if step.row[0].1 == "connect" {
            text(&mut body, 12, y, "$ cargo run --example tcp-client")?;
        }
        text(&mut body, 12, y, &printed(Kind::Client))?;
        text(&mut body, RIGHT + 12, y, &printed(Kind::Server))?;
    }
    let height = y + 16;
    let title = pick("A server and a client in two terminals", "两个终端里的服务器和客户端");
    let what = pick(
        "On the left the client's terminal, on the right the server's. The packets between them, from top to bottom: ",
        "左边是客户端的终端，右边是服务器的终端。它们之间的数据包，自上而下：",
    );
    let comma = pick(", ", "、");
    let (client, server) = (
        pick("Terminal 2: the client", "终端 2：客户端"),
        pick("Terminal 1: the server", "终端 1：服务器"),
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"first-title first-desc\">\n\
         <title id=\"first-title\">{title}</title>\n\
         <desc id=\"first-desc\">{what}{}</desc>\n<style>{STYLE}</style>\n",
        escape(&packets.join(comma))
    );
    for (x, width, name) in [(1, LEFT, client), (RIGHT, WIDTH - RIGHT - 1, server)] {
        let tall = height - 26;
        writeln!(svg, "<text class=\"first-name\" x=\"{x}\" y=\"15\">{name}</text>")?;
        writeln!(
            svg,
            "<rect class=\"first-box\" x=\"{x}\" y=\"25\" width=\"{width}\" height=\"{tall}\" rx=\"7\"/>"
        )?;
    }
    Ok(svg + &body + "</svg>\n")
}

/// What a program prints in a step, without line breaks.
fn printed(step: &Step, kind: Kind) -> String {
    let all = step.prints.iter().flatten().filter(|(other, _)| *other == kind);
    all.map(|(_, text)| text.trim_matches('"').trim_end_matches("\\n")).collect()
}

fn text(svg: &mut String, x: i32, y: i32, words: &str) -> Result<()> {
    if !words.is_empty() {
        let (base, words) = (y + 4, escape(words));
        writeln!(svg, "<text class=\"first-text\" x=\"{x}\" y=\"{base}\">{words}</text>")?;
    }
    Ok(())
}

fn arrow(svg: &mut String, right: bool, y: i32, words: &str) -> Result<()> {
    let (from, to, back) = if right { (LEFT + 6, RIGHT - 5, -8) } else { (RIGHT - 5, LEFT + 6, 8) };
    let (tail, up, down) = (to + back, y - 4, y + 4);
    let (middle, above) = (from.midpoint(to), y - 5);
    writeln!(
        svg,
        "<path class=\"first-line\" d=\"M{from} {y}H{tail}\"/>\
         <path class=\"first-wire\" d=\"M{to} {y}L{tail} {up}V{down}Z\"/>\
         <text class=\"first-wire\" x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{}</text>",
        escape(&named(words))
    )?;
    Ok(())
}

/// Data in their quotes, flags as they are called.
fn named(words: &str) -> String {
    if words.starts_with('"') { words.to_owned() } else { words.replace(", ", "-") }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
