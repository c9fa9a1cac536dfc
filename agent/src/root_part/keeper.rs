//! The root part: keeps the drives, and answers eleven words.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use shared::job::{DriveIdentity, SerialSource};

use super::channel::Channel;
use super::error::RootPartError;
use super::words::{Answer, Ask, DriveNumber, Said};
use crate::device::{
    self, ConfirmedTarget, Contents, Device, DriveInfo, DriveReader, DriveWriter, OpenError,
    Refusal,
};

/// How long a confirmation holds.
const CONFIRMED_LIFE: Duration = Duration::from_mins(2);
/// Drives that are open at once.
const OPEN_MAX: usize = 64;
/// Descriptors of what is to be kept, before one confirmation.
const KEEP_MAX: usize = 256;

/// The root part of one run.
pub struct Keeper {
    channel: Channel,
    /// Drives that the person named when they called us; never the user part.
    named: Vec<PathBuf>,
    next: u32,
    drives: BTreeMap<DriveNumber, Kept>,
    /// What the next confirmation must not erase.
    keep: Vec<OwnedFd>,
}

struct Kept {
    info: DriveInfo,
    confirmed: Option<Confirmed>,
    open: Option<DriveWriter>,
}

struct Confirmed {
    target: ConfirmedTarget,
    since: Instant,
    /// What it must not hold is looked at again when it is opened.
    _keep: Vec<OwnedFd>,
}

/// An answer, and the descriptors that go with it.
type Told = (Answer, Vec<OwnedFd>);

impl Keeper {
    /// Returns a root part that has not been asked anything. `named` are drives from the command line.
    #[must_use]
    pub const fn new(channel: Channel, named: Vec<PathBuf>) -> Self {
        Self {
            channel,
            named,
            next: 0,
            drives: BTreeMap::new(),
            keep: Vec::new(),
        }
    }

    /// Answers until the user part is gone; then every drive is let go.
    ///
    /// # Errors
    /// [`RootPartError::Nonsense`] when the user part says what is not understood: nothing more is heard of it.
    pub fn run(mut self) -> Result<(), RootPartError> {
        loop {
            let (ask, came) = match self.channel.receive() {
                Ok(heard) => heard,
                Err(RootPartError::Gone) => return Ok(()),
                Err(error) => return Err(error),
            };
            let (answer, descriptors) = self.answer(ask, came);
            let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
            let sent = match self.channel.send(&answer, &descriptors) {
                // A drive with so much on it that it cannot be told.
                Err(RootPartError::Nonsense(why)) => self.channel.send(&failed(&why), &[]),
                sent => sent,
            };
            match sent {
                Err(RootPartError::Gone) => return Ok(()),
                sent => sent?,
            }
        }
    }

    /// Answers one word. Descriptors that come with any other word than `Keep` are closed unseen.
    fn answer(&mut self, ask: Ask, came: Vec<OwnedFd>) -> Told {
        let answered = match ask {
            Ask::List {} => Ok(self.list()),
            Ask::Show { drive } => self.show(drive),
            Ask::Identify { drive, label } => self.identify(drive, label.as_deref()),
            Ask::Keep {} => self.keep(came),
            Ask::Confirm { drive, seen, said } => self.confirm(drive, *seen, said),
            Ask::Recognise { drive, known } => self.recognise(drive, &known),
            Ask::Open { drive } => return self.open(drive).unwrap_or_else(|no| (no, Vec::new())),
            Ask::Read { drive } => return self.read(drive).unwrap_or_else(|no| (no, Vec::new())),
            Ask::ForgetPartitions { drive } => self.forget_partitions(drive),
            Ask::ForgetCache { drive } => self.forget_cache(drive),
            Ask::Close { drive } => self.close(drive),
        };
        (answered.unwrap_or_else(|no| no), Vec::new())
    }

