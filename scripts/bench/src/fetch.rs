//! A large page over loopback, in each of HTTP's three framings: lesson `http-fetch`.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::peers::{PATIENCE, Peer, Role, Server, Tools, run};
use crate::report::{Bench, Numbers, Text};

/// The paths at the server, and how their pages end.
const FRAMINGS: [(&str, &str); 3] =
    [("/length", "Content-Length"), ("/chunked", "chunked"), ("/close", "close")];

const TEXTS: [&str; 5] = [
    "fetch",
    "http-fetch: a page of 1 GiB over loopback, saved in a file",
    "http-fetch：经回环接口获取 1 GiB 的页面并存入文件",
    "copying in the kernel, out of the socket and into the file, and the server, which has a core to itself. The tool's own client reads and saves nothing.",
    "内核中的复制（从套接字读出、写入文件），以及独占一个核的服务器。本工具自带的客户端只读取，不保存。",
];
const SPEED: Text = ["{}; MiB/s", "{}：MiB/s"];
const CPU: Text = ["{}; CPU seconds", "{}：CPU 秒数"];
const PEAK: Text = ["{}; most MiB resident", "{}：常驻内存峰值（MiB）"];

pub(crate) fn bench(tools: &Tools) -> Result<Bench<'_>> {
    let server = if let Some(server) = nginx(tools)? {
        tools.note("http-fetch: nginx serves, with sendfile except for the chunked page".into());
        server
    } else {
        tools.note("http-fetch: there is no nginx here, and a server of this tool's own".into());
        let body = tools.folder.path().join("body");
        Server::start(tools.own(&["serve", &body.to_string_lossy()]).command(), None)?
    };
    let peers = [
        Some(tools.lesson("http-fetch", &[])),
        tools.installed("curl", &["--silent", "--show-error", "--fail"]),
        tools.twin("http-fetch", &[]),
        Some(tools.own(&["drain"])),
    ];
    Ok(Bench::new(TEXTS, peers, move |peer, numbers| measure(peer, &server, tools, numbers)))
}

fn measure(peer: &Peer, server: &Server, tools: &Tools, numbers: &mut Numbers<'_>) -> Result<()> {
    let page = tools.folder.path().join("page");
    for (path, framing) in FRAMINGS {
        let mut command = peer.command();
        if peer.role == Role::Limit {
            command.arg(server.address.to_string()).arg(path);
        } else {
            command.arg(format!("http://{}{path}", server.address)).arg("-o").arg(&page);
        }
        let used = run(&mut command)?;
        if peer.role != Role::Limit {
            let saved = fs::metadata(&page).context("it saved nothing")?.len();
            fs::remove_file(&page)?;
            ensure!(saved == tools.size, "it saved {saved} bytes of {}", tools.size);
        }
        numbers.more(SPEED, &framing, (tools.size >> 20) as f64 / used.seconds);
        numbers.less(CPU, &framing, used.cpu_seconds);
        numbers.less(PEAK, &framing, used.peak_mib);
    }
    Ok(())
}

/// Starts an nginx of our own, on a free port, if it is installed.
fn nginx(tools: &Tools) -> Result<Option<Server>> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let folder = tools.folder.path();
    let configuration = configuration(address);
    fs::write(folder.join("nginx.conf"), configuration)?;
    fs::write(folder.join("nothing"), "")?;
    let mut command = Command::new("nginx");
    command.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(child) = command.spawn() else { return Ok(None) };
    let server = Server { address, child };
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if start.elapsed() > PATIENCE {
            bail!("nginx does not listen on {address}; see nginx -p {} -t", folder.display());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(Some(server))
}

/// Of an nginx that is one process, writes nothing elsewhere, and serves one file in three ways.
///
/// What is added after a body makes its length unknown, so that it is sent in chunks, or until the
/// close. With sendfile the whole body would be one chunk.
fn configuration(address: SocketAddr) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let paths = paths.map(|name| format!("{name}_temp_path {name};")).join("\n");
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
        events {{ worker_connections 64; }}
        http {{
            access_log off; sendfile on; {paths}
            server {{
                listen {address}; root .; default_type text/html;
                location = /length {{ try_files /body =404; }}
                location = /chunked {{ try_files /body =404; add_after_body /nothing; sendfile off; }}
                location = /close {{
                    try_files /body =404; add_after_body /nothing; chunked_transfer_encoding off;
                }}
            }}
        }}"
    )
}
