//! A shell's end of the side door.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::ControlError;
use super::server::is_ours;
use super::words::{Answer, Ask};

/// How long a process may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A process that answers.
#[derive(Debug)]
pub struct Connection {
    path: PathBuf,
    lines: BufReader<UnixStream>,
}

/// Returns the processes whose side doors are in `folder`, in no order of meaning. What a killed process left there is
/// taken away.
///
/// # Errors
/// [`ControlError`] when the folder cannot be read.
pub fn processes(folder: &Path) -> Result<Vec<Connection>, ControlError> {
    let io = |cause| ControlError::io(folder, cause);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_none_or(|extension| extension != "sock") {
            continue;
        }
        match UnixStream::connect(&path) {
            // Somebody else's socket has no business here, and is not listened to.
            Ok(stream) if is_ours(&stream) => found.push(Connection::new(path, stream)?),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                // Where it cannot be taken away it is only met again.
                drop(std::fs::remove_file(&path));
            }
            // It ended between being listed and being asked.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(ControlError::io(&path, cause)),
        }
    }
    Ok(found)
}

impl Connection {
    fn new(path: PathBuf, stream: UnixStream) -> Result<Self, ControlError> {
        stream
            .set_read_timeout(Some(PATIENCE))
            .map_err(|cause| ControlError::io(&path, cause))?;
        let lines = BufReader::new(stream);
        Ok(Self { path, lines })
    }

    /// Asks, and returns the answer; `None` when the process ended meanwhile.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn ask(&mut self, ask: &Ask) -> Result<Option<Answer>, ControlError> {
        self.send(ask)?;
        self.hear()
    }

    /// Asks to be told of every change; [`Connection::hear`] then returns one after the other.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn follow(&mut self) -> Result<(), ControlError> {
        self.send(&Ask::Follow {})?;
        // Hours may pass without a change.
        let endless = self.lines.get_ref().set_read_timeout(None);
        endless.map_err(|cause| ControlError::io(&self.path, cause))
    }

    /// Returns the next answer; `None` when the process ended.
    ///
    /// # Errors
    /// [`ControlError`].
    pub fn hear(&mut self) -> Result<Option<Answer>, ControlError> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => serde_json::from_str(&line)
                .map(Some)
                .map_err(|error| ControlError::Answer(error.to_string())),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(None),
            Err(cause) => Err(ControlError::io(&self.path, cause)),
        }
    }

    fn send(&mut self, ask: &Ask) -> Result<(), ControlError> {
        let mut line =
            serde_json::to_vec(ask).map_err(|error| ControlError::Answer(error.to_string()))?;
        line.push(b'\n');
        match self.lines.get_mut().write_all(&line) {
            // Its last word may still be there to be read.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            sent => sent.map_err(|cause| ControlError::io(&self.path, cause)),
        }
    }
}
