//! A picture of what two programs do and what goes over the wire, or of what one program asks the
//! kernel, as SVG, drawn from a recording.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use course::wire::{self, Exchange, Kind, Program, Step};
use course::{Course, Lesson, Words};
use serde_json::json;

use crate::bits;
use crate::blocks::escape;
use crate::language::Language;

/// The height of a row, of the states below it, and of the names above all.
const ROW: i32 = 27;
const STATES: i32 = 21;
const TOP: i32 = 44;
/// The width of a character, and the least one between the two lines.
const COLUMN: i32 = 8;
const BETWEEN: i32 = 256;
/// The least width of the kernel's answers, so that several pictures are of one size.
const ANSWER: i32 = 172;
/// Of a packet's data, as many characters are shown.
const DATA: usize = 27;

/// The place of each side's line, and the width of all.
struct Places {
    client: i32,
    server: i32,
    width: i32,
}

/// What a lesson's page shows of its recording. Where it has lines of programs in it, a script makes it
/// a picture that is gone through step by step; without the script, it is whole.
pub(crate) fn of(course: &Course, lesson: &Lesson, language: Language) -> Result<String> {
    let (mut svg, mut script) = (String::new(), String::new());
    for exchange in wire::exchanges(course, lesson)? {
        let steps = exchange.steps(course, lesson)?;
        let programs = exchange.programs(course)?;
        let name = |side: usize| match (&*exchange.programs[side], &programs[side]) {
            ("kernel", _) => language.pick("kernel", "内核"),
            (_, Some(program)) => &program.name,
            (program, None) => program,
        };
        let names = [name(0), name(1)];
        svg.push_str(&draw(&exchange, &steps, &names, language)?);
        if !exchange.kernel() {
            let data = data(&programs, &steps, &names, language);
            script = format!("<script type=\"application/json\">{data}</script>\n");
        }
    }
    let caption = match lesson.name.as_str() {
        "ip-addresses" => {
            svg = bits::draw(course, lesson, language)?;
            language.pick(
                "The bits that the program prints. The AND keeps those of the network's part and makes the others 0. In the framed bits the two networks differ.",
                "程序输出的各个位。与（AND）运算保留网络部分，把其余各位变成 0。加框的位是两个网络不同之处。",
            )
        }
        "socket-tour" => language.pick(
            "Some stops: the calls of the program and the kernel's answers, as recorded on Linux. Time runs downwards. Calls that only prepare are left out, and those of listen(1) and listen(5), which do the same.",
            "其中几站：程序的系统调用和内核的应答，在 Linux 上录制。时间自上而下；只作准备的调用，以及做法相同的 listen(1) 和 listen(5)，从略。",
        ),
        "open-ports" => language.pick(
            "What the program asks while tcp-server-threaded runs, as recorded on Linux; of all processes, only the one that it finds. In the table, 0100007F:270F is 127.0.0.1:9999 and 0A is LISTEN. The last number is the socket's: the process whose descriptor leads to it has the port.",
            "tcp-server-threaded 运行时程序向内核查询的内容，在 Linux 上录制；所有进程中只画出找到的那一个。表中 0100007F:270F 就是 127.0.0.1:9999，0A 就是 LISTEN。最后的数是套接字的编号（inode）：哪个进程的描述符指向它，端口就归哪个进程。",
        ),
        _ if svg.contains("class=\"state\"") => language.pick(
            "The system calls of both programs, and the packets between them, as recorded on Linux. Time runs downwards. In a frame: the state that this side's connection enters. Acknowledgments of data are left out.",
            "两个程序的系统调用和它们之间的数据包，在 Linux 上录制。时间自上而下；框内是这一侧的连接进入的状态；对数据的确认（ACK）从略。",
        ),
        _ => language.pick(
            "The system calls of both programs, and the packets between them, as recorded on Linux. Time runs downwards.",
            "两个程序的系统调用和它们之间的数据包，在 Linux 上录制。时间自上而下。",
        ),
    };
    ensure!(!svg.is_empty(), "wire.toml has no recording of it: run record-wire.py");
    let list = wire::markdown(course, lesson, language == Language::Chinese)?.unwrap_or_default();
    if !script.is_empty() {
        svg = format!("<div class=\"wire-box\">\n{svg}</div>\n{script}");
    }
    let class = if script.is_empty() { "wire" } else { "wire steps" };
    Ok(format!(
        "<figure class=\"{class}\">\n{svg}<figcaption>{caption}</figcaption>\n</figure>\n\n{list}"
    ))
}

