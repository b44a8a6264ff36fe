//! `cargo book`: starts the book's builder, which has a workspace of its own in `scripts/book`.

use anyhow::{Context, Result};

use course::Course;

use crate::terminal;

/// Builds the book, English and Chinese, into target/book; `cargo book` for short
#[derive(clap::Args)]
#[command(override_usage = "cargo book [--open | --serve [PORT]]")]
pub(crate) struct Book {
    /// Show it in the browser
    #[arg(long)]
    open: bool,
    /// Serve it at 127.0.0.1 until Ctrl-C; port 0 is any free one [default: 3000]
    #[arg(long, value_name = "PORT", conflicts_with = "open")]
    #[expect(clippy::option_option, reason = "so clap says that the value can be left out")]
    serve: Option<Option<u16>>,
}

impl Book {
    /// Help and a wrong word are answered here, before the builder is compiled.
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let manifest = ["--manifest-path", "scripts/book/Cargo.toml"];
        terminal::build(course.cargo().arg("build").args(manifest))?;
        let mut command = course.cargo();
        command.args(["run", "--quiet"]).args(manifest).arg("--");
        if self.open {
            command.arg("--open");
        }
        if let Some(port) = self.serve {
            command.arg("--serve").args(port.map(|port| port.to_string()));
        }
        // In this process's place, so that a signal for it ends the server.
        #[cfg(unix)]
        return Err(std::os::unix::process::CommandExt::exec(&mut command))
            .context("cannot run cargo");
        #[cfg(not(unix))]
        std::process::exit(command.status().context("cannot run cargo")?.code().unwrap_or(1));
    }
}
