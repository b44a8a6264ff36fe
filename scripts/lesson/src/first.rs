//! The program is started once before its first requirement, and watched until it has done what a
//! program of its lesson does first. One early fault would otherwise fail every requirement.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use course::{First, Lesson, run};
use listeners::{Protocol, SocketState};
use socket2::SockRef;

use crate::explain;
use crate::progress::Half;
use crate::session::Group;
use crate::words::Language;

/// The reader's program.
pub(crate) struct Program {
    /// As it was typed.
    pub(crate) typed: String,
    /// As it is run: a program in a folder is named from the root.
    pub(crate) words: Vec<String>,
    /// Where the reader stands.
    pub(crate) folder: PathBuf,
    pub(crate) half: Option<Half>,
    /// The address that it has in its source.
    pub(crate) at: Option<String>,
}

/// Lets a program that runs in another folder find the modules and classes of the reader's.
pub(crate) fn find_modules(command: &mut Command, folder: &Path) {
    for name in ["PYTHONPATH", "CLASSPATH"] {
        if std::env::var_os(name).is_none() {
            command.env(name, folder);
        }
    }
}

/// Seconds in which a program has to listen, to connect and to ask, at a patience of ten.
const LISTENS: u64 = 10;
const CONNECTS: u64 = 5;
const ASKS: u64 = 2;

const SAY_WHERE: &str = "If it has its address in its source, say which: --at HOST:PORT.";
const SAY_WHERE_CHINESE: &str = "如果地址写死在源码里，请说明是哪个：--at HOST:PORT。";

/// A lesson, and the program that is started as its own would be.
pub(crate) struct Start<'a> {
    pub(crate) lesson: &'a Lesson,
    pub(crate) program: &'a Program,
    /// Where it runs: a program that saves files must not leave them with the reader.
    pub(crate) folder: &'a Path,
    pub(crate) patience: u64,
    pub(crate) language: Language,
}

