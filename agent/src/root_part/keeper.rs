//! The root part: keeps the drives, and answers seven words.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::channel::Channel;
use super::descriptor;
use super::error::RootPartError;
use super::words::{Answer, Ask, DriveNumber, ListedDrive, Said};
use crate::device::{self, ConfirmedTarget, Device, DriveInfo, DriveWriter};

/// How long a confirmation holds.
const CONFIRMED_LIFE: Duration = Duration::from_mins(2);
/// Drives that are open at once.
const OPEN_MAX: usize = 64;

/// The root part of one run.
pub struct Keeper {
    channel: Channel,
    /// Image files and loop devices that the person named when they called us; never the user part.
    named: Vec<PathBuf>,
    next: u32,
    drives: BTreeMap<DriveNumber, Kept>,
}

struct Kept {
    info: DriveInfo,
    confirmed: Option<(ConfirmedTarget, Instant)>,
    open: Option<DriveWriter>,
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
        }
    }

    /// Answers until the user part is gone; then every drive is let go.
    ///
    /// # Errors
    /// [`RootPartError::Nonsense`] when the user part says what is not understood: nothing more is heard of it.
    pub fn run(mut self) -> Result<(), RootPartError> {
        loop {
            // Descriptors that come along are closed unseen.
            let ask = match self.channel.receive() {
                Ok((ask, _)) => ask,
                Err(RootPartError::Gone) => return Ok(()),
                Err(error) => return Err(error),
            };
            let (answer, descriptors) = self.answer(ask);
            let descriptors: Vec<BorrowedFd<'_>> = descriptors.iter().map(AsFd::as_fd).collect();
            match self.channel.send(&answer, &descriptors) {
                Err(RootPartError::Gone) => return Ok(()),
                sent => sent?,
            }
        }
    }

    fn answer(&mut self, ask: Ask) -> Told {
        let answered = match ask {
            Ask::List {} => Ok(self.list()),
            Ask::Identify { drive } => self.identify(drive),
            Ask::Confirm { drive, said } => self.confirm(drive, said),
            Ask::Open { drive } => return self.open(drive).unwrap_or_else(|no| (no, Vec::new())),
            Ask::Flush { drive } => self.with_open(drive, |drive| drive.flush_shared()),
            Ask::ForgetPartitions { drive } => self.with_open(drive, Device::forget_partitions),
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
            let drive = held.map(|(number, _)| *number);
            let drive = drive.unwrap_or_else(|| self.number(info.clone()));
            drives.push(listed(drive, info));
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

    /// Looks at a drive again: what it is now, also while it is written.
    fn identify(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        let path = self.kept(drive)?.info.path.clone();
        let info = device::describe(&path, None).map_err(|error| failed(&error.to_string()))?;
        Ok(Answer::Drives {
            drives: vec![listed(drive, info)],
        })
    }

    fn confirm(&mut self, drive: DriveNumber, said: Said) -> Result<Answer, Answer> {
        let kept = self.kept(drive)?;
        if kept.open.is_some() {
            return Err(refused("the drive is being written"));
        }
        kept.confirmed = None;
        let target = device::confirm(&kept.info, &said.into(), &[])
            .map_err(|refusal| refused(&refusal.to_string()))?;
        let fingerprint = *target.fingerprint();
        kept.confirmed = Some((target, Instant::now()));
        Ok(Answer::Confirmed { fingerprint })
    }

    fn open(&mut self, drive: DriveNumber) -> Result<Told, Answer> {
        let open = self.drives.values().filter(|kept| kept.open.is_some());
        if open.count() >= OPEN_MAX {
            return Err(refused("too many drives are open"));
        }
        let kept = self.kept(drive)?;
        let (target, since) = kept
            .confirmed
            .take()
            .ok_or_else(|| refused("the drive was not confirmed"))?;
        if since.elapsed() > CONFIRMED_LIFE {
            return Err(refused("the drive was confirmed more than two minutes ago"));
        }
        let writer = device::open(target).map_err(|error| match error {
            device::OpenError::Refused(refusal) => refused(&refusal.to_string()),
            other => failed(&other.to_string()),
        })?;
        let drive = descriptor::of_held(&kept.info).map_err(|why| refused(&why))?;
        kept.open = Some(writer);
        let descriptors = std::iter::once(drive.buffered).chain(drive.direct);
        Ok((Answer::Opened, descriptors.map(OwnedFd::from).collect()))
    }

    fn with_open(
        &mut self,
        drive: DriveNumber,
        act: impl FnOnce(&mut DriveWriter) -> Result<(), disk::WriteError>,
    ) -> Result<Answer, Answer> {
        let kept = self.kept(drive)?;
        let writer = kept
            .open
            .as_mut()
            .ok_or_else(|| refused("the drive is not open"))?;
        act(writer).map_err(|error| failed(&error.to_string()))?;
        Ok(Answer::Done)
    }

    fn close(&mut self, drive: DriveNumber) -> Result<Answer, Answer> {
        let held = self.kept(drive)?.open.take();
        held.map(|_| Answer::Done)
            .ok_or_else(|| refused("the drive is not open"))
    }
}

fn listed(drive: DriveNumber, info: DriveInfo) -> ListedDrive {
    ListedDrive {
        drive,
        sector_bytes: info.sector.bytes(),
        path: info.path,
        serial: info.serial,
        model: info.model,
        wwn: info.wwn,
        bus: info.bus,
        bytes: info.bytes,
        erasable: info.erasable,
        reasons: info.reasons,
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
