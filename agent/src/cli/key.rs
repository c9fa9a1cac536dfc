//! The key that opens a drive, from a file, standard input or (with a warning) the command line.

use std::io::Read;
use std::path::PathBuf;

use bitlocker_image::Credential;
use clap::Args;
use zeroize::Zeroizing;

use super::screen::Screen;
use crate::jobs::JobError;

/// No key file is longer.
const KEY_BYTES_MAX: u64 = 1 << 20;

#[derive(Args)]
pub(super) struct KeyArguments {
    /// A file with the recovery password, a passphrase, a base64 external key, a .BEK, or the word
    /// `clear`; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: Option<PathBuf>,
    /// The key itself. Other users of this computer can see it while the command runs: prefer
    /// --key-file
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    pub(super) key: Option<String>,
}

impl KeyArguments {
    /// Returns whether the key comes from standard input.
    pub(super) fn is_standard_input(&self) -> bool {
        self.key_file
            .as_deref()
            .is_some_and(|path| path.as_os_str() == "-")
    }

    /// Returns the key; `None` when none was given.
    ///
    /// # Errors
    /// [`JobError`] when the file cannot be read or holds no key.
    pub(super) fn credential(&self, screen: &Screen) -> Result<Option<Credential>, JobError> {
        let (bytes, place) = match (&self.key_file, &self.key) {
            (Some(path), _) => (read(path)?, path.display().to_string()),
            (None, Some(key)) => {
                screen.aside("argosy: other users of this computer can see a key given with --key; --key-file hides it");
                (Zeroizing::new(key.clone().into_bytes()), "--key".to_owned())
            }
            (None, None) => return Ok(None),
        };
        let parsed = Credential::parse(&bytes);
        parsed
            .map(Some)
            .map_err(|error| JobError::usage(error.to_string(), place))
    }

    /// Returns the key that must be there.
    ///
    /// # Errors
    /// [`JobError`] as [`KeyArguments::credential`], and when none was given.
    pub(super) fn required(&self, screen: &Screen) -> Result<Credential, JobError> {
        let credential = self.credential(screen)?;
        credential.ok_or_else(|| {
            JobError::usage(
                "the drive's key is missing: give --key-file FILE",
                "--key-file",
            )
        })
    }
}

/// Reads a key file or, for `-`, standard input.
///
/// # Errors
/// [`JobError`] when it cannot be read or is too long to be a key.
pub(super) fn read(path: &std::path::Path) -> Result<Zeroizing<Vec<u8>>, JobError> {
    let failed = |error: std::io::Error| {
        JobError::usage(
            format!("cannot read the key: {error}"),
            path.display().to_string(),
        )
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let limit = KEY_BYTES_MAX.saturating_add(1);
    if path.as_os_str() == "-" {
        std::io::stdin()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > KEY_BYTES_MAX {
        return Err(JobError::usage(
            "this is far too long for a key",
            path.display().to_string(),
        ));
    }
    Ok(bytes)
}