impl Start<'_> {
    /// Gives the program's fixed address, if it has one; an error is what is wrong, for the reader.
    pub(crate) fn check(&self) -> Result<Option<String>> {
        let first = match self.program.half {
            Some(Half::Client) => Some(First::Connects),
            _ => self.lesson.about.first,
        };
        match first {
            Some(First::Listens) => self.listens(),
            Some(First::Prints) => {
                let prints = |group: &Group| (!group.stdout.text().is_empty()).then_some(None);
                self.follow(&[None], ASKS, |_| Ok(()), prints, &self.silent())
            }
            Some(first) => self.meets(first),
            None => Ok(self.program.at.clone()),
        }
    }

    fn is_udp(&self) -> bool {
        self.lesson.name.starts_with("udp-")
    }

    fn silent(&self) -> String {
        let seconds = self.seconds(ASKS);
        self.language.pick(
            format!("It printed nothing in {seconds} s. Did you flush what you printed?"),
            format!("{seconds} 秒内什么也没有打印。打印之后刷新（flush）了吗？"),
        )
    }

    /// A server: the system is asked where it listens, so that its first client is a requirement's.
    fn listens(&self) -> Result<Option<String>> {
        let ours = format!("127.0.0.1:{}", run::free_port()?);
        let arguments: &[_] = match self.program.at {
            Some(_) => &[None],
            None => &[Some(&*ours), None],
        };
        let protocol = if self.is_udp() { Protocol::UDP } else { Protocol::TCP };
        let listens = |group: &Group| {
            let listeners = listeners::get_all().unwrap_or_default().into_iter();
            let its = listeners.filter(|it| {
                let listens = protocol == Protocol::UDP || it.state == SocketState::Listen;
                it.protocol == protocol && listens && group.has(it.process.pid)
            });
            let mut addresses: Vec<SocketAddr> = its.map(|it| it.socket).collect();
            // One that has a fixed address must listen there.
            let fixed = self.program.at.as_deref().and_then(|at| at.rsplit_once(':'));
            addresses.retain(|it| fixed.is_none_or(|(_, port)| port == it.port().to_string()));
            addresses.sort_by_key(|address| (address.to_string() != ours, address.is_ipv6()));
            let address = addresses.first()?;
            let loopback = match address.ip() {
                ip if !ip.is_unspecified() => ip,
                IpAddr::V4(_) => [127, 0, 0, 1].into(),
                IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            };
            let address = SocketAddr::new(loopback, address.port()).to_string();
            Some(self.program.at.clone().or((address != ours).then_some(address)))
        };
        let (seconds, call) =
            (self.seconds(LISTENS), if self.is_udp() { "bind" } else { "listen" });
        let at = self.program.at.as_deref();
        let late = self.language.pick(
            format!(
                "It does not listen {} after {seconds} s. Does it get as far as {call}?",
                at.map_or("anywhere".to_owned(), |at| format!("at {at}"))
            ),
            format!(
                "{seconds} 秒后仍没有监听{}。程序执行到 {call} 了吗？",
                at.map_or("任何地址".to_owned(), |at| format!(" {at}"))
            ),
        );
        self.follow(arguments, LISTENS, |_| Ok(()), listens, &late)
    }

    /// A client: it comes to the address that it is given, or to the one of the article.
    fn meets(&self, first: First) -> Result<Option<String>> {
        let language = self.language;
        let at = self.program.at.as_deref();
        let udp = self.is_udp();
        let ours = Met::listen(udp, at.unwrap_or("127.0.0.1:0")).with_context(|| {
            let at = at.unwrap_or("127.0.0.1");
            language.pick(format!("cannot listen at {at}"), format!("无法在 {at} 监听"))
        })?;
        let address = ours.address()?;
        // Lesson 6 goes to this machine's name, whatever its address is.
        let any = if self.program.half.is_some() { "0.0.0.0" } else { "127.0.0.1" };
        let usual = format!("{any}:{}", self.lesson.about.port);
        let usual = Met::listen(udp, &usual).ok().filter(|_| at.is_none());
        let arguments: &[_] = match (at, first, udp) {
            (Some(_), ..) | (_, First::Asks, false) => &[None],
            _ => &[Some(&*address), None],
        };
        let type_in = |group: &Group| -> Result<()> {
            if first != First::Asks {
                return Ok(());
            }
            let deadline = Instant::now() + Duration::from_secs(self.seconds(ASKS));
            while group.stdout.text().is_empty() && group.ended().is_none() {
                if Instant::now() > deadline {
                    return Err(anyhow!(self.silent()));
                }
                thread::sleep(Duration::from_millis(10));
            }
            let place = address.replace(':', "\n");
            group.type_in(&if udp { "hello\n".into() } else { format!("{place}\nhello\n") });
            Ok(())
        };
        let met = |group: &Group| match ours.met(|_| true) {
            Some(_) => Some(at.map(str::to_owned)),
            // Anyone can come to the usual address.
            None => {
                usual.as_ref()?.met(|port| its_own(group, port, udp)).map(|at| Some(at.to_string()))
            }
        };
        let seconds = self.seconds(CONNECTS);
        let (to, chinese_to) =
            if udp { ("send to", "发送到") } else { ("connect to", "连接") };
        let mut late = language.pick(
            format!("It did not {to} {address} within {seconds} s. Is there a loop or a wait before that? "),
            format!("{seconds} 秒内没有{chinese_to} {address}。前面是不是有死循环或一直在等待？"),
        );
        if at.is_none() {
            late += language.pick(SAY_WHERE, SAY_WHERE_CHINESE);
        }
        self.follow(arguments, CONNECTS, type_in, met, &late)
    }

    fn seconds(&self, seconds: u64) -> u64 {
        (seconds * self.patience / 10).max(1)
    }

    /// Starts it with one argument after the other, until it does not end without having done what
    /// is looked for.
    fn follow(
        &self,
        arguments: &[Option<&str>],
        seconds: u64,
        begin: impl Fn(&Group) -> Result<()>,
        seen: impl Fn(&Group) -> Option<Option<String>>,
        late: &str,
    ) -> Result<Option<String>> {
        let mut wrong = String::new();
        for argument in arguments {
            let mut command = self.command();
            command.args(argument);
            let group = Group::start(command).map_err(|error| self.cannot_start(&error))?;
            let problem = begin(&group).err().map(|problem| problem.to_string());
            let deadline = Instant::now() + Duration::from_secs(self.seconds(seconds));
            let status = loop {
                if problem.is_some() {
                    break None;
                }
                let ended = group.ended();
                if let Some(seen) = seen(&group) {
                    return Ok(seen);
                }
                if ended.is_some() || Instant::now() > deadline {
                    break ended;
                }
                thread::sleep(Duration::from_millis(20));
            };
            let (stdout, stderr) = group.end();
            let goes_on = status.is_none();
            let what = match status {
                Some(status) => self.ended(status, argument.unwrap_or_default(), &stderr),
                None => problem.unwrap_or_else(|| late.to_owned()),
            };
            // What it says to the address is more to the point than what it says without one.
            if wrong.is_empty() || goes_on {
                wrong = self.with_what_it_said(&what, &stdout, &stderr);
            }
            if goes_on {
                break; // it goes on, so it has nothing against its argument
            }
        }
        Err(anyhow!(wrong))
    }

    fn command(&self) -> Command {
        let (name, words) =
            self.program.words.split_first().map_or(("", &[][..]), |(name, words)| (name, words));
        let mut command = Command::new(name);
        command.args(words).current_dir(self.folder).stdin(Stdio::piped());
        if self.lesson.tutorial().len() > 1 && self.program.half.is_none() {
            command.arg(Half::Server.word());
        }
        command.env("PYTHONUNBUFFERED", "1").env("PYTHONUTF8", "1").env_remove("RUST_BACKTRACE");
        if self.folder != self.program.folder {
            find_modules(&mut command, &self.program.folder);
        }
        command
    }

    fn ended(&self, status: ExitStatus, address: &str, printed: &str) -> String {
        let how = match status.code() {
            Some(code) => self.language.pick(format!("status {code}"), format!("状态码 {code}")),
            None => status.to_string(),
        };
        let typed = format!("{} {address}", self.program.typed);
        let typed = typed.trim_end();
        let is_client = self.program.half == Some(Half::Client)
            || !matches!(self.lesson.about.first, Some(First::Listens | First::Prints));
        let mut text = self.language.pick(
            format!("It ended at once ({how}). It was started as: {typed}"),
            format!("程序一启动就结束了（{how}）。启动的命令是：{typed}"),
        );
        // One that fails otherwise is not helped by another address.
        let elsewhere = ["refused", "10061", "timed out", "unreachable", "not known"];
        let elsewhere = status.success() || elsewhere.iter().any(|why| printed.contains(why));
        if is_client && elsewhere && self.program.at.is_none() {
            text +=
                self.language.pick("\nIt never came to that address. ", "\n它没有连接这个地址。");
            text += self.language.pick(SAY_WHERE, SAY_WHERE_CHINESE);
        }
        text
    }

    fn cannot_start(&self, error: &io::Error) -> anyhow::Error {
        let name = self.program.typed.split(' ').next().unwrap_or_default();
        anyhow!(match error.kind() {
            io::ErrorKind::NotFound => self.language.pick(
                format!("There is no program {name}. Is it spelled right, and is it here?"),
                format!("没有程序 {name}。名字写对了吗？是不是在别的目录里？"),
            ),
            io::ErrorKind::PermissionDenied => self.language.pick(
                format!("{name} cannot be run as a program. A script is run by its language: python3 {name}"),
                format!("{name} 不能直接运行。脚本要由它的语言来运行：python3 {name}"),
            ),
            _ => self.language.pick(
                format!("{name} cannot be started: {error}"),
                format!("无法启动 {name}：{error}"),
            ),
        })
    }

    fn with_what_it_said(&self, wrong: &str, stdout: &str, stderr: &str) -> String {
        let mut lines = vec![wrong.to_owned()];
        let printed = explain::shortened((stdout.to_owned() + stderr).trim_end());
        if !printed.is_empty() {
            lines.push(self.language.pick("It said:", "它说：").to_owned());
            lines.extend(printed.lines().map(|line| format!("    {line}")));
        }
        lines.extend(explain::advice(&printed, self.language).map(str::to_owned));
        lines.join("\n")
    }
}

