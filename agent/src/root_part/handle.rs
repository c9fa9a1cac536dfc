//! The user part's way to the drives.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::job::DriveIdentity;

use super::channel::{Channel, DESCRIPTORS_MAX};
use super::error::RootPartError;
use super::words::{Answer, Ask, DriveNumber, ListedDrive, Said};
use crate::device::DriveInfo;

/// A drive's descriptors.
#[derive(Debug)]
pub struct Descriptors {
    /// Through the page cache.
    pub buffered: File,
    /// Past the page cache; none where the file system has no such way.
    pub direct: Option<File>,
}

/// The root part, as the user part sees it. From any thread; one question is asked at a time.
#[derive(Debug)]
pub struct RootPart {
    talk: Mutex<Talk>,
}

#[derive(Debug)]
struct Talk {
    channel: Channel,
    /// The last list.
    places: Vec<(DriveNumber, PathBuf)>,
}

impl RootPart {
    /// Returns the root part at the other end.
    #[must_use]
    pub const fn new(channel: Channel) -> Self {
        let talk = Talk {
            channel,
            places: Vec::new(),
        };
        Self {
            talk: Mutex::new(talk),
        }
    }

    /// Returns whether the root part ended. Asks nothing: nobody waits for it while another question is answered.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        // While somebody asks, they hear of the end themselves.
        let talk = self.talk.try_lock();
        talk.is_ok_and(|talk| talk.channel.is_gone())
    }

    /// Returns every drive, numbered.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn list(&self) -> Result<Vec<ListedDrive>, RootPartError> {
        let mut talk = self.talk();
        talk.list()?;
        let numbers: Vec<DriveNumber> = talk.places.iter().map(|(drive, _)| *drive).collect();
        let show = |drive| {
            let info = talk.drive(&Ask::Show { drive })?;
            Ok(ListedDrive { drive, info })
        };
        numbers.into_iter().map(show).collect()
    }

    /// Returns what a drive is now, by its number.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn identify(
        &self,
        drive: DriveNumber,
        label: Option<&str>,
    ) -> Result<DriveInfo, RootPartError> {
        let label = label.map(str::to_owned);
        self.talk().drive(&Ask::Identify { drive, label })
    }

    /// Returns what the drive at `path` is now; none when the root part has no drive there.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn describe(
        &self,
        path: &Path,
        label: Option<&str>,
    ) -> Result<Option<DriveInfo>, RootPartError> {
        let mut talk = self.talk();
        let Some(drive) = talk.number_of(path)? else {
            return Ok(None);
        };
        let label = label.map(str::to_owned);
        let info = talk.drive(&Ask::Identify { drive, label })?;
        Ok(Some(DriveInfo {
            path: path.to_owned(),
            ..info
        }))
    }

    /// Has the person's words matched with a drive that they saw; returns its fingerprint.
    ///
    /// # Errors
    /// [`RootPartError::Refused`] as `device::confirm` refuses.
    pub fn confirm(
        &self,
        drive: DriveNumber,
        seen: &DriveInfo,
        said: Said,
    ) -> Result<[u8; 32], RootPartError> {
        self.talk().confirm(&Ask::Confirm {
            drive,
            seen: Box::new(seen.clone()),
            said,
        })
    }

    /// Takes a drive that was confirmed; the root part holds it until it is closed.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn open(&self, drive: DriveNumber) -> Result<Descriptors, RootPartError> {
        self.talk().descriptors(&Ask::Open { drive })
    }

    /// Confirms the drive that the person saw and takes it at once; returns its number and descriptors. It must not
    /// hold any of the paths `kept`.
    ///
    /// # Errors
    /// [`RootPartError::Refused`] as `device::confirm` and `device::open` refuse.
    pub fn take(
        &self,
        seen: &DriveInfo,
        said: Said,
        kept: &[PathBuf],
    ) -> Result<(DriveNumber, Descriptors), RootPartError> {
        self.talk().take(&seen.path, kept, |drive| Ask::Confirm {
            drive,
            seen: Box::new(seen.clone()),
            said,
        })
    }

    /// Takes the drive at `path` when it is the one that a journal knows.
    ///
    /// # Errors
    /// [`RootPartError::Refused`] as `device::recognised` and `device::open` refuse.
    pub fn take_again(
        &self,
        path: &Path,
        known: &DriveIdentity,
        kept: &[PathBuf],
    ) -> Result<(DriveNumber, Descriptors), RootPartError> {
        self.talk().take(path, kept, |drive| Ask::Recognise {
            drive,
            known: known.clone(),
        })
    }

    /// Returns descriptors for reading, and what is known of the drive: of one that was named on the command line, or on
    /// which all is enciphered; none when the root part has no drive there.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn read(&self, path: &Path) -> Result<Option<(DriveInfo, Descriptors)>, RootPartError> {
        let mut talk = self.talk();
        let Some(drive) = talk.number_of(path)? else {
            return Ok(None);
        };
        let info = talk.drive(&Ask::Show { drive })?;
        let descriptors = talk.descriptors(&Ask::Read { drive })?;
        Ok(Some((info, descriptors)))
    }

    /// Has the kernel forget a drive's old partitions.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn forget_partitions(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.talk().done(&Ask::ForgetPartitions { drive }, &[])
    }

    /// Has the kernel forget what it holds of a drive, and of the file behind a loop device.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn forget_cache(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.talk().done(&Ask::ForgetCache { drive }, &[])
    }

    /// Lets a drive go.
    ///
    /// # Errors
    /// [`RootPartError`].
    pub fn close(&self, drive: DriveNumber) -> Result<(), RootPartError> {
        self.talk().done(&Ask::Close { drive }, &[])
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    fn list(&mut self) -> Result<(), RootPartError> {
        self.places = match self.ask(&Ask::List {}, &[])? {
            (Answer::Drives { drives }, _) => drives,
            other => return Err(unexpected(other)),
        };
        Ok(())
    }

    /// Returns the number of the drive at `path`, of the last list or else of a new one.
    fn number_of(&mut self, path: &Path) -> Result<Option<DriveNumber>, RootPartError> {
        let found = self.in_list(path);
        if found.is_some() {
            return Ok(found);
        }
        self.list()?;
        Ok(self.in_list(path))
    }

    fn in_list(&self, path: &Path) -> Option<DriveNumber> {
        let device = |path: &Path| {
            let facts = std::fs::metadata(path).ok()?;
            Some(facts.rdev()).filter(|device| *device != 0)
        };
        let wanted = device(path);
        let is_it = |listed: &Path| {
            listed == path || wanted.is_some_and(|wanted| device(listed) == Some(wanted))
        };
        let found = self.places.iter().find(|(_, listed)| is_it(listed));
        found.map(|(drive, _)| *drive)
    }

    fn take(
        &mut self,
        path: &Path,
        kept: &[PathBuf],
        confirm: impl FnOnce(DriveNumber) -> Ask,
    ) -> Result<(DriveNumber, Descriptors), RootPartError> {
        let drive = self.number_of(path)?.ok_or_else(|| {
            RootPartError::Refused(format!("{} is not there any more", path.display()))
        })?;
        for some in places(kept).chunks(DESCRIPTORS_MAX) {
            let some: Vec<BorrowedFd<'_>> = some.iter().map(AsFd::as_fd).collect();
            self.done(&Ask::Keep {}, &some)?;
        }
        self.confirm(&confirm(drive))?;
        let descriptors = self.descriptors(&Ask::Open { drive })?;
        Ok((drive, descriptors))
    }

    fn drive(&self, ask: &Ask) -> Result<DriveInfo, RootPartError> {
        match self.ask(ask, &[])? {
            (Answer::Drive { info }, _) => Ok(*info),
            other => Err(unexpected(other)),
        }
    }

    fn confirm(&self, ask: &Ask) -> Result<[u8; 32], RootPartError> {
        match self.ask(ask, &[])? {
            (Answer::Confirmed { fingerprint }, _) => Ok(fingerprint),
            other => Err(unexpected(other)),
        }
    }

    fn descriptors(&self, ask: &Ask) -> Result<Descriptors, RootPartError> {
        let (answer, descriptors) = self.ask(ask, &[])?;
        let mut descriptors = descriptors.into_iter();
        match (answer, descriptors.next()) {
            (Answer::Opened, Some(buffered)) => Ok(Descriptors {
                buffered: buffered.into(),
                direct: descriptors.next().map(Into::into),
            }),
            (answer, _) => Err(unexpected((answer, Vec::new()))),
        }
    }

    fn done(&self, ask: &Ask, beside: &[BorrowedFd<'_>]) -> Result<(), RootPartError> {
        match self.ask(ask, beside)? {
            (Answer::Done, _) => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn ask(
        &self,
        ask: &Ask,
        beside: &[BorrowedFd<'_>],
    ) -> Result<(Answer, Vec<OwnedFd>), RootPartError> {
        self.channel.send(ask, beside)?;
        self.channel.receive()
    }
}

/// Opens, for nothing but to be looked at, what each path or its nearest folder that is there leads to: one of every
/// file system that they lie on.
fn places(kept: &[PathBuf]) -> Vec<OwnedFd> {
    use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags, open, statx};
    let mut seen = std::collections::BTreeSet::new();
    let mut places = Vec::new();
    for path in kept {
        let Ok(absolute) = std::path::absolute(path) else {
            continue;
        };
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let mut above = absolute.ancestors();
        let Some(place) = above.find_map(|above| open(above, flags, Mode::empty()).ok()) else {
            continue;
        };
        let facts = statx(&place, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID);
        let facts = facts.map(|facts| {
            let device = (facts.stx_dev_major, facts.stx_dev_minor);
            let node = (facts.stx_rdev_major, facts.stx_rdev_minor);
            (device, node, facts.stx_mnt_id)
        });
        // What cannot be told apart is kept too.
        if facts.map_or(true, |facts| seen.insert(facts)) {
            places.push(place);
        }
    }
    places
}

fn unexpected((answer, _): (Answer, Vec<OwnedFd>)) -> RootPartError {
    match answer {
        Answer::Refused { why } => RootPartError::Refused(why),
        Answer::Failed { why } => RootPartError::Device(why),
        other => RootPartError::Nonsense(format!("{other:?}")),
    }
}
