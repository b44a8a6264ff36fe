//! The benchmark, seen from outside: it measures everything, and no test judges how fast it was.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use course::{Course, pages};
use serde_json::Value;

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(arguments);
    command
}

/// The benches of a run with `--json`.
fn numbers(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    all["benches"].as_array().unwrap().clone()
}

/// Of each row its name and its peers.
fn rows(bench: &Value) -> Vec<(&str, &Vec<Value>)> {
    let rows = bench["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap(), row["peers"].as_array().unwrap())).collect()
}

#[test]
fn a_quick_run_measures_everything() {
    let benches = numbers(&bench(&["--quick", "--json"]).output().unwrap());
    let counted = |key: &str| -> Vec<_> {
        let of_key = benches.iter().filter(|bench| bench["key"] == key);
        of_key.map(|bench| rows(bench).len()).collect()
    };
    let rows_of = [
        ("dialogue", 15),
        ("ladder", 7),
        ("fetch", 9),
        ("datagrams", 8),
        ("decoding", 3),
        ("bulk", 4),
    ];
    for (key, expected) in rows_of {
        assert_eq!(counted(key), [expected], "{key}");
    }
    assert_eq!(counted("startup"), [1, 1], "a row for each of two lessons");
    let keys = benches.iter().map(|bench| bench["key"].as_str().unwrap()).chain(["machine"]);
    let tables = keys.map(|key| (format!("bench {key}"), "| a |\n".to_owned())).collect();
    for page in ["docs/benchmark.md", "docs/benchmark.zh-CN.md"] {
        pages::fill(&Course::read().unwrap().text(page).unwrap(), &tables).expect(page);
    }
    let python = Command::new("python3").arg("--version").output();
    let python = python.is_ok_and(|output| output.status.success());
    for (name, peers) in benches.iter().flat_map(rows) {
        let names: Vec<_> = peers.iter().map(|peer| peer["peer"].as_str().unwrap()).collect();
        let ladder = names.contains(&"mio");
        let expected = if ladder { ["tokio", "C epoll"] } else { ["Rust", "limit of this tool"] };
        for expected in expected {
            assert!(names.contains(&expected), "{name}: {names:?}");
        }
        assert_eq!(names.contains(&"Python"), python, "{name}: {names:?}");
        for peer in peers {
            assert!(peer["failure"].is_null(), "{name}: {peer}");
            assert!(peer["median"].as_f64().is_some_and(|number| number >= 0.0), "{name}: {peer}");
        }
    }
}

#[test]
fn a_table_shows_each_peer_and_its_ratio() {
    let output = bench(&["tcp-client", "--quick"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["Rust : Python", "limit of this tool", "tcp-client", "The limit: ", "Cores: "] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_peer_that_fails_spoils_only_its_own_cells() {
    let folder = tempfile::tempdir().unwrap();
    let curl = folder.path().join("curl");
    fs::write(&curl, "#!/bin/sh\necho it is no day for curl; exit 3\n").unwrap();
    fs::set_permissions(&curl, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let benches =
        numbers(&bench(&["http-fetch", "--quick", "--json"]).env("PATH", path).output().unwrap());
    assert_eq!(rows(&benches[0]).len(), 9);
    for (name, peers) in rows(&benches[0]) {
        for peer in peers {
            let failed =
                peer["failure"].as_str().is_some_and(|why| why.contains("no day for curl"));
            assert_eq!(failed, peer["peer"] == "curl", "{name}: {peer}");
            assert_eq!(failed, peer["median"].is_null(), "{name}: {peer}");
        }
    }
}

#[test]
fn a_wrong_name_is_a_clear_error() {
    let output = bench(&["no-such-lesson"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        error.starts_with("Error: there is no lesson \"no-such-lesson\"; there are "),
        "{error}"
    );
    assert!(error.contains("http-fetch"), "{error}");
}

#[test]
fn a_lesson_that_is_not_measured_is_a_clear_error() {
    let output = bench(&["ip-addresses"]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.starts_with("Error: only these lessons are measured: http-fetch, "), "{error}");
}
