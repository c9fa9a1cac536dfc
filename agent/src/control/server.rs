//! The process's own end of the side door.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use shared::api::{ApiError, JobSnapshot, Receiving, code};

use super::error::ControlError;
use super::words::{Address, Answer, Ask, Status};
use crate::jobs::{JobError, Jobs};
use crate::receive::Homecoming;

/// Shells that may ask at once.
const ASKING_MAX: usize = 16;
/// Bytes of a line that asks.
const ASK_BYTES_MAX: u64 = 4 << 10;
/// How long a shell may take to ask or to take an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a follower hears of changes at most.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a process with a page has besides jobs.
#[derive(Clone)]
pub struct Page {
    /// The page's port.
    pub port: u16,
    /// The drives that come home.
    pub homecoming: Homecoming,
    /// Returns a launch token, or why there is none.
    pub token: Arc<dyn Fn() -> Result<String, String> + Send + Sync>,
}

/// An open side door; closed and gone with this value, once whoever follows has heard the end.
pub struct ControlSocket {
    path: PathBuf,
    door: Arc<Door>,
    accepting: Option<JoinHandle<()>>,
}

struct Door {
    command: &'static str,
    jobs: Jobs,
    page: Option<Page>,
    closing: AtomicBool,
    asking: AtomicUsize,
}

impl ControlSocket {
    /// Opens the side door of this process in `folder`, which [`run_folder`](super::run_folder) made.
    ///
    /// # Errors
    /// [`ControlError`] when the socket cannot be made, for example because the folder's name is too long for one.
    pub fn open(
        folder: &Path,
        command: &'static str,
        jobs: Jobs,
        page: Option<Page>,
    ) -> Result<Self, ControlError> {
        let path = folder.join(format!("{}.sock", std::process::id()));
        let io = |cause| ControlError::io(&path, cause);
        let listener = listen(&path).map_err(io)?;
        let door = Arc::new(Door {
            command,
            jobs,
            page,
            closing: AtomicBool::new(false),
            asking: AtomicUsize::new(0),
        });
        let behind = Arc::clone(&door);
        let accepting = std::thread::Builder::new()
            .name("side door".to_owned())
            .spawn(move || accept(&listener, &behind))
            .map_err(io)?;
        Ok(Self {
            path,
            door,
            accepting: Some(accepting),
        })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        self.door.closing.store(true, Ordering::Release);
        // Wakes the thread that waits for somebody to come; unless somebody took the socket away, then it is left waiting.
        let woken = UnixStream::connect(&self.path).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            // It cannot fail in a way that matters now.
            drop(accepting.join());
        }
        drop(std::fs::remove_file(&self.path));
        // Followers hear the last word, unless they do not listen.
        let begun = Instant::now();
        while self.door.asking.load(Ordering::Acquire) > 0 && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Returns a socket at `path` that has never been there without being listened to.
///
/// Between its making and its first listening a socket refuses whoever comes, as what a killed process left does, and
/// would be taken away as that. So it is made beside its place, and moved there.
fn listen(path: &Path) -> std::io::Result<UnixListener> {
    let beside = path.with_extension("new");
    // A process of the same number that was killed may have left one.
    if let Err(error) = std::fs::remove_file(&beside)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(&beside)?;
    // The folder keeps others out until this is done.
    std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&beside, path)?;
    Ok(listener)
}

