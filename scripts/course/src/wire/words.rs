//! What a step of a recording does, in a sentence or two, in both languages.

use super::{Exchange, Kind, Step};
use crate::Words;

/// What the step does, and what the programs print before and after it.
pub(super) fn of(exchange: &Exchange, step: &Step) -> Words {
    if exchange.kernel() {
        return asked(&step.row);
    }
    let mut text = printed(exchange, &step.prints[0]);
    for more in [done(exchange, &step.row, step.states), printed(exchange, &step.prints[1])] {
        let blank = if text.en.is_empty() || more.en.is_empty() { "" } else { " " };
        text = Words { en: text.en + blank + &more.en, zh: text.zh + &more.zh };
    }
    text
}

/// What a program asks the kernel, and what it answers or shows.
fn asked(row: &[(Kind, String)]) -> Words {
    if let [(_, call), (_, answer)] = row {
        return Words {
            en: format!("The program calls `{call}`. The kernel answers `{answer}`."),
            zh: format!("程序调用 `{call}`，内核返回 `{answer}`。"),
        };
    }
    let found: Vec<_> = row.iter().map(|(_, words)| format!("`{words}`")).collect();
    let found = found.join(", ");
    Words {
        en: format!("There it finds {found}."), zh: format!("程序在其中找到 {found}。")
    }
}

/// What the client or the server is called.
fn names(exchange: &Exchange, server: bool) -> [&'static str; 2] {
    let program = &exchange.programs[usize::from(!server)];
    match server {
        true if program.ends_with("-receiver") => ["receiver", "接收方"],
        false if program.ends_with("-sender") => ["sender", "发送方"],
        true => ["server", "服务器"],
        false => ["client", "客户端"],
    }
}

fn printed(exchange: &Exchange, prints: &[(Kind, String)]) -> Words {
    let mut text = Words { en: String::new(), zh: String::new() };
    for kind in [Kind::Client, Kind::Server] {
        let own = prints.iter().filter(|(other, _)| *other == kind);
        let lines: Vec<_> = own
            .flat_map(|(_, text)| text.trim_matches('"').split("\\n"))
            .map(|line| line.trim_end_matches("\\r").replace("\\\"", "\""))
            .filter(|line| !line.is_empty())
            .map(|line| format!("`{line}`"))
            .collect();
        if !lines.is_empty() {
            let [who, name] = names(exchange, kind == Kind::Server);
            let blank = if text.en.is_empty() { "" } else { " " };
            text.en = text.en + blank + &format!("The {who} prints {}.", lines.join(", then "));
            text.zh = format!("{}{name}打印 {}。", text.zh, lines.join("，然后是 "));
        }
    }
    text
}

/// A packet's data, without quotes and their end, and how they are encoded.
fn data(words: &str) -> Option<String> {
    let (data, more) = words.split_at(words.rfind('"')? + 1);
    let data = data.trim_start_matches('"').trim_end_matches('"').replace("\\\"", "\"");
    let short: String = data.chars().take(60).collect();
    let dots = if short.len() < data.len() { "…" } else { "" };
    let encoding = more.split_once(')').map(|(more, _)| format!("{more})"));
    Some(format!("`{short}{dots}`{}", encoding.unwrap_or_default()))
}

