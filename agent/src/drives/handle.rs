//! The one way to the drives.

use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::sync::Arc;

use shared::job::DriveIdentity;

use super::confirmed::{Confirmed, NotConfirmed};
#[cfg(target_os = "linux")]
use super::kept_drive::KeptDrive;
use crate::device::{self, DescribeError, DriveInfo, DriveReader, OpenError, Said};
#[cfg(target_os = "linux")]
use crate::root_part::{RootPart, RootPartError};

/// Every drive that can be reached from here. Cloning gives another handle to the same.
#[derive(Clone, Debug, Default)]
pub struct Drives(Way);

#[derive(Clone, Debug, Default)]
enum Way {
    #[default]
    Own,
    #[cfg(target_os = "linux")]
    Kept(Arc<RootPart>),
}

impl Drives {
    /// Returns the drives as this process may use them by its own rights.
    #[must_use]
    pub fn own() -> Self {
        Self::default()
    }

    /// Returns the drives that a root part keeps.
    #[cfg(target_os = "linux")]
    #[must_use]
    pub fn kept_by(root_part: RootPart) -> Self {
        Self(Way::Kept(Arc::new(root_part)))
    }

    /// Returns whether the root part that keeps the drives ended: nothing more can be done with any of them.
    #[must_use]
    pub fn are_gone(&self) -> bool {
        match &self.0 {
            Way::Own => false,
            #[cfg(target_os = "linux")]
            Way::Kept(root_part) => root_part.is_gone(),
        }
    }

    /// Returns every drive of this machine and those at `extra` (image files), as [`device::list`].
    #[must_use]
    pub fn list(&self, extra: &[PathBuf]) -> Vec<DriveInfo> {
        match &self.0 {
            Way::Own => device::list(extra),
            #[cfg(target_os = "linux")]
            Way::Kept(root_part) => {
                // Where it does not answer there is no drive: whoever then wants one is told why.
                let listed = root_part.list().unwrap_or_default();
                let mut drives: Vec<DriveInfo> =
                    listed.into_iter().map(|listed| listed.info).collect();
                for path in extra {
                    if !drives.iter().any(|drive| drive.path == *path) {
                        drives.extend(device::describe(path, None));
                    }
                }
                drives
            }
        }
    }

    /// Returns what is known of the drive at `path`, as [`device::describe`].
    ///
    /// # Errors
    /// [`DescribeError`].
    pub fn describe(&self, path: &Path, label: Option<&str>) -> Result<DriveInfo, DescribeError> {
        #[cfg(target_os = "linux")]
        if let Some(root_part) = self.keeper_of(path, true) {
            let told = root_part.describe(path, label);
            if let Some(info) = told.map_err(|why| DescribeError::Io {
                path: path.to_owned(),
                cause: why.to_string(),
            })? {
                return Ok(info);
            }
        }
        device::describe(path, label)
    }

    /// Returns the drive as one to be written, as [`device::confirm`].
    ///
    /// # Errors
    /// [`NotConfirmed`]: the drive is not touched.
    pub fn confirm(
        &self,
        seen: &DriveInfo,
        said: &Said,
        kept: &[PathBuf],
    ) -> Result<Confirmed, NotConfirmed> {
        #[cfg(target_os = "linux")]
        if let Some(root_part) = self.keeper_of(&seen.path, true) {
            let taken = root_part.take(seen, said.into(), kept);
            return Ok(KeptDrive::new(Arc::clone(root_part), seen, taken?).into());
        }
        Ok(device::confirm(seen, said, kept)?.into())
    }

    /// Returns an interrupted drive as one to be gone on with, as [`device::recognised`].
    ///
    /// # Errors
    /// [`NotConfirmed`]: the drive is not touched.
    pub fn recognised(
        &self,
        now: &DriveInfo,
        known: &DriveIdentity,
        kept: &[PathBuf],
    ) -> Result<Confirmed, NotConfirmed> {
        #[cfg(target_os = "linux")]
        if let Some(root_part) = self.keeper_of(&now.path, true) {
            let taken = root_part.take_again(&now.path, known, kept);
            return Ok(KeptDrive::new(Arc::clone(root_part), now, taken?).into());
        }
        Ok(device::recognised(now, known, kept)?.into())
    }

    /// Opens the drive or image at `path` for reading, as [`device::open_read`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_read(&self, path: &Path, past_cache: bool) -> Result<DriveReader, OpenError> {
        #[cfg(target_os = "linux")]
        if let Some(root_part) = self.keeper_of(path, false) {
            let io = |cause: String| OpenError::Io {
                path: path.to_owned(),
                cause,
            };
            if let Some((info, opened)) = root_part.read(path).map_err(|why| io(why.to_string()))? {
                let files = (opened.buffered, opened.direct);
                let reader = DriveReader::of_descriptors(files, info.sector);
                return reader.map_err(|why| io(why.to_string()));
            }
        }
        device::open_read(path, past_cache)
    }

    /// Returns the root part where there is one and the person's own rights do not do.
    #[cfg(target_os = "linux")]
    fn keeper_of(&self, path: &Path, to_write: bool) -> Option<&Arc<RootPart>> {
        use rustix::fs::{Access, AtFlags, CWD, accessat};
        let Way::Kept(root_part) = &self.0 else {
            return None;
        };
        let access = if to_write {
            Access::READ_OK | Access::WRITE_OK
        } else {
            Access::READ_OK
        };
        let is_file = std::fs::metadata(path).is_ok_and(|facts| facts.is_file());
        let is_own = is_file && accessat(CWD, path, access, AtFlags::EACCESS).is_ok();
        (!is_own).then_some(root_part)
    }
}

#[cfg(target_os = "linux")]
impl From<RootPartError> for NotConfirmed {
    fn from(error: RootPartError) -> Self {
        match error {
            RootPartError::Device(why) => Self::Unreadable(why),
            other => Self::Refused(other.to_string()),
        }
    }
}
