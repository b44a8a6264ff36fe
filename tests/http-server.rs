//! Lesson 21, `http-server`, seen from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use support::rules::WRONG_ADDRESS;
use support::{Program, connect, rule, rules};
use tempfile::TempDir;

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_http-server");

fn command(arguments: &[&str]) -> Command {
    support::command(EXECUTABLE, arguments)
}

fn at(address: &str) -> Command {
    command(&[address])
}

/// A server of a folder with some files; what is beside the folder is nobody's business.
struct Site {
    server: Program,
    address: String,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let site = folder.path().join("site");
        fs::create_dir_all(site.join("sub folder")).unwrap();
        fs::write(folder.path().join("secret"), "SECRET").unwrap();
        fs::write(site.join("a.txt"), "some text\n").unwrap();
        fs::write(site.join(".hidden"), "SECRET").unwrap();
        fs::write(site.join("sub folder/张 & <b>.txt"), "more").unwrap();
        let site = site.to_str().unwrap().to_owned();
        let server = Program::start(&mut command(&["127.0.0.1:0", "--folder", &site]));
        let address = server.address();
        Self { server, address, folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("site")
    }

    /// Sends these bytes, and gets all that is answered: the head and the body.
    #[track_caller]
    fn ask(&self, request: impl AsRef<[u8]>) -> (String, Vec<u8>) {
        let mut client = connect(&self.address);
        client.write_all(request.as_ref()).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap(), body)
    }

    #[track_caller]
    fn get(&self, path: &str) -> (String, String) {
        let (head, body) = self.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        (head, String::from_utf8_lossy(&body).into_owned())
    }

    #[track_caller]
    fn status(&self, request: &[u8]) -> String {
        let (head, _) = self.ask(request);
        head.split(' ').nth(1).unwrap().to_owned()
    }
}

mod dialogue {
    use super::*;

    #[test]
    fn sends_a_file_with_its_type_and_length_and_closes() {
        let (head, body) = Site::new().get("/a.txt");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        for field in
            ["Content-Type: text/plain; charset=utf-8", "Content-Length: 10", "Connection: close"]
        {
            assert!(head.contains(&format!("\r\n{field}\r\n")), "{field}: {head}");
        }
        assert_eq!(body, "some text\n");
    }