    fn list(&mut self) -> Answer {
        self.drives.retain(|_, kept| kept.open.is_some());
        let mut drives = Vec::new();
        for info in device::list(&self.named) {
            // Another drive in the place of one that is open is another drive.
            let is_it =
                |kept: &Kept| kept.info.path == info.path && kept.info.serial == info.serial;
            let held = self.drives.iter().find(|(_, kept)| is_it(kept));
            let held = held.map(|(number, _)| *number);
            let path = info.path.clone();
            let drive = match held.and_then(|drive| Some((drive, self.drives.get_mut(&drive)?))) {
                Some((drive, kept)) => {
                    kept.info = info;
                    drive
                }
                None => self.number(info),
            };
            drives.push((drive, path));
        }
        Answer::Drives { drives }
    }

    fn number(&mut self, info: DriveInfo) -> DriveNumber {
        // Never the same twice: a number of an old list means no other drive.
        self.next = self.next.saturating_add(1);
        let kept = Kept {
            info,
            confirmed: None,
            open: None,
        };
        let drive = DriveNumber(self.next);
        self.drives.insert(drive, kept);
        drive
    }

    fn kept(&mut self, drive: DriveNumber) -> Result<&mut Kept, Answer> {
        let why = || refused("the drive is not in the last list");
        self.drives.get_mut(&drive).ok_or_else(why)
    }

    fn show(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        Ok(told(self.kept(drive)?.info.clone()))
    }

    /// Looks at a drive again: what it is now, also while it is written.
    fn identify(&mut self, drive: DriveNumber, label: Option<&str>) -> Result<Answer, Answer> {
        let path = &self.kept(drive)?.info.path;
        let info = device::describe(path, label).map_err(|error| failed(&error.to_string()))?;
        Ok(told(info))
    }

    fn keep(&mut self, came: Vec<OwnedFd>) -> Result<Answer, Answer> {
        if self.keep.len().saturating_add(came.len()) > KEEP_MAX {
            return Err(refused("too many places are to be kept"));
        }
        self.keep.extend(came);
        Ok(Answer::Done)
    }

    fn confirm(
        &mut self,
        drive: DriveNumber,
        seen: DriveInfo,
        said: Said,
    ) -> Result<Answer, Answer> {
        self.confirm_as(drive, |path, keep| {
            // Which drive is meant says the number, whatever path was seen.
            let seen = DriveInfo {
                path: path.to_owned(),
                ..seen
            };
            device::confirm(&seen, &said.into(), keep)
        })
    }

    fn recognise(&mut self, drive: DriveNumber, known: &DriveIdentity) -> Result<Answer, Answer> {
        self.confirm_as(drive, |path, keep| {
            let label = known.serial_source == SerialSource::Label;
            let label = label.then_some(known.serial.as_str());
            let now = device::describe(path, label).map_err(|why| Refusal::Unreadable {
                path: path.to_owned(),
                cause: why.to_string(),
            })?;
            device::recognised(&now, known, keep)
        })
    }

    /// Has `decide` decide about a drive, given its path and what must not lie on it.
    fn confirm_as(
        &mut self,
        drive: DriveNumber,
        decide: impl FnOnce(&Path, &[PathBuf]) -> Result<ConfirmedTarget, Refusal>,
    ) -> Result<Answer, Answer> {
        let keep = std::mem::take(&mut self.keep);
        let kept = self.kept(drive)?;
        if kept.open.is_some() {
            return Err(refused("the drive is being written"));
        }
        kept.confirmed = None;
        let paths: Vec<PathBuf> = keep.iter().map(path_of).collect();
        let target = decide(&kept.info.path, &paths).map_err(no)?;
        let fingerprint = *target.fingerprint();
        kept.confirmed = Some(Confirmed {
            target,
            since: Instant::now(),
            _keep: keep,
        });
        Ok(Answer::Confirmed { fingerprint })
    }

