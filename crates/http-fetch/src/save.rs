//! A file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf, is_separator};
use std::process;

use anyhow::{Context, Result, ensure};
use netcommon::{eprintln, println, safe};
use tempfile::NamedTempFile;

/// Where the body goes.
pub enum Output {
    /// A temporary file beside the final one, which it replaces at the end. Dropping it deletes it.
    File {
        /// The temporary file, in the same folder.
        temporary: NamedTempFile,
        /// The path of the final file.
        path: PathBuf,
    },
    /// Anything that is not a regular file, such as the null device: it is written in place.
    Device(File),
    /// Standard output, named `-`.
    Stdout,
}

/// What messages call `path`.
#[must_use]
pub fn name(path: &Path) -> String {
    if path == "-" { "standard output".into() } else { path.display().to_string() }
}

impl Output {
    /// Prepares to write `path`, and finds out now what would be in the way later.
    ///
    /// # Errors
    ///
    /// If `path` is a folder, is read-only, or lies where no file can be made.
    pub fn create(path: &Path) -> Result<Self> {
        if path == "-" {
            return Ok(Self::Stdout);
        }
        let is_folder = path.is_dir() || path.to_string_lossy().ends_with(is_separator);
        ensure!(!is_folder, "it is a folder; name a file with -o");
        let (mut path, mut permissions) = (path.to_owned(), None);
        let known = fs::metadata(&path);
        if let Ok(known) = known {
            #[cfg(unix)]
            if std::os::unix::fs::FileTypeExt::is_fifo(&known.file_type()) {
                eprintln!("{} is a pipe: waiting until a program reads it", path.display());
            }
            if !known.is_file() {
                return Ok(Self::Device(File::options().write(true).open(&path)?));
            }
            ensure!(
                !known.permissions().readonly(),
                "it is there and read-only; name another with -o"
            );
            permissions = Some(known.permissions());
            path = path.canonicalize()?; // of a link, the file that it leads to
        } else if let Ok(device) = File::options().write(true).open(&path) {
            return Ok(Self::Device(device)); // Windows opens NUL, but has no metadata of it
        } else if let Ok(target) = fs::read_link(&path) {
            path = path.parent().unwrap_or(Path::new("")).join(target); // which is still to be made
        } else if let Err(error) = known
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error.into()); // such as a name that is too long
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".http-fetch-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as usual
        }
        let temporary = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        if let Some(permissions) = permissions {
            temporary.as_file().set_permissions(permissions)?; // as before
        }
        delete_at_a_signal(temporary.path().to_owned())?;
        Ok(Self::File { temporary, path })
    }

    /// Tells a line about the page: on stdout, or on stderr where stdout has the body.
    ///
    /// Where stdout is closed or full, the program ends, and leaves no temporary file.
    pub fn tell(&self, line: &str) {
        if let Self::Stdout = self {
            eprintln!("{line}");
        } else if writeln!(io::stdout(), "{}", safe(line)).is_err() {
            if let Self::File { temporary, .. } = self {
                let _ = fs::remove_file(temporary);
            }
            println!("{line}"); // fails as well, and ends the program
        }
    }

    /// Makes the file appear (rename(2)).
    ///
    /// # Errors
    ///
    /// If the temporary file cannot take the place of the final one.
    pub fn finish(self) -> Result<()> {
        if let Self::File { temporary, path } = self {
            let placed = temporary.persist(&path).map_err(|error| error.error);
            placed.context("the temporary file can't take its place")?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Self::File { temporary, .. } => temporary.as_file_mut().write(bytes),
            Self::Device(device) => device.write(bytes),
            Self::Stdout => {
                let mut stdout = io::stdout();
                stdout.write(bytes).and_then(|length| stdout.flush().map(|()| length))
            }
        };
        if written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            process::exit(1); // in silence, as `grep` ends
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // nothing is held back
    }
}

/// Deletes `leftover` when a signal comes, and then lets it end the program: a shell sees which one
/// it was (130 for Ctrl-C, 143 for `kill`).
#[cfg(unix)]
fn delete_at_a_signal(leftover: PathBuf) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::Builder::new().spawn(move || {
        for signal in &mut signals {
            let _ = fs::remove_file(&leftover);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
fn delete_at_a_signal(leftover: PathBuf) -> Result<()> {
    ctrlc::set_handler(move || {
        let _ = fs::remove_file(&leftover);
        process::exit(130);
    })?;
    Ok(())
}