    #[test]
    fn answers_head_with_the_head_alone() {
        let (head, body) = Site::new().ask("HEAD /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(head.contains("\r\nContent-Length: 10\r\n"), "{head}");
        assert_eq!(body, b"");
    }

    #[test]
    fn lists_a_folder_without_an_index() {
        let site = Site::new();
        let (_, page) = site.get("/");
        assert!(page.contains("<a href=\"a%2Etxt\">a.txt</a>"), "{page}");
        assert!(page.contains("<a href=\"sub%20folder/\">sub folder/</a>"), "{page}");
        assert!(!page.contains("hidden"), "{page}");
        let (_, page) = site.get("/sub%20folder/");
        assert!(page.contains(">张 &amp; &lt;b&gt;.txt</a>"), "{page}");
        let link = page.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(site.get(&format!("/sub%20folder/{link}")).1, "more");
        fs::write(site.path().join("index.html"), "<title>index</title>").unwrap();
        assert_eq!(site.get("/").1, "<title>index</title>");
    }

    #[test]
    fn leads_from_a_folder_without_its_slash_to_the_one_with_it() {
        let (head, _) = Site::new().get("/sub%20folder");
        assert!(head.starts_with("HTTP/1.1 301 "), "{head}");
        assert!(head.contains("\r\nLocation: /sub%20folder/\r\n"), "{head}");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert_eq!(Site::new().status(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"), "404");
    }
}

mod sturdy {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let site = Site::new();
        for path in [
            "/../secret",
            "/sub%20folder/../../secret",
            "/%2e%2e/secret",
            "/%2E%2E%2Fsecret",
            "/..%2fsecret",
            "/%252e%252e/secret",
            "/..\\secret",
            "/%5c..%5csecret",
            "//secret",
            "/a.txt%00",
            "/.hidden",
            "/C:/secret",
            "/%ff",
            "http://a/../secret",
        ] {
            let (head, body) = site.get(path);
            assert!(head.starts_with("HTTP/1.1 404 "), "{path}: {head}");
            assert!(!body.contains("SECRET"), "{path}");
        }
        let secret = site.folder.path().join("secret");
        let (head, _) = site.get(secret.to_str().unwrap());
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_leads_out_of_the_folder_and_no_pipe_is_opened() {
        let site = Site::new();
        let link =
            |to: &Path, name| std::os::unix::fs::symlink(to, site.path().join(name)).unwrap();
        link(&site.folder.path().join("secret"), "link");
        link(site.folder.path(), "out");
        link(Path::new("a.txt"), "inside");
        let pipe = site.path().join("pipe");
        assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        for path in ["/link", "/out/secret", "/out/", "/pipe"] {
            assert!(site.get(path).0.starts_with("HTTP/1.1 404 "), "{path}");
        }
        assert_eq!(site.get("/inside").1, "some text\n");
        fs::create_dir(site.path().join("index")).unwrap();
        link(&site.folder.path().join("secret"), "index/index.html");
        assert!(site.get("/index/").0.starts_with("HTTP/1.1 404 "));
    }

    #[test]
    fn refuses_what_is_not_a_request_and_goes_on() {
        let site = Site::new();
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(9000));
        let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(100));
        for (request, status) in [
            (b"\xff\x00\x1b[2J\r\n\r\n".as_slice(), "400"),
            (b"GET / HTTP/1.1\r\n\r\n", "400"),
            (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", "505"),
            (b"POST / HTTP/1.1\r\nHost: a\r\n\r\n", "405"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n bad\r\n\r\n", "400"),
            (long.as_bytes(), "431"),
            (many.as_bytes(), "431"),
        ] {
            assert_eq!(site.status(request), status, "{:?}", String::from_utf8_lossy(request));
        }
        assert_eq!(site.get("/a.txt").1, "some text\n");
    }

    #[test]
    fn takes_a_request_byte_by_byte() {
        let site = Site::new();
        let mut client = connect(&site.address);
        client.set_nodelay(true).unwrap();
        for byte in b"GET /a.txt HTTP/1.0\r\n\r\n" {
            client.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(5)); // so that the server reads it by itself
        }
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("some text\n"), "{answer}");
    }

    #[test]
    fn gives_up_a_request_that_takes_too_long() {
        let site = Site::new();
        let mut client = connect(&site.address);
        let start = Instant::now();
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        client.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    }

    #[test]
    fn lets_a_client_wait_while_all_places_are_taken() {
        let server = Program::start(&mut command(&["127.0.0.1:0", "--max-connections", "1"]));
        let address = server.address();
        let first = connect(&address);
        let mut second = connect(&address);
        second.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        second.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        second.read(&mut [0]).expect_err("a second client is served, with one place");
        second.set_read_timeout(Some(support::patience())).unwrap();
        drop(first);
        second.read_to_end(&mut Vec::new()).unwrap();
    }

    #[test]
    fn http_fetch_and_curl_take_what_it_serves() {
        let server = Program::start(&mut at("127.0.0.1:0"));
        let url = format!("http://{}/", server.address());
        let folder = TempDir::new().unwrap();
        let mut fetch = Command::new(support::versions::program("http-fetch"));
        let output = fetch.arg(&url).current_dir(folder.path()).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("网络编程测试"), "{printed}");
        match Command::new("curl").args(["-sS", "--fail", &url]).output() {
            Ok(output) => assert!(output.status.success() && !output.stdout.is_empty()),
            Err(_) => support::left_out("there is no curl here"),
        }
    }

    #[test]
    fn reports_a_reset_in_one_line_and_goes_on() {
        let site = Site::new();
        let mut client = connect(&site.address);
        client.write_all(b"GET /").unwrap();
        rules::says_whom_it_lost(&site.server, client);
        assert_eq!(site.get("/a.txt").1, "some text\n");
    }

    rule!(says_where_why_and_what_to_do_when_it_cannot_listen, at);
}

mod polish {
    use super::*;

    #[test]
    fn prints_a_line_for_each_request_that_cannot_steer_the_terminal() {
        let site = Site::new();
        assert_eq!(site.server.stdout.line(), "Waiting for connection...");
        site.get("/a.txt");
        let line = site.server.stdout.line();
        assert!(line.ends_with(" GET /a.txt: 200 OK"), "{line}");
        site.get("/\u{9b}31m");
        support::check_safe(&site.server.stdout.line(), 0);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let error = Program::start(&mut command(&["127.0.0.1:0", "--folder", "no-such-folder"]));
        let error = error.finish().error();
        assert!(error.starts_with("Error: cannot serve no-such-folder: "), "{error}");
    }

    rule!(
        help_tells_the_lesson_and_its_other_half_in_one_screen,
        command,
        &["Lesson 21", "127.0.0.1:8000", "--folder", "1000", "cargo run -p http-fetch"]
    );
    rule!(
        refuses_a_wrong_command_line,
        command,
        &[&["--max-connections", "0"], &["127.0.0.1:0", "more"], &[WRONG_ADDRESS]]
    );
    rule!(ends_when_stdout_is_closed_or_full, at("127.0.0.1:0"), |_| ());
    rule!(ends_with_an_error_when_stderr_is_full, at("127.0.0.1:0"));
}