/// Whether the socket of that port is one of the group's. The sender of a datagram can be gone by
/// now; a client of TCP waits for what it is told.
fn its_own(group: &Group, port: u16, udp: bool) -> bool {
    let sockets = listeners::get_all().unwrap_or_default();
    let mut owners = sockets.iter().filter(|it| it.socket.port() == port).peekable();
    udp && owners.peek().is_none() || owners.any(|it| group.has(it.process.pid))
}

/// Where a client is waited for. Its connections end with a reset, so that no TIME-WAIT keeps the
/// port.
enum Met {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl Met {
    fn listen(udp: bool, address: &str) -> io::Result<Self> {
        if udp {
            let socket = UdpSocket::bind(address)?;
            socket.set_nonblocking(true)?;
            return Ok(Self::Udp(socket));
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self::Tcp(listener))
    }

    fn address(&self) -> io::Result<String> {
        Ok(match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Udp(socket) => socket.local_addr(),
        }?
        .to_string())
    }

    /// Where someone has come to, from a port that `is_it`.
    fn met(&self, is_it: impl Fn(u16) -> bool) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().ok()?;
                let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                stream.local_addr().ok().filter(|_| is_it(peer.port()))
            }
            Self::Udp(socket) => {
                let (_, peer) = socket.recv_from(&mut [0; 1_024]).ok()?;
                socket.local_addr().ok().filter(|_| is_it(peer.port()))
            }
        }
    }
}