    fn open(&mut self, drive: DriveNumber) -> Result<Told, Answer> {
        let open = self.drives.values().filter(|kept| kept.open.is_some());
        if open.count() >= OPEN_MAX {
            return Err(refused("too many drives are open"));
        }
        let kept = self.kept(drive)?;
        let confirmed = kept
            .confirmed
            .take()
            .ok_or_else(|| refused("the drive was not confirmed"))?;
        if confirmed.since.elapsed() > CONFIRMED_LIFE {
            return Err(refused("the drive was confirmed more than two minutes ago"));
        }
        let writer = device::open(confirmed.target).map_err(|error| match error {
            OpenError::Refused(refusal) => no(refusal),
            other => failed(&other.to_string()),
        })?;
        let descriptors = writer
            .descriptors()
            .map_err(|why| failed(&why.to_string()))?;
        kept.open = Some(writer);
        Ok(opened(descriptors))
    }

    fn read(&mut self, drive: DriveNumber) -> Result<Told, Answer> {
        let DriveInfo { path, contents, .. } = self.kept(drive)?.info.clone();
        let is_named = self.named.iter().any(|named| is_same(named, &path));
        if !is_named {
            is_sealed(&contents)?;
        }
        let reader = device::open_read(&path, true).map_err(|why| failed(&why.to_string()))?;
        if !is_named {
            // Another drive may have come to its place since the list.
            is_sealed(&device::contents(&reader))?;
        }
        let descriptors = reader
            .descriptors()
            .map_err(|why| failed(&why.to_string()))?;
        Ok(opened(descriptors))
    }

    fn open_drive(&mut self, drive: DriveNumber) -> Result<&mut DriveWriter, Answer> {
        let open = self.kept(drive)?.open.as_mut();
        open.ok_or_else(|| refused("the drive is not open"))
    }

    fn forget_partitions(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        let done = self.open_drive(drive)?.forget_partitions();
        done.map_err(|error| failed(&error.to_string()))?;
        Ok(Answer::Done)
    }

    fn forget_cache(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        let descriptors = self.open_drive(drive)?.descriptors();
        let (buffered, _) = descriptors.map_err(|why| failed(&why.to_string()))?;
        DriveReader::forget_cache_of(&buffered);
        Ok(Answer::Done)
    }

    fn close(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        let held = self.kept(drive)?.open.take();
        held.map(|_| Answer::Done)
            .ok_or_else(|| refused("the drive is not open"))
    }
}

/// Returns a path that leads to what is open, whatever the name it was opened by leads to.
fn path_of(open: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_raw_fd()).into()
}

/// Refuses what nobody named and is not enciphered.
fn is_sealed(contents: &Contents) -> Result<(), Answer> {
    let why =
        "the drive was not named on the command line, and holds something that is not enciphered";
    contents
        .is_sealed()
        .then_some(())
        .ok_or_else(|| refused(why))
}

/// Returns whether two paths lead to one file or device.
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let numbers = |path: &Path| {
        let facts = std::fs::metadata(path).ok()?;
        Some(match facts.rdev() {
            0 => (facts.dev(), facts.ino()),
            device => (device, 0),
        })
    };
    one == other || numbers(one).is_some_and(|one| numbers(other) == Some(one))
}

fn opened((buffered, direct): (File, Option<File>)) -> Told {
    let descriptors = std::iter::once(buffered).chain(direct);
    (Answer::Opened, descriptors.map(OwnedFd::from).collect())
}

fn told(info: DriveInfo) -> Answer {
    Answer::Drive {
        info: Box::new(info),
    }
}

fn no(refusal: Refusal) -> Answer {
    match refusal {
        Refusal::Unreadable { .. } => failed(&refusal.to_string()),
        Refusal::Holds { path, kept } => {
            // The person knows it by its name, not by a number of ours.
            let kept = std::fs::read_link(&kept).unwrap_or(kept);
            refused(&Refusal::Holds { path, kept }.to_string())
        }
        refusal => refused(&refusal.to_string()),
    }
}

fn refused(why: &str) -> Answer {
    Answer::Refused {
        why: why.to_owned(),
    }
}

fn failed(why: &str) -> Answer {
    Answer::Failed {
        why: why.to_owned(),
    }
}
