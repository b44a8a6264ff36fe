//! What a failing requirement or a failing program said, in a learner's words.

use crate::words::Language;

/// How much of what a program printed is shown: the first and the last.
const BYTES: [usize; 2] = [300, 600];
const LINES: [usize; 2] = [4, 10];

/// What the tests' messages mean: the beginning of a message, or with a star a part of its first
/// line, and what to say in its place. The rest of the line follows a colon.
#[rustfmt::skip]
const MEANINGS: &[(&str, &str, &str)] = &[
    ("the stream ended before ", "It ended before it printed this.", "程序还没有打印出应有的内容就结束了。"),
    ("* does not come:", "It did not print this in time. Did you flush what you printed?", "程序没有及时打印出应有的内容。打印之后刷新（flush）了吗？"),
    ("it ended without a connection", "It ended without a connection.", "程序没有建立连接就结束了。"),
    ("no client comes", "It did not connect in time.", "程序没有及时连接上来。"),
    ("it does not end", "It did not end in time.", "程序没有及时结束。"),
    ("it ended with ", "It did not end as it should:", "程序结束的方式不对："),
    ("it ended", "It ended in the middle of the conversation.", "对话还没有完，程序就结束了。"),
    ("no one is at ", "It does not listen at the address that it was given.", "程序没有在给它的地址上监听。"),
    ("the server answers", "No answer came in time.", "没有及时收到应答。"),
    ("*kind: WouldBlock", "Nothing came in time.", "没有及时收到任何数据。"),
    ("*kind: TimedOut", "Nothing came in time.", "没有及时收到任何数据。"),
    ("*kind: ConnectionReset", "It broke off the connection: it ended, or it closed before it had read all that was sent.", "连接被程序中断：它已经结束，或者没有读完收到的数据就关闭了。"),
    ("*kind: ConnectionRefused", "It does not listen at the address that it was given.", "程序没有在给它的地址上监听。"),
    ("*kind: BrokenPipe", "It no longer reads what is sent to it.", "程序已经不再读取发给它的数据。"),
    ("a program prints UTF-8", "It printed bytes that are no UTF-8.", "程序打印的内容不是 UTF-8。"),
    ("no end in time", "It was ended after the limit of time. Is there an endless loop, or a wait for something that never comes?", "超过时限，已被终止。是不是有死循环，或者在等永远不会来的数据？"),
    ("left out: ", "This machine cannot show it:", "在这台机器上无法检验："),
];

/// What programs say when they fail, and what to do about it.
#[rustfmt::skip]
const ADVICE: &[(&[&str], &str, &str)] = &[
    (&["a bytes-like object is required, not 'str'"],
        "A socket sends bytes, not text: encode it first, text.encode().",
        "套接字发送的是字节，不是文本：先编码，text.encode()。"),
    (&["can only concatenate str (not \"bytes\")", "can't concat str to bytes", "must be str, not bytes"],
        "A socket gives bytes, not text: decode them, data.decode(), or put b before the text.",
        "套接字收到的是字节，不是文本：先解码，data.decode()，或者在字符串前加 b。"),
    (&["Address already in use", "WinError 10048", "EADDRINUSE", "AddrInUse"],
        "Another program has the port: `cargo run -p open-ports -- --port PORT` says which one. If it has only just ended, wait a minute, or set SO_REUSEADDR before bind.",
        "端口被另一个程序占用：`cargo run -p open-ports -- --port 端口号` 会说是哪一个。如果那个程序刚刚结束，等一分钟，或者在 bind 之前设置 SO_REUSEADDR。"),
    (&["Connection refused", "WinError 10061", "ECONNREFUSED", "ConnectionRefused"],
        "No one listens at the address that it connected to: check the host and the port.",
        "它连接的地址上没有程序在监听：检查主机和端口。"),
    (&["can't open file", "Cannot find module", "Could not find or load main class"],
        "There is no such file: check its name and the folder that you are in.",
        "没有这个文件：检查文件名和当前目录。"),
    (&["SyntaxError", "IndentationError"],
        "It does not get through the compiler: look at the line that it names.",
        "程序有语法错误：看它指出的那一行。"),
    (&["EOFError"],
        "It asked for more input than the conversation has: one line for each question.",
        "它要读的输入比对话里的多：每个问题只对应一行。"),
];

/// What to do about an error that a program has printed, where it is a common one.
pub(crate) fn advice(printed: &str, language: Language) -> Option<&'static str> {
    let is_it = |parts: &&[&str]| parts.iter().any(|part| printed.contains(part));
    let (_, english, chinese) = ADVICE.iter().find(|(parts, ..)| is_it(parts))?;
    Some(language.pick(english, chinese))
}

/// A test's message for a learner: what it means, and what the program had printed. None of it is
/// Rust.
pub(crate) fn lines(message: &str, language: Language) -> Vec<String> {
    // Behind an assertion stands what the test wanted to say of it.
    let message = match message.split_once(" failed: ") {
        Some((assertion, told)) if assertion.starts_with("assertion") => told,
        _ => message,
    };
    let message = message.split("\n  left: ").next().unwrap_or_default();
    let (first, printed) = message.split_once('\n').unwrap_or((message, ""));
    let meaning = MEANINGS.iter().find_map(|(start, english, chinese)| {
        let rest = match start.strip_prefix('*') {
            Some(part) => first.split_once(part)?.1,
            None => first.strip_prefix(start)?,
        };
        let meaning = *language.pick(english, chinese);
        let goes_on = meaning.ends_with([':', '：']);
        Some(if goes_on { format!("{meaning} {rest}") } else { meaning.to_owned() })
    });
    let is_rust = |line: &str| {
        ["assertion ", "called `", "::", " { ", "(\"", "Some("]
            .iter()
            .any(|mark| line.contains(mark))
    };
    let first = meaning.or_else(|| (!is_rust(first)).then(|| first.to_owned()));
    let printed = shortened(printed);
    let printed = printed.lines().filter(|line| !line.is_empty() && !line.starts_with("note: "));
    first.into_iter().filter(|line| !line.is_empty()).chain(printed.map(str::to_owned)).collect()
}

/// The first and the last of what a program printed.
pub(crate) fn shortened(printed: &str) -> String {
    let [first, last] = BYTES;
    let text = match printed.len().checked_sub(first + last) {
        Some(left @ 1..) => {
            let part = |range| String::from_utf8_lossy(&printed.as_bytes()[range]).into_owned();
            format!("{}\n…\n{}", part(0..first), part(first + left..printed.len()))
        }
        _ => printed.to_owned(),
    };
    let lines: Vec<_> = text.lines().collect();
    let [first, last] = LINES;
    if lines.len() <= first + last + 1 {
        return text;
    }
    [&lines[..first], &["…"], &lines[lines.len() - last..]].concat().join("\n")
}