fn accept(listener: &UnixListener, door: &Arc<Door>) {
    for stream in listener.incoming() {
        if door.closing.load(Ordering::Acquire) {
            return;
        }
        let Ok(stream) = stream else {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        if door.asking.fetch_add(1, Ordering::AcqRel) >= ASKING_MAX {
            door.asking.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let behind = Arc::clone(door);
        let answering = std::thread::Builder::new().spawn(move || {
            // An error is a shell that went away.
            drop(behind.converse(&stream));
            behind.asking.fetch_sub(1, Ordering::AcqRel);
        });
        if answering.is_err() {
            door.asking.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Door {
    /// Answers one line after the other until the shell goes or the process ends.
    fn converse(&self, stream: &UnixStream) -> std::io::Result<()> {
        if !is_ours(stream) {
            return Ok(());
        }
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if lines.by_ref().take(ASK_BYTES_MAX).read_line(&mut line)? == 0 {
                return Ok(());
            }
            match serde_json::from_str(&line) {
                Ok(Ask::Follow {}) => return self.follow(stream),
                Ok(ask) => say(stream, &self.answer(&ask))?,
                Err(error) => {
                    let what = format!("This cannot be understood: {error}.");
                    let error = ApiError::new(code::BAD_REQUEST, what).safe("Nothing was done.");
                    return say(stream, &Answer::Refused { error });
                }
            }
        }
    }

    fn answer(&self, ask: &Ask) -> Answer {
        match ask {
            Ask::Status {} | Ask::Follow {} => Answer::Status(self.status()),
            Ask::Cancel { job } => self.cancel(job),
            Ask::Link {} => self.address(),
        }
    }

    fn status(&self) -> Status {
        Status {
            pid: std::process::id(),
            command: self.command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            port: self.page.as_ref().map(|page| page.port),
            jobs: self.jobs.list(),
            receiving: self.receiving(),
        }
    }

    /// Tells how things stand whenever that changes, and once more at the end.
    fn follow(&self, stream: &UnixStream) -> std::io::Result<()> {
        let mut said: Option<(Vec<JobSnapshot>, Receiving)> = None;
        loop {
            let ending = self.closing.load(Ordering::Acquire);
            let status = self.status();
            let stands = (status.jobs.clone(), status.receiving.clone());
            if said.as_ref() != Some(&stands) {
                said = Some(stands);
                say(stream, &Answer::Status(status))?;
            }
            if ending || has_gone(stream) {
                return Ok(());
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn receiving(&self) -> Receiving {
        let page = self.page.as_ref();
        page.map_or(Receiving::Nothing, |page| page.homecoming.standing())
    }

    /// Stops the drives that come home by the order of that id, the job of that id, or the one unfinished job of that
    /// session.
    fn cancel(&self, name: &str) -> Answer {
        if let Some(page) = &self.page
            && self
                .receiving()
                .order()
                .is_some_and(|order| order.id == name)
        {
            return match page.homecoming.cancel() {
                Ok(receiving) => Answer::Stopping {
                    receiving: Box::new(receiving),
                },
                Err(error) => refused(error),
            };
        }
        let jobs = self.jobs.list();
        let of_session = |job: &&JobSnapshot| job.session == name && job.ended.is_none();
        let named = jobs.iter().find(|job| job.id == name);
        let named = named.or_else(|| jobs.iter().find(of_session));
        let id = named.map_or(name, |job| job.id.as_str());
        match self.jobs.cancel(id) {
            Ok(job) => Answer::Cancelled { job: Box::new(job) },
            Err(error) => refused(error),
        }
    }

    fn address(&self) -> Answer {
        let Some(page) = &self.page else {
            return refused(JobError::wrong_state("this process has no page"));
        };
        match (page.token)() {
            Ok(token) => Answer::Link(Address {
                port: page.port,
                token,
            }),
            Err(cause) => refused(JobError::io(cause, "", "Nothing was touched.")),
        }
    }
}

fn refused(error: JobError) -> Answer {
    Answer::Refused {
        error: *error.error,
    }
}

fn say(mut stream: &UnixStream, answer: &Answer) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Returns whether a shell that only listens has closed its end.
fn has_gone(mut stream: &UnixStream) -> bool {
    let mut byte = [0];
    let waiting = stream.set_nonblocking(true);
    let read = stream.read(&mut byte);
    let waiting_again = stream.set_nonblocking(false);
    let still_there = matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
    waiting.is_err() || waiting_again.is_err() || !still_there
}

/// Returns whether the other end is a program of the user whom this process runs as, or of root.
#[cfg(target_os = "linux")]
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    let peer = rustix::net::sockopt::socket_peercred(stream);
    peer.is_ok_and(|peer| peer.uid == rustix::process::geteuid() || peer.uid.is_root())
}

/// Returns `true`: here the rights of folder and socket alone keep others out.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_ours(_: &UnixStream) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::super::client::processes;
    use super::*;

    #[test]
    fn who_clears_up_at_the_moment_a_door_opens_does_not_take_it_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    drop(processes(folder.path()));
                }
            });
            // Each is another process's: the number of one that ended is not given again so soon.
            let opened = (0..2000).all(|number| {
                let path = folder.path().join(format!("{number}.sock"));
                listen(&path).is_ok_and(|_door| UnixStream::connect(&path).is_ok())
            });
            done.store(true, Ordering::Release);
            assert!(opened, "every door can be knocked at");
        });
    }
}