fn draw(
    exchange: &Exchange,
    steps: &[Step],
    names: &[&str; 2],
    language: Language,
) -> Result<String> {
    let (kernel, [server, client]) = (exchange.kernel(), *names);
    let places = Places::of(steps, client, server, kernel);
    let (mut body, mut y, mut bottom) = (String::new(), TOP, 0);
    let mut before = ["CLOSED"; 2];
    for step in steps {
        body.push_str("<g class=\"step\">\n");
        for (kind, words) in &step.row {
            one(&mut body, *kind, words, y, &places)?;
        }
        for (side, x) in [places.client, places.server].into_iter().enumerate() {
            if step.states[side] != before[side] {
                badge(&mut body, step.states[side], x, y + 18)?;
            }
        }
        body.push_str("</g>\n");
        let entered = step.states != before;
        bottom = y + if entered { 36 } else { 20 };
        y += ROW + if entered { STATES } else { 0 };
        before = step.states;
    }
    let title = if kernel {
        language.pick(
            format!("What {client} asks the kernel, and what it answers"),
            format!("{client} 的系统调用，以及内核的应答"),
        )
    } else {
        language.pick(
            format!("What {client} and {server} do, and what goes over the wire"),
            format!("{client} 和 {server} 的系统调用，以及线路上的数据"),
        )
    };
    let mut svg = start(&title, places.width, bottom);
    for (x, name) in [(places.client, client), (places.server, server)] {
        let anchor = if kernel && name == client { "start" } else { "middle" };
        let name = escape(name);
        writeln!(
            svg,
            "<text x=\"{x}\" y=\"16\" text-anchor=\"{anchor}\" font-weight=\"600\">{name}</text>"
        )?;
        let line = "stroke=\"currentColor\" stroke-opacity=\".4\"";
        writeln!(svg, "<path d=\"M{x} 26V{bottom}\" fill=\"none\" {line}/>")?;
    }
    writeln!(svg, "{body}</svg>")?;
    Ok(svg)
}

/// What the script needs: the client's part first, as in the picture.
fn data(
    programs: &[Option<Program>; 2],
    steps: &[Step],
    names: &[&str; 2],
    language: Language,
) -> String {
    let html = |words: &Words| {
        let text = escape(language.pick(&words.en, &words.zh));
        let pieces = text.split('`').enumerate();
        pieces
            .map(|(at, piece)| match at % 2 {
                0 => piece.to_owned(),
                _ => format!("<code>{piece}</code>"),
            })
            .collect::<String>()
    };
    let mut told = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        // Where each side is: in a line that acts now, that waits, or that acted last.
        let side = |server: bool| {
            let own = |step: &Step| step.lines.iter().find(|line| line.server == server).copied();
            let next = || steps[at..].iter().find_map(own).filter(|line| line.waits);
            let last = || steps[..at].iter().rev().find_map(own);
            let (how, line) = own(step)
                .map(|line| ("acts", line))
                .or_else(|| next().map(|line| ("waits", line)))
                .or_else(|| last().map(|line| ("last", line)))?;
            Some(json!([how, line.rust, line.python]))
        };
        let ask = step.question.as_ref();
        told.push(json!({
            "text": html(&step.text),
            "ask": ask.map(|ask| html(&ask.question)),
            "answer": ask.map(|ask| html(&ask.answer)),
            "lines": [side(false), side(true)],
        }));
    }
    let say = language.pick(
        json!({
            "back": "Back", "next": "Next", "all": "All", "show": "Show what happens",
            "step": "Step", "whole": "The whole picture.", "buttons": "Go through the picture",
            "acts": "does this", "waits": "waits here", "last": "did this last",
            "speak": "In ",
        }),
        json!({
            "back": "上一步", "next": "下一步", "all": "全部", "show": "看看会发生什么",
            "step": "第几步", "whole": "完整的图。", "buttons": "逐步查看",
            "acts": "正在执行", "waits": "在这里等待", "last": "刚才执行到这里",
            "speak": "看 ",
        }),
    );
    let [server, client] = names;
    let code = |side: usize| {
        let Program { rust, python, .. } = programs[side].as_ref()?;
        Some([Some(bare(rust, " // ")), python.as_deref().map(|code| bare(code, "  # "))])
    };
    let data = json!({
        "names": [client, server],
        "code": [code(1), code(0)],
        "steps": told,
        "say": say,
    });
    data.to_string().replace('<', "\\u003c")
}