/// What the programs and their systems do. After it, the connection is in these states.
#[allow(clippy::too_many_lines, reason = "one arm for each call and packet")]
fn done(exchange: &Exchange, row: &[(Kind, String)], states: [&str; 2]) -> Words {
    let (mut en, mut zh) = (Vec::new(), String::new());
    let tcp = exchange.rows.iter().any(|row| row == "right SYN");
    for (at, (kind, words)) in row.iter().enumerate() {
        let (call, result) = words.split_once(" = ").unwrap_or((words, ""));
        let server = matches!(kind, Kind::Server | Kind::Left);
        let [who, name] = names(exchange, server);
        let [peer, other] = names(exchange, !server);
        let sent = row.get(at + 1).and_then(|(_, words)| data(words)).unwrap_or_default();
        macro_rules! say {
            ($english:literal, $chinese:literal) => {{
                en.push(format!($english));
                zh += &format!($chinese);
            }};
        }
        match (kind, call) {
            (Kind::Server, "bind") => say!("The {who} takes its port.", "{name}占用自己的端口。"),
            (Kind::Client, "bind") => say!(
                "The {who}'s socket gets a free port from the system.",
                "{name}的套接字从系统得到一个空闲端口。"
            ),
            (_, "listen") => {
                say!(
                    "The server listens: from now on, its system takes in clients",
                    "服务器开始监听。从这时起，系统替它处理来连接的客户端，"
                );
                say!("and keeps them in a queue.", "让它们排队。");
            }
            (_, "listen again") => say!(
                "The server listens once more, with room for a longer queue.",
                "服务器再监听一次，把等待队列设得更长。"
            ),
            (_, "connect") => say!(
                "The client calls `connect`, and waits in it.",
                "客户端调用 `connect`，在里面等待。"
            ),
            (_, "accept") => {
                say!(
                    "The server's `accept` takes the client out of the queue",
                    "服务器的 `accept` 把这个客户端从队列里取出来，"
                );
                say!("and returns a new socket for it.", "返回一个专门和它通信的新套接字。");
            }
            (Kind::Client | Kind::Server, "send") if sent.is_empty() => {
                say!("The {who} sends {result} bytes.", "{name}发送 {result} 个字节。");
            }
            (Kind::Client | Kind::Server, "send") => say!(
                "The {who} sends {sent}: {result} bytes.",
                "{name}发送 {sent}，共 {result} 个字节。"
            ),
            (Kind::Client | Kind::Server, "sendto") => say!(
                "The {who} sends {sent}: {result} bytes, as one datagram.",
                "{name}发送 {sent}，共 {result} 个字节，作为一个数据报。"
            ),
            (Kind::Client | Kind::Server, "recv") if result == "0" => say!(
                "The {who} reads 0 bytes: the {peer} will send nothing more.",
                "{name}读到 0 个字节，说明{other}不会再发送了。"
            ),
            (Kind::Client | Kind::Server, "recv" | "recvfrom") => {
                let all = format!("= {result}");
                if at > 1 && row[0].1.ends_with(&all) {
                    say!("The {who} receives them.", "{name}收到这些数据。");
                } else {
                    say!("The {who} receives {result} bytes.", "{name}收到 {result} 个字节。");
                }
            }
            (Kind::Client | Kind::Server, "shutdown") => {
                say!("The {who} says that it has sent everything.", "{name}声明自己发送完毕。");
            }
            (_, "close listener") => {
                say!("The {who} closes its listening socket too.", "{name}把监听套接字也关闭了。");
            }
            (Kind::Client | Kind::Server, _) if tcp => {
                say!("The {who} closes its connection.", "{name}关闭连接。");
            }
            (Kind::Client | Kind::Server, _) => {
                say!("The {who} closes its socket.", "{name}关闭套接字。");
                say!(
                    "Nothing goes over the wire: there is no connection to end.",
                    "网络上什么也没有发送，因为本来就没有连接需要断开。"
                );
            }
            (_, "SYN") => say!(
                "Its system sends SYN, which asks for a connection.",
                "系统发出 SYN，请求建立连接。"
            ),
            (_, "SYN, ACK") => say!(
                "The server's system answers with SYN-ACK. No line of the program does that.",
                "服务器这边的系统回复 SYN-ACK，程序里没有哪一行做这件事。"
            ),
            (_, "ACK") if states == ["ESTABLISHED"; 2] => {
                say!("The client's system answers with ACK.", "客户端这边的系统回复 ACK。");
                say!(
                    "The connection stands, and the client's `connect` returns.",
                    "连接建立，客户端的 `connect` 返回。"
                );
            }
            (_, "ACK") if states.contains(&"CLOSE-WAIT") => say!(
                "The {who}'s system confirms the FIN. The {who} itself has not closed yet.",
                "{name}这边的系统确认收到 FIN，而{name}自己还没有关闭。"
            ),
            (_, "ACK") => {
                say!(
                    "The {who}'s system confirms the FIN. The connection is over.",
                    "{name}这边的系统确认收到 FIN，连接到此结束。"
                );
                if let Some(side) = states.iter().position(|state| *state == "TIME-WAIT") {
                    let [first, first_name] = names(exchange, side == 1);
                    say!(
                        "The {first} closed first, so its system remembers the connection for a while.",
                        "{first_name}先关闭，所以它那边的系统还会把这个连接保留一会儿。"
                    );
                }
            }
            (_, "FIN" | "FIN, ACK") => {
                // Without a call beside it, the program has ended without a close.
                if at > 0 {
                    say!("Its system", "系统");
                } else {
                    say!("The {who}'s system", "{name}这边的系统");
                }
                if call == "FIN, ACK" {
                    say!("confirms the {peer}'s FIN and", "确认{other}的 FIN，同时");
                }
                say!(
                    "sends FIN: nothing more will come from here.",
                    "发出 FIN，表示不会再发送数据。"
                );
            }
            (_, flags) if flags.contains("RST") => say!(
                "The {who}'s system breaks the connection off with RST.",
                "{name}这边的系统用 RST 中断连接。"
            ),
            // What a call has sent was named there.
            _ if at > 0 => {}
            _ => {
                let sent = data(words).unwrap_or_default();
                say!("{sent} comes.", "{sent} 到达。");
            }
        }
    }
    Words { en: en.join(" "), zh }
}
