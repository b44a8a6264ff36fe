//! How fast `netcommon` is: `cargo bench -p bench`, and beside each function what it is built
//! on. `cargo bench -p bench -- gbk` runs those with `gbk` in their names.
#![allow(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use netcommon::{Encoding, GBK, StreamDecoder, UTF_8, decode, read_until_close, safe};

/// Prose as pages have it; what is measured repeats it.
const PROSE: &str = "网络编程就是让两台计算机上的程序互相通信。TCP 连接建立以后，双方都可以发送数据；\
    UDP 则不需要连接。“端口号”是 0 到 65535 之间的整数，例如 9999。";
/// Of the texts, in bytes of UTF-8.
const LENGTH: usize = 1 << 20;
/// Of the pieces of a stream, in bytes: it cuts characters in two.
const PIECE: usize = 16 * 1024 - 1;
const ENCODINGS: [&str; 2] = ["gbk", "utf-8"];

fn main() {
    divan::main();
}

fn text() -> String {
    PROSE.repeat(LENGTH / PROSE.len())
}

/// The text in an encoding, and the encoding.
fn encoded(label: &str) -> (Vec<u8>, &'static Encoding) {
    let encoding = if label == "gbk" { GBK } else { UTF_8 };
    (encoding.encode(&text()).0.into_owned(), encoding)
}

#[divan::bench(args = [1 << 10, 1 << 16, 1 << 20, 1 << 24])]
fn read_to_the_close(bencher: Bencher<'_, '_>, size: usize) {
    let bytes = vec![b'x'; size];
    let read = || read_until_close(black_box(&bytes[..]), size);
    bencher.counter(BytesCount::new(size)).bench(read);
}

/// What reading cannot be faster than.
#[divan::bench(args = [1 << 10, 1 << 16, 1 << 20, 1 << 24])]
fn read_plain_copy(bencher: Bencher<'_, '_>, size: usize) {
    let bytes = vec![b'x'; size];
    bencher.counter(BytesCount::new(size)).bench(|| black_box(&bytes[..]).to_vec());
}

#[divan::bench(args = ENCODINGS)]
fn decode_whole(bencher: Bencher<'_, '_>, label: &str) {
    let (bytes, encoding) = encoded(label);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| decode(black_box(&bytes), encoding));
}

#[divan::bench(args = ENCODINGS)]
fn decode_whole_by_encoding_rs(bencher: Bencher<'_, '_>, label: &str) {
    let (bytes, encoding) = encoded(label);
    let decode = || encoding.decode_without_bom_handling(black_box(&bytes)).0;
    bencher.counter(BytesCount::of_slice(&bytes)).bench(decode);
}

#[divan::bench(args = ENCODINGS)]
fn decode_plain_copy(bencher: Bencher<'_, '_>, label: &str) {
    let (bytes, _) = encoded(label);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| black_box(&bytes).clone());
}

#[divan::bench(args = ENCODINGS)]
fn decode_stream(bencher: Bencher<'_, '_>, label: &str) {
    let (bytes, encoding) = encoded(label);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let mut decoder = StreamDecoder::new(encoding);
        for piece in bytes.chunks(PIECE) {
            black_box(decoder.decode(black_box(piece)));
        }
        decoder.finish()
    });
}

/// With a new string for each piece, as above; the text of the pieces is the same.
#[divan::bench(args = ENCODINGS)]
fn decode_stream_by_encoding_rs(bencher: Bencher<'_, '_>, label: &str) {
    let (bytes, encoding) = encoded(label);
    bencher.counter(BytesCount::of_slice(&bytes)).bench(|| {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        for piece in bytes.chunks(PIECE) {
            let most = decoder.max_utf8_buffer_length(piece.len()).unwrap();
            let mut text = String::with_capacity(most);
            let _ = decoder.decode_to_string(black_box(piece), &mut text, false);
            black_box(text);
        }
    });
}

/// The texts that are made safe, by their names.
#[divan::bench(args = ["clean, ascii", "clean, chinese", "dirty"])]
fn safe_text(bencher: Bencher<'_, '_>, kind: &str) {
    let text = match kind {
        "clean, ascii" => "GET / HTTP/1.1 ".repeat(LENGTH / 15),
        "clean, chinese" => text(),
        _ => text().replace('。', "\u{1b}[2J\r\n"),
    };
    assert_eq!(matches!(safe(&text), std::borrow::Cow::Borrowed(_)), kind != "dirty");
    bencher.counter(BytesCount::of_str(&text)).bench(|| safe(black_box(&text)));
}