/// A program's lines without the comments at their ends, but for what happens at the end of a block.
fn bare<'a>(code: &'a str, sign: &str) -> Vec<&'a str> {
    let bare = |line: &'a str| match line.split_once(sign) {
        Some((line, _)) if !line.starts_with('}') => line,
        _ => line,
    };
    code.lines().map(bare).collect()
}

impl Places {
    fn of(steps: &[Step], client: &str, server: &str, kernel: bool) -> Self {
        let widest = |kind| {
            let rows = steps.iter().flat_map(|step| &step.row);
            let words = rows.filter(|row| row.0 == kind).map(|row| cut(&row.1));
            words.map(|words| width(&words)).max().unwrap_or(0)
        };
        let side = |kind, name| (widest(kind) + 20).max(width(name) / 2);
        let left = if kernel { 8 } else { side(Kind::Client, client) };
        let between = BETWEEN.max(widest(Kind::Left).max(widest(Kind::Right)) + 16);
        let right = side(Kind::Server, server).max(if kernel { ANSWER } else { 0 });
        Self { client: left, server: left + between, width: left + between + right }
    }
}

/// About as wide as it is drawn: a Chinese character counts twice.
fn width(words: &str) -> i32 {
    words.chars().map(|c| if c >= '\u{2e80}' { 2 * COLUMN } else { COLUMN }).sum()
}

/// What begins a picture. Its size is that of a text, and on a narrow screen the screen's.
pub(crate) fn start(title: &str, width: i32, height: i32) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{}\" role=\"img\" aria-label=\"{}\" \
         fill=\"currentColor\" stroke=\"none\" font-size=\"13\">\n",
        width * 6 / 5,
        escape(title)
    )
}

/// A state, in a frame on its side's line.
fn badge(svg: &mut String, state: &str, x: i32, y: i32) -> Result<()> {
    let width = width(state) + 4;
    let (left, top, base) = (x - width / 2, y - 9, y + 4);
    writeln!(
        svg,
        "<g class=\"state\"><rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"17\" rx=\"4\" \
         stroke=\"currentColor\"/><text x=\"{x}\" y=\"{base}\" text-anchor=\"middle\" \
         font-size=\"12\" font-weight=\"600\">{state}</text></g>"
    )?;
    Ok(())
}

/// Long data without their end, the flags after them whole.
fn cut(words: &str) -> String {
    let (data, flags) = words.split_at(words.rfind('"').map_or(0, |end| end + 1));
    match data.char_indices().nth(DATA) {
        Some((end, _)) => format!("{}…\"{flags}", data[..end].trim_end_matches('\\')),
        None => words.to_owned(),
    }
}

fn one(svg: &mut String, kind: Kind, words: &str, y: i32, places: &Places) -> Result<()> {
    let words = escape(&cut(words));
    let &Places { client, server, .. } = places;
    let base = y + 4;
    match kind {
        Kind::Client => {
            let x = client - 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\" text-anchor=\"end\">{words}</text>")?;
        }
        Kind::Server => {
            let x = server + 12;
            writeln!(svg, "<text x=\"{x}\" y=\"{base}\">{words}</text>")?;
        }
        Kind::Left | Kind::Right => {
            let (from, to, back) =
                if kind == Kind::Right { (client, server, -8) } else { (server, client, 8) };
            let (middle, above, tail) = (client.midpoint(server), y - 5, to + back);
            let (up, down) = (y - 4, y + 4);
            writeln!(
                svg,
                "<g class=\"packet\"><path d=\"M{from} {y}H{tail}\" fill=\"none\" stroke=\"currentColor\"/>\
                 <path d=\"M{to} {y}L{tail} {up}V{down}Z\"/>\
                 <text x=\"{middle}\" y=\"{above}\" text-anchor=\"middle\">{words}</text></g>"
            )?;
        }
    }
    Ok(())
}
