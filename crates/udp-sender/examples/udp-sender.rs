//! The first UDP program of article 004 (§6.3): one line, sent as one datagram.
//!
//! ```console
//! $ cargo run --example udp-bound-receiver
//! $ cargo run --example udp-sender    # in a second terminal
//! ```

use std::io;
use std::net::UdpSocket;

use netcommon::ask;

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:7788".into());
    let socket = UdpSocket::bind("0.0.0.0:0")?; // socket; any free port
    let text = ask("请输入要发送的数据:")?; // input
    socket.send_to(text.as_bytes(), address)?; // encode("utf-8") and sendto
    Ok(())
}
