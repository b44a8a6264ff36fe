//! `cargo book`: starts the book's builder, which has a workspace of its own in `scripts/book`.

use std::ffi::OsString;

use anyhow::{Context, Result};

use course::Course;

/// Builds the book into target/book; `cargo book` for short
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Book {
    /// What the builder gets: --open, --serve, --help
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

impl Book {
    /// An alias can name a file only from the current folder; here it is known where `scripts/book` is.
    pub(crate) fn run(&self, course: &Course) -> Result<()> {
        let mut command = course.cargo();
        command.args(["run", "--quiet", "--manifest-path", "scripts/book/Cargo.toml", "--"]);
        command.args(&self.arguments);
        // In this process's place, so that a signal for it ends the server.
        #[cfg(unix)]
        return Err(std::os::unix::process::CommandExt::exec(&mut command))
            .context("cannot run cargo");
        #[cfg(not(unix))]
        std::process::exit(command.status().context("cannot run cargo")?.code().unwrap_or(1));
    }
}
